"""Which estimator is the best, with which probability, and what are the paired differences to the others?"""

from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.core.progress import Counted, Progress, untold
from nasgauge.core.rounding import mean_accuracy
from nasgauge.core.tables import SCORES, check
from nasgauge.criteria import BoundCriterion, CriterionSpec, resolve_all
from nasgauge.judging.aligned import aligned
from nasgauge.judging.draws import draws_of
from nasgauge.judging.values import (
    applicable,
    check_options,
    checked_truth,
    draw_counts,
    holds_fractions,
    interval,
)

COLUMNS = (
    *("estimator", "criterion", "at", "value", "p_best", "behind", "behind_lower", "behind_upper"),
    *("n_ahead_of", "n_behind", "n"),
)


def contest(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    criterion: CriterionSpec | BoundCriterion = "kendall_tau",
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    missing: Literal["omit", "last"] = "omit",
    progress: Progress = untold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Paired comparison of all estimators with the best by one criterion, on the same bootstrap draws of architectures.

    value = as in `judge`
    p_best = share of the draws in which no other estimator is better; estimators tied in a draw share it
    behind = difference between the best estimator's value and its own, 0 for the best
    behind_lower, behind_upper = percentiles (1 -+ confidence) / 2 of that difference over the draws
    n_ahead_of, n_behind = estimators that it is significantly better, or worse, than; the relation is a partial
        order

    An interval above 0 means that the estimator is significantly worse than the best at the given confidence, with
    respect to the sampling of architectures. Draws are paired, so that the two intervals of `judge` are not needed for
    the comparison and may overlap. The best is the one by value (by name among equals); its row has behind 0, 0, 0.
    p_best sums to 1 over the estimators, unless none is defined. Estimators with scores for different architectures are
    evaluated each on its own (column n). A constant estimator is undefined: null, p_best 0. Rows: the best first,
    undefined ones last. With n_bootstrap 0, p_best and intervals are null and no difference is significant. UserError:
    as `judge`.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "iso_class": list("abcd"), "seed": 0, "accuracy": [1, 2, 3, 4]})
    >>> one = pd.DataFrame({"estimator": "one", "arch": list("abcd"), "seed": 0, "score": [1.0, 2.0, 3.0, 4.0]})
    >>> two = one.assign(estimator="two", score=[1.0, 2.0, 4.0, 3.0])
    >>> table = contest(pd.concat([two, one]), truth, n_bootstrap=0, rng=np.random.default_rng(0))
    >>> table[["estimator", "value", "behind"]].round(3).values.tolist()
    [['one', 1.0, 0.0], ['two', 0.667, 0.333]]

    Reference: efron1979bootstrap.
    """
    check_options(n_bootstrap, confidence, missing=missing)
    [bound] = resolve_all([criterion])
    sign = 1 if bound.better == "higher" else -1
    accuracy = mean_accuracy(checked_truth(truth))
    found = aligned(check(scores, SCORES), accuracy, missing, drop=False)
    counts = draw_counts(len(found.archs), n_bootstrap, rng=rng)
    is_fraction = holds_fractions(accuracy)
    tick = Counted(progress, sum(len(one.columns) for one in found.estimators))
    rows, draws = [], {}
    for one in found.estimators:
        usable = bool(applicable([bound], one.columns, is_fraction=is_fraction))
        value = float(np.mean([bound(score, true) for _, score, true in one.columns])) if usable else np.nan
        draws[one.estimator] = (
            draws_of(one.columns, [bound], counts, tick)[bound] if usable else np.full(n_bootstrap, np.nan)
        )
        named = {"estimator": one.estimator, "criterion": bound.name, "at": bound.at}
        rows.append({**named, "value": value, "n": len(one.kept)})
    rows.sort(key=lambda row: (np.isnan(row["value"]), -sign * row["value"], row["estimator"]))
    best = rows[0]
    share = _share_of_wins(np.stack([sign * draws[row["estimator"]] for row in rows]))
    for row, p_best in zip(rows, share, strict=True):
        gap = sign * (draws[best["estimator"]] - draws[row["estimator"]])
        behind = sign * (best["value"] - row["value"])
        certain = row is best and n_bootstrap and not np.isnan(behind)
        low, high = (0.0, 0.0) if certain else interval(gap, confidence)
        signs = [_separated(sign * (draws[row["estimator"]] - draws[other["estimator"]]), confidence) for other in rows]
        row |= {"n_ahead_of": signs.count(1), "n_behind": signs.count(-1)}
        row |= {"p_best": p_best, "behind": behind, "behind_lower": low, "behind_upper": high}
    return pd.DataFrame(rows)[list(COLUMNS)]


def _separated(gap: np.ndarray, confidence: float) -> int:
    """1 or -1 where the interval of the difference lies above or below 0, otherwise 0."""
    low, high = interval(gap, confidence)
    return int(low > 0) - int(high < 0)


def _share_of_wins(draws: np.ndarray) -> np.ndarray:
    """(k, draws) to (k,): how often each is the maximum, a draw with several maxima divided among them."""
    if not draws.shape[1]:
        return np.full(len(draws), np.nan)
    filled = np.where(np.isnan(draws), -np.inf, draws)
    wins = (filled == filled.max(axis=0)) & np.isfinite(filled)
    decided = wins.any(axis=0)
    return (wins / np.maximum(wins.sum(axis=0), 1)).sum(axis=1) / max(1, decided.sum())
