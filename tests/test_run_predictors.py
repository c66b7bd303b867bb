"""Predictors in a study: they see the drawn architectures and nothing else, and what they cost is told."""

import pytest

from nasgauge import run as running
from nasgauge.benchmarks import load
from nasgauge.errors import UserError
from nasgauge.families import Learning

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
    learned = set(running.seen_of(running.truth_of(running.parse(text, running.Study, "")), Learning(20, 1))["arch"])
    left_out = bundle.errors[bundle.errors["estimator"] == "random_forest-20/1"]
    assert set(left_out["arch"]) == learned and left_out["error"].str.contains("learned from").all()


def test_draws_differ_and_repeat():
    benchmark = load("digits-nb201")
    draws = [tuple(sorted(running.seen_of(benchmark, Learning(30, d))["arch"].unique())) for d in (0, 1, 0)]
    assert draws[0] == draws[2] != draws[1] and all(len(d) == 30 for d in draws)


@pytest.mark.parametrize(
    "entry, says",
    [
        (ENTRY % ("gates", 61, 0, "all"), "60 architectures, fewer than 61"),
        (ENTRY % ("gates", 1, 0, "all"), "give at least 2"),
        (ENTRY % ("gate", 20, 0, "all"), "unknown encoder"),
        (ENTRY % ("gates", 20, 0, "some"), "judged is 'some'"),
        (ENTRY % ("gates", 20, 0, "all") * 2, "stands twice"),
    ],
)
def test_mistakes_are_told_before_any_work(tmp_path, entry, says):
    with pytest.raises(UserError, match=says):
        running.run(STUDY + entry, tmp_path / "s", where="s.toml", workers="serial")
    assert not list(tmp_path.glob("s/parts/*"))
