"""The noise ceiling: the split-half reliability of the ground truth."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.progress import Counted, Progress, untold
from nasgauge.core.rounding import mean_accuracy
from nasgauge.core.tables import CEILING, NOISE_CEILING, SCORES, VALUES, check, empty
from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, CriterionSpec
from nasgauge.criteria import resolve_all as resolve_criteria
from nasgauge.judging.aligned import aligned
from nasgauge.judging.draws import Column
from nasgauge.judging.values import (
    check_options,
    checked_truth,
    draw_counts,
    holds_fractions,
    rows_of,
    values_table,
)

_N_WITH_INTERVALS = 4  # sets of architectures; an interval costs as much as all estimators evaluated on the set


def noise_ceiling(
    truth: pd.DataFrame | None,
    criteria: Iterable[CriterionSpec | BoundCriterion] = DEFAULT_CRITERIA,
    *,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    n_splits: int = 20,
    progress: Progress = untold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Split-half reliability of the ground truth by every criterion, in table VALUES.

    value = mean over splits of criterion(mean accuracy over one half, mean accuracy over the other half)

    If all architectures share their seeds, the splits are all divisions into two halves, each half once in each role,
    or n_splits random ones where there are more; with an odd number of seeds the halves differ in size by one. If the
    seeds differ, each architecture's trainings are halved at random, n_splits times, with the halves in turn as
    estimator. Architectures with a single training are omitted and counted in n_absent; n_seeds is the number of
    splits. With fewer than two architectures trained twice, or without any trainings (None), the table is empty: the
    reliability is unknown.

    Estimators are compared with the mean over all seeds, which is more reliable than a half, so this ceiling is
    conservative: an estimator can exceed it. The rows carry the estimator name "noise_ceiling". Intervals as in
    `judge`.

    >>> truth = pd.DataFrame({"arch": list("aabbcc"), "iso_class": list("aabbcc"), "seed": [0, 1] * 3,
    ...                       "accuracy": [0.70, 0.71, 0.80, 0.82, 0.81, 0.79]})
    >>> ceiling = noise_ceiling(truth, ["kendall_tau"], n_bootstrap=0, rng=np.random.default_rng(0))
    >>> ceiling[["estimator", "value", "n_seeds"]].round(6).values.tolist()
    [['noise_ceiling', 0.333333, 2]]

    Reference: spearman1910 (split-half reliability).
    """
    check_options(n_bootstrap, confidence)
    if n_splits < 1:
        raise UserError(f"n_splits is {n_splits}; at least one split is needed")
    bound = resolve_criteria(criteria)
    if truth is None:
        return empty(VALUES)
    truth = checked_truth(truth)
    n_trainings = truth.groupby("arch", sort=False)["accuracy"].size()
    repeated = n_trainings.index[n_trainings >= 2]
    if len(repeated) < 2:
        return empty(VALUES)
    columns = list(_halves(truth[truth["arch"].isin(repeated)], n_splits, rng))
    counts = draw_counts(len(repeated), n_bootstrap, rng=rng)
    fixed = {"n": len(repeated), "n_failed": 0, "n_absent": len(n_trainings) - len(repeated), "n_unknown": 0}
    is_fraction, tick = holds_fractions(truth["accuracy"]), Counted(progress, len(columns) * len(bound))
    return values_table(
        rows_of(
            NOISE_CEILING,
            columns,
            bound,
            counts,
            confidence,
            is_fraction=is_fraction,
            tick=tick,
            n_seeds=len(columns),
            **fixed,
        )
    )


