"""Is one estimator better than another: paired differences with intervals and p-values."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Literal, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.progress import Counted, Progress, untold
from nasgauge.core.rounding import mean_accuracy
from nasgauge.core.tables import PAIRED, SCORES, check, empty
from nasgauge.criteria import BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.judging.aligned import Alignment, aligned
from nasgauge.judging.correction import Correction, adjusted, check_correction, p_value
from nasgauge.judging.draws import Column, draws_of
from nasgauge.judging.values import (
    applicable,
    check_options,
    checked_truth,
    draw_counts,
    holds_fractions,
    interval,
)

Pair = tuple[str, str]


def paired(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    a: str | Sequence[str] = "all",
    b: str | Sequence[str] = "best",
    criteria: Iterable[CriterionSpec | BoundCriterion] = ("kendall_tau",),
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    correction: Correction = "holm",
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    progress: Progress = untold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Paired comparison of estimators a with rivals b, in table PAIRED: one row per pair and criterion.

    difference = criterion(a) - criterion(b), both over the architectures that both score (column n) and averaged over
        seeds as in `judge`; with its sign changed where the criterion is lower-better, so that positive always means
        that a is better
    lower, upper = percentiles (1 -+ confidence) / 2 of the difference over n_bootstrap resamples of the architectures,
        the same for all pairs, criteria and seeds
    p_value = `p_value` of these draws, two-sided; p_adjusted: corrected over all rows of the table

    a, b: names, paired in order where both are lists of equal length, otherwise each a with each b. a "all": every
    estimator but the rival; a and b "all": every pair once. b "best": the estimator with the best value on its
    architectures, by name among equals, for each criterion; as it is chosen with the same data, its advantage is
    overestimated, the more the more estimators are compared. scores, truth, missing, unknown: as for `judge`. The
    smallest p-value is 2 / (n_bootstrap + 1), so that m comparisons by Holm's correction need more than 40 m draws to
    reach .05. The interval and p-value refer to the sampling of architectures, not to other seeds or data sets. NaN:
    undefined (constant scores, n < 2) or n_bootstrap 0. UserError: as `judge`, an estimator that does not exist or is
    compared with itself, another correction.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "iso_class": list("abcd"), "seed": 0, "accuracy": [1, 2, 3, 4]})
    >>> one = pd.DataFrame({"estimator": "one", "arch": list("abcd"), "seed": 0, "score": [1.0, 2.0, 3.0, 4.0]})
    >>> two = one.assign(estimator="two", score=[1.0, 2.0, 4.0, 3.0])
    >>> table = paired(pd.concat([two, one]), truth, "two", "one", n_bootstrap=0, rng=np.random.default_rng(0))
    >>> table[["estimator", "rival", "difference", "n"]].round(3).values.tolist()
    [['two', 'one', -0.333, 4]]

    Reference: efron1979bootstrap; holm1979simple.
    """
    check_options(n_bootstrap, confidence, missing=missing, unknown=unknown)
    check_correction(correction)
    bound = resolve_criteria(criteria)
    accuracy = mean_accuracy(checked_truth(truth))
    found = aligned(check(scores, SCORES), accuracy, missing, drop=unknown == "drop")
    sides = Sides(found, draw_counts(len(found.archs), n_bootstrap, rng=rng), is_fraction=holds_fractions(accuracy))
    tasks = [(pair, c) for c in bound for pair in pairs_of(a, b, sides.names, lambda c=c: sides.best(c))]
    tick, rows = Counted(progress, len(tasks)), []
    for pair, criterion in tasks:
        row, gap = sides.compared(pair, criterion)
        rows.append(row | with_p_value(gap, confidence))
        tick(1.0)
    if not rows:
        return empty(PAIRED)
    table = pd.DataFrame(rows)
    return check(with_adjusted(table, correction), PAIRED)


def with_p_value(gap: np.ndarray, confidence: float) -> dict[str, float]:
    """Interval and p-value of a difference from its draws."""
    lower, upper = interval(gap, confidence)
    return {"lower": lower, "upper": upper, "p_value": p_value(gap)}


