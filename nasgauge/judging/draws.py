"""Criteria of all resamples of an estimator: computed once, by several processes where that takes long."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from nasgauge.core.copies import in_copies, n_copies
from nasgauge.criteria import CRITERIA, BoundCriterion, Resamples

T = TypeVar("T")
Column = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows of the ground truth, their scores, their ground truth
# Cells of (draws, architectures) per batch: about 0.1 GB per copy.
_CELLS = 100_000_000
_LARGE = 50_000_000  # cells of all draws, criteria and columns, from which copies are worth their start
_N_KEPT = 2_000  # values of all draws of a criterion, some kilobytes each
_kept: dict[tuple, np.ndarray] = {}


def draws_of(
    columns: list[Column],
    criteria: list[BoundCriterion],
    counts: np.ndarray,
    tick: Callable[[float], None] = lambda share: None,
) -> dict[BoundCriterion, np.ndarray]:
    """Each criterion of each resample, averaged over the columns; tick as for `rows_of`.

    What was computed last is kept, as the same estimators are first judged and then compared; but for functions of the
    user's that are not registered, which may depend on more than their arguments.
    """
    keys = _keys(columns, criteria, counts)
    found = {c: _kept[key] for c, key in keys.items() if key in _kept}
    tick(float(len(found) * len(columns)))
    found |= _computed(columns, [c for c in criteria if c not in found], counts, tick)
    _keep({key: found[c] for c, key in keys.items()})
    return found


def drawn_before(
    estimators: Sequence[T], criteria_of: Callable[[T], list[BoundCriterion]], counts: np.ndarray
) -> Iterator[T]:
    """The estimators (`aligned.Aligned`), each when `draws_of` has the draws of its registered criteria.

    Where they take long, copies of this process compute them at the same time.
    """
    n_cells = counts.size * sum(len(one.columns) * len(_registered(criteria_of(one))) for one in estimators)
    if n_cells < _LARGE:
        yield from estimators
        return

    def draws(one: T) -> dict[tuple, np.ndarray]:
        criteria = _registered(criteria_of(one))
        found, keys = draws_of(one.columns, criteria, counts), _keys(one.columns, criteria, counts)
        return {key: found[c] for c, key in keys.items()}

    for one, found in zip(estimators, in_copies(draws, estimators), strict=True):
        _keep(found)
        yield one


def _keep(found: dict[tuple, np.ndarray]) -> None:
    _kept.update(found)
    while len(_kept) > _N_KEPT:
        _kept.pop(next(iter(_kept)))


def _registered(criteria: list[BoundCriterion]) -> list[BoundCriterion]:
    functions = {entry.function for entry in CRITERIA.values()}
    return [c for c in criteria if c.function in functions]


def _keys(columns: list[Column], criteria: list[BoundCriterion], counts: np.ndarray) -> dict[BoundCriterion, tuple]:
    """What the draws of each registered criterion depend on."""
    content = _content(columns, counts)
    return {c: (content, c.function, c.of_draws, repr(sorted(c.options.items()))) for c in _registered(criteria)}


def _content(columns: list[Column], counts: np.ndarray) -> bytes:
    """A digest of the arrays."""
    digest = hashlib.blake2b(digest_size=20)
    for array in (counts, *(array for column in columns for array in column)):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()


def _computed(
    columns: list[Column], criteria: list[BoundCriterion], counts: np.ndarray, tick: Callable[[float], None]
) -> dict[BoundCriterion, np.ndarray]:
    """In blocks of draws, by copies of this process where all criteria are registered and there is much to compute."""
    if not criteria or not len(counts):
        return {c: np.zeros(0) for c in criteria}
    in_several = _registered(criteria) == criteria and counts.size * len(columns) * len(criteria) >= _LARGE
    n = n_copies() if in_several else 1
    step = max(1, min(_CELLS // max(1, counts.shape[1]), -(-len(counts) // n)))

    def block(start: int) -> list[np.ndarray]:
        return _of_block(
            columns, criteria, counts[start : start + step], len(counts), tick if n == 1 else lambda share: None
        )

    blocks = []
    for values in in_copies(block, range(0, len(counts), step), n=n):
        blocks.append(values)
        if n > 1:
            tick(len(criteria) * len(columns) * len(values[0]) / len(counts))
    return {c: np.concatenate(parts) for c, parts in zip(criteria, zip(*blocks, strict=True), strict=True)}


def _of_block(
    columns: list[Column],
    criteria: list[BoundCriterion],
    counts: np.ndarray,
    n_draws: int,
    tick: Callable[[float], None],
) -> list[np.ndarray]:
    total = [np.zeros(len(counts)) for _ in criteria]
    for kept, score, truth in columns:
        drawn = counts if len(kept) == counts.shape[1] else np.take(counts, kept, axis=1)
        resamples = Resamples.of(score, truth, drawn)
        for i, c in enumerate(criteria):
            total[i] += c.values_of_draws(resamples)
            tick(len(drawn) / n_draws)
    return [values / len(columns) for values in total]
