"""Predictors in a study: they see the drawn architectures and nothing else, and what they cost is told."""

import pytest

from nasgauge import run as running
from nasgauge.benchmarks import load
from nasgauge.errors import UserError
from nasgauge.estimators.predictors import Predictor, Training
from nasgauge.families import Learning
from nasgauge.spaces import NB201
from nasgauge.teaching import seen_of, taught

STUDY = """
title = "learned"
benchmark = "digits-nb201"
archs = { n = 60, seed = 3 }
seeds = [0, 1]
n_bootstrap = 20
criteria = ["kendall_tau"]
"""
ENTRY = """
[[estimators]]
name = "predictor"
encoder = "%s"
n_fit = %d
draw = %d
judged = "%s"
epochs = 5
"""


def test_a_study_learns_from_the_draw_and_judges_the_unseen(tmp_path):
    text = STUDY + ENTRY % ("gates", 20, 0, "all") + ENTRY % ("random_forest", 20, 1, "unseen")
    bundle = running.run(text, tmp_path / "s", where="s.toml", workers="serial")
    n = bundle.values.set_index("estimator")["n"]
    assert n["gates-20/0"] == 60 and n["random_forest-20/1"] == 40
    assert set(bundle.scores["seed"]) == {0, 1} and (bundle.costs["seconds_per_arch"] > 0).all()
    learned = set(seen_of(running.truth_of(running.parse(text, running.Study, "")), Learning(20, 1))["arch"])
    scored = bundle.scores[bundle.scores["estimator"] == "random_forest-20/1"]
    assert not learned & set(scored["arch"]) and bundle.errors.empty


def test_draws_differ_and_repeat():
    benchmark = load("digits-nb201")
    draws = [tuple(sorted(seen_of(benchmark, Learning(30, d))["arch"].unique())) for d in (0, 1, 0)]
    assert draws[0] == draws[2] != draws[1] and all(len(d) == 30 for d in draws)


@pytest.mark.parametrize(
    "entry, says",
    [
        (ENTRY % ("gates", 61, 0, "all"), "60 architectures, fewer than 61"),
        (ENTRY % ("gates", 1, 0, "all"), "give at least 2"),
        (ENTRY % ("gate", 20, 0, "all"), "unknown encoder"),
        (ENTRY % ("gates", 20, 0, "some"), "judged is 'some'"),
        (ENTRY % ("gates", 20, 0, "all") * 2, "stands twice"),
        (ENTRY % ("gates", 20, 0, "all") + "stage = 3\n", "60 architectures, fewer than 80"),
        (ENTRY % ("gates", 20, 0, "all") + "stage = 1\nn_candidates = 10\n", "at least n_fit candidates"),
    ],
)
def test_mistakes_are_told_before_any_work(tmp_path, entry, says):
    with pytest.raises(UserError, match=says):
        running.run(STUDY + entry, tmp_path / "s", where="s.toml", workers="serial")
    assert not list(tmp_path.glob("s/parts/*"))


@pytest.mark.parametrize("n_candidates", [None, 100])
def test_later_stages_add_what_the_stage_before_took_for_the_best(n_candidates):
    benchmark = load("digits-nb201")
    new = Predictor(NB201(), "random_forest", Training())
    first = taught(new, benchmark, Learning(30, 0), seed=0)
    second = taught(new, benchmark, Learning(30, 0, 1, n_candidates), seed=0)
    added = second.seen - first.seen
    assert first.seen < second.seen and len(added) == 30
    unseen = [NB201().from_str(a) for a in benchmark.archs if a not in first.seen]
    score = first.estimate(unseen).scores.set_index("arch")["score"]
    if n_candidates is None:
        assert score[list(added)].min() >= score.drop(list(added)).max()
    else:
        assert score[list(added)].mean() > score.mean() and score[list(added)].min() < score.nlargest(30).min()
    accuracy = benchmark.truth.groupby("arch")["accuracy"].mean()
    assert accuracy[list(added)].mean() > accuracy[list(first.seen)].mean()
