"""Scores of estimators against the truth."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.errors import UserError
from nasgauge.judging.aligned import aligned
from nasgauge.judging.ceiling import NOISE_CEILING, noise_ceiling
from nasgauge.judging.values import (
    check_options,
    checked_truth,
    draw_counts,
    mean_accuracy,
    rows_of,
    values_table,
)
from nasgauge.tables import SCORES, check


def judge(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    criteria: Iterable[CriterionSpec | BoundCriterion] = DEFAULT_CRITERIA,
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """How well each estimator's scores agree with the truth: one row per estimator and criterion, in table VALUES.

    value = mean over the estimator's seeds of criterion(scores of the seed, mean truth over training seeds)
    lower, upper = percentiles (1 -+ confidence) / 2 of the same over n_bootstrap resamples of the architectures

    scores: table SCORES. truth: table TRUTH, one or several seeds an architecture. The resamples are shared by all
    estimators and seeds, so their values are paired. Draws in which a criterion is undefined are left out of its
    interval, which is null where they are more than half, or for n_bootstrap 0. An undefined value is null.

    missing: an architecture of the truth counts in n_missing if a seed of the estimator lacks it. "omit" leaves it out
    (n falls); "last" ranks it below all others, tied, in the seeds that lack it (n stays), and leaves criteria that
    read more than the order of the scores undefined. unknown: scores of architectures outside the truth are an error,
    or dropped. UserError: tables or criteria that do not fit, an estimator called noise_ceiling.

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
        raise UserError(f"estimator {NOISE_CEILING!r}: the name is reserved for the truth's own agreement; rename it")
    accuracy = mean_accuracy(truth)
    counts = draw_counts(len(accuracy), n_bootstrap, rng=rng)
    rows = []
    for estimator, columns, n_missing in aligned(scores, accuracy, missing, drop=unknown == "drop"):
        unusable = missing == "last" and n_missing > 0
        fixed = {"n": len(columns[0][0]), "n_missing": n_missing, "n_seeds": len(columns)}
        rows += rows_of(estimator, columns, bound, counts, confidence, order_only=unusable, **fixed)
    return values_table(rows)


def judge_with_ceiling(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    criteria: Iterable[CriterionSpec | BoundCriterion] = DEFAULT_CRITERIA,
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    n_splits: int = 20,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The rows of `judge`, then those of `noise_ceiling`; arguments and errors as there."""
    bound = resolve_criteria(criteria)
    options = {"n_bootstrap": n_bootstrap, "confidence": confidence, "rng": rng}
    values = judge(scores, truth, bound, missing=missing, unknown=unknown, **options)
    ceiling = noise_ceiling(truth, bound, n_splits=n_splits, **options)
    return pd.concat([values, ceiling], ignore_index=True) if len(ceiling) else values
