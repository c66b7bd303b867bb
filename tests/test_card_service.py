"""CUDA's multi-process service in the script on accelerators, with a stand-in for its control program."""

import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "speed"
CONTROL = """#!/bin/sh
echo "$1 $(cat) $CUDA_MPS_PIPE_DIRECTORY" >> {log}
"""


@pytest.fixture
def service(monkeypatch):
    monkeypatch.syspath_prepend(str(SPEED))
    from card import service

    yield service
    for name in [name for name in sys.modules if name.partition(".")[0] == "card"]:
        del sys.modules[name]


@pytest.fixture
def log(tmp_path, monkeypatch, service):
    program = tmp_path / service.CONTROL
    program.write_text(CONTROL.format(log=tmp_path / "log"), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(service, "_PLACES", str(tmp_path))
    return tmp_path / "log"


@pytest.mark.parametrize(("trial", "served"), [("pass", True), ("raise SystemExit(1)", False)])
def test_it_serves_where_a_process_can_use_it_and_ends_with_the_context(service, log, monkeypatch, trial, served):
    monkeypatch.setattr(service, "_TRIAL", trial)
    with service.service("cuda") as variables:
        assert bool(variables) == served
        folder = variables.get("CUDA_MPS_PIPE_DIRECTORY")
        assert folder is None or Path(folder).is_dir()
    started, ended = log.read_text(encoding="utf-8").splitlines()
    assert started.startswith("-d") and ended.split()[0] == "quit"
    assert folder is None or (started.endswith(folder) and ended.endswith(folder) and not Path(folder).exists())


def test_there_is_none_on_the_cpu_and_where_the_program_is_absent(service, log, monkeypatch):
    with service.service("cpu") as variables:
        assert variables == {}
    monkeypatch.setattr(service, "_PLACES", "nowhere")
    with service.service("cuda") as variables:
        assert variables == {} and not log.exists()
