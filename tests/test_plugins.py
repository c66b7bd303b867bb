"""Modules of others, named by a study: what they register is known to every worker of every kind, and to the report."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.plugins import import_plugins
from nasgauge.core.store import Store
from nasgauge.studies.schema import Study

PACKAGE = Path(__file__).parent / "plugin_package"
STUDY = """
title = "Somebody's own"
plugins = ["nas_plugin"]
benchmark = "digits-nb201"
archs = { n = 40 }
criteria = ["kendall_tau", "share_of_best"]
n_bootstrap = 20

[[estimators]]
name = "zeroshot"
proxies = ["widest_layer", "n_params"]
net = { channels = 2, n_cells = 1, n_stages = 1 }
batch_size = 8

[[estimators]]
name = "oneshot"
sampler = "always_three"
epochs = 1
net = { channels = 2, n_cells = 1, n_stages = 1 }

[[estimators]]
name = "name_length"
power = 0.5

[[estimators]]
name = "nearest"
k = 2

[[estimators]]
name = "vote"
experts = ["name_length", "nearest"]
"""
INSTALLED = """
title = "Installed"
benchmark = "chains"
archs = { n = 40 }
n_bootstrap = 20
[[estimators]]
name = "name_length"
[[estimators]]
name = "nearest"
"""


WITHOUT_A_PAGE = """
import nasgauge.studies.run as running
from nasgauge import cli
running.write = lambda *_, **options: None
cli.main()
"""


def run(folder, *arguments, page=True, **environment):
    """Of the command line, started in a folder; drawing a page takes longer than all the rest."""
    start = ["-m", "nasgauge.cli"] if page else ["-c", WITHOUT_A_PAGE]
    command = [sys.executable, *start, *map(str, arguments)]
    known = os.environ | {"COLUMNS": "200"} | environment
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=known)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    file = tmp_path_factory.mktemp("study") / "own.toml"
    file.write_text(STUDY, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def serial(study):
    out = study.parent / "serial"
    done = run(PACKAGE, "run", study, "--out", out, "--kind", "serial")
    assert done.returncode == 0, done.stderr
    return out


def scores(folder):
    return Store.existing(folder).read("scores").sort_values(["estimator", "arch"]).reset_index(drop=True)


@pytest.mark.long
def test_what_a_module_registers_is_measured_judged_and_shown(serial):
    found, values = scores(serial), Store.existing(serial).read("values")
    assert {"widest_layer", "n_params", "oneshot", "name_length", "nearest", "nearest stage 1"} <= {*found["estimator"]}
    assert "vote" in set(values["estimator"])
    assert (found.loc[found["estimator"] == "widest_layer", "score"] > 0).all()
    assert {"kendall_tau", "share_of_best"} == set(values["criterion"])
    page = (serial / "report.html").read_text(encoding="utf-8")
    assert "How far apart are the scores?" in page


@pytest.mark.long
@pytest.mark.parametrize("kind", ["processes", pytest.param("ray", marks=pytest.mark.full)])
def test_every_kind_of_worker_knows_it(study, serial, kind):
    if kind == "ray":
        pytest.importorskip("ray", reason="Ray is not installed")
    out = study.parent / kind
    done = run(PACKAGE, "run", study, "--out", out, "--kind", kind, "--workers", "2", page=False)
    assert done.returncode == 0, done.stderr
    ours, theirs = scores(out), scores(serial)
    assert list(ours["arch"]) == list(theirs["arch"])
    pd.testing.assert_series_equal(ours["score"], theirs["score"], rtol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["serial", pytest.param("processes", marks=pytest.mark.full)])
def test_a_package_that_pip_installed_needs_no_mention(kind, tmp_path):
    """Its estimators, its space without a network and its benchmark are found by their entry points."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the package, is not installed")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", site, PACKAGE], check=True, capture_output=True)
    (tmp_path / "own.toml").write_text(INSTALLED, encoding="utf-8")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    done = run(tmp_path, "run", "own.toml", "--out", "out", "--kind", kind, "--workers", "2", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000
    assert {"name_length", "nearest"} <= set(Store.existing(tmp_path / "out").read("values")["estimator"])


@pytest.mark.long
@pytest.mark.parametrize(
    ("key", "says"), [("power = 0.5", "key 'power' must be more than 0.0, got -1"), ("k = 2", "key 'k' must")]
)
def test_its_keys_are_checked_like_ours(key, says, study, tmp_path):
    (tmp_path / "own.toml").write_text(STUDY.replace(key, key.split("=")[0] + "= -1"), encoding="utf-8")
    done = run(PACKAGE, "run", tmp_path / "own.toml", "--out", tmp_path / "out")
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("command", ["status", pytest.param("report", marks=pytest.mark.full)])
def test_a_finished_folder_is_reported_and_its_status_told(serial, command):
    done = run(PACKAGE, command, serial)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_away_from_the_module_the_study_says_what_is_missing(study, tmp_path):
    done = run(tmp_path, "run", study, "--out", tmp_path / "out")
    assert done.returncode == 2 and "plugins: 'nas_plugin' cannot be imported" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("not a module", None, "'not a module' is not the name of a module"),
        ("", None, "'' is not the name of a module"),
        ("absent_module", None, "'absent_module' cannot be imported"),
        ("raises_at_import", "1 / 0", "importing 'raises_at_import' failed \\(ZeroDivisionError: division by zero\\)"),
        ("ends_the_program", "raise SystemExit(3)", "importing 'ends_the_program' failed \\(SystemExit: 3\\)"),
        ("asks_for_more", "import absent_other", "No module named 'absent_other'"),
        ("has_bad_syntax", "def", "importing 'has_bad_syntax' failed \\(SyntaxError"),
    ],
)
def test_modules_that_cannot_be_imported_are_told_in_one_line(tmp_path, monkeypatch, name, code, says):
    if code is not None:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(UserError, match=says) as error:
        import_plugins([name])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('"nas_plugin"', "key 'plugins' must be a list, got 'nas_plugin'"),
        ("[3]", "key 'plugins[0]' must be a text, got 3"),
        ("3", "key 'plugins' must be a list, got 3"),
    ],
)
def test_plugins_of_another_type_are_told_in_one_line(given, says):
    with pytest.raises(UserError, match=re.escape(says)):
        parse(STUDY.replace('["nas_plugin"]', given), Study, "own.toml")
