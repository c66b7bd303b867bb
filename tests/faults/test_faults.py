"""What a user reads when a disk is full or read-only, files are damaged or missing, and how the folder goes on.

Each case: one line that names the file and the remedy, an exit code without a traceback, nothing lost, and the tables
of an undisturbed run once the remedy was followed. Faults that are tested where their mechanism is: stale temporary
files, two runs of one task, kills at the start of a folder (tests/test_store.py); two drivers in one folder, kills
while files are written (below, tests/test_run.py, tests/test_bench.py); signals (tests/cli/test_signals.py); dead
workers (tests/test_workers.py), dead nodes of a Ray cluster (tests/test_ray.py); files that users name for output
(tests/test_output.py); conditions that changed (tests/test_conditions.py).
"""

import errno
import os
import shutil
import sys
from functools import partial

import pytest
import small_studies

from nasgauge.benchmarks.building import build as building
from nasgauge.cli import main
from nasgauge.core import replacing
from nasgauge.core.store import Store
from nasgauge.studies import run as running
from nasgauge.studies import survey

STUDY, SURVEY, RECIPE = small_studies.study(22), small_studies.survey(4, 5), small_studies.recipe(2)
COMMANDS = {
    "run": (["run"], STUDY, 8),
    "run a survey": (["run"], SURVEY, 6),
    "bench build": (["bench", "build"], RECIPE, 4),
}
MEASURED = ("train_seconds", "arch_seconds", "fit_seconds")  # by a clock


@pytest.fixture(autouse=True)
def quickly(monkeypatch, without_a_page):
    monkeypatch.setattr(survey, "write_survey", lambda *args: None)


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls the command line; gives its exit code and what it printed to stderr but for progress."""

    def do(*words):
        monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        err = capsys.readouterr().err
        return ended.value.code, [line for line in err.splitlines() if not line.endswith(" s")]

    return do


def tables(folder):
    """All tables below a folder, without what clocks measured."""
    found = {}
    for parts in sorted(folder.rglob("parts")):
        store = Store.existing(parts.parent)
        for name in store.names():
            table = store.read(name)
            found[str(parts.relative_to(folder)), name] = table.drop(columns=[c for c in MEASURED if c in table])
    return found


def assert_equal(folder, expected):
    now = tables(folder)
    assert now.keys() == expected.keys()
    assert all(now[name].equals(expected[name]) for name in expected)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    place = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write", lambda *args, **options: None)
        patch.setattr(survey, "write_survey", lambda *args: None)
        for name, (_, text, _) in COMMANDS.items():
            (place / f"{name}.toml").write_text(text)
            options = {"where": "x.toml", "workers": "serial"}
            if name == "run":
                running.run_text(text, place / name, **options).bundle()
            elif name == "bench build":
                building.build_text(text, place / name, **options)
            else:
                survey.run_text(text, place / name, **options)
    return place


def resumed(call, command, place, folder):
    """The same command again; it ends well, and silently."""
    code, told = call(*COMMANDS[command][0], place / f"{command}.toml", "--out", folder, "--kind", "serial")
    assert code == 0 and not [line for line in told if "note:" not in line], told


FAULTS = {
    "full disk": (errno.ENOSPC, "No space left on device", 1),
    "quota": (errno.EDQUOT, "Disk quota exceeded", 1),
    "read-only": (errno.EROFS, "Read-only file system", 2),
}


def full_after(allowed, error):
    """os.fsync on a disk that has room for so many files."""
    flush, written = os.fsync, []

    def full(file):
        written.append(file)
        if len(written) > allowed:
            raise error
        flush(file)

    return full


@pytest.mark.long
@pytest.mark.parametrize(
    "command", ["bench build", *(pytest.param(c, marks=pytest.mark.full) for c in list(COMMANDS)[:2])]
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_takes_no_more_is_one_line_whichever_file_it_is_and_the_command_resumes(
    tmp_path, monkeypatch, call, finished, command, fault
):
    number, text, code = FAULTS[fault]
    words, _, n = COMMANDS[command]
    folder, seen = tmp_path / "out", set()
    for allowed in range(n):
        shutil.rmtree(folder, ignore_errors=True)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full_after(allowed, OSError(number, text)))
            got, told = call(*words, finished / f"{command}.toml", "--out", folder, "--kind", "serial")
        assert len(told) == 1 and text in told[0] and str(folder) in told[0], told
        assert got == code, told
        assert not list(folder.rglob(".*.tmp"))
        seen.add(told[0].partition("out/")[2].partition("/")[0])
        resumed(call, command, finished, folder)
        assert_equal(folder, tables(finished / command))
    assert len(seen) > 2  # of several kinds of files


def kinds(folder):
    """One file of each kind: of every table, digests, checkpoints and the files of a folder itself."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            where = path.relative_to(folder).parent
            found.setdefault(str(where) if str(where) != "." else path.name, path)
    return found


