"""Two vectors prepared once, and any number of bootstrap resamples of their rows as multiplicities.

A bootstrap resample of n rows is a vector of n counts. Sorting once and working on the counts gives every criterion of
a resample without a sort of its own; a criterion of the rows themselves is the special case "every count is 1".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.criteria.borders import Borders, blocks, borders_of

_UNDEFINED = 0.05  # share of draws without a value, up to which the others stand for all


def check_pair(score: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both vectors as float64; ValueError unless they are one-dimensional, equally long, and finite.

    A score may also be minus infinity: the worst of all, tied with its like.

    >>> check_pair([1, 2], [0.5, 0.25])
    (array([1., 2.]), array([0.5 , 0.25]))
    """
    score, truth = np.asarray(score, dtype="float64"), np.asarray(truth, dtype="float64")
    if score.ndim != 1 or score.shape != truth.shape:
        raise ValueError(
            f"score and ground truth must be vectors of equal length, not of shapes {score.shape} and {truth.shape}"
        )
    if not ((score < np.inf).all() and np.isfinite(truth).all()):
        raise ValueError("score and ground truth must be finite (a score may be -inf); remove missing scores before")
    return score, truth


def is_defined(score: np.ndarray, truth: np.ndarray) -> bool:
    """Whether a criterion can be stated at all: two rows or more, neither vector constant.

    >>> is_defined(np.array([1.0, 1.0]), np.array([0.0, 1.0]))
    False
    """
    return len(score) > 1 and bool(score.min() < score.max()) and bool(truth.min() < truth.max())


def check_top(fraction: float | None, count: int | None) -> None:
    """UserError unless exactly one of `fraction` (0 < fraction < 1) and `count` (an integer from 1) is given."""
    if (fraction is None) == (count is None):
        raise UserError("give exactly one of fraction (between 0 and 1) and count (an integer from 1)")
    if fraction is not None and not 0 < fraction < 1:
        raise UserError(f"fraction {fraction!r} is not between 0 and 1; for a number of architectures give count")
    if count is not None and (isinstance(count, bool) or int(count) != count or count < 1):
        raise UserError(f"count {count!r} is not an integer from 1; for a share of the architectures give fraction")


def n_top(n: int, *, fraction: float | None = None, count: int | None = None) -> int:
    """The number of architectures in a top: k = max(1, floor(fraction * n)), or k = count.

    A product within 1e-9 below an integer counts as that integer, because 0.29 * 100 is 28.999999999999996 in binary.
    UserError: neither or both given, out of range, or more than the n architectures there are.

    >>> n_top(100, fraction=0.29), n_top(10, fraction=0.05), n_top(10, count=3)
    (29, 1, 3)
    """
    check_top(fraction, count)
    k = int(count) if count is not None else max(1, int(np.floor(fraction * n + 1e-9)))
    if k > n:
        raise UserError(f"the top {k} of {n} architectures does not exist; give a smaller count")
    return k


