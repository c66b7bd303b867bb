"""From a reader's trainings to a benchmark file: counts, choices, what is left out, and what is never overwritten."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from nasgauge.benchmarks import load
from nasgauge.cli import app
from nasgauge.core.errors import UserError
from nasgauge.core.tables import OFFICIAL, check
from nasgauge.official import KINDS, Foreign, Kind, Training, importing
from nasgauge.spaces import NB201, SPACES

SPACE = NB201()
ARCHS = [SPACE.sample(np.random.default_rng(i)) for i in range(12)]


def trainings(path):
    """Twelve cells: three trials of 200 epochs on one data set, the mean of 12 epochs on another; two foreign ones."""
    for i, arch in enumerate(ARCHS):
        for seed in (777, 888, 999)[: 2 + i % 2]:
            yield Training(arch, "cifar10", 200, seed, 0.8 + seed / 1e5, 0.5 + i / 100, 1000 + i, 9.5)
        yield Training(arch, "cifar100", 12, None, valid_accuracy=0.4 + i / 100)
    yield Foreign("a cell of eight vertices")
    yield Foreign("a cell of eight vertices")


@pytest.fixture
def made_up(monkeypatch, tmp_path):
    monkeypatch.setitem(KINDS, "made-up", Kind(trainings, "nb201", "dong2021nats", "for this test"))
    monkeypatch.setattr(importing, "_CHUNK", 7)
    (tmp_path / "file").write_text("")
    return tmp_path / "file"


def test_kinds_name_spaces_and_say_what_they_are():
    assert all(kind.space in SPACES and kind.summary and kind.reference for kind in KINDS.values())


def test_a_file_becomes_a_table_with_its_facts(made_up, tmp_path):
    seen = []
    found = importing.import_file("made-up", made_up, tmp_path / "out", progress=seen.append)
    assert (found.n_trainings, found.n_archs) == (42, 12) and found.foreign == {"a cell of eight vertices": 2}
    assert seen == sorted(seen) and seen[-1] == 42
    table = check(pd.read_parquet(found.table), OFFICIAL)
    expected = [t for t in trainings(None) if isinstance(t, Training)]
    assert table["arch"].tolist() == [SPACE.to_str(t.arch) for t in expected]
    assert table["iso_class"].tolist() == [SPACE.to_str(SPACE.canonical(t.arch)) for t in expected]
    assert table["seed"].isna().sum() == 12 and table["test_accuracy"].isna().sum() == 12
    record = json.loads(found.table.with_suffix(".json").read_text())
    assert record["facts"] == {"n_archs": 12, "n_trainings": 42, "n_foreign": 2}
    assert {s["dataset"]: s["n_trainings"] for s in record["series"]} == {"cifar10": 30, "cifar100": 12}


def test_the_table_is_a_benchmark_by_its_path(made_up, tmp_path):
    path = str(importing.import_file("made-up", made_up, tmp_path / "out").table)
    chosen = load({"name": path, "dataset": "cifar10", "epochs": 200})
    assert chosen.space.name == "nb201" and len(chosen.truth) == 30 and chosen.replicates is not None
    assert set(chosen.truth["seed"]) == {777, 888, 999} and chosen.facts["n_archs"] == len(chosen.archs) == 12
    assert chosen.complexity["n_params"].tolist() == [1000 + i for i in range(12)]
    means = load({"name": path, "dataset": "cifar100", "epochs": 12, "metric": "valid_accuracy"})
    assert means.replicates is None and means.truth["accuracy"].tolist() == [0.4 + i / 100 for i in range(12)]
    for choices, says in [
        ({}, "contains dataset cifar10, cifar100; choose one"),
        ({"dataset": "mnist"}, "has no dataset 'mnist'"),
        ({"dataset": "cifar10", "epochs": 12}, "has no epochs 12; available: 200"),
        ({"dataset": "cifar100"}, "none of these trainings reports its test accuracy"),
        ({"metric": "loss"}, "unknown metric 'loss'"),
    ]:
        with pytest.raises(UserError, match=says):
            load({"name": path, **choices})


def test_judge_and_a_study_take_the_path(made_up, tmp_path):
    path = str(importing.import_file("made-up", made_up, tmp_path / "out").table)
    scores = tmp_path / "scores.csv"
    rows = [f"{SPACE.to_str(a)},{i}" for i, a in enumerate(ARCHS)]
    scores.write_text("\n".join(["arch,mine", *rows]))
    words = ["judge", str(scores), "--benchmark", path, "--choose", "dataset=cifar10", "--bootstrap", "10", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    tau = next(r for r in json.loads(result.stdout) if r["criterion"] == "kendall_tau" and r["estimator"] == "mine")
    assert tau["value"] == pytest.approx(1)


def test_nothing_is_overwritten_and_nothing_half_written_stays(made_up, tmp_path, monkeypatch):
    out = tmp_path / "out"
    importing.import_file("made-up", made_up, out)
    with pytest.raises(UserError, match="exists already"):
        importing.import_file("made-up", made_up, out)

    def broken(path):
        yield from list(trainings(path))[:20]
        raise UserError("record 20: truncated")

    monkeypatch.setitem(KINDS, "broken", Kind(broken, "nb201", "x", "breaks off"))
    monkeypatch.setitem(KINDS, "nothing", Kind(lambda path: iter([Foreign("x")]), "nb201", "x", "holds nothing"))
    for kind, says in (("broken", "truncated"), ("nothing", "contains no trainings of the space nb201")):
        with pytest.raises(UserError, match=says):
            importing.import_file(kind, made_up, tmp_path / kind)
        assert not list((tmp_path / kind).iterdir())


def test_a_file_of_another_space_is_given_up_after_a_thousand_entries(monkeypatch, tmp_path, made_up):
    read = []

    def endless(path):
        while True:
            read.append(1)
            yield Foreign("an architecture of another search space")

    monkeypatch.setitem(KINDS, "foreign", Kind(endless, "nb201", "x", "of another space"))
    with pytest.raises(
        UserError, match=r"no trainings of the space nb201.*left out: 1,000 x an architecture of another"
    ):
        importing.import_file("foreign", made_up, tmp_path / "out")
    assert len(read) == 1000
    with pytest.raises(
        UserError, match=r"NATS-sss-v1_0\.tar: is the size search space of NATS-Bench, which nasgauge does"
    ):
        made_up.rename(tmp_path / "NATS-sss-v1_0.tar")
        importing.import_file("nats-bench", tmp_path / "NATS-sss-v1_0.tar", tmp_path / "out")


def test_kinds_that_number_trainings_themselves_take_one_path(made_up, tmp_path):
    (tmp_path / "other").write_text("")
    for paths in ([made_up, tmp_path / "other"], []):
        with pytest.raises(UserError, match="bench import nb101: give one path"):
            importing.import_file("nb101", paths, tmp_path / "out")


def test_mistakes(made_up, tmp_path):
    with pytest.raises(UserError, match="unknown kind of benchmark file 'nb102'"):
        importing.import_file("nb102", made_up, tmp_path / "out")
    with pytest.raises(UserError, match="is not there"):
        importing.import_file("nb201", tmp_path / "absent", tmp_path / "out")
    result = CliRunner().invoke(app, ["bench", "import", "nb101", str(made_up), "--out", str(tmp_path / "out")])
    assert result.exit_code != 0