SILENT = ("environment.json", "parts/values", "parts/ceiling", "progress/")  # what is only shown, or written anew
DAMAGES = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "flipped": lambda content: content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 4])
    + content[len(content) // 2 + 1 :],
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_are_named_and_after_the_remedy_everything_is_as_it_was(tmp_path, call, finished, damage):
    """Damage that is noticed is one line with the file; damage that is not changes nothing that is shown."""
    whole = tables(finished / "run")
    for kind, file in kinds(finished / "run").items():
        folder = tmp_path / "out"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(finished / "run", folder)
        hurt = folder / file.relative_to(finished / "run")
        hurt.write_bytes(DAMAGES[damage](hurt.read_bytes()))
        code, told = call("report", folder)
        if kind in ("parts/values", "parts/ceiling", "environment.json") or kind.startswith("checkpoints"):
            assert code in (0, 2), (kind, told)
        if code:
            assert code == 2 and len(told) == 1 and str(folder if kind == "study.toml" else hurt) in told[0], (
                kind,
                told,
            )
            assert kind == "study.toml" or "delete it" in told[0] or "remove it" in told[0], told
            if kind == "study.toml":
                continue
        elif kind.startswith("parts/") and kind not in SILENT:
            raise AssertionError(f"{kind}: damage was not noticed")
        hurt.unlink()
        resumed(call, "run", finished, folder)
        assert_equal(folder, whole)


@pytest.mark.long
def test_missing_parts_are_computed_again(tmp_path, call, finished):
    whole = tables(finished / "run")
    for kind, file in kinds(finished / "run").items():
        if kind == "study.toml":  # without it the folder is of nothing
            continue
        folder = tmp_path / "out"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(finished / "run", folder)
        (folder / file.relative_to(finished / "run")).unlink()
        code, told = call("report", folder)
        if kind.startswith("parts/") and kind not in ("parts/values", "parts/ceiling"):
            assert code == 2 and told == [
                f"nasgauge: {folder}: 1 of 4 tasks remain; `nasgauge run` with this folder resumes"
            ], (kind, told)
        resumed(call, "run", finished, folder)
        assert_equal(folder, whole)


@pytest.mark.long
def test_two_drivers_in_one_folder_give_what_one_gives(tmp_path, call, finished, monkeypatch):
    """The second one begins when the first one has finished a task, and ends first."""
    folder, put, begun = tmp_path / "out", os.replace, []

    def replace(source, target):
        put(source, target)
        if "scores" in str(target) and not begun:
            begun.append(target)
            running.run_text(STUDY, folder, where="x.toml", workers="serial").bundle()

    monkeypatch.setattr(os, "replace", replace)
    assert replacing.os.replace is replace
    running.run_text(STUDY, folder, where="x.toml", workers="serial").bundle()
    assert begun
    assert_equal(folder, tables(finished / "run"))


@pytest.mark.long
def test_kills_of_a_survey_while_files_are_written_leave_what_would_have_been(tmp_path, killed, finished):
    out = tmp_path / "out"
    work = partial(survey.run_text, SURVEY, out, where="x.toml", workers="serial")
    for i, n in enumerate((1, 4, 5, 7)):
        killed(work, out, n, renamed=i % 2 == 0)
    work()
    assert_equal(out, tables(finished / "run a survey"))


@pytest.mark.long
def test_a_page_that_cannot_be_written_is_one_line(tmp_path, call, finished, monkeypatch):
    monkeypatch.undo()  # a page is wanted
    folder = tmp_path / "out"
    shutil.copytree(finished / "run", folder)
    (folder / "report.html").mkdir()
    code, told = call("report", folder)
    assert code == 2 and len(told) == 1 and f"{folder / 'report.html'}: is a folder" in told[0], told
