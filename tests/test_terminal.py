"""The command line on every terminal, pipe and file, with every name: text comes out as it went in, or is replaced."""

import errno
import io
import os
import queue
import re
import subprocess
import sys
import threading
import tomllib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import typer

from nasgauge import cli
from nasgauge.core import terminal
from nasgauge.core.errors import UserError, one_line
from nasgauge.core.store import Store
from nasgauge.report import survey_table, terminal_table
from nasgauge.studies import folders, listing

HOSTILE = [
    "[/x]",
    "[link=x]",
    "[bold]b[/bold]",
    "[red]",
    "\\[x]",
    ":smile:",
    "[",
    "]",
    "[[x]]",
    "[@click=x]y",
    "{0}",
    "%s",
]


def call(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    return end.value.code or 0, out, err


def commands():
    """(words, command) of every command and group."""
    group = typer.main.get_command(cli.app)
    found, open_ = [], [((), group)]
    while open_:
        words, command = open_.pop()
        found.append((words, command))
        open_ += [((*words, name), inner) for name, inner in getattr(command, "commands", {}).items()]
    return found


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_help_prints_every_word_of_every_help_text(monkeypatch, capsys, words):
    command = dict(commands())[words]
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = call(monkeypatch, capsys, *words, "--help")
    printed = "".join(out.split())  # a line may end behind a hyphen
    assert code == 0 and "".join(command.help.split()) in printed
    for parameter in command.params:
        if getattr(parameter, "help", None):
            assert "".join(parameter.help.split()) in printed, parameter.name
    assert ("[@K]" in printed) == (words == ("judge",))


def a_study(folder, name):
    text = 'title = "t"\nbenchmark = "digits-nb201"\nestimators = [{ name = "zeroshot" }]\n'
    store = Store.open(folder, tomllib.loads(text), text)
    store.plan({"scores": ["k"]})
    row = {"estimator": f"e{name}", "arch": f"a{name}", "seed": 0, "error": f"reason {name}"}
    store.write("errors", "k", pd.DataFrame([row]))
    store.write("scores", "k", pd.DataFrame([row]))
    return folder


@pytest.mark.parametrize("name", HOSTILE)
def test_names_reasons_and_paths_are_printed_as_they_are(monkeypatch, capsys, tmp_path, name):
    place = tmp_path / name.replace("/", "|")
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "300")
    code, out, _ = call(monkeypatch, capsys, "status", a_study(place / name.replace("/", "|"), name))
    assert code == 0 and f"e{name}: 1 x reason {name} (first: a{name})" in out
    rng = np.random.default_rng(0)
    archs = [f"{name}{i}" for i in range(12)]
    pd.DataFrame({"arch": archs, f"s{name}": rng.random(12)}).to_csv("s.csv", index=False)
    pd.DataFrame({"arch": archs, "accuracy": rng.random(12)}).to_csv(f"t{name.replace('/', '|')}.csv", index=False)
    words = ("judge", "s.csv", "--truth", f"t{name.replace('/', '|')}.csv", "--bootstrap", 5)
    code, out, err = call(monkeypatch, capsys, *words, "--criterion", "kendall_tau")
    assert code == 0, err
    assert f"s{name}" in out and f"truth: t{name.replace('/', '|')}.csv" in out
    absent = f"no{name}"
    mistakes = [("status", absent), ("report", absent), ("run", absent), ("bench", "build", absent), ("list", absent)]
    mistakes += [("bench", "import", "nb201", absent), ("bench", "import", absent, "s.csv")]
    mistakes += [("judge", "s.csv", "--benchmark", absent), ("judge", absent, "--benchmark", "digits-nb201")]
    for words in mistakes:
        code, out, err = call(monkeypatch, capsys, *words)
        assert code == 2 and out == "" and err.count("\n") == 1
        assert absent in err or repr(absent) in err, words


