"""Counting pairs of architectures: inverted, tied, concordant; for all resamples at once, without a sort per resample.

Kendall's tau of a resample with counts c needs Q = sum over i < j of c_i c_j [pair (i, j) is inverted]. The matrix of
inverted pairs is the same for all resamples, so Q is a quadratic form. It is cut into blocks of rows and buckets of
ranks: pairs that share a block or a bucket are matrix products (exact, small, fast), all other pairs follow from how
many rows of each block fall into each bucket, by cumulative sums.
"""

import numpy as np

from nasgauge.criteria.borders import blocks, run_sums
from nasgauge.criteria.resamples import Resamples

# Rows of a block. Products cost n * BLOCK, bucket sums (n / BLOCK)^2; at 423,624 rows 512 was the fastest power of two.
BLOCK = 512


def inversions(by_score: np.ndarray, counts: np.ndarray, counts_by_score: np.ndarray | None = None) -> np.ndarray:
    """Weighted number of inverted pairs of each draw: Q = sum over i < j of c_i c_j [place of i > place of j].

    by_score: permutation of range(n), rows from the best score to the worst, ties in row order (so they never count).
    counts: (n_draws, n) in row order, integers or float64 weights; counts_by_score: the same in the order of by_score,
    where it is at hand. Returns float64 (n_draws,), exact for integer counts
    with fewer than 2**24 rows a draw. Zero for n < 2.

    >>> inversions(np.array([1, 0, 2]), np.array([[1, 1, 1], [2, 3, 0]]))
    array([1., 6.])
    """
    n = len(by_score)
    place = np.empty(n, dtype="int64")
    place[by_score] = np.arange(n)
    total = _within_blocks(place, counts)
    if n > BLOCK:
        row = np.asarray(by_score, dtype="int64")
        # Rows of a bucket in the score's order: inverted where the later place holds the earlier row of another block.
        moved = np.take(counts, by_score, axis=1) if counts_by_score is None else counts_by_score
        total += _within_blocks(row, moved, apart=row // BLOCK)
        total += _across_blocks(place, counts)
    return total


def _within_blocks(value: np.ndarray, counts: np.ndarray, *, apart: np.ndarray | None = None) -> np.ndarray:
    """Inverted pairs inside each run of BLOCK columns; with `apart`, only the pairs that differ in it."""
    work = "float32" if counts.dtype.kind in "ui" else "float64"
    total = np.zeros(len(counts))
    later = np.arange(BLOCK)[:, None] < np.arange(BLOCK)
    for start in range(0, len(value), BLOCK):
        part = value[start : start + BLOCK]
        inverted = (part[:, None] > part) & later[: len(part), : len(part)]
        if apart is not None:
            inverted &= apart[start : start + BLOCK, None] != apart[start : start + BLOCK]
        weight = counts[:, start : start + BLOCK].astype(work)
        # float32 holds the product exactly: its entries are integers below 2**24. Their sum is taken in float64.
        before = weight @ inverted.astype(work)
        total += np.einsum("bi,bi->b", before.astype("float64"), weight.astype("float64"))
    return total


def _across_blocks(place: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Inverted pairs whose rows differ both in block and in bucket."""
    n = len(place)
    n_blocks = -(-n // BLOCK)
    cell = (np.arange(n) // BLOCK) * n_blocks + place // BLOCK
    total = np.zeros(len(counts))
    for draw, weight in enumerate(counts):
        rows = np.bincount(cell, weights=weight, minlength=n_blocks * n_blocks).reshape(n_blocks, n_blocks)
        worse = np.cumsum(rows[:, :0:-1], axis=1)[:, ::-1]  # (block, bucket): rows of the block in later buckets
        before = np.zeros(n_blocks - 1)
        for block in range(n_blocks - 1):
            before += worse[block]
            total[draw] += before @ rows[block + 1, :-1]
    return total


def n_pairs(rows: np.ndarray) -> np.ndarray:
    """Pairs among so many rows, m (m - 1) / 2, as float64.

    >>> n_pairs(np.array([1, 2, 4]))
    array([0., 1., 6.])
    """
    rows = np.asarray(rows, dtype="float64")
    return rows * (rows - 1) / 2


def tied_pairs(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Pairs that share a run of columns, for each draw: sum over runs of m (m - 1) / 2 with m the run's count.

    >>> tied_pairs(np.array([[1, 1, 1], [2, 0, 3]]), np.array([0, 2]))
    array([1., 4.])
    """
    total = np.zeros(len(counts))
    if not counts.shape[1]:
        return total
    for draws in blocks(np.arange(len(counts)), counts.shape[1]):
        run = run_sums(counts[draws], starts)
        total[draws] = (np.vecdot(run, run) - run.sum(axis=1)) / 2
    return total


def net_concordance(rows: Resamples) -> np.ndarray:
    """Concordant minus discordant pairs of each draw: sum over i < j of c_i c_j sign(s_i - s_j) sign(t_i - t_j).

    >>> net_concordance(Resamples.of(np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0])))
    array([1.])
    """
    untied = n_pairs(rows.sizes) - score_ties(rows) - truth_ties(rows) + joint_ties(rows)
    return untied - 2 * inversions(rows.by_score, rows.counts, rows.counts_by_score)


def score_ties(rows: Resamples) -> np.ndarray:
    """Pairs of each draw tied by score (copies of one row among them)."""
    if len(rows.score_starts) == len(rows.joint_starts):
        return joint_ties(rows)
    return tied_pairs(rows.counts_by_score, rows.score_starts)


def truth_ties(rows: Resamples) -> np.ndarray:
    """Pairs of each draw tied by truth (copies of one row among them)."""
    if len(rows.truth_starts) == len(rows.joint_starts):
        return joint_ties(rows)
    return tied_pairs(rows.counts, rows.truth_starts)


def joint_ties(rows: Resamples) -> np.ndarray:
    """Pairs of each draw tied by both (copies of one row among them)."""
    return tied_pairs(rows.counts, rows.joint_starts)
