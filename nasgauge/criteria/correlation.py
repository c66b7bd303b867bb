"""Correlations over all architectures: Pearson's r, Kendall's tau-b, Spearman's rho."""

import numpy as np
from scipy import stats

from nasgauge.criteria.borders import blocks, run_sums
from nasgauge.criteria.concordance import n_pairs, net_concordance, ties
from nasgauge.criteria.resamples import Resamples, check_pair, is_defined

_MOST_CANCELLED = 4.0  # sum of squares about the mean of all rows, relative to that about the mean of a draw
_MOST_HALVED = 2**30  # rows of a draw, twice which are an int32


def pearson_r(score: np.ndarray, truth: np.ndarray) -> float:
    """Pearson's coefficient of linear correlation between score and truth.

    r = sum (s_i - mean s)(t_i - mean t) / sqrt(sum (s_i - mean s)^2 * sum (t_i - mean t)^2)

    score, truth: float vectors (n,), higher is better. Range [-1, 1], higher is better. NaN for n < 2, a constant
    vector or a score of -inf. It reads the values and not only the order, so a single outlying score can decide it.
    ValueError: a truth that is not finite, a score of NaN or +inf.

    >>> round(pearson_r([1, 2, 4], [0.1, 0.2, 0.3]), 6)
    0.981981

    Reference: pearson1895; symbol LC in ning2021evaluating.
    """
    score, truth = check_pair(score, truth)
    if not is_defined(score, truth) or np.isneginf(score).any():
        return float("nan")
    return float(_weighted_correlation(np.ones(len(score)), _near_zero(score), _near_zero(truth)))


def kendall_tau(score: np.ndarray, truth: np.ndarray) -> float:
    """Kendall's rank correlation tau-b between score and truth.

    tau_b = (P - Q) / sqrt((P + Q + X)(P + Q + Y)), with P concordant and Q discordant pairs, and X, Y the pairs tied in
    score only and in truth only.

    score, truth: float vectors (n,), higher is better. Ties lower the numerator and are taken out of the denominator of
    their own side. Range [-1, 1], higher is better. NaN for n < 2 or a constant vector. ValueError: NaN or infinite,
    but a score may be -inf.

    >>> round(kendall_tau([1, 2, 3, 4], [0.1, 0.3, 0.2, 0.4]), 6)
    0.666667

    Reference: kendall1945; symbol KD in ning2021evaluating.
    """
    score, truth = check_pair(score, truth)
    if not is_defined(score, truth):
        return float("nan")
    return float(stats.kendalltau(score, truth).statistic)


def spearman_rho(score: np.ndarray, truth: np.ndarray) -> float:
    """Spearman's rank correlation: Pearson's r of the ranks, tied architectures sharing their mean rank.

    rho = pearson_r(rank s, rank t)

    score, truth: float vectors (n,), higher is better. Range [-1, 1], higher is better. NaN for n < 2 or a constant
    vector. ValueError: NaN or infinite, but a score may be -inf.

    >>> round(spearman_rho([1, 2, 3, 4], [0.1, 0.3, 0.2, 0.4]), 6)
    0.8

    Reference: spearman1904; symbol SpearmanR in ning2021evaluating.
    """
    score, truth = check_pair(score, truth)
    if not is_defined(score, truth):
        return float("nan")
    score, truth = _near_zero(stats.rankdata(score)), _near_zero(stats.rankdata(truth))
    return float(_weighted_correlation(np.ones(len(score)), score, truth))


