"""Where the best k rows of an order end, in every draw; draws are taken a few at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

_CELLS = 1_000_000  # of (draws, rows) at a time, eight megabytes of doubles


@dataclass(frozen=True, eq=False)
class Borders:
    """Where the best k rows of an order end: in tie group `group`, which gives `taken` of its `size` rows.

    start, stop: first place of the group in the order, and first place after it. Arrays (n_draws,), or numbers.
    """

    group: np.ndarray
    taken: np.ndarray
    size: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """The probability taken / size that one row of the group is among the best k."""
        return self.taken / self.size

    def of(self, which: int | np.ndarray) -> Self:
        """The borders of some of the draws, or of one."""
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))


def blocks(draws: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """The draws in blocks of about a million cells, for rows of n cells; one draw at least.

    >>> [len(part) for part in blocks(np.arange(5), 500_000)]
    [2, 2, 1]
    """
    step = max(1, _CELLS // max(1, n))
    return (draws[start : start + step] for start in range(0, len(draws), step))


def run_sums(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum of each run of columns, (n_draws, n_runs) as float64; starts: first column of each run.

    >>> run_sums(np.array([[1, 2, 0, 1]], dtype="uint8"), np.array([0, 1, 3]))
    array([[1., 2., 1.]])
    """
    if len(starts) == counts.shape[1]:
        return counts.astype("float64")
    size = np.diff(np.append(starts, counts.shape[1]))
    sums = np.take(counts, starts, axis=1).astype("float64")
    several = np.flatnonzero(size > 1)
    if len(several):  # adding up is slow, and most runs are single columns
        columns = np.take(counts, np.flatnonzero(np.repeat(size > 1, size)), axis=1)
        first = np.cumsum(size[several]) - size[several]
        sums[:, several] = np.add.reduceat(columns, first, axis=1, dtype="float64")
    return sums


def borders_of(counts: np.ndarray, starts: np.ndarray, draws: np.ndarray, k: np.ndarray) -> Borders:
    """The borders of the best k[i] rows of draw draws[i].

    counts: (n_draws, n), the columns in the order; starts: first column of each of its tie groups; k: from 1 to the
    rows of the draw.

    >>> border = borders_of(np.array([[1, 2, 0, 1]]), np.array([0, 1, 3]), np.array([0]), np.array([2])).of(0)
    >>> border.group, border.taken, border.size
    (np.int64(1), np.int64(1), np.int64(2))
    """
    found = [np.empty(0, dtype="int64") for _ in fields(Borders)]
    parts = zip(blocks(draws, counts.shape[1]), blocks(k, counts.shape[1]), strict=True)
    many = [_of_block(counts, starts, part, places) for part, places in parts]
    return Borders(*(np.concatenate([old, *new]) for old, *new in zip(found, *many, strict=True)))


def _of_block(counts: np.ndarray, starts: np.ndarray, draws: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, ...]:
    n, reach, which = counts.shape[1], 0, np.arange(len(draws))
    # The k-th row usually lies among the first k rows of the order, so whole rows are rarely added up.
    while reach < n:
        reach = min(n, max(2 * reach, int(k.max()) * 9 // 8 + 64))
        total = np.cumsum(counts[draws, :reach], axis=1, dtype="int64")
        if (total[:, -1] >= k).all():
            break
    group = np.searchsorted(starts, (total < k[:, None]).sum(axis=1), side="right") - 1
    start, stop = starts[group], np.append(starts[1:], n)[group]
    if stop.max() > reach:  # a long tie group
        total = np.cumsum(counts[draws, : stop.max()], axis=1, dtype="int64")
    before = np.where(start > 0, total[which, start - 1], 0)
    return group, k - before, total[which, stop - 1] - before, start, stop
