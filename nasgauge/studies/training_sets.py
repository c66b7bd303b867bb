"""What a learner is fitted to: a random draw, then stage by stage what it acquires itself."""

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.errors import UserError
from nasgauge.estimators import Learner, Stages, TrainingSet
from nasgauge.search import get_search


def check_training_sets(benchmark: Benchmark, sets: Iterable[TrainingSet]) -> None:
    """UserError where the benchmark has too few architectures, or too few trainings of each, for one of them."""
    for chosen in sets:
        benchmark.split(chosen.n_fit * (max(chosen.names) + 1), 0, rng=np.random.default_rng(0))
        if not chosen.signal:
            labelled(benchmark, chosen)


def labelled(benchmark: Benchmark, chosen: TrainingSet, scores: pd.DataFrame | None = None) -> pd.DataFrame:
    """What may be learned of each architecture (table TRUTH): its first trainings, or another estimator's scores.

    scores: table SCORES, needed where a signal takes the place of the ground truth: the mean over its seeds then stands
    as accuracy, and architectures without a score have none. UserError: fewer trainings of an architecture than asked
    for.
    """
    truth = benchmark.truth
    if chosen.signal:
        mean = scores[scores["estimator"] == chosen.signal].groupby("arch")["score"].mean()
        each = truth.drop_duplicates("arch")[["arch", "iso_class"]]
        each = each[each["arch"].isin(mean.index)]
        return each.assign(seed=0, accuracy=each["arch"].map(mean)).reset_index(drop=True)
    if chosen.n_trainings is None:
        return truth
    if truth.groupby("arch").size().min() < chosen.n_trainings:
        raise UserError(
            f"estimator 'predictor': n_trainings is {chosen.n_trainings}, but benchmark {benchmark.name!r} has fewer "
            f"of some architecture; give a smaller number"
        )
    return truth.sort_values(["arch", "seed"], kind="stable").groupby("arch").head(chosen.n_trainings)


def drawn(benchmark: Benchmark, n_fit: int, draw: int, labels: pd.DataFrame) -> pd.DataFrame:
    """The labels of the first n_fit architectures, in the order of the draw, that have any; UserError: too few do."""
    order, _ = benchmark.split(len(benchmark.archs), 0, rng=np.random.default_rng(draw))
    known = set(labels["arch"])
    chosen = [arch for arch in order if arch in known][:n_fit]
    if len(chosen) < n_fit:
        raise UserError(
            f"estimator 'predictor': n_fit is {n_fit}, but {len(chosen)} architectures can be learned from; give a "
            "smaller number, or a signal that scored more"
        )
    return labels[labels["arch"].isin(chosen)].assign(stage=0)


def fitted(
    learner: Learner, benchmark: Benchmark, chosen: TrainingSet, seed: int, scores: pd.DataFrame | None = None
) -> Stages:
    """The learner as it is after each stage of `chosen.names`.

    It is fitted to a random draw. In each further stage it looks among the architectures that it has not seen for those
    that it scores highest, by the search `chosen.acquisition`; the n_fit best that the search came across (equal ones
    in alphabetical order) join the training set, to all of which it is fitted again. What a stage costs includes all
    stages before, and the search. seed: of the search.

    Reference: ning2020surgery, Fig. A1.
    """
    labels = labelled(benchmark, chosen, scores)
    training_set = drawn(benchmark, chosen.n_fit, chosen.draw, labels)
    start, found = time.perf_counter(), []
    for stage in range(max(chosen.names) + 1):
        if stage:
            rng = np.random.default_rng([chosen.draw, seed, stage])
            acquired = _acquired(learner, benchmark, chosen, labels, training_set, rng)
            training_set = pd.concat([training_set, labels[labels["arch"].isin(acquired)].assign(stage=stage)])
        learner = learner.fit(training_set)
        if stage in chosen.names:
            found.append(learner.named(chosen.names[stage], time.perf_counter() - start))
    return Stages(tuple(found))


def _acquired(
    learner: Learner, benchmark: Benchmark, chosen: TrainingSet, labels: pd.DataFrame, training_set: pd.DataFrame,
    rng: np.random.Generator,
) -> list[str]:  # fmt: skip
    pool = sorted(set(labels["arch"]) - set(training_set["arch"]))
    search = get_search(chosen.acquisition)
    table = search(benchmark.space, learner.values, pool, budget=chosen.n_candidates, rng=rng).dropna()
    return table.sort_values(["value", "arch"], ascending=[False, True])["arch"].head(chosen.n_fit).tolist()
