"""The best and the worst of the k architectures with the highest scores, by true rank and by true value."""

from collections.abc import Callable

import numpy as np

from nasgauge.criteria.borders import Borders
from nasgauge.criteria.first_chosen import Walk, expected_first_rank, expected_first_value
from nasgauge.criteria.first_met import Met, first_met
from nasgauge.criteria.resamples import Resamples
from nasgauge.criteria.top import once


def best_rank_at(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """True rank of the best architecture among the k with the best scores, as a share of all ranks.

    BR@K = min {rank t_i : rank s_i <= k} / n, with rank 1 the best and k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties: the expectation over a random choice among the scores tied at the border and over all orders of tied truths.
    Range [1/n, 1], lower is better; k random architectures reach (n + 1) / (k + 1) / n. NaN for n < 2 or a constant
    vector. ValueError: NaN or infinite, but a score may be -inf; UserError: k.

    >>> best_rank_at([4, 3, 2, 1], [0.3, 0.1, 0.4, 0.2], count=2)
    0.5

    Reference: ning2021evaluating, BestRanking@K.
    """
    return once(best_rank_at_of_draws, score, truth, fraction, count)


def worst_rank_at(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """True rank of the worst architecture among the k with the best scores, as a share of all ranks.

    WR@K = max {rank t_i : rank s_i <= k} / n, with rank 1 the best and k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties: the expectation over a random choice among the scores tied at the border and over all orders of tied truths.
    Range [k/n, 1], lower is better. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but a score may be
    -inf; UserError: k.

    >>> worst_rank_at([4, 3, 2, 1], [0.3, 0.1, 0.4, 0.2], count=2)
    1.0

    Reference: ning2021evaluating, WorstRanking@K.
    """
    return once(worst_rank_at_of_draws, score, truth, fraction, count)


def best_accuracy_at(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """True value of the best architecture among the k with the best scores.

    BestAcc@K = max {t_i : rank s_i <= k}, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties at the border: the expectation over a random choice among the tied. Range [min t, max t] in the truth's unit,
    higher is better. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but a score may be -inf;
    UserError: k.

    >>> best_accuracy_at([4, 3, 2, 1], [0.3, 0.1, 0.4, 0.2], count=2)
    0.3

    Reference: ning2021evaluating, BestAcc@K.
    """
    return once(best_accuracy_at_of_draws, score, truth, fraction, count)


def worst_accuracy_at(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """True value of the worst architecture among the k with the best scores.

    WorstAcc@K = min {t_i : rank s_i <= k}, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties at the border: the expectation over a random choice among the tied. Range [min t, max t] in the truth's unit,
    higher is better. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but a score may be -inf;
    UserError: k.

    >>> worst_accuracy_at([4, 3, 2, 1], [0.3, 0.1, 0.4, 0.2], count=2)
    0.1

    Reference: ning2021evaluating, WorstAcc@K.
    """
    return once(worst_accuracy_at_of_draws, score, truth, fraction, count)


def regret_at(
    score: np.ndarray, truth: np.ndarray, *, fraction: float | None = None, count: int | None = None
) -> float:
    """Difference between the best true value of all and that of the best of the k architectures with the best scores.

    regret@K = max t - BestAcc@K, with k = max(1, floor(fraction * n)) or k = count

    score, truth: float vectors (n,), higher is better. Exactly one of fraction (0 < fraction < 1) and count (1..n).
    Ties at the border: the expectation over a random choice among the tied. Range [0, max t - min t] in the truth's
    unit, lower is better. NaN for n < 2 or a constant vector. ValueError: NaN or infinite, but a score may be -inf;
    UserError: k.

    >>> round(regret_at([4, 3, 2, 1], [0.3, 0.1, 0.4, 0.2], count=2), 6)
    0.1

    Reference: ning2021evaluating, from BestAcc@K.
    """
    return once(regret_at_of_draws, score, truth, fraction, count)


def best_rank_at_of_draws(rows: Resamples, *, fraction: float | None = None, count: int | None = None) -> np.ndarray:
    """BR@K of each draw."""
    return _of_draws(expected_first_rank, Met.rank, rows, False, fraction, count) / rows.sizes


def worst_rank_at_of_draws(rows: Resamples, *, fraction: float | None = None, count: int | None = None) -> np.ndarray:
    """WR@K of each draw: n + 1 less the first rank from the other end."""
    return (rows.sizes + 1 - _of_draws(expected_first_rank, Met.rank, rows, True, fraction, count)) / rows.sizes


def best_accuracy_at_of_draws(
    rows: Resamples, *, fraction: float | None = None, count: int | None = None
) -> np.ndarray:
    """BestAcc@K of each draw."""
    return _of_draws(expected_first_value, Met.worth, rows, False, fraction, count)


def worst_accuracy_at_of_draws(
    rows: Resamples, *, fraction: float | None = None, count: int | None = None
) -> np.ndarray:
    """WorstAcc@K of each draw."""
    return _of_draws(expected_first_value, Met.worth, rows, True, fraction, count)


def regret_at_of_draws(rows: Resamples, *, fraction: float | None = None, count: int | None = None) -> np.ndarray:
    """regret@K of each draw."""
    best = rows.truth[(rows.counts > 0).argmax(axis=1)]
    return best - best_accuracy_at_of_draws(rows, fraction=fraction, count=count)


def _of_draws(
    expected: Callable[[Walk], float],
    certain: Callable[[Met], np.ndarray],
    rows: Resamples,
    from_worst: bool,
    fraction: float | None,
    count: int | None,
) -> np.ndarray:
    """What the first chosen row is worth in each draw: `certain` where no tie decides, else `expected`."""
    value = np.full(len(rows), np.nan)
    k = rows.n_top(fraction, count)
    for draws in rows.blocks(rows.defined & (k > 0)):
        borders = rows.score_borders(draws, k[draws])
        met = first_met(rows, draws, borders, from_worst)
        value[draws] = certain(met)
        for i in np.flatnonzero(~met.is_certain):
            value[draws[i]] = expected(_walk(rows, draws[i], borders.of(i), from_worst))
    return value


def _walk(rows: Resamples, draw: int, border: Borders, from_worst: bool) -> Walk:
    """The tie groups of the truth, from its best or worst, up to the first with a surely chosen row."""
    counts = rows.counts[draw]
    shared = border.taken < border.size
    is_sure = rows.score_group < (border.group if shared else border.group + 1)
    sure = np.flatnonzero(is_sure & (counts > 0)) if border.group or not shared else np.empty(0, dtype="int64")
    starts = rows.truth_starts
    first, last = 0, len(starts) - 1
    if len(sure) and from_worst:
        first = rows.truth_group[sure[-1]]
    elif len(sure):
        last = rows.truth_group[sure[0]]
    stop = starts[last + 1] if last + 1 < len(starts) else len(counts)
    part, runs = slice(starts[first], stop), starts[first : last + 1] - starts[first]
    in_reach = counts[part].astype("int64")
    met = slice(runs[0], runs[1] if len(runs) > 1 else None) if from_worst else slice(runs[-1], None)
    tied = in_reach * (rows.score_group[part] == border.group) if shared else np.zeros_like(in_reach)
    step = -1 if from_worst else 1
    return Walk(
        size=np.add.reduceat(in_reach, runs)[::step],
        tied=np.add.reduceat(tied, runs)[::step],
        sure=int(in_reach[met].sum(where=is_sure[part][met])),
        taken=border.taken if shared else 0,
        of_tied=border.size if shared else 0,
        value=rows.truth[starts[first : last + 1]][::step],
    )
