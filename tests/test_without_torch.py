"""Without PyTorch: judging, listing and reporting work, and what needs it names the extra."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from nasgauge.studies import run as running

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name="torch")
sys.meta_path.insert(0, Absent())
from nasgauge import cli
sys.argv[0] = "nasgauge"
cli.main()
"""
STUDY = """
title = "t"
benchmark = "digits-nb201"
archs = { n = 30 }
n_bootstrap = 20
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "macs"]
batch_size = 4
[[estimators]]
name = "predictor"
encoder = "random_forest"
n_fit = 8
"""


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *map(str, arguments)], capture_output=True, text=True,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished study, and its scores as a file."""
    out = tmp_path_factory.mktemp("study") / "s"
    made = running.run_text(STUDY, out, where="s.toml", workers="serial")
    made.report()
    wide = made.scores.pivot(index="arch", columns="estimator", values="score").reset_index()
    wide.to_csv(out.parent / "scores.csv", index=False)
    return out


@pytest.mark.parametrize("arguments", [("list",), ("list", "proxies"), ("list", "--bib"), ("--help",)])
def test_what_there_is_is_listed(arguments):
    done = command(*arguments)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.long
def test_scores_are_judged_and_drawn(folder, tmp_path):
    page = tmp_path / "page.html"
    done = command("judge", folder.parent / "scores.csv", "--benchmark", "digits-nb201", "--html", page)
    assert done.returncode == 0 and "n_params" in done.stdout, done.stderr
    assert page.stat().st_size > 100_000


@pytest.mark.long
def test_a_finished_study_is_reported_as_before(folder):
    before = (folder / "report.html").read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    for name in ("report", "status"):
        done = command(name, folder)
        assert done.returncode == 0, done.stderr
    assert (folder / "report.html").read_text(encoding="utf-8") == before


@pytest.mark.long
@pytest.mark.parametrize("arguments", [("run", "quickstart"), ("bench", "build", "digits-nb201")])
def test_what_needs_it_names_the_extra(arguments, tmp_path):
    done = command(*arguments, "--out", tmp_path / "out")
    assert done.returncode == 2 and "pip install 'nasgauge[torch]'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "out").exists()


@pytest.mark.long
def test_values_in_python_need_none(folder):
    code = "from nasgauge.studies.run import Run; print(len(Run.load(sys.argv[1]).values))"
    script = BLOCKED.split("from nasgauge import cli")[0] + code
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
    assert int(done.stdout) == len(pd.read_parquet(folder / "parts" / "values" / "all.parquet")), done.stderr
