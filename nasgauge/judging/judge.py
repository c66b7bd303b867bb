"""Scores of estimators against the truth."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.errors import UserError
from nasgauge.judging.ceiling import NOISE_CEILING, noise_ceiling
from nasgauge.judging.values import (
    Column,
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
    position = _positions(scores, accuracy.index, drop=unknown == "drop")
    counts = draw_counts(len(accuracy), n_bootstrap, rng=rng)
    rows = []
    for estimator in scores["estimator"].unique():
        part = ((scores["estimator"] == estimator) & (position >= 0)).to_numpy()
        if not part.any():
            raise UserError(f"estimator {estimator!r} scores no architecture of the truth; leave it out")
        matrix = _by_seed(scores[part], position[part], len(accuracy))
        absent = np.isnan(matrix)
        columns = list(_columns(matrix, accuracy.to_numpy(), missing))
        n_missing = int(absent.any(axis=1).sum())
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


def _positions(scores: pd.DataFrame, archs: pd.Index, *, drop: bool) -> np.ndarray:
    """Row of the truth of each score, -1 for an architecture that the truth does not hold."""
    position = archs.get_indexer(scores["arch"])
    foreign = position < 0
    if foreign.any() and not drop:
        row = int(np.flatnonzero(foreign)[0])
        n = scores["arch"][foreign].nunique()
        raise UserError(
            f"the scores table: row {row + 1} scores architecture {scores['arch'].iloc[row]!r}, which the "
            f"truth does not hold ({n} such in all); use the benchmark the scores were made for, or ask to drop them"
        )
    return position


def _by_seed(part: pd.DataFrame, position: np.ndarray, n_archs: int) -> np.ndarray:
    """One estimator's scores, (n_archs, n_seeds), NaN where there is none."""
    seeds, column = np.unique(part["seed"].to_numpy(), return_inverse=True)
    matrix = np.full((n_archs, len(seeds)), np.nan)
    matrix[position, column] = part["score"].to_numpy()
    return matrix


def _columns(matrix: np.ndarray, accuracy: np.ndarray, missing: str) -> Iterator[Column]:
    absent = np.isnan(matrix)
    kept = np.flatnonzero(~absent.any(axis=1)) if missing == "omit" else np.arange(len(matrix))
    for score, lacks in zip(matrix.T, absent.T, strict=True):
        last = np.nextafter(score.min(where=~lacks, initial=np.inf), -np.inf)
        yield kept, np.where(lacks, last, score)[kept], accuracy[kept]