@dataclass(frozen=True, eq=False)
class Resamples:
    """Rows sorted best truth first (best score first among equals), with counts of shape (n_draws, n) in that order.

    Tie groups are numbered from the best, 0. Every array is aligned with the truth's order unless its name says
    otherwise.
    """

    score: np.ndarray  # (n,)
    truth: np.ndarray  # (n,)
    counts: np.ndarray  # (n_draws, n): uint8 or int64 multiplicities, or float64 weights

    @classmethod
    def of(cls, score: np.ndarray, truth: np.ndarray, counts: np.ndarray | None = None) -> Self:
        """Sort the rows; without `counts` every row counts once, in one draw."""
        order = order_best_first(score, truth)
        counts = np.ones((1, len(score)), dtype="uint8") if counts is None else np.take(counts, order, axis=1)
        return cls(score[order], truth[order], counts)

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def by_score(self) -> np.ndarray:
        """Rows from the best score to the worst; equal scores stand in the truth's order."""
        return np.argsort(-self.score, kind="stable")

    @cached_property
    def counts_by_score(self) -> np.ndarray:
        """The counts, columns from the best score to the worst."""
        return np.take(self.counts, self.by_score, axis=1)

    @cached_property
    def truth_starts(self) -> np.ndarray:
        """First row of each tie group of the truth."""
        return starts_of(self.truth)

    @cached_property
    def score_starts(self) -> np.ndarray:
        """First place of each tie group of the score, in the score's order."""
        return starts_of(self.score[self.by_score])

    @cached_property
    def joint_starts(self) -> np.ndarray:
        """First row of each group of rows tied in both."""
        new = np.ones(len(self.truth), dtype=bool)
        new[1:] = (self.truth[1:] != self.truth[:-1]) | (self.score[1:] != self.score[:-1])
        return np.flatnonzero(new)

    @cached_property
    def truth_group(self) -> np.ndarray:
        """Tie group of each row by truth."""
        return groups_of(self.truth_starts, len(self.truth))

    @cached_property
    def score_group(self) -> np.ndarray:
        """Tie group of each row by score."""
        group = np.empty(len(self.score), dtype="intp")
        group[self.by_score] = groups_of(self.score_starts, len(self.score))
        return group

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of each draw, N = sum of its counts."""
        wide = "int64" if self.counts.dtype.kind in "ui" else "float64"
        return self.counts.sum(axis=1, dtype=wide)

    @cached_property
    def defined(self) -> np.ndarray:
        """Whether each draw has two rows or more and is constant neither in score nor in truth."""
        if not len(self.score):
            return np.zeros(len(self), dtype=bool)
        groups_by_score = groups_of(self.score_starts, len(self.score))
        return _varies(self.counts, self.truth_group) & _varies(self.counts_by_score, groups_by_score)

    def n_top(self, fraction: float | None, count: int | None) -> np.ndarray:
        """k of each draw; 0 where the draw has fewer than `count` rows, so that the criterion is undefined there."""
        check_top(fraction, count)
        if count is not None:
            return np.where(self.sizes >= count, int(count), 0)
        return np.maximum(1, np.floor(fraction * self.sizes + 1e-9).astype("int64"))

    def blocks(self, which: np.ndarray) -> Iterator[np.ndarray]:
        """The draws for which `which` holds, a few at a time: as many as fit into the processor's cache."""
        return blocks(np.flatnonzero(which), len(self.score))

    def truth_borders(self, draws: np.ndarray, k: np.ndarray) -> Borders:
        """Where the best k rows of each of the draws by truth end."""
        return borders_of(self.counts, self.truth_starts, draws, k)

    def score_borders(self, draws: np.ndarray, k: np.ndarray) -> Borders:
        """Where the best k rows of each of the draws by score end."""
        return borders_of(self.counts_by_score, self.score_starts, draws, k)

    def reversed(self) -> "Resamples":
        """The same draws with the signs of both vectors turned, so that the worst rows become the best."""
        turned = Resamples(-self.score[::-1], -self.truth[::-1], self.counts[:, ::-1])
        # Its order by score is this one backwards; to sort and gather again would cost more than all that follows.
        vars(turned)["by_score"] = len(self.score) - 1 - self.by_score[::-1]
        vars(turned)["counts_by_score"] = self.counts_by_score[:, ::-1]
        return turned


def defined_draws(draws: np.ndarray) -> np.ndarray:
    """The draws in which the criterion is defined; none where it is undefined in more than 5% of them.

    The quantiles of the others would be those of a selection, such as the draws with few ties, which may not even
    contain the value itself.

    >>> defined_draws(np.array([0.5] * 19 + [np.nan])).size, defined_draws(np.array([0.5] * 9 + [np.nan])).size
    (19, 0)
    """
    defined = draws[~np.isnan(draws)]
    return defined if len(draws) - len(defined) <= _UNDEFINED * len(draws) else defined[:0]


def order_best_first(score: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Rows by truth, best first, equal truths by score, rows equal in both in the order that they have.

    Rows that stand so already are not sorted again, which takes a hundred times as long as to see it.

    >>> order_best_first(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.9, 0.5]))
    array([1, 2, 0])
    """
    after, before = slice(1, None), slice(None, -1)
    level = (truth[after] == truth[before]) & (score[after] <= score[before])
    if ((truth[after] < truth[before]) | level).all():
        return np.arange(len(truth))
    return np.lexsort((-score, -truth))


def starts_of(values: np.ndarray) -> np.ndarray:
    """First index of each run of equal values.

    >>> starts_of(np.array([3.0, 3.0, 1.0]))
    array([0, 2])
    """
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return np.flatnonzero(new)


def groups_of(starts: np.ndarray, n: int) -> np.ndarray:
    """Number of the run to which each of n places belongs.

    >>> groups_of(np.array([0, 2]), 3)
    array([0, 0, 1])
    """
    group = np.zeros(n, dtype="intp")
    group[starts[1:]] = 1
    return np.cumsum(group, dtype="intp")


def _varies(counts: np.ndarray, group: np.ndarray) -> np.ndarray:
    first, last = _first_drawn(counts), len(group) - 1 - _first_drawn(counts[:, ::-1])
    return (group[first] != group[last]) & (counts[np.arange(len(counts)), first] > 0)


def _first_drawn(counts: np.ndarray) -> np.ndarray:
    """First column of each row that is not 0; 0 in a row without any."""
    head = counts[:, :64] > 0  # almost always enough: a row of a resample is empty with probability 1/e
    return head.argmax(axis=1) if head.any(axis=1).all() else (counts > 0).argmax(axis=1)