def noise_ceilings(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    replicates: pd.DataFrame | None,
    criteria: Iterable[CriterionSpec | BoundCriterion] = DEFAULT_CRITERIA,
    *,
    missing: Literal["omit", "last"] = "omit",
    unknown: Literal["error", "drop"] = "error",
    same_quantity: bool = True,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    n_splits: int = 20,
    progress: Progress = untold,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The noise ceiling of every estimator, measured on the architectures that it is evaluated on, in table CEILING.

    The ceiling depends on the architectures: among the best ones alone, differences of accuracy are small compared to
    the noise of training, and the ceiling is low. scores, truth, missing, unknown: as for `judge`.
    replicates: table TRUTH with several trainings per architecture; None: there are none, and the table is empty.
    same_quantity: whether they measure the quantity of the ground truth; where they do not (another split, another
    number of epochs), criteria in units of accuracy are undefined. Estimators evaluated on the same architectures share
    a ceiling.
    Intervals are computed for the first four sets of architectures; others: as `noise_ceiling`.

    >>> truth = pd.DataFrame({"arch": list("aabbcc"), "iso_class": list("aabbcc"), "seed": [0, 1] * 3,
    ...                       "accuracy": [0.70, 0.71, 0.80, 0.82, 0.81, 0.79]})
    >>> scores = pd.DataFrame({"estimator": "size", "arch": ["b", "c"], "seed": 0, "score": [1.0, 2.0]})
    >>> table = noise_ceilings(scores, truth, truth, ["kendall_tau"], n_bootstrap=0, rng=np.random.default_rng(0))
    >>> table[["estimator", "value", "n"]].values.tolist()
    [['size', -1.0, 2]]
    """
    check_options(n_bootstrap, confidence, missing=missing, unknown=unknown)
    bound = [c for c in resolve_criteria(criteria) if same_quantity or not c.of_accuracy]
    found = aligned(check(scores, SCORES), mean_accuracy(checked_truth(truth)), missing, drop=unknown == "drop")
    sets: dict[bytes, pd.DataFrame] = {}
    tables = [empty(CEILING)]
    for one in found.estimators:
        key = one.kept.tobytes()
        if key not in sets:
            n_draws = n_bootstrap if len(sets) < _N_WITH_INTERVALS else 0
            own = None if replicates is None else replicates[_are_among(replicates["arch"], found.archs[one.kept])]
            ceiling = noise_ceiling(
                None if own is None or own.empty else own,
                bound,
                n_bootstrap=n_draws,
                confidence=confidence,
                n_splits=n_splits,
                progress=progress,
                rng=deepcopy(rng),  # so that a set's ceiling does not depend on the other sets
            )
            sets[key] = ceiling.rename(columns={"n_seeds": "n_splits"}).assign(archs=len(sets))
        tables.append(sets[key].assign(estimator=one.estimator))
    columns = [c.name for c in CEILING.columns]
    return check(pd.concat([t[columns] for t in tables if len(t)] or tables, ignore_index=True), CEILING)


def _are_among(archs: pd.Series, some: pd.Index) -> np.ndarray:
    """Whether each architecture is one of some distinct ones; `isin` of text takes ten times as long."""
    return some.get_indexer(archs) >= 0


def _halves(truth: pd.DataFrame, n_splits: int, rng: np.random.Generator) -> Iterator[Column]:
    """Mean accuracies of two halves of the trainings, split after split."""
    wide = truth.pivot(index="arch", columns="seed", values="accuracy").to_numpy(dtype="float64")
    n_archs, n_seeds = wide.shape
    absent = np.isnan(wide)
    if not absent.any():
        splits = _seed_splits(n_seeds, n_splits, rng)
        firsts = (np.broadcast_to(np.isin(np.arange(n_seeds), first), wide.shape) for first in splits)
    else:
        firsts = _random_splits(absent, n_splits, rng)
    everything = np.arange(n_archs)
    for first in firsts:
        second = ~first & ~absent
        yield everything, _mean_where(wide, first), _mean_where(wide, second)


def _seed_splits(n_seeds: int, n_splits: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """The seeds of the half that serves as estimator: all choices, or n_splits drawn ones."""
    sizes = {n_seeds // 2, n_seeds - n_seeds // 2}
    if sum(comb(n_seeds, size) for size in sizes) <= n_splits:
        return [first for size in sorted(sizes) for first in combinations(range(n_seeds), size)]
    size = sorted(sizes)
    return [tuple(rng.permutation(n_seeds)[: size[i % len(size)]].tolist()) for i in range(n_splits)]


def _random_splits(absent: np.ndarray, n_splits: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for split in range(n_splits):
        order = np.where(absent, np.inf, rng.random(absent.shape)).argsort(axis=1).argsort(axis=1)
        first = order < ((~absent).sum(axis=1) // 2)[:, None]
        yield first if split % 2 == 0 else ~first & ~absent


def _mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return (np.where(chosen, values, 0.0).sum(axis=1) / chosen.sum(axis=1)).round(12)  # as `mean_accuracy`
