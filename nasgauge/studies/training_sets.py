"""What a predictor gets to learn from: a random draw, then stage by stage what it asks for itself."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.errors import UserError
from nasgauge.estimators.configs import Learning
from nasgauge.estimators.predictors import Predictor, Stages
from nasgauge.search import get_search
from nasgauge.spaces import get_space


def lessons_of(benchmark: Benchmark, learning: Learning, scores: pd.DataFrame | None = None) -> pd.DataFrame:
    """What may be learned of each architecture (table TRUTH): its first trainings, or what another estimator says.

    scores: table SCORES, needed where a signal takes the place of the truth: the mean over its seeds then stands as
    accuracy, and architectures without a score have none. UserError: fewer trainings of an architecture than asked for.
    """
    truth = benchmark.truth
    if learning.signal:
        mean = scores[scores["estimator"] == learning.signal].groupby("arch")["score"].mean()
        each = truth.drop_duplicates("arch")[["arch", "iso_class"]]
        each = each[each["arch"].isin(mean.index)]
        return each.assign(seed=0, accuracy=each["arch"].map(mean)).reset_index(drop=True)
    if learning.n_trainings is None:
        return truth
    if truth.groupby("arch").size().min() < learning.n_trainings:
        raise UserError(
            f"estimator 'predictor': n_trainings is {learning.n_trainings}, but benchmark {benchmark.name!r} does not "
            f"tell so many of each architecture; give a smaller number"
        )
    return truth.sort_values(["arch", "seed"], kind="stable").groupby("arch").head(learning.n_trainings)


def drawn(benchmark: Benchmark, n_fit: int, draw: int, lessons: pd.DataFrame) -> pd.DataFrame:
    """The lessons of the first n_fit architectures, in the order of the draw, that have any; UserError: too few do."""
    order, _ = benchmark.split(len(benchmark.archs), 0, rng=np.random.default_rng(draw))
    known = set(lessons["arch"])
    chosen = [arch for arch in order if arch in known][:n_fit]
    if len(chosen) < n_fit:
        raise UserError(
            f"estimator 'predictor': n_fit is {n_fit}, but there are lessons of {len(chosen)} architectures; give "
            "a smaller number, or a signal that scored more"
        )
    return lessons[lessons["arch"].isin(chosen)].assign(stage=0)


def taught(
    predictor: Predictor, benchmark: Benchmark, learning: Learning, scores: pd.DataFrame | None = None
) -> Stages:
    """The predictor as it is after each stage of `learning.names`.

    It learns from a random draw. In each further stage it looks among the architectures that it has not seen for those
    that it scores highest, by the search `learning.choose`; the lessons of the n_fit best that the search came across
    (equal ones in alphabetical order) are added, and it learns anew from all. What it is said to have cost in a stage
    holds all stages before, and the search.

    Reference: ning2020surgery, Fig. A1.
    """
    lessons = lessons_of(benchmark, learning, scores)
    seen = drawn(benchmark, learning.n_fit, predictor.draw, lessons)
    start, found = time.perf_counter(), []
    for stage in range(max(learning.names) + 1):
        rng = np.random.default_rng([predictor.draw, predictor.seed, stage])
        if stage:
            chosen = _best(predictor, benchmark, learning, lessons, seen, rng)
            seen = pd.concat([seen, lessons[lessons["arch"].isin(chosen)].assign(stage=stage)])
        predictor = predictor.fit(seen, rng=rng)
        if stage in learning.names:
            name, seconds = learning.names[stage], time.perf_counter() - start
            named = predictor.lessons.assign(estimator=name)
            found.append(replace(predictor, label=name, lessons=named, fit_seconds=seconds))
    return Stages(tuple(found))


def _best(
    predictor: Predictor, benchmark: Benchmark, learning: Learning, lessons: pd.DataFrame, seen: pd.DataFrame,
    rng: np.random.Generator,
) -> list[str]:  # fmt: skip
    space = get_space(benchmark.space)
    pool = sorted(set(lessons["arch"]) - set(seen["arch"]))
    search = get_search(learning.choose)
    table = search(space, predictor.values, pool, budget=learning.n_candidates, rng=rng).dropna()
    return table.sort_values(["value", "arch"], ascending=[False, True])["arch"].head(learning.n_fit).tolist()
