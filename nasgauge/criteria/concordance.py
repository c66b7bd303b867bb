"""Counting pairs of architectures: inverted, tied, concordant; for all resamples at once, without a sort per resample.

Kendall's tau of a resample with counts c needs Q = sum over i < j of c_i c_j [pair (i, j) is inverted]. Rows are
grouped level by level: BLOCK rows to a group, PARTS groups to a group of the next level, until one has all. Each pair
is counted on the level where its rows first share a group, and there belong to different parts of it: walking through
the group from the best score to the worst, every row meets the rows of later parts that came before it. The walk takes
BLOCK rows at a time; which of them are inverted, and how many rows lie in later parts, are small matrix products.
"""

from collections.abc import Iterator

import numpy as np

from nasgauge.criteria.borders import blocks, run_sums
from nasgauge.criteria.resamples import Resamples

# With L levels, products cost n (L BLOCK + (L - 1) PARTS) a draw; these were the fastest for 423,624 rows.
BLOCK, PARTS = 32, 24
_STEPS, _DRAWS = 12, 256  # blocks and draws at a time, so that they fit into the processor's cache
_EXACT = 2**24  # integers up to here are exact in float32


def inversions(by_score: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weighted number of inverted pairs of each draw: Q = sum over i < j of c_i c_j [place of i > place of j].

    by_score: permutation of range(n), rows from the best score to the worst, ties in row order (so they never count).
    counts: (n_draws, n) in row order, integers or float64 weights. Returns float64 (n_draws,), exact for integer counts
    with fewer than 2**24 rows a draw. Zero for n < 2.

    >>> inversions(np.array([1, 0, 2]), np.array([[1, 1, 1], [2, 3, 0]]))
    array([1., 6.])
    """
    total = np.zeros(len(counts))
    levels = list(_levels(by_score)) if len(by_score) > 1 else []
    for start in range(0, len(counts), _DRAWS):
        draws = slice(start, start + _DRAWS)
        weight = _by_row(counts[draws])
        for order, part, size in levels:
            total[draws] += _between_parts(weight, order, part, size)
    return total


def _levels(by_score: np.ndarray) -> Iterator[tuple[np.ndarray, int, int]]:
    """Of each level the rows, group after group and by score within each, the rows of a part and those of a group.

    Rows that fill the last block follow all others.
    """
    n = len(by_score)
    order = np.concatenate([by_score, np.arange(n, n + -n % BLOCK)])
    part, size = 1, BLOCK
    while True:
        group = (order // size).astype(np.min_scalar_type(n // size))  # short integers are sorted by their digits
        yield order[np.argsort(group, kind="stable")], part, size
        if size >= n:
            return
        part, size = size, size * PARTS


def _by_row(counts: np.ndarray) -> np.ndarray:
    """The counts with a row for each architecture and a column for each draw, filled with zeros to whole blocks."""
    n_draws, n = counts.shape
    rows = np.zeros((n + -n % BLOCK, n_draws), dtype=counts.dtype)
    for start in range(0, n, 4096):  # a transposition in one go misses the cache at every cell
        some = slice(start, min(n, start + 4096))
        rows[some] = counts[:, some].T
    return rows


def _between_parts(counts: np.ndarray, order: np.ndarray, part: int, size: int) -> np.ndarray:
    """Inverted pairs of each draw whose rows belong to the same group and to different parts of it.

    counts: of `_by_row`; order, part, size: of `_levels`.
    """
    n, n_draws = counts.shape
    work = "float32" if counts.dtype.kind in "ui" else "float64"
    n_parts = 0 if part == 1 else -(-min(size, n) // part)  # 0: a group is one block, and nothing came before it
    span = max(size, _STEPS * BLOCK) if part == 1 else size
    part_of = (order % size // part).astype("uint8")
    total = np.zeros(n_draws)
    for group in range(0, n, span):
        ahead = np.zeros((n_parts, n_draws), dtype=work)  # rows that came before, in parts later than each
        stop = min(group + span, n)
        for start in range(group, stop, _STEPS * BLOCK):
            some = slice(start, min(start + _STEPS * BLOCK, stop))
            weight = counts[order[some]].astype(work).reshape(-1, BLOCK, n_draws)
            before, ahead = _before(weight, part_of[some].reshape(-1, BLOCK), ahead)
            total += _summed_products(before, weight)
    return total


def _before(weight: np.ndarray, part: np.ndarray, ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row the rows of later parts that came before it, and `ahead` after the last block.

    weight: (n_blocks, BLOCK, n_draws); part: of each row; ahead: (n_parts, n_draws), before the first block.
    """
    n_blocks, n_parts = len(weight), len(ahead)
    is_later = np.empty((n_blocks, BLOCK + n_parts, BLOCK), dtype=weight.dtype)
    is_later[:, :BLOCK] = (part[:, None, :] > part[:, :, None]) & np.tri(BLOCK, k=-1, dtype=bool)
    is_later[:, BLOCK:] = part[:, None, :] > np.arange(n_parts, dtype=part.dtype)[:, None]
    sums = is_later @ weight
    before = sums[:, :BLOCK]
    if n_parts:
        so_far = np.empty((n_blocks, n_parts, weight.shape[2]), dtype=weight.dtype)
        for block, more in enumerate(sums[:, BLOCK:]):
            so_far[block] = ahead
            ahead = ahead + more
        before += so_far[np.arange(n_blocks)[:, None], part]
    return before, ahead


def _summed_products(before: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Sum of before * weight of each draw in float64, exact for integers."""
    if before.dtype == "float32" and float(before.max()) * float(weight.max()) >= _EXACT:
        before, weight = before.astype("float64"), weight.astype("float64")
    product = (before * weight).reshape(-1, weight.shape[2])
    return product.astype("float64").sum(axis=0)


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


def ties(rows: Resamples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of each draw tied by score, by truth and by both (copies of one row among them)."""
    both = tied_pairs(rows.counts, rows.joint_starts)
    few = len(rows.joint_starts)
    by_score = both if len(rows.score_starts) == few else tied_pairs(rows.counts_by_score, rows.score_starts)
    by_truth = both if len(rows.truth_starts) == few else tied_pairs(rows.counts, rows.truth_starts)
    return by_score, by_truth, both


def net_concordance(rows: Resamples, tied: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Concordant minus discordant pairs of each draw: sum over i < j of c_i c_j sign(s_i - s_j) sign(t_i - t_j).

    tied: of `ties`, where they are at hand.

    >>> net_concordance(Resamples.of(np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0])))
    array([1.])
    """
    by_score, by_truth, both = tied or ties(rows)
    return n_pairs(rows.sizes) - by_score - by_truth + both - 2 * inversions(rows.by_score, rows.counts)
