"""Estimators in a program give what a study gives."""

import pandas as pd
import pytest
import torch

import nasgauge as ng

NET = {"channels": 2, "n_cells": 1, "n_stages": 1}
STUDY = {
    "title": "a test's",
    "benchmark": "digits-nb201",
    "archs": {"n": 12},
    "n_bootstrap": 5,
    "seeds": [0, 1],
    "criteria": ["kendall_tau"],
    "estimators": [
        {"name": "zeroshot", "proxies": ["snip", "n_params"], "batch_size": 8, "net": NET},
        {"name": "oneshot", "epochs": 1, "net": NET},
    ],
}


@pytest.fixture(scope="module")
def bench():
    return ng.load_benchmark("digits-nb201")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return ng.run(STUDY, tmp_path_factory.mktemp("run") / "study", workers="serial")


def ordered(scores):
    return scores.sort_values(["estimator", "arch", "seed"], ignore_index=True)[["estimator", "arch", "seed", "score"]]


@pytest.mark.long
def test_scores_equal_those_of_a_study(study, bench):
    archs = list(dict.fromkeys(study.truth["arch"]))
    zero = ng.ZeroShot(bench, ["snip", "n_params"], batch_size=8, net=NET, seeds=[0, 1])
    one = ng.OneShot(bench, epochs=1, net=NET, seeds=[0, 1]).train()
    found = pd.concat([zero.scores(archs), one.scores(archs)], ignore_index=True)
    pd.testing.assert_frame_equal(ordered(found), ordered(study.scores), rtol=0, atol=0)


@pytest.mark.long
def test_a_finished_study_is_loaded_again(study):
    again = ng.load_run(study.folder)
    pd.testing.assert_frame_equal(again.values, study.values)
    assert again.report().is_file()


def test_architectures_are_tuples_or_strings(bench):
    arch = (3, 1, 1, 1, 1, 3)
    of_both = ng.ZeroShot("nb201", ["n_params"]).scores([arch, bench.space.to_str(arch)])
    assert len(of_both) == 1  # one architecture in two spellings


def test_batches_of_ones_own():
    images, labels = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
    one = ng.ZeroShot("nb201", ["snip"], batches=[(images, labels)], net=NET)
    found = one.estimate([(3, 1, 1, 1, 1, 3)])
    assert found.scores["score"].notna().all() and found.errors.empty


def test_a_predictor_learns_and_is_judged(bench):
    learned, rest = bench.archs[:60], bench.archs[60:120]
    size = ng.ZeroShot(bench, ["n_params"]).scores(learned + rest)
    found = ng.Predictor(bench, encoder="random_forest", features=size, seeds=[0, 1]).fit(bench.only(learned))
    made = found.estimate(rest)
    assert made.scores["seed"].unique().tolist() == [0, 1] and len(made.scores) == 120
    assert made.scores["score"].isna().sum() == len(made.errors)


def test_a_predictor_scores_what_it_learned_from_unless_these_are_left_out(bench):
    few = bench.only(bench.archs[:30])
    for judged, archs in (("all", few.archs), ("unseen", few.archs[10:])):
        found = ng.Predictor(few, encoder="random_forest", judged=judged).fit(few.only(few.archs[:10]))
        assert set(found.scores()["arch"]) == set(archs)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ng.ZeroShot("nb20", ["snip"]), "unknown search space or benchmark 'nb20'; nearest: nb201"),
        (lambda: ng.ZeroShot("nb2", ["snip"]), "benchmark 'nb2'; nearest: nb201, nb301"),
        (lambda: ng.ZeroShot("nb201", [lambda a, b, c: 1]), "proxy '<lambda>': takes 3 positional arguments"),
        (lambda: ng.ZeroShot("nb201", ["snipp"]), "nearest: snip"),
        (lambda: ng.ZeroShot("nb201", 5), "proxies is 5; give a list of proxies"),
        (lambda: ng.ZeroShot("nb201", ["snip"]).scores(), "name the architectures"),
        (lambda: ng.ZeroShot("nb201", ["snip"]).scores("abc"), "'abc' is not a valid NAS-Bench-201 cell"),
        (lambda: ng.ZeroShot("nb201", ["snip"]).scores(3), "ZeroShot: archs is 3; give a list"),
        (lambda: ng.ZeroShot("nb201", ["snip"]).scores([(-1, 0, 0, 0, 0, 3)]), "ZeroShot: arch (-1, 0, 0, 0, 0, 3)"),
        (
            lambda: ng.ZeroShot("nb201", ["snip"]).scores([(0, 0, 0, 0, 0.5, 3)]),
            "not a sequence of whole numbers; give these",
        ),
        (lambda: ng.ZeroShot("nb201", ["snip"]).scores([["none"] * 6]), "or the string of nb201"),
        (lambda: ng.ZeroShot("nb201", ["snip"], batches=["x"]), "batches must be pairs"),
        (lambda: ng.ZeroShot("nb201", ["snip"], seeds=[-1]), "seeds"),
        (lambda: ng.OneShot("nb201", epoch=3), "nearest: epochs"),
        (lambda: ng.OneShot("nb201").scores([(3, 1, 1, 1, 1, 3)]), "call train() first"),
        (lambda: ng.Predictor("nb201", encoder="gate"), "nearest: gates"),
        (lambda: ng.Predictor("nb201").scores([(3, 1, 1, 1, 1, 3)]), "call fit() first"),
        (lambda: ng.Predictor("nb201", features="x"), "give a data frame with columns estimator, arch, seed, score"),
        (lambda: ng.Predictor("nb201", features=pd.DataFrame({"arch": ["a"]})), "'seed', 'score' is missing"),
        (lambda: ng.Predictor("nb201").fit(3), "with arch and accuracy, not int"),
        (lambda: ng.Predictor("nb201").fit(pd.DataFrame({"arch": ["a"]})), "arch and accuracy, not columns arch"),
        (lambda: ng.compare_over({"a": 3}, "snip", "macs"), "a is not an Evaluation"),
        (lambda: ng.judge({"s": {"a": 1}}, truth={"a": 1}, seed="x"), "judge: seed is 'x'"),
        (lambda: ng.load_benchmark("digits-nb2O1"), "nearest: digits-nb201"),
        (lambda: ng.run({"title": "x"}), "run: key 'benchmark' is missing"),
        (lambda: ng.run(STUDY), "give the folder"),
        (lambda: ng.run("quickstrat"), "nearest: quickstart"),
        (lambda: ng.run(3), "not int"),
        (lambda: ng.list("proxy"), "nearest: proxies"),
    ],
)
def test_mistakes_are_one_line_with_the_remedy(make, message):
    with pytest.raises(ng.UserError) as caught:
        make()
    line = str(caught.value)
    assert message in line
    places = line.split(": ")
    assert len(set(places)) == len(places), "a place stands twice"
