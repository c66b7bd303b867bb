"""Sizes of architectures as baselines of `judge`."""

import contextlib
import json

import numpy as np
import pandas as pd
import pytest

import nasgauge as ng
from nasgauge import cli
from nasgauge.core.errors import UserError

TRUTH = pd.DataFrame(
    {
        "arch": list("abcdef"),
        "accuracy": [0.9, 0.8, 0.85, 0.7, 0.6, 0.5],
        "n_params": [6, 5, 3, 4, 2, 1],
        "macs": [60, 50, None, 30, 20, 10],
    }
)
SCORES = {"mine": dict(zip("abcde", [5.0, 3.0, 4.0, 2.0, 1.0], strict=True))}
OPTIONS = {"criteria": ["kendall_tau"], "n_bootstrap": 50}


def test_it_equals_judging_the_sizes_as_scores():
    bench = ng.load_benchmark("digits-nb201")
    mine = pd.Series(np.arange(100.0), bench.archs[:100], name="mine")
    sizes = bench.complexity.set_index("arch").loc[bench.archs[:100], ["macs", "n_params"]]
    ours = ng.judge(mine, benchmark=bench, baselines=["macs", "n_params"], **OPTIONS)
    theirs = ng.judge(sizes.assign(mine=mine), benchmark=bench, **OPTIONS)
    order = ["estimator", "criterion"]
    pd.testing.assert_frame_equal(
        ours.values.sort_values(order, ignore_index=True), theirs.values.sort_values(order, ignore_index=True)
    )
    pd.testing.assert_frame_equal(ours.compare("mine", "n_params"), theirs.compare("mine", "n_params"))
    assert "macs" in ours.to_latex()


def test_only_the_architectures_of_the_estimators_count():
    values = ng.judge(SCORES, truth=TRUTH, baselines=["n_params"], **OPTIONS).values.set_index("estimator")
    assert values.loc["n_params", "n"] == values.loc["mine", "n"] == 5
    assert values.loc["n_params", "value"] == pytest.approx(0.6)
    alone = ng.judge(SCORES, truth=TRUTH, baselines="n_params", **OPTIONS).values.set_index("estimator")
    pd.testing.assert_frame_equal(alone, values)


def test_an_unknown_size_is_a_failed_measurement():
    omitted = ng.judge(SCORES, truth=TRUTH, baselines=["macs"], **OPTIONS).values.set_index("estimator")
    assert omitted.loc["macs", "n"] == 4 and omitted.loc["mine", "n"] == 5
    last = ng.judge(SCORES, truth=TRUTH, baselines=["macs"], missing="last", **OPTIONS).values.set_index("estimator")
    assert last.loc["macs", "n"] == 5 and last.loc["macs", "value"] < 1


@pytest.mark.parametrize(
    ("truth", "baselines", "message"),
    [
        (TRUTH, ["depth"], "unknown baseline 'depth'; known: macs, n_params"),
        (TRUTH, ["macs", "macs"], "macs is an estimator already"),
        (TRUTH.drop(columns=["n_params", "macs"]), ["macs"], "baselines need sizes, and the ground truth has none"),
        (TRUTH, 5, "baselines is 5; give a list of names of sizes"),
        (TRUTH, None, "baselines is None; give a list of names of sizes"),
        (TRUTH, [3], "unknown baseline 3; known: macs, n_params"),
        (TRUTH.drop(columns="macs"), ["macs"], "unknown baseline 'macs'; known: n_params"),
    ],
)
def test_mistakes_are_named(truth, baselines, message):
    with pytest.raises(UserError, match=message):
        ng.judge(SCORES, truth=truth, baselines=baselines, **OPTIONS)


def test_an_estimator_of_that_name_is_not_replaced():
    with pytest.raises(UserError, match="n_params is an estimator already; leave it out of the baselines, or rename"):
        ng.judge({"n_params": SCORES["mine"]}, truth=TRUTH, baselines=["n_params"], **OPTIONS)


def test_the_command_takes_them(tmp_path, capsys, monkeypatch):
    pd.Series(SCORES["mine"], name="mine").rename_axis("arch").to_csv(tmp_path / "mine.csv")
    TRUTH.to_csv(tmp_path / "truth.csv", index=False)
    files = [str(tmp_path / "mine.csv"), "--truth", str(tmp_path / "truth.csv")]
    words = ["nasgauge", "judge", *files, "--baseline", "n_params", "--baseline", "macs", "--bootstrap", "0", "--json"]
    monkeypatch.setattr("sys.argv", words)
    with contextlib.suppress(SystemExit):
        cli.main()
    rows = json.loads(capsys.readouterr().out)
    assert {row["estimator"] for row in rows} >= {"mine", "n_params", "macs"}
