"""Evaluation of the scores of estimators against the ground truth."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.progress import Counted, Progress, untold
from nasgauge.core.rounding import mean_accuracy
from nasgauge.core.tables import NOISE_CEILING, SCORES, check
from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.judging.aligned import aligned
from nasgauge.judging.draws import drawn_before
from nasgauge.judging.values import (
    applicable,
    check_options,
    checked_truth,
    draw_counts,
    holds_fractions,
    rows_of,
    values_table,
)


def judge(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    criteria: Iterable[CriterionSpec | BoundCriterion] = DEFAULT_CRITERIA,
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    progress: Progress = untold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Agreement of each estimator's scores with the ground truth: one row per estimator and criterion, in table VALUES.

    value = mean over the estimator's seeds of criterion(scores of the seed, mean truth over training seeds)
    lower, upper = percentiles (1 -+ confidence) / 2 of the same over n_bootstrap resamples of the architectures

    scores: table SCORES. truth: table TRUTH, one or several seeds per architecture. The resamples are shared by all
    estimators and seeds, so their values are paired. Draws in which a criterion is undefined are omitted from its
    interval, which is null where they are more than 5%, or for n_bootstrap 0. An undefined value is null.

    missing: treatment of architectures whose measurement failed (score null) in a seed of the estimator, counted in
    n_failed: "omit" omits them (n decreases), "last" ranks them below all others, tied, in the seeds that lack them (n
    stays). A score of -inf is the worst of all in both. Both leave criteria that depend on more than the order of
    the scores undefined. Architectures of the ground truth without a row in every seed were not measured: they are
    never evaluated, and counted in n_absent. unknown: scores of architectures without ground truth are an error, or
    dropped and counted in n_unknown. The ground truth may be any higher-better quantity; criteria in units of accuracy
    are undefined where it is not a fraction. UserError: invalid tables or criteria, an estimator called noise_ceiling.

    >>> truth = pd.DataFrame({"arch": list("abc"), "iso_class": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = pd.DataFrame({"estimator": "size", "arch": list("abc"), "seed": 0, "score": [1.0, 3.0, 2.0]})
    >>> values = judge(scores, truth, ["kendall_tau"], n_bootstrap=0, rng=np.random.default_rng(0))
    >>> values[["estimator", "criterion", "value", "n"]].round(6).values.tolist()
    [['size', 'kendall_tau', 0.333333, 3]]

    Reference: efron1979bootstrap; the criteria name their own.
    """
    check_options(n_bootstrap, confidence, missing=missing, unknown=unknown)
    bound = resolve_criteria(criteria)
    scores, truth = check(scores, SCORES), checked_truth(truth)
    if (scores["estimator"] == NOISE_CEILING).any():
        raise UserError(f"estimator {NOISE_CEILING!r}: the name is reserved for the noise ceiling; rename it")
    accuracy = mean_accuracy(truth)
    found = aligned(scores, accuracy, missing, drop=unknown == "drop")
    counts = draw_counts(len(found.archs), n_bootstrap, rng=rng)
    tick = Counted(progress, len(bound) * sum(len(one.columns) for one in found.estimators))
    is_fraction = holds_fractions(accuracy)
    options = {"is_fraction": is_fraction, "tick": tick}
    rows = [
        row
        for one in drawn_before(
            found.estimators, lambda one: applicable(bound, one.columns, is_fraction=is_fraction), counts
        )
        for row in rows_of(one.estimator, one.columns, bound, counts, confidence, **options, **one.counts)
    ]
    return values_table(rows)
