"""What predictors get to learn from: draws, stages by every search, single trainings, and signals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau
from nasgauge.estimators import TrainingSet
from nasgauge.estimators.predictors import Predictor
from nasgauge.search import SEARCHES
from nasgauge.spaces import NB201
from nasgauge.studies.training_sets import drawn, fitted, labelled

BENCHMARK = load("digits-nb201")
ACCURACY = BENCHMARK.truth.groupby("arch")["accuracy"].mean()
FOREST = Predictor(NB201(), "random_forest", seed=0)


def learning(n_fit, stage=0, **options):
    return TrainingSet(n_fit, {stage: "forest"}, **options)


def lessons(what, seed=0):
    [predictor] = fitted(replace(FOREST, seed=seed), BENCHMARK, what, seed).learners
    return predictor, predictor.lessons.set_index("arch")["stage"]


def test_draws_differ_and_repeat():
    draws = [set(drawn(BENCHMARK, 30, d, BENCHMARK.truth)["arch"]) for d in (0, 1, 0)]
    assert draws[0] == draws[2] != draws[1] and all(len(d) == 30 for d in draws)


@pytest.mark.parametrize("choose", SEARCHES)
def test_later_stages_add_what_the_stage_before_took_for_the_best(choose):
    n_candidates = 100 if SEARCHES[choose].takes_budget else None
    first, early = lessons(learning(30))
    second, stage = lessons(learning(30, stage=1, acquisition=choose, n_candidates=n_candidates))
    added = stage.index[stage == 1]
    assert set(stage.index[stage == 0]) == set(early.index) and len(added) == 30
    unseen = [a for a in BENCHMARK.archs if a not in early.index]
    score = pd.Series(first.values([NB201().from_str(a) for a in unseen]), unseen)
    if choose == "exhaustive":
        assert score[added].min() >= score.drop(added).max()
    else:
        assert score[added].mean() > score.mean() and score[added].min() < score.nlargest(30).min()
    assert ACCURACY[added].mean() > ACCURACY[early.index].mean()
    assert second.n_trained == 60 and second.fit_seconds > first.fit_seconds
    if choose != "exhaustive":
        again = [lessons(learning(30, stage=1, acquisition=choose, n_candidates=100), seed=s)[1] for s in (0, 1)]
        assert again[0].equals(stage) and not again[1].equals(stage)


def test_of_several_trainings_the_first_are_seen():
    seen = labelled(BENCHMARK, learning(30, n_trainings=2))
    assert len(seen) == 2 * len(BENCHMARK.archs) and set(seen["seed"]) == {0, 1}
    pd.testing.assert_frame_equal(labelled(BENCHMARK, learning(30)), BENCHMARK.truth)
    with pytest.raises(UserError, match="n_trainings is 7"):
        labelled(BENCHMARK, learning(30, n_trainings=7))


def test_a_signal_takes_the_place_of_the_truth_where_it_has_scores():
    rng = np.random.default_rng(0)
    archs = BENCHMARK.archs[100:]
    table = pd.DataFrame({"estimator": "oracle", "arch": archs, "score": -ACCURACY[archs].to_numpy()})
    scores = pd.concat([table.assign(seed=s, score=table["score"] + rng.normal(0, 1e-4, len(table))) for s in (0, 1)])
    scores = pd.concat([scores, table.assign(estimator="other", seed=0, score=0.0)])
    what = learning(200, signal="oracle")
    seen = labelled(BENCHMARK, what, scores)
    assert set(seen["arch"]) == set(archs) and len(seen) == len(archs)
    mean = scores[scores["estimator"] == "oracle"].groupby("arch")["score"].mean()
    assert np.allclose(seen.set_index("arch")["accuracy"], mean[seen["arch"]])
    [pupil] = fitted(Predictor(NB201(), "random_forest", signal="oracle"), BENCHMARK, what, 0, scores).learners
    assert len(pupil.lessons) == 200 and pupil.n_trained == 0 and set(pupil.lessons["arch"]) <= set(archs)
    with pytest.raises(UserError, match="900 architectures can be learned from;"):
        fitted(FOREST, BENCHMARK, learning(901, signal="oracle"), 0, scores)
    score = pupil.values([NB201().from_str(a) for a in ACCURACY.index])
    assert kendall_tau(score, ACCURACY.to_numpy()) < -0.5  # it learned what it was told, which is the contrary
