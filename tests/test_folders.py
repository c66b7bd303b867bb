"""What lies in a folder: status and report say what it is, whatever it is."""

import json
import tomllib

import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.studies import folders, run, survey
from nasgauge.studies.run import Run

KINDS = {"study": (1, 3), "survey": (1, 3), "built": (2, 4), "imported": (1, 1)}


@pytest.mark.parametrize("name", KINDS)
def test_status_counts_what_is_done_in_every_kind_of_folder(folders_of, name):
    now = folders.status(folders_of / name)
    assert (now.n_done, now.n_tasks) == KINDS[name]
    assert now.kind == {"built": "bench build", "imported": "bench import"}.get(name, name)


def test_a_plan_gives_what_the_study_itself_gives(tmp_path):
    text = """
    title = "t"
    benchmark = "digits-nb201"
    archs = { n = 6 }
    [[estimators]]
    name = "zeroshot"
    proxies = ["n_params"]
    batch_size = 4
    net = { channels = 2, n_cells = 1, n_stages = 1 }
    """
    store = Store.open(tmp_path / "s", tomllib.loads(text), text)
    before = folders.status(tmp_path / "s")  # counted from the study
    assert store.progress() is None and (before.n_done, before.n_tasks) == (
        0,
        Run.load(tmp_path / "s").status().n_tasks,
    )
    store.plan({"scores": ["a", "b"], "fits": ["a"]})
    store.write("scores", "b", pd.DataFrame({"x": [1]}))
    store.write("scores", "of-another-plan", pd.DataFrame({"x": [1]}))
    assert store.progress() == (1, 3)


@pytest.mark.parametrize("name", ["built", "imported"])
def test_a_benchmark_has_no_report_and_the_message_says_what_to_do_with_it(folders_of, name):
    with pytest.raises(UserError, match=r"contains a benchmark of `nasgauge bench .* --benchmark .*\.parquet"):
        folders.reporter(folders_of / name)


def test_studies_and_surveys_are_reported_by_their_modules(folders_of):
    assert folders.reporter(folders_of / "study") is run and folders.reporter(folders_of / "survey") is survey


OTHERS = {
    "nowhere": "there is no such folder",
    "file": "it is a file",
    "empty": "it is empty",
    "thesis": r"it contains 'a\.txt', 'b\.txt', 'c\.txt', 'd\.txt', 'e\.txt' and 2 more",
    "tables": r"it contains 'x\.json', 'x\.parquet'",
    "broken": "is not valid TOML",
    "utf16": "is text in UTF-16; save it in UTF-8",
    "latin": r"is not UTF-8 text \(byte 10\)",
    "foreign": "is not a study, survey or recipe",
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("ask", [folders.status, folders.reporter])
def test_anything_else_is_told_for_what_it_is(tmp_path, name, ask):
    place = tmp_path / name
    if name == "file":
        place.write_text("x")
    elif name != "nowhere":
        place.mkdir()
    if name == "thesis":
        for letter in "abcdefg":
            (place / f"{letter}.txt").touch()
    if name == "tables":
        (place / "x.parquet").touch()
        (place / "x.json").write_text(json.dumps({"facts": 3}))
    texts = {
        "broken": b"title = ",
        "utf16": 'title = "x"'.encode("utf-16"),
        "latin": 'title = "é"'.encode("latin-1"),
        "foreign": b'name = "x"',
    }
    if name in texts:
        (place / "study.toml").write_bytes(texts[name])
    with pytest.raises(UserError, match=OTHERS[name]) as told:
        ask(place)
    assert "\n" not in str(told.value) and str(place) in str(told.value)
