"""Generated command lines and files: what is right is done, what is wrong is one line and code 2, nothing hangs."""

import contextlib
import importlib.util
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nasgauge import cli
from nasgauge.criteria import CRITERIA
from nasgauge.official import KINDS
from nasgauge.studies import run as running
from nasgauge.studies.listing import listing

_SPEC = importlib.util.spec_from_file_location("fuzz_cases", Path(__file__).parent / "cases.py")
generated = importlib.util.module_from_spec(_SPEC)
sys.modules["fuzz_cases"] = generated  # dataclasses look their module up
_SPEC.loader.exec_module(generated)
CASES = generated.everything()
PROGRESS = re.compile(r"nasgauge: \w+: .*, [\d,]+ s")
REASON = re.compile(r"note: Undefined: .+, as .+\.")
SECONDS = 120  # of one case, before it counts as hanging
N_PROCESSES = 8  # cases that are also called as the installed command is

pytestmark = pytest.mark.fuzz


def laid(case, folder):
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return sorted(folder.rglob("*"))


@contextlib.contextmanager
def no_longer_than(seconds):
    def over(*_):
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(case, code, out, err):
    """The exit code that the verdict asks for; a refusal is one line that can be read, success has no complaint, but
    may have reasons of undefined values."""
    if case.verdict == generated.OK:
        complaints = [line for line in err.splitlines() if not (PROGRESS.fullmatch(line) or REASON.fullmatch(line))]
        assert code == 0 and out and not complaints, err
        if err.count("note: Undefined: "):
            assert "–" in out or "null" in out
    else:
        assert code == 2 and out == "", (code, out, err)
        assert err.startswith("nasgauge: ") and err.count("\n") == 1 and err.endswith("\n"), err
        assert err[:-1].isprintable() and 20 < len(err) < 1_700, err
        assert "object at 0x" not in err and "Traceback" not in err, err  # nothing of Python's own


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:80].encode("ascii", "backslashreplace").decode())
def test_a_command_line_gets_the_verdict_it_deserves(monkeypatch, capsys, tmp_path, case):
    before = laid(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NASGAUGE_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["nasgauge", *case.words])
    monkeypatch.setattr(running, "write", lambda *args, **options: None)  # the page takes longer than all the rest
    with no_longer_than(SECONDS), pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    check(case, end.value.code, out, err)
    if case.verdict == generated.REFUSED:
        assert [path for path in sorted(tmp_path.rglob("*")) if path.is_file()] == [p for p in before if p.is_file()]


CAN_BE_ARGUMENTS = [case for case in CASES if not any("\0" in word for word in case.words)]  # no system passes a NUL


@pytest.mark.parametrize(
    "case", CAN_BE_ARGUMENTS[:: len(CAN_BE_ARGUMENTS) // N_PROCESSES], ids=lambda case: case.name[:80]
)
def test_the_installed_command_gives_the_same_verdict(tmp_path, case):
    laid(case, tmp_path)
    words = [sys.executable, "-m", "nasgauge.cli", *case.words]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=2 * SECONDS, check=False)
    check(case, done.returncode, done.stdout, done.stderr)


def test_the_cases_are_many_all_different_and_cover_what_there_is():
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len({(case.words, *sorted(case.files.items())) for case in CASES})
    assert generated.everything() == CASES
    counts = {verdict: sum(case.verdict == verdict for case in CASES) for verdict in ("ok", "refused")}
    assert min(counts.values()) >= 80 and sum(counts.values()) == len(CASES)
    assert {case.words[:2] if case.words[0] == "bench" else case.words[:1] for case in CASES} >= {
        *(("list",), ("run",), ("judge",), ("report",), ("status",), ("bench", "build"), ("bench", "import"))
    }
    assert set(generated.TAKE_K) == {name for name, entry in CRITERIA.items() if entry.takes_k}
    assert {
        case.words[1] for case in CASES if case.words[0] == "list" and case.verdict == "ok" and len(case.words) > 1
    } == {*listing()}
    assert {case.words[2] for case in CASES if case.words[:2] == ("bench", "import")} >= set(KINDS)
