"""Signals: the command and its workers end at once, with one line, and the same command resumes."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nasgauge.core.store import Store

STUDY = """
title = "small"
benchmark = "digits-nb201"
archs = { n = 400 }
n_bootstrap = 10
[[estimators]]
name = "zeroshot"
proxies = ["snip", "synflow"]
batch_size = 16
net = { channels = 4, n_cells = 1, n_stages = 1 }
"""
RECIPE = """
name = "tiny"
title = "tiny networks on digits"
space = "nb201"
data = "digits"
n_seeds = 2
archs = { n = 400 }
split = { n_train = 200, n_valid = 100 }
net = { channels = 2, n_cells = 1, n_stages = 1 }
protocol = { epochs = 1, batch_size = 50 }
"""
COMMANDS = {"run": (["run"], STUDY, "scores"), "bench build": (["bench", "build"], RECIPE, "trainings")}


def group(leader: int) -> list[str]:
    """The commands of the living processes of a process group; one that is ending has no memory and no command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            words = path.with_name("cmdline").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[2]) == leader and fields[0] not in "ZX" and words:
            found.append(words)
    return found


def stopped(words, text, part, folder, number, kind):
    """What a command prints to stderr, and its exit code, that got a signal once it had written a part."""
    file = folder / "mine.toml"
    file.write_text(text)
    words = [sys.executable, "-m", "nasgauge", *words, str(file), "--out", str(folder / "out"), "--workers", "2"]
    child = subprocess.Popen(
        [*words, *kind], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # tests may run below nohup, which ignores it
    )  # fmt: skip
    try:
        while not Store(folder / "out").keys(part):
            assert child.poll() is None, child.stderr.read()
            select.select([], [], [], 0.01)
        os.killpg(child.pid, number)  # as a terminal does: to the workers too
        told = child.communicate(timeout=60)[1]
        assert not group(child.pid)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return told, child.returncode


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "number", "kind"),
    [
        ("run", signal.SIGINT, ["--kind", "processes"]),
        pytest.param("run", signal.SIGTERM, ["--kind", "serial"], marks=pytest.mark.full),
        pytest.param("run", signal.SIGHUP, ["--kind", "processes"], marks=pytest.mark.full),
        pytest.param("bench build", signal.SIGTERM, [], marks=pytest.mark.full),
    ],
    ids=lambda value: "" if isinstance(value, list) else getattr(value, "name", value),
)
def test_a_signal_ends_the_command_and_its_workers_with_one_line(tmp_path, command, number, kind):
    words, text, part = COMMANDS[command]
    told, code = stopped(words, text, part, tmp_path, number, kind)
    assert code == 128 + number
    assert [line for line in told.splitlines() if " s" not in line[-4:]] == [
        "nasgauge: stopped; run the same command to resume"
    ]
    assert 0 < len(Store(tmp_path / "out").done(part)) < 400