@pytest.mark.parametrize("name", HOSTILE)
def test_the_tables_of_a_study_a_survey_and_a_listing_show_names_as_they_are(monkeypatch, capsys, name):
    row = {"estimator": name, "criterion": "kendall_tau", "at": np.nan, "value": 0.5, "lower": 0.4, "upper": 0.6}
    values = pd.DataFrame([row | {"n": 3, "n_failed": 0, "n_absent": 0, "n_unknown": 0, "n_seeds": 1}])
    contests = pd.DataFrame([row | {"behind": 0.0, "behind_lower": 0.0, "part": name}])
    terminal.console().print(terminal_table(values))
    terminal.console().print(survey_table(contests))
    monkeypatch.setattr(listing, "listing", lambda room: {name: [listing.Entry(name, f"is {name}", name)]})
    with pytest.raises(SystemExit):
        monkeypatch.setattr(sys, "argv", ["nasgauge", "list"])
        cli.main()
    out = capsys.readouterr().out
    assert out.count(name) >= 6


def spawn(words, folder, stdout=subprocess.PIPE, **environment):
    known = {key: value for key, value in os.environ.items() if key not in ("LC_ALL", "LANG", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "nasgauge.cli", *words],
        stdout=stdout, stderr=subprocess.PIPE, cwd=folder, check=False, env={**known, **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    """A folder with scores and a truth whose names are not in ASCII, and a study halfway."""
    place = tmp_path_factory.mktemp("é")
    archs = [f"ü{i}" for i in range(12)]
    pd.DataFrame({"arch": archs, "größe": np.arange(12)}).to_csv(place / "s.csv", index=False)
    pd.DataFrame({"arch": archs, "accuracy": np.linspace(0.1, 0.9, 12)}).to_csv(place / "té.csv", index=False)
    a_study(place / "sté", "é")
    (place / "recipé.toml").write_text('title = "é"\nname = "é/"\n', encoding="utf-8")
    return place


JUDGE = ("judge", "s.csv", "--truth", "té.csv", "--bootstrap", "5", "--criterion", "best_rank_at@3")
LOCALES = {
    "ascii streams": {"PYTHONIOENCODING": "ascii"},
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin streams": {"PYTHONIOENCODING": "latin-1"},
}


FURTHER = [pytest.param(name, marks=pytest.mark.full) for name in ("ascii streams", "latin streams")]


@pytest.mark.parametrize("name", ["the C locale", *FURTHER])
@pytest.mark.parametrize("words", [("list", "criteria"), JUDGE, ("status", "sté")], ids=lambda words: words[0])
def test_any_locale_prints_the_table(brought, name, words):
    done = spawn(words, brought, **LOCALES[name])
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert len(done.stdout.splitlines()) >= 2
    if words is JUDGE:
        assert b"BR@3 v" in done.stdout  # the arrow that points down


@pytest.mark.long
@pytest.mark.parametrize("name", ["the C locale", *FURTHER])
def test_texts_are_read_as_utf_8_in_any_locale(brought, name):
    done = spawn(("bench", "build", "recipé.toml"), brought, **LOCALES[name])
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"becomes part of a folder" in done.stderr, (
        done.stderr
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [("list",), ("list", "--bib"), ("--help",), ("status", "sté"), JUDGE,
     pytest.param((*JUDGE, "--json"), marks=pytest.mark.full)],
    ids=" ".join,
)  # fmt: skip
def test_a_full_disk_behind_stdout_is_one_line_and_code_1(brought, words):
    with open("/dev/full", "w") as full:
        done = spawn(words, brought, stdout=full)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1, done.stderr
    assert done.stderr.startswith(b"nasgauge: the output: No space left on device")


def test_a_closed_pipe_ends_the_command_without_a_word(brought):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = spawn(("list",), brought, stdout=closed)
    assert done.returncode == 1 and done.stderr == b""


@pytest.mark.parametrize("columns", ["0", "1", "-5", "abc", "²", "99999999999999999999", "", "7.5"])
def test_any_width_prints_a_table_that_can_be_read(brought, columns):
    done = spawn(("list", "criteria"), brought, COLUMNS=columns)
    text = done.stdout.decode()
    assert done.returncode == 0 and done.stderr == b""
    assert "kendall_tau" in text and max(map(len, text.splitlines())) <= 500


REFUSED = [(errno.ENOSPC, "No space left"), (errno.EACCES, "denied"), (errno.ENAMETOOLONG, "File name too long")]


@pytest.mark.parametrize("error", [OSError(*why, "x/y") for why in REFUSED], ids=str)
def test_what_the_system_refuses_is_one_line(monkeypatch, capsys, error):
    def fail(folder):
        raise error

    monkeypatch.setattr(folders, "status", fail)
    code, out, err = call(monkeypatch, capsys, "status", "x")
    assert (
        code == (1 if error.errno == errno.ENOSPC else 2) and out == "" and err == f"nasgauge: x/y: {error.strerror}\n"
    )


@pytest.mark.parametrize(
    "words",
    [("status",), ("report",), ("run",), ("bench", "build"), ("bench", "import", "nb201"), ("judge",)],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "name", ["x" * 256, "x" * 5000, "ü" * 200, f"a/{'b/' * 3000}c"], ids=["256", "5000", "two bytes", "path"]
)
@pytest.mark.parametrize("suffix", ["", ".toml", ".csv"])
def test_names_that_no_file_can_have_are_one_line(monkeypatch, capsys, tmp_path, words, name, suffix):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(
        monkeypatch, capsys, *words, name + suffix, *(["--truth", "t.csv"] if words == ("judge",) else [])
    )
    assert code == 2 and out == "" and err.count("\n") == 1 and len(err) < 1_700
    assert not list(tmp_path.iterdir())


class Waits:
    """In place of the event that ends the telling: each wait lasts until the test says so, whatever its seconds."""

    def __init__(self):
        self.seconds, self._begun, self._ended = [], queue.SimpleQueue(), queue.SimpleQueue()

    def wait(self, seconds):
        self.seconds.append(seconds)
        self._begun.put(seconds)
        return self._ended.get(timeout=60)

    def end_of_one(self):
        """Let the time of one wait be over; returns once what follows it is said."""
        if len(self.seconds) < 2:
            self._begun.get(timeout=60)
        self._ended.put(False)
        self._begun.get(timeout=60)

    def set(self):
        self._ended.put(True)


def test_long_work_says_how_far_it_is_line_by_line_and_short_work_says_nothing(monkeypatch, capsys):
    with terminal.followed("judge") as phases:
        phases("page")(3, 35)
    assert capsys.readouterr().err == ""
    over = Waits()
    monkeypatch.setattr(terminal, "threading", SimpleNamespace(Event=lambda: over, Thread=threading.Thread))
    with terminal.followed("judge") as phases:
        over.end_of_one()
        told = phases("bootstrap draws")
        told(250, 1_000)
        over.end_of_one()
        phases("trainings read")(20_000, 0)
        for _ in range(4):
            over.end_of_one()
    lines = capsys.readouterr().err.splitlines()
    assert all(re.fullmatch(r"nasgauge: judge.*, \d+ s", line) for line in lines)
    assert [re.sub(r", \d+ s$", "", line) for line in lines] == [
        "nasgauge: judge", "nasgauge: judge: bootstrap draws: 250 of 1,000 (25%)",
        *["nasgauge: judge: trainings read: 20,000"] * 4,
    ]  # fmt: skip
    assert over.seconds == [2, 4, 8, 16, 30, 30, 30]


def test_a_mistake_that_is_found_at_once_is_the_only_line(capsys):
    with pytest.raises(UserError), terminal.followed("judge"):
        raise UserError("x")
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with terminal.followed("judge [/x]") as phases:
        phases("page [/x]")(3, 35)
    assert "judge [/x]: page [/x]" in screen.getvalue() and "3/35" in screen.getvalue()


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "x " * 100_000, "\n" * 5_000, "\x1b[2J" * 3_000, "\udc80" * 900, "‮" * 900]
)
def test_messages_stay_short_and_printable_whatever_they_quote(text):
    for message in (text, f"s.csv: row 2 holds {text!r}; give a number", f"{text}: no such file"):
        line = one_line(message)
        assert line.isprintable() and len(line) < 1_700 and one_line(line) == line
        line.encode()
    assert str(UserError(f"s.csv: row 2 holds {text!r}; give a number")).startswith("s.csv: row 2 holds '")
    assert str(UserError(f"s.csv: row 2 holds {text!r}; give a number")).endswith("'; give a number")
