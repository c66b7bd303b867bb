"""Why values are undefined, in sentences."""

import math

import numpy as np
import pandas as pd

from nasgauge.core.lists import enumerated
from nasgauge.core.rounding import mean_accuracy
from nasgauge.criteria import BoundCriterion
from nasgauge.judging.aligned import Aligned, aligned
from nasgauge.judging.values import holds_fractions


def undefined_notes(
    values: pd.DataFrame, scores: pd.DataFrame, truth: pd.DataFrame, criteria: list[BoundCriterion], missing: str
) -> list[str]:
    """A sentence for each reason of undefined values: the criteria, the estimators and the reason.

    values: table VALUES that `judge` made of the other arguments.
    """
    undefined = values[values["value"].isna()]
    if undefined.empty:
        return []
    accuracy = mean_accuracy(truth)
    alignment = {one.estimator: one for one in aligned(scores, accuracy, missing, drop=True).estimators}
    bound = {(c.name, f"{c.at:g}"): c for c in criteria}
    found: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for name, rows in undefined.groupby("estimator", sort=False):
        by_reason: dict[str, list[str]] = {}
        for row in rows.itertuples():
            criterion = bound[row.criterion, f"{row.at:g}"]
            reason = _reason(criterion, alignment[name], is_fraction=holds_fractions(accuracy))
            by_reason.setdefault(reason, []).append(_named(criterion))
        for reason, named in by_reason.items():
            which = ("all criteria",) if len(named) == len(criteria) > 1 else tuple(named)
            found.setdefault((which, reason), []).append(str(name))
    return [
        f"Undefined: {enumerated(which)} of {enumerated(names)}, as {reason}."
        for (which, reason), names in found.items()
    ]


def _reason(criterion: BoundCriterion, one: Aligned, *, is_fraction: bool) -> str:
    scored = [score for _, score, _ in one.columns]
    if len(one.kept) < 2:
        return f"{'no architecture has' if not len(one.kept) else 'only one architecture has'} a score in every seed"
    if criterion.of_accuracy and not is_fraction:
        return "the ground truth is not an accuracy between 0 and 1"
    if not criterion.order_only and any(np.isneginf(score).any() for score in scored):
        failed = "failed measurements, ranked last, have no score" if one.n_failed else "some scores are minus infinity"
        return f"it depends on more than the order of the scores, and {failed}"
    if any(np.ptp(truth) == 0 for _, _, truth in one.columns):
        return "all architectures have the same ground truth"
    if any((score == score[0]).all() for score in scored):
        seed = "in some seed " if len(scored) > 1 else ""
        return f"{seed}all architectures have the same score"
    if not math.isnan(criterion.at):
        return "the top has too few architectures, or ties alone"
    return "it has no value for these scores"


def _named(criterion: BoundCriterion) -> str:
    return criterion.name if math.isnan(criterion.at) else f"{criterion.name}@{criterion.at:g}"
