"""`nasgauge export`: every table of a study under a readable name, complete, and its columns explained."""

import re

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.recorded import RECORDS
from nasgauge.core.store import Store
from nasgauge.core.tables import check
from nasgauge.report import computed
from nasgauge.studies import export as exporting
from nasgauge.studies import run as running
from nasgauge.studies import survey
from nasgauge.studies.export import _SPECS, export

STUDY = """
title = "of all families"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 5
criteria = ["kendall_tau"]
published = "ning2021-nb201-zeroshot"
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "epe_nas"]
batch_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "oneshot"
epochs = 2
checkpoints = [1]
forgetting_epochs = [1]
score_batch_size = 90
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "vote"
experts = ["n_params", "oneshot"]
[[estimators]]
name = "predictor"
encoder = "random_forest"
n_fit = 4
"""
SURVEY = """
title = "of two benchmarks"
n_bootstrap = 5
criteria = ["kendall_tau"]
[[parts]]
name = "cells"
benchmark = "digits-nb201"
archs = { n = 8 }
[[parts]]
name = "residual"
benchmark = "digits-resnet"
archs = { n = 8 }
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "macs"]
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write", lambda bundle, path, progress: None)
        return running.run_text(STUDY, tmp_path_factory.mktemp("export") / "run", where="t", workers="serial")


@pytest.fixture(scope="module", params=["csv", pytest.param("parquet", marks=pytest.mark.full)])
def exported(request, finished):
    """(kind, folder) of an export."""
    out = finished.folder.parent / request.param
    files = export(finished.folder, out, kind=request.param)
    assert sorted(files) == sorted(file for file in out.iterdir() if file.suffix in (f".{request.param}", ".md"))
    return request.param, out


def read(kind, out, name):
    file = out / f"{name}.{kind}"
    return pd.read_parquet(file) if kind == "parquet" else pd.read_csv(file, keep_default_na=False, na_values=[""])


@pytest.mark.long
def test_everything_that_the_study_stored_is_there_with_all_rows(finished, exported):
    kind, out = exported
    store = Store.existing(finished.folder)
    assert {"scores", "costs", "fits", "training_log", "checkpoint_scores", "forgetting"} <= set(store.names())
    for name in store.names():
        table, stored = read(kind, out, name), store.read(name)
        if name in RECORDS:
            stored = stored.drop_duplicates()
        assert len(table) >= len(stored) and set(stored.columns) <= set(table.columns), name
        if name not in ("scores", "windows", "checkpoint_scores"):  # which have those of combinations as well
            assert len(table) == len(stored), name


def test_numbers_are_those_of_the_run_to_the_last_bit(finished, exported):
    kind, out = exported
    bundle = finished.bundle()
    for name in ("scores", "values", "ceiling", "truth", "contest"):
        table, known = read(kind, out, name), getattr(bundle, name)
        assert list(table.columns) == list(known.columns) and len(table) == len(known) > 0
        for column in known.select_dtypes("number"):
            np.testing.assert_array_equal(
                table[column].to_numpy("float64"), known[column].to_numpy("float64", na_value=np.nan)
            )
        check(table, _SPECS[name])
    assert {"vote", "epe_nas"} <= set(read(kind, out, "scores")["estimator"])


def test_every_analysis_that_the_report_computes_is_there(finished, exported):
    kind, out = exported
    for found in computed(finished.bundle(), rng=np.random.default_rng(0)):
        assert len(read(kind, out, f"analysis_{found.name}")) == len(found.table)
    names = {file.stem.removeprefix("analysis_") for file in out.glob(f"analysis_*.{kind}")}
    assert {"agreement", "bias_profile", "forgetting", "cost_quality"} <= names <= set(ANALYSES)


def test_the_page_lists_every_file_and_column_with_its_unit(exported):
    kind, out = exported
    page = (out / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL))
    assert set(sections) == {file.name for file in out.glob(f"*.{kind}")}
    for name, text in sections.items():
        table = read(kind, out, name.partition(".")[0])
        assert re.findall(r"^\| `(.+?)` \|", text, flags=re.MULTILINE) == list(table.columns)
    assert "fraction, higher is better" in sections[f"truth.{kind}"]
    assert "of all families" in page and (out / "study.toml").read_text() == STUDY
    assert (out / "environment.json").is_file()


def test_every_declared_table_has_a_description_or_is_a_record():
    assert set(_SPECS) - set(RECORDS) <= set(exporting._WHAT)


@pytest.mark.long
def test_a_survey_has_a_folder_per_part(call, tmp_path, without_a_page):
    survey.run_text(SURVEY, tmp_path / "run", where="s", workers="serial")
    code, out, err = call("export", tmp_path / "run", "--out", tmp_path / "out")
    assert code == 0 and "README.md lists their columns" in out, err
    for part in ("cells", "residual"):
        assert len(pd.read_csv(tmp_path / "out" / part / "scores.csv")) == 16
        assert (tmp_path / "out" / part / "environment.json").is_file()
    assert len(pd.read_csv(tmp_path / "out" / "contests.csv")) == 4
    assert (tmp_path / "out" / "README.md").read_text().count("## scores.csv") == 1


def test_nothing_is_overwritten_and_mistakes_are_one_line(call, finished, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.csv").write_text("a")
    (tmp_path / "file").write_text("a")
    for words, says in (
        ((finished.folder, "--out", tmp_path / "full"), "is not an empty folder"),
        ((finished.folder, "--out", tmp_path / "file"), "is not an empty folder"),
        ((finished.folder, "--out", tmp_path / "new", "--format", "cvs"), "nearest: csv"),
        ((tmp_path / "full", "--out", tmp_path / "new"), "is not a study folder"),
    ):
        code, out, err = call("export", *words)
        assert code == 2 and says in err and err.count("\n") == 1 and not out, words
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["mine.csv"] and not (tmp_path / "new").exists()


def test_an_unfinished_study_writes_nothing(call, tmp_path):
    store = Store.open(
        tmp_path / "run", {"title": "t", "benchmark": "digits-nb201", "estimators": [{"name": "zeroshot"}]}
    )
    code, _, err = call("export", store.folder, "--out", tmp_path / "out")
    assert code == 2 and "tasks remain" in err and not (tmp_path / "out").exists()
