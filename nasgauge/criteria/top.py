"""Agreement on the top or bottom K architectures, and the ranking within the top K."""

from collections.abc import Callable

import numpy as np

from nasgauge.criteria.borders import Borders
from nasgauge.criteria.concordance import inversions, n_pairs, tied_pairs
from nasgauge.criteria.correlation import tau_b
from nasgauge.criteria.resamples import Resamples, check_pair, check_top, is_defined, n_top


def precision_at_top(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """Share of the k best architectures by score that are among the k best by truth.

    P@topK = #{i : rank s_i <= k and rank t_i <= k} / k, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties at either border: the expectation over all orders of the tied, independent in score and truth. Range [0, 1],
    higher is better; a random score reaches k / n. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but
    a score may be -inf; UserError: k.

    >>> precision_at_top([4, 3, 2, 1], [0.4, 0.1, 0.3, 0.2], count=2)
    0.5

    Reference: ning2021evaluating, P@topK.
    """
    return once(precision_at_top_of_draws, score, truth, fraction, count)


def precision_at_bottom(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """Share of the k worst architectures by score that are among the k worst by truth.

    P@bottomK = #{i : rank s_i > n - k and rank t_i > n - k} / k, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties at either border: the expectation over all orders of the tied, independent in score and truth. Range [0, 1],
    higher is better; a random score reaches k / n. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but
    a score may be -inf; UserError: k.

    >>> precision_at_bottom([4, 3, 2, 1], [0.4, 0.1, 0.3, 0.2], count=1)
    0.0

    Reference: ning2021evaluating, P@bottomK.
    """
    return once(precision_at_bottom_of_draws, score, truth, fraction, count)


def kendall_tau_at_top(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """Kendall's tau-b within the k architectures with the highest ground truth.

    tau_b over {i : rank t_i <= k}, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n). Of
    the architectures whose truth ties at the border every choice is equally likely: concordant, discordant and tied
    pairs are replaced by their expectations, which is the expectation of tau_b itself where the scores of those
    architectures are untied. Range [-1, 1], higher is better. NaN for n < 2, a constant vector, or a top that is tied
    throughout in score or truth (always so at k = 1). ValueError: NaN or infinite, but a score may be -inf; UserError:
    k.

    >>> round(kendall_tau_at_top([1, 2, 4, 3], [0.1, 0.2, 0.3, 0.4], count=3), 6)
    0.333333

    Reference: ning2021evaluating (KD among top architectures); laube2021exploring.
    """
    return once(kendall_tau_at_top_of_draws, score, truth, fraction, count)


def precision_at_top_of_draws(
    rows: Resamples, *, fraction: float | None = None, count: int | None = None
) -> np.ndarray:
    """P@topK of each draw: sum over rows of (chance to be chosen) * (chance to be in the true top k), over k."""
    value = np.full(len(rows), np.nan)
    k = rows.n_top(fraction, count)
    for draws in rows.blocks(rows.defined & (k > 0)):
        chosen, best = rows.score_borders(draws, k[draws]), rows.truth_borders(draws, k[draws])
        reach = best.stop.max()
        counts, row = rows.counts[draws, :reach], np.arange(reach)
        sure = row < best.start[:, None]
        tied = ~sure & (row < best.stop[:, None])
        group = rows.score_group[:reach]
        hits = _n_chosen(counts, group, sure, chosen) + best.share * _n_chosen(counts, group, tied, chosen)
        value[draws] = hits / k[draws]
    return value


def precision_at_bottom_of_draws(
    rows: Resamples, *, fraction: float | None = None, count: int | None = None
) -> np.ndarray:
    """P@bottomK of each draw: P@topK with the signs of both vectors turned."""
    return precision_at_top_of_draws(rows.reversed(), fraction=fraction, count=count)


def kendall_tau_at_top_of_draws(
    rows: Resamples, *, fraction: float | None = None, count: int | None = None
) -> np.ndarray:
    """Tau-b within the true top k of each draw; rows above the border count fully, those tied at it by chance.

    With m rows tied at the border for u places, one of them is in with chance u / m, two with u (u - 1) / (m (m - 1)).
    """
    value = np.full(len(rows), np.nan)
    k = rows.n_top(fraction, count)
    draws = np.flatnonzero(rows.defined & (k > 0))
    if not len(draws):
        return value
    k = k[draws]
    border = rows.truth_borders(draws, k)
    start, stop, taken = border.start, border.stop, border.taken
    reach = stop.max()
    top = Resamples(rows.score[:reach], rows.truth[:reach], rows.counts[draws, :reach])
    position = np.arange(reach)
    sure = np.where(position < start[:, None], top.counts, 0).astype(top.counts.dtype)
    tied = np.where((position >= start[:, None]) & (position < stop[:, None]), top.counts, 0).astype(top.counts.dtype)

    one = border.share
    two = np.divide(n_pairs(taken), n_pairs(border.size), out=np.zeros(len(draws)), where=border.size > 1)
    order, runs = top.by_score, top.score_starts
    sure_ties, tied_ties, all_ties = (tied_pairs(c[:, order], runs) for c in (sure, tied, sure + tied))
    mixed_ties = all_ties - sure_ties - tied_ties
    same_score = sure_ties + one * mixed_ties + two * tied_ties
    same_truth = tied_pairs(sure, top.truth_starts) + n_pairs(taken)
    same_both = tied_pairs(sure, top.joint_starts) + two * tied_ties
    inside = inversions(order, sure)
    inverted = inside + one * (inversions(order, sure + tied) - inside)
    net = n_pairs(k) - same_score - same_truth + same_both - 2 * inverted
    value[draws] = tau_b(net, n_pairs(k) - same_score, n_pairs(k) - same_truth)
    return value


def once(
    of_draws: Callable[..., np.ndarray],
    score: np.ndarray,
    truth: np.ndarray,
    fraction: float | None,
    count: int | None,
) -> float:
    """A criterion of the rows themselves: its form for resamples, with every count 1."""
    score, truth = check_pair(score, truth)
    check_top(fraction, count)
    if len(score):
        n_top(len(score), fraction=fraction, count=count)
    if not is_defined(score, truth):
        return float("nan")
    return float(of_draws(Resamples.of(score, truth), fraction=fraction, count=count)[0])


def _n_chosen(counts: np.ndarray, group: np.ndarray, among: np.ndarray, chosen: Borders) -> np.ndarray:
    """Expected number of the rows in `among` that are among the best by score, whose tie groups `group` numbers."""
    border = chosen.group[:, None]
    sure = counts.sum(axis=1, where=among & (group < border), dtype="int64")
    return sure + chosen.share * counts.sum(axis=1, where=among & (group == border), dtype="int64")
