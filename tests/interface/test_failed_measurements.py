"""Measurements that fail are rows without a score, and are judged as those of a study."""

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge.judging import judge

COLUMNS = ["estimator", "criterion", "value", "n", "n_failed"]
CRITERIA = ["kendall_tau", "pearson_r"]


def n_convolutions(module, batch):
    return sum(hasattr(part, "kernel_size") for part in module.modules())


def fails_on_some(module, batch):
    if n_convolutions(module, batch) % 2:
        raise ValueError("odd")
    return n_convolutions(module, batch)


def fails_on_all(module, batch):
    raise ValueError("never")


PROXIES = [n_convolutions, fails_on_some, fails_on_all]


@pytest.fixture(scope="module")
def bench():
    return ng.load_benchmark("digits-nb201")


@pytest.fixture(scope="module")
def estimates(bench):
    return ng.ZeroShot(bench, PROXIES, batch_size=8).estimate(bench.archs[:12])


def test_every_architecture_has_a_row_and_every_failure_its_reason(estimates, bench):
    assert estimates.scores.groupby("estimator")["arch"].agg(set).tolist() == [set(bench.archs[:12])] * 3
    n_missing = estimates.scores["score"].isna().groupby(estimates.scores["estimator"]).sum()
    n_errors = estimates.errors["estimator"].value_counts()
    assert n_missing["fails_on_all"] == 12 and 0 < n_missing["fails_on_some"] < 12
    assert all(n_missing[name] == n_errors[name] for name in n_errors.index)


@pytest.mark.parametrize("missing", ["omit", "last"])
def test_they_are_judged_as_those_of_a_study(missing, bench, tmp_path, without_a_page):
    names = [f"{__file__}:{proxy.__name__}" for proxy in PROXIES]
    study = {
        "title": "a test's", "benchmark": "digits-nb201", "archs": {"n": 12}, "n_bootstrap": 1, "missing": missing,
        "criteria": CRITERIA, "estimators": [{"name": "zeroshot", "proxies": names, "batch_size": 8}],
    }  # fmt: skip
    run = ng.run(study, tmp_path / "run", workers="serial")
    found = ng.ZeroShot(bench, PROXIES, batch_size=8).estimate(list(dict.fromkeys(run.truth["arch"])))
    options = {"criteria": CRITERIA, "missing": missing, "n_bootstrap": 0}
    values = judge(found.scores, run.truth, rng=np.random.default_rng(0), **options)
    pd.testing.assert_frame_equal(values[COLUMNS], run.values[COLUMNS])
    within = bench.only(list(run.truth["arch"]))
    judged = ng.judge(found, benchmark=within, **options)
    pd.testing.assert_frame_equal(judged.values[COLUMNS], run.values[COLUMNS])
    assert set(judged.notes) & set(run.bundle().notes)  # on the estimator that has no value
    some = found.scores[found.scores["estimator"] != "fails_on_all"]
    expected = run.values[run.values["estimator"] != "fails_on_all"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ng.judge(some, benchmark=within, **options).values[COLUMNS], expected[COLUMNS])


def test_a_table_with_an_estimator_without_any_score_is_refused(estimates, bench):
    with pytest.raises(ng.UserError, match="'fails_on_all': every score is missing; remove it"):
        ng.judge(estimates.scores, benchmark=bench)


def test_estimates_of_modules_are_judged_with_their_failures(bench):
    from torch import nn, ones, zeros

    nets = {name: nn.Sequential(nn.Flatten(), nn.Linear(4, n)) for n, name in enumerate("abc", start=2)}
    nets["d"] = lambda: 3
    found = ng.measure(nets, ones(4, 1, 2, 2), zeros(4).long(), proxies=["n_params"])
    truth = dict(zip("abcd", [0.1, 0.2, 0.3, 0.4], strict=True))
    for missing, n in (("omit", 3), ("last", 4)):
        values = ng.judge(found, truth=truth, criteria=["kendall_tau"], missing=missing, n_bootstrap=0).values
        assert values["n"].tolist() == [n] and values["n_failed"].tolist() == [1]


def test_a_predictor_reads_scores_with_failures_as_a_study_does(estimates, bench):
    scores = estimates.scores[estimates.scores["estimator"] == "fails_on_some"]
    made = [
        ng.Predictor(bench, encoder="random_forest", features=table).fit(bench.only(bench.archs[:12])).scores()
        for table in (scores, scores.dropna())
    ]
    pd.testing.assert_frame_equal(*made)
    with pytest.raises(ng.UserError, match="no scores of 'fails_on_all'"):
        ng.Predictor(bench, encoder="random_forest", features=estimates.scores[lambda t: t["score"].isna()])