def pearson_r_of_draws(rows: Resamples) -> np.ndarray:
    """Pearson's r of each draw, from sums of products about the mean of all rows.

    Where the mean of a draw is far from that one, as in a draw without the only outlier, most of the sums would cancel;
    it is then taken off, and what is left is scaled, before products are summed.
    """
    value = np.full(len(rows), np.nan)
    if not len(rows.score) or np.isneginf(rows.score).any():
        return value
    x, y = (z - z.mean() for z in (_near_zero(rows.score), _near_zero(rows.truth)))
    products = (x, y, x * x, y * y, x * y)
    for draws in rows.blocks(rows.defined):
        weight = rows.counts[draws].astype("float64")
        n = rows.sizes[draws]
        x_mean, y_mean, xx, yy, xy = (np.vecdot(weight, z) / n for z in products)
        x_spread, y_spread = xx - x_mean**2, yy - y_mean**2
        is_near = (_MOST_CANCELLED * x_spread >= xx) & (_MOST_CANCELLED * y_spread >= yy)
        found = np.empty(len(draws))
        spread = np.sqrt(x_spread[is_near]), np.sqrt(y_spread[is_near])
        found[is_near] = np.clip((xy - x_mean * y_mean)[is_near] / spread[0] / spread[1], -1.0, 1.0)
        for far in np.flatnonzero(~is_near):
            drawn = weight[far] > 0
            score, truth = _near_zero(rows.score[drawn]), _near_zero(rows.truth[drawn])
            found[far] = _weighted_correlation(weight[far, drawn], score, truth)
        value[draws] = found
    return value


def kendall_tau_of_draws(rows: Resamples) -> np.ndarray:
    """Kendall's tau-b of each draw."""
    pairs, tied = n_pairs(rows.sizes), ties(rows)
    return tau_b(net_concordance(rows, tied), pairs - tied[0], pairs - tied[1])


def spearman_rho_of_draws(rows: Resamples) -> np.ndarray:
    """Spearman's rho of each draw, from the mean ranks that the draw's own counts give.

    Ranks count twice and from their middle, so that all are integers. N rows in tie groups of m rows each have the sum
    of squares (N^3 - sum m^3) / 3 of them.
    """
    value = np.full(len(rows), np.nan)
    for draws in blocks(np.flatnonzero(rows.defined), 4 * len(rows.score)):  # as many arrays are at work
        score, score_spread = _mean_ranks(rows.counts_by_score[draws], rows.score_starts)
        truth, truth_spread = _mean_ranks(rows.counts[draws], rows.truth_starts)
        if truth.shape[1] < len(rows.truth):
            truth = np.take(truth, rows.truth_group, axis=1)
        score = np.take(score, rows.score_group, axis=1)
        product = np.vecdot(np.multiply(truth, score, dtype="float64"), rows.counts[draws].astype("float64"))
        value[draws] = product / np.sqrt(score_spread) / np.sqrt(truth_spread)
    return np.clip(value, -1.0, 1.0)


def tau_b(net: np.ndarray, untied_by_score: np.ndarray, untied_by_truth: np.ndarray) -> np.ndarray:
    """net / sqrt(untied by score * untied by truth), NaN where either side is tied throughout."""
    value = np.full(len(net), np.nan)
    some = (untied_by_score > 0) & (untied_by_truth > 0)
    value[some] = net[some] / np.sqrt(untied_by_score[some]) / np.sqrt(untied_by_truth[some])
    return np.clip(value, -1.0, 1.0)


def _mean_ranks(counts: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each draw twice the mean rank of each run of an order, from the middle of all, and its sum of squares."""
    size = run_sums(counts, starts)
    n = size.sum(axis=1)
    rank = np.cumsum(size, axis=1, dtype="int32" if n.max() < _MOST_HALVED else "float64")
    spread = (n**3 - np.vecdot(size * size, size)) / 3
    rank *= 2
    rank -= n[:, None].astype(rank.dtype)
    rank -= size.astype(rank.dtype)
    return rank, spread


def _near_zero(values: np.ndarray) -> np.ndarray:
    """The vector moved and scaled so that its sums of squares neither overflow nor drown in a large common part.

    A correlation does not change by it. The scale is a power of two, so that no bit is lost, and one element is taken
    off all, exactly where they are close to each other.
    """
    scaled = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    moved = scaled - scaled[0]
    return np.ldexp(moved, -np.frexp(np.abs(moved).max())[1])


def _weighted_correlation(weight: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of rows that count `weight` times each, (n,) or (n_draws, n); x, y as of `_near_zero`."""
    n = weight.sum(axis=-1)
    x, y = (z - np.expand_dims(np.vecdot(weight, z) / n, -1) for z in (x, y))
    x_weighted = weight * x
    spread = np.sqrt(np.vecdot(x_weighted, x)), np.sqrt(np.vecdot(weight * y, y))
    return np.clip(np.vecdot(x_weighted, y) / spread[0] / spread[1], -1.0, 1.0)
