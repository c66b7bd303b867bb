"""Paired differences of all estimators as a matrix: input of the LaTeX table and of the figure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import MAX_DRAWS, UserError
from nasgauge.judging import paired
from nasgauge.report.bundle import Bundle
from nasgauge.report.labels import Heading, chosen, heading, key_of, leading

ALPHA = 0.05
_NEEDED = ("estimator", "rival", "criterion", "at", "difference", "lower", "upper", "p_value", "p_adjusted", "n")


def with_differences(
    bundle: Bundle, *, n_bootstrap: int = 1000, confidence: float = 0.95, missing: Literal["omit", "last"] = "omit"
) -> Bundle:
    """The bundle with table PAIRED of all pairs by its leading criterion among its records, with fixed draws.

    n_bootstrap: at least. A p-value is at least 2 / (draws + 1), which Holm's correction multiplies by the number of
    pairs: with 21 estimators it takes 8,400 draws before any difference can be significant, and so many are drawn.
    UserError: that criterion is not among those of the bundle.
    """
    by = leading(bundle.values)
    found = [criterion for criterion in bundle.criteria if key_of(criterion.name, criterion.at) == by.key]
    if not found:
        raise UserError(f"paired differences: the report has no criterion {by.name}; give it those of its values")
    k = bundle.values["estimator"].nunique()
    n_draws = min(MAX_DRAWS, max(n_bootstrap, round(2.1 / ALPHA * k * (k - 1) / 2)))
    table = paired(
        bundle.scores, bundle.truth, "all", "all", found,
        n_bootstrap=n_draws, confidence=confidence, missing=missing, rng=np.random.default_rng(0),
    )  # fmt: skip
    return replace(bundle, records={**bundle.records, "paired": table})


@final
@dataclass(frozen=True)
class Pair:
    """Difference of an estimator to a rival, positive where it is better, with interval and adjusted p-value."""

    difference: float
    lower: float
    upper: float
    p_value: float

    @property
    def significant(self) -> bool:
        """Whether the adjusted p-value is below .05; False where it is not known."""
        return self.p_value < ALPHA


@final
@dataclass(frozen=True, eq=False)
class Differences:
    """by: the criterion. names: the estimators by mean difference to the others, the best first. pairs: by (estimator,
    rival), in both directions."""

    by: Heading
    names: tuple[str, ...]
    pairs: Mapping[tuple[str, str], Pair]


def differences(paired: pd.DataFrame, criterion: str | None = None) -> Differences:
    """The pairs of one criterion, each in both directions.

    paired: table with estimator, rival, criterion, at, difference (positive: the estimator is better), lower, upper,
    p_value, p_adjusted and n, in which a pair may stand in one direction or both. criterion: name or name@K; the first
    of the table if None. UserError: a column is missing, no rows, an unknown criterion.
    """
    absent = [c for c in _NEEDED if c not in paired.columns]
    if absent:
        raise UserError(f"the table of paired differences: column {', '.join(map(repr, absent))} is missing")
    if paired.empty:
        raise UserError("the table of paired differences has no rows; compare at least two estimators")
    keys = dict.fromkeys(key_of(c, at) for c, at in zip(paired["criterion"], paired["at"], strict=True))
    found = [heading(name, at) for name, at in keys]
    by = found[0] if criterion is None else chosen(found, criterion, "the paired differences")[0]
    pairs: dict[tuple[str, str], Pair] = {}
    for row in paired.itertuples(index=False):
        if key_of(row.criterion, row.at) == by.key:
            p = row.p_value if math.isnan(row.p_adjusted) else row.p_adjusted
            pairs[row.estimator, row.rival] = Pair(row.difference, row.lower, row.upper, p)
            pairs.setdefault((row.rival, row.estimator), Pair(-row.difference, -row.upper, -row.lower, p))
    return Differences(by, _ordered(pairs), pairs)


def _ordered(pairs: Mapping[tuple[str, str], Pair]) -> tuple[str, ...]:
    """By the mean difference to the others, the best first; undefined ones last, in order of appearance."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    gaps = {name: [p.difference for (one, _), p in pairs.items() if one == name] for name in names}
    mean = {name: pd.Series(gap, dtype="float64").mean() for name, gap in gaps.items()}
    return tuple(sorted(names, key=lambda name: (math.isnan(mean[name]), -mean[name])))
