"""Constraints from scores, a study or a verdict to the report; mistakes in them before anything is computed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.analyses import ANALYSES
from nasgauge.cli.limits import limit_tables
from nasgauge.core.constraints import parse_constraints
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.judging import verdict as judging
from nasgauge.report import Evaluation, of_verdict
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study

STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 30 }
n_bootstrap = 10
criteria = ["kendall_tau"]
constraints = ["n_params < 30k", "macs <= 500k and n_params > 1K"]
[[estimators]]
name = "zeroshot"
proxies = ["n_params"]
batch_size = 4
net = { channels = 8, n_cells = 1, n_stages = 1 }
"""


@pytest.fixture
def scores(tmp_path):
    truth = benchmarks.load("digits-nb201").truth.groupby("arch", as_index=False)["accuracy"].mean().head(40)
    truth.rename(columns={"accuracy": "score"}).to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path / "scores.csv"


def test_a_judged_file_passes_them_to_the_report(scores):
    options = {"benchmark": "digits-nb201", "criteria": ["kendall_tau"], "n_bootstrap": 5, "unknown": "drop"}
    found = judge_scores(scores, constraints=["macs < 1G"], **options)
    assert found.settings["constraints"] == ["macs < 1G"]
    bundle = of_verdict(found, title="t")
    assert bundle.records["constraints"]["limit"].tolist() == [1e9]
    assert "constraints" not in of_verdict(judge_scores(scores, **options), title="t").records
    latency = pd.DataFrame({"arch": found.truth["arch"].unique()}).assign(latency_ms=1.0)
    limits = parse_constraints(["latency_ms < 2"])
    bundle = of_verdict(dataclasses.replace(found, attributes=latency, constraints=limits), title="t")
    assert bundle.records["attributes"] is latency and len(bundle.records["constraints"]) == 1


def test_the_terminal_shows_the_numbers_of_the_report(scores):
    options = {"benchmark": "digits-nb201", "criteria": ["kendall_tau"], "n_bootstrap": 5}
    limits = ["n_params < 2k", "macs > 1 and n_params > 1"]
    found = judge_scores(scores, constraints=limits, **options)
    shown = list(limit_tables(found))
    bundle = of_verdict(found, title="t")
    table = Evaluation.of_bundle(bundle, {}).analysis("under_limit")
    for text, (title, headings, lines) in zip(limits, shown, strict=True):
        rows = table[table["constraint"] == text]
        assert title.startswith(f"{text} ({rows['n'].iloc[0]} of 40 architectures)")
        assert headings == ["estimator", *(f"k = {k}" for k in rows["k"])]
        assert [line[0] for line in lines] == ["score", "random choice", "best possible"]
        for line, column in zip(lines, ("found_accuracy", "random", "oracle"), strict=True):
            assert np.allclose([float(cell) for cell in line[1:]], rows[column], atol=6e-5)
    assert not list(limit_tables(judge_scores(scores, **options)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency_ms < 5", "unknown quantity 'latency_ms'"),
        ("macs < 1", "no architecture satisfies it; macs is between"),
        ("macs ~ 1", "not of the form"),
    ],
)
def test_a_mistake_is_found_before_anything_is_computed(text, message, scores, tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "judge", lambda *_, **options: pytest.fail("it was computed"))
    with pytest.raises(UserError, match=message):
        judge_scores(scores, benchmark="digits-nb201", constraints=[text])
    with pytest.raises(UserError, match=message):
        changed = STUDY.replace("n_params < 30k", text)
        running.run_text(changed, tmp_path / "s", where="s.toml", workers="serial")
    assert not (tmp_path / "s").exists()


def test_a_study_shows_what_is_found_within_them(tmp_path, monkeypatch):
    monkeypatch.setattr(ANALYSES, "_entries", {"under_limit": ANALYSES["under_limit"]})
    study = running.run_text(STUDY, tmp_path / "s", where="s.toml", workers="serial")
    page = study.report().read_text(encoding="utf-8")
    assert '<figure data-name="under_limit">' in page
    assert "macs &lt;= 500k and n_params &gt; 1K" in page and "architectures are within the limit." in page
    assert isinstance(study.study, Study) and study.study.constraints[0] == "n_params < 30k"
    assert np.isfinite(study.bundle().records["constraints"]["limit"]).all()