def with_adjusted(table: pd.DataFrame, correction: Correction) -> pd.DataFrame:
    """The table with its p-values corrected over all its rows, in the order of columns of PAIRED, others first."""
    table = table.assign(p_adjusted=adjusted(table["p_value"].to_numpy(), correction))
    named = [c.name for c in PAIRED.columns]
    return table[[*(c for c in table.columns if c not in named), *named]]


def pairs_of(
    a: str | Sequence[str], b: str | Sequence[str], names: Sequence[str], best: Callable[[], str] | None
) -> list[Pair]:
    """The (estimator, rival) that are compared; best: function that returns the estimator that "best" stands for."""
    firsts = list(names) if a == "all" else [a] if isinstance(a, str) else list(a)
    if a == "all" and b == "all":
        return list(combinations(firsts, 2))
    rivals = [best()] if b == "best" else [b] if isinstance(b, str) else list(b)
    for name in (*firsts, *rivals):
        if name not in names:
            raise unknown_name("estimator", name, names)
    if not isinstance(a, str) and not isinstance(b, str) and len(firsts) == len(rivals):
        chosen = list(zip(firsts, rivals, strict=True))
    else:
        chosen = [(first, rival) for rival in rivals for first in firsts]
        if a == "all" or b == "best":
            chosen = [(first, rival) for first, rival in chosen if first != rival]
    for first, rival in chosen:
        if first == rival:
            raise UserError(f"estimator {first!r} is compared with itself; name two different ones")
    if len(set(chosen)) < len(chosen):
        raise UserError("a pair of estimators is listed twice; keep one of them")
    return chosen


@final
class Sides:
    """Values and draws of estimators on any of the architectures that they are evaluated on, each computed once.

    found: all estimators with the ground truth. counts: resamples of `found.archs`, (n_draws, n).
    """

    def __init__(self, found: Alignment, counts: np.ndarray, *, is_fraction: bool) -> None:
        self._of = {one.estimator: one for one in found.estimators}
        self._counts, self._is_fraction = counts, is_fraction
        self._values: dict[tuple, tuple[float, np.ndarray]] = {}

    @property
    def names(self) -> list[str]:
        """The estimators, in order of appearance."""
        return list(self._of)

    def best(self, criterion: BoundCriterion) -> str:
        """The estimator with the best value on its architectures, by name among equals; an undefined value is worst."""
        sign = 1 if criterion.better == "higher" else -1
        values = {name: sign * self._value(self._of[name].columns, name, criterion) for name in self._of}
        return min(values, key=lambda name: (np.isnan(values[name]), -values[name], name))

    def compared(self, pair: Pair, criterion: BoundCriterion) -> tuple[dict[str, object], np.ndarray]:
        """The row of a pair without its interval, and the draws of its difference."""
        both = np.intersect1d(*(self._of[name].kept for name in pair))
        sign = 1 if criterion.better == "higher" else -1
        (value, draws), (rival, rival_draws) = (self._side(name, both, criterion) for name in pair)
        row = {"estimator": pair[0], "rival": pair[1], "criterion": criterion.name, "at": criterion.at}
        row |= {"value": value, "rival_value": rival, "difference": sign * (value - rival), "n": len(both)}
        return row, sign * (draws - rival_draws)

    def _side(self, name: str, both: np.ndarray, criterion: BoundCriterion) -> tuple[float, np.ndarray]:
        key = (name, both.tobytes(), criterion)
        if key not in self._values:
            columns = [_only(column, both) for column in self._of[name].columns]
            value, draws = self._value(columns, name, criterion), np.full(len(self._counts), np.nan)
            if not np.isnan(value):
                draws = draws_of(columns, [criterion], self._counts)[criterion]
            self._values[key] = value, draws
        return self._values[key]

    def _value(self, columns: list[Column], name: str, criterion: BoundCriterion) -> float:
        if not applicable([criterion], columns, is_fraction=self._is_fraction):
            return float("nan")
        try:
            return float(np.mean([criterion(score, true) for _, score, true in columns]))
        except UserError as error:
            raise UserError(f"estimator {name!r}: {error}") from error


def _only(column: Column, rows: np.ndarray) -> Column:
    kept, score, true = column
    inside = np.isin(kept, rows, assume_unique=True)
    return kept[inside], score[inside], true[inside]
