"""Every part keeps the conditions under which it was computed; resuming under others is told, or refused."""

import functools
import subprocess
import sys

import pytest
import small_studies

from nasgauge.benchmarks.building import build as building
from nasgauge.core import conditions as conditions_of
from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.studies import run as running
from nasgauge.studies import survey

STUDY, SURVEY, RECIPE = small_studies.study(22), small_studies.survey(22, 23), small_studies.recipe(3)


def build(text, out, **options):
    options.pop("where", None)
    return building.build_text(text, out, where="tiny.toml", **options)


KINDS = {
    "study": (running.run_text, STUDY, "scores", ""),
    "survey": (survey.run_text, SURVEY, "scores", "b"),
    "bench build": (build, RECIPE, "trainings", ""),
}

RECORDED = {"engine", "threads", "python", "nasgauge", "numpy", "torch", "device", "instructions"}


@pytest.fixture
def quickly(monkeypatch, without_a_page):
    monkeypatch.setattr(survey, "write_survey", lambda *args: None)


def as_with(monkeypatch, **values):
    """As if this process had other versions."""
    monkeypatch.setattr(
        conditions_of, "_version", functools.partial(lambda real, name: values.get(name) or real(name), real_version)
    )


real_version = conditions_of._version


@pytest.mark.parametrize(
    "kind", ["bench build", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("study", "survey"))]
)
def test_a_resume_under_other_versions_is_told_in_one_line_and_refused_if_strict(tmp_path, monkeypatch, quickly, kind):
    run, text, table, part = KINDS[kind]
    out, told = tmp_path / "out", []
    options = {"where": "x.toml", "workers": "serial", "tell": told.append}
    run(text, out, **options)
    store = Store.existing(out / part)
    key = sorted(store.keys(table))[0]
    before = store.read(table).drop(columns="train_seconds", errors="ignore")
    (out / part / "parts" / table / f"{key}.parquet").unlink()
    as_with(monkeypatch, torch="9.9")
    with pytest.raises(UserError, match=r"torch 9\.9 instead of .*--strict"):
        run(text, out, **options, strict=True)
    assert key not in store.keys(table) and not told
    run(text, out, **options)
    assert len(told) == 1 and "computed under other conditions: now torch 9.9 instead of" in told[0]
    assert store.conditions(table, key)["torch"] == "9.9"
    assert Store.existing(out / part).read(table).drop(columns="train_seconds", errors="ignore").equals(before)
    as_with(monkeypatch)
    told.clear()
    run(text, out, **options, strict=True)  # nothing is left to do
    assert not told


@pytest.mark.long
def test_every_part_names_engine_threads_versions_and_device(tmp_path, without_a_page):
    made = {}
    for kind in ("serial", "processes"):
        running.run_text(STUDY, tmp_path / kind, where="x.toml", workers=kind, n_workers=1)
        store = Store.existing(tmp_path / kind)
        made[kind] = {(t, key): store.conditions(t, key) for t in store.names() for key in store.keys(t)}
        for (table, _), found in made[kind].items():
            assert set(found) == RECORDED, table
            assert found["engine"] == kind and found["threads"] == "1" and found["device"] == conditions_of.processor()
        assert store.read("scores") is not None
    scores, others = (Store.existing(tmp_path / kind).read("scores") for kind in made)
    assert scores.equals(others)


def test_the_report_of_parts_of_several_versions_says_so(tmp_path, monkeypatch, without_a_page):
    run = functools.partial(running.run_text, STUDY, tmp_path, where="x.toml", workers="serial")
    assert not [note for note in run().bundle().notes if "conditions" in note]
    store = Store.existing(tmp_path)
    next(iter((store.folder / "parts" / "scores").iterdir())).unlink()
    as_with(monkeypatch, torch="9.9")
    [note] = [note for note in run(tell=lambda _: None).bundle().notes if "conditions" in note]
    assert "torch" in note and "9.9 (1 part)" in note


def test_parts_of_older_versions_record_nothing_and_are_taken_as_they_are(tmp_path):
    assert not conditions_of.differences([{}], {"torch": "2.11"}) and not conditions_of.mixture([{}, {"torch": "2.11"}])


@pytest.mark.long
def test_strict_at_the_command_line_is_exit_code_2_and_one_line(tmp_path):
    out = tmp_path / "out"
    running.run_text(STUDY, out, where="x.toml", workers="serial")
    store = Store.existing(out)
    key, other = sorted(store.keys("scores"))[:2]
    rows, there = store.read("scores", [key]), dict(store.conditions("scores", key))
    for file in (out / "digests").glob(f"{key}-*"):
        file.unlink()
    store.write_task(key, {"scores": rows}, there | {"python": "2.7"})
    (out / "parts" / "scores" / f"{other}.parquet").unlink()
    (tmp_path / "x.toml").write_text(STUDY)
    words = [sys.executable, "-m", "nasgauge", "run", str(tmp_path / "x.toml"), "--out", str(out), "--strict"]
    told = subprocess.run(words, capture_output=True, text=True)
    [line] = [line for line in told.stderr.splitlines() if not line.endswith(" s")]  # but for progress
    assert told.returncode == 2 and "instead of 2.7 (1 part)" in line
