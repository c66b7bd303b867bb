"""The command line in this process."""

import sys

import pytest

from nasgauge import cli


@pytest.fixture
def call(monkeypatch, capsys):
    """call(words) -> (exit code, stdout, stderr)."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["nasgauge", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run
