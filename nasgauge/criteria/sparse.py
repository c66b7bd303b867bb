"""Sparse Kendall's tau: differences of accuracy too small to matter are made ties.

The variants in use give different numbers for the same data, so each has a name.
"""

from collections.abc import Callable

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.criteria.concordance import n_pairs, net_concordance
from nasgauge.criteria.correlation import kendall_tau, kendall_tau_of_draws
from nasgauge.criteria.resamples import Resamples, check_pair, is_defined, starts_of

# A value this close below the edge of a bin (in widths) stands on the edge: 0.93 / 0.001 is not 930 in binary.
EDGE = 1e-9
_FEW = 200  # rows of which all pairs are compared at once


def floor_bins(values: np.ndarray, width: float) -> np.ndarray:
    """The bin of each value, floor(value / width).

    >>> floor_bins(np.array([0.93, 0.9309, 0.931]), 0.001)
    array([930., 930., 931.])
    """
    return np.floor(np.asarray(values) / _check_width(width) + EDGE)


def nearest_bins(values: np.ndarray, width: float) -> np.ndarray:
    """The multiple of width nearest to each value, half a width upwards: floor(value / width + 1/2).

    >>> nearest_bins(np.array([0.93, 0.934, 0.935]), 0.01)
    array([93., 93., 94.])
    """
    return np.floor(np.asarray(values) / _check_width(width) + 0.5 + EDGE)


def sparse_kendall_tau(
    score: np.ndarray, truth: np.ndarray, *, variant: str = "nasws", width: float | None = None
) -> float:
    """Kendall's tau-b after accuracies that differ by less than about `width` are made ties.

    variant "nasws" (width 1e-3): with b = floor(truth / width), tau_b between b_i and the bin that stands at the
        architecture's position by score when all bins are sorted; both sides then have the same ties.
    variant "aw_nas" (width 1e-2): tau_b(score, truth rounded to the nearest multiple of width).
    variant "both_rounded" (width 1e-3): tau_b(score and truth both rounded so); for scores in the truth's unit.

    score, truth: float vectors (n,), higher is better; width in the truth's unit. Ties of the score: in "nasws", where
    they leave the positions open, the expectation over all orders; else as in tau_b. Range [-1, 1], higher is better.
    NaN for n < 2, a constant vector, or one that the bins make constant. ValueError: NaN or infinite, but a score may
    be -inf; UserError: an unknown variant, a width not above 0.

    >>> round(sparse_kendall_tau([1, 2, 3], [0.901, 0.9004, 0.905]), 6)
    0.333333
    >>> sparse_kendall_tau([1, 2, 3], [0.90, 0.904, 0.95], variant="aw_nas")
    0.816496580927726

    Reference: yu2020train (s-KdT; "nasws" is its public code); ning2021evaluating (public code).
    """
    if variant not in VARIANTS:
        raise unknown_name("variant of sparse_kendall_tau", variant, VARIANTS)
    return VARIANTS[variant](score, truth) if width is None else VARIANTS[variant](score, truth, width=width)


def sparse_kendall_tau_nasws(score: np.ndarray, truth: np.ndarray, *, width: float = 1e-3) -> float:
    """`sparse_kendall_tau` with variant "nasws": floor bins, positions on the score's side, bin ties on both.

    tau_b(b_i, sorted(b)[position of i by score]), b = floor(truth / width). Arguments, ties, range, errors: as there.

    >>> round(sparse_kendall_tau_nasws([1, 2, 3], [0.901, 0.9004, 0.905]), 6)
    0.333333

    Reference: yu2020train.
    """
    score, truth = check_pair(score, truth)
    bins = floor_bins(truth, width)
    if not is_defined(score, bins):
        return float("nan")
    order = np.argsort(score, kind="stable")
    score, bins = score[order], bins[order]
    _, size = np.unique(bins, return_counts=True)
    untied = n_pairs(len(bins)) - n_pairs(size).sum()
    net = net_concordance(Resamples.of(score, bins))[0] - _net_within_spans(score, bins, np.cumsum(size) - size, size)
    return float(np.clip(net / untied, -1.0, 1.0))


def _net_within_spans(score: np.ndarray, bins: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> float:
    """Expected concordance of the pairs whose positions fall into one bin, and which are therefore ties by score.

    A bin spans consecutive positions. A row of a score group that the span cuts is inside with a chance, independent of
    the rows of other groups; pairs of one group cancel.
    """
    group_start = starts_of(score)
    group_stop = np.append(group_start[1:], len(score))
    net = 0.0
    for start, stop in zip(starts, starts + sizes, strict=True):
        first = np.searchsorted(group_start, start, side="right") - 1
        last = np.searchsorted(group_start, stop - 1, side="right") - 1
        if first == last:
            continue
        groups = slice(first, last + 1)
        low, high = group_start[groups], group_stop[groups]
        chance = (np.minimum(high, stop) - np.maximum(low, start)) / (high - low)
        rows = slice(low[0], high[-1])
        weight = np.repeat(chance, high - low)
        if len(weight) <= _FEW:
            group = np.repeat(np.arange(len(low)), high - low)
            sign = np.sign(bins[rows] - bins[rows][:, None]) * (group > group[:, None])
            net += weight @ sign @ weight
        else:
            net += net_concordance(Resamples.of(score[rows], bins[rows], weight[None, :]))[0]
    return net


def sparse_kendall_tau_aw_nas(score: np.ndarray, truth: np.ndarray, *, width: float = 1e-2) -> float:
    """`sparse_kendall_tau` with variant "aw_nas": tau_b(score, truth to the nearest multiple of width).

    Arguments, ties, range, errors: as there.

    >>> sparse_kendall_tau_aw_nas([1, 2, 3], [0.90, 0.904, 0.95])
    0.816496580927726

    Reference: ning2021evaluating.
    """
    score, truth = check_pair(score, truth)
    return kendall_tau(score, nearest_bins(truth, width))


def sparse_kendall_tau_both_rounded(score: np.ndarray, truth: np.ndarray, *, width: float = 1e-3) -> float:
    """`sparse_kendall_tau` with variant "both_rounded": tau_b(score, truth), each to the nearest multiple of width.

    Arguments, ties, range, errors: as there.

    >>> sparse_kendall_tau_both_rounded([0.61, 0.6102, 0.7], [0.90, 0.904, 0.95])
    0.816496580927726

    Reference: yu2020train, with rounding in place of positions.
    """
    score, truth = check_pair(score, truth)
    return kendall_tau(nearest_bins(score, width), nearest_bins(truth, width))


VARIANTS: dict[str, Callable[..., float]] = {
    "nasws": sparse_kendall_tau_nasws,
    "aw_nas": sparse_kendall_tau_aw_nas,
    "both_rounded": sparse_kendall_tau_both_rounded,
}


def sparse_kendall_tau_aw_nas_of_draws(rows: Resamples, *, width: float = 1e-2) -> np.ndarray:
    """Variant "aw_nas" of each draw."""
    return kendall_tau_of_draws(Resamples.of(rows.score, nearest_bins(rows.truth, width), rows.counts))


def sparse_kendall_tau_both_rounded_of_draws(rows: Resamples, *, width: float = 1e-3) -> np.ndarray:
    """Variant "both_rounded" of each draw."""
    score, truth = nearest_bins(rows.score, width), nearest_bins(rows.truth, width)
    return kendall_tau_of_draws(Resamples.of(score, truth, rows.counts))


def _check_width(width: float) -> float:
    if not (np.isfinite(width) and width > 0):
        raise UserError(
            f"bin width {width!r} is not above 0; give it in the unit of the ground truth (0.001 is 0.1 percentage "
            "points)"
        )
    return width
