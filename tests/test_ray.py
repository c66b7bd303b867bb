"""Workers on a Ray that is started for the time being, and on one that runs already: the same tables as processes give.

In a process of its own: Ray leaves subprocess objects behind that warn when they are collected.
"""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pandas as pd
import pytest
import small_studies

from nasgauge.benchmarks.building import build as building
from nasgauge.core.store import Store
from nasgauge.studies import run as running

pytest.importorskip("ray", reason="the extra ray is not installed")

STUDY = """
title = "small"
benchmark = "digits-nb201"
archs = { n = 12, form = "paper" }
n_bootstrap = 20
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "synflow", "random"]
batch_size = 8
net = { channels = 4, n_cells = 1, n_stages = 1 }
"""
SURVEY = """
title = "two"
n_bootstrap = 20
[[parts]]
name = "a"
benchmark = "digits-nb201"
archs = { n = 8 }
[[parts]]
name = "b"
benchmark = "digits-nb201"
archs = { n = 9 }
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "random"]
batch_size = 8
net = { channels = 4, n_cells = 1, n_stages = 1 }
"""
RECIPE = small_studies.recipe(4)
PROGRAM = """
import json, os, sys
from functools import partial
from pathlib import Path
import ray
from nasgauge.studies import run
from nasgauge.studies import survey
from nasgauge.core.errors import UserError
from nasgauge.benchmarks.building import build as building
from nasgauge.core.workers import Resources, unordered_map

def scaled(by, n):
    return by * n, os.environ.get("OMP_NUM_THREADS")

def fail(n):
    raise UserError(f"item {n}")

def die(n):
    os._exit(3)

def refused(function, items):
    try:
        list(unordered_map(function, items, kind="ray", n_workers=2))
    except UserError as error:
        return str(error)

run.write = survey.write_survey = lambda *args, **options: None  # pages take longer than all the rest
folder, study, two = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
found = {}
made = run.run_text(study, folder / "study", where="small.toml", workers="ray", n_workers=2)
made.bundle()  # of a Ray of its own, which ended
found["ended"] = not ray.is_initialized()
ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=str(folder / "r"))
found["partial"] = sorted(unordered_map(partial(scaled, 3), range(20), kind="ray", n_workers=2))
found["nothing"] = list(unordered_map(fail, [], kind="ray", n_workers=2))
found["lost"] = next(unordered_map(die, [2], kind="ray", n_workers=2, lost=lambda n, reason: (n, reason)))
try:
    list(unordered_map(fail, [1], kind="ray", resources=lambda n: Resources(gpus=1)))
except UserError as error:
    found["accelerator"] = str(error)
found["fail"], found["die"] = refused(fail, [4]), refused(die, [1])
building.build_text(sys.argv[4], folder / "bench", where="tiny.toml", workers="ray")
survey.run_text(two, folder / "survey", where="two.toml", workers="ray", n_workers=2)
found["kept"] = ray.is_initialized()  # it is not ours to end
ray.shutdown()
print(json.dumps(found))
"""


def processes_of_ray(home: Path) -> list[str]:
    """Of a program whose home this is, not of tests that run beside it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            own = f"HOME={home}".encode() in path.with_name("environ").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile, or is another user's
            continue
        named = Path(os.fsdecode(words[0])).name in ("raylet", "gcs_server") or words[0].startswith(b"ray::")
        if own and named:
            found.append(path.parent.name)
    return found


@pytest.fixture(scope="module")
def done():
    with tempfile.TemporaryDirectory(prefix="n", dir="/tmp") as name:  # short: a socket's path has 107 letters
        yield ran(Path(name))


def ran(folder: Path) -> tuple[Path, dict, list[str]]:
    """The program's folder, what it found, and the processes of Ray that it left behind."""
    (folder / "program.py").write_text(textwrap.dedent(PROGRAM), encoding="utf-8")
    (folder / "t").mkdir()
    places = {"HOME": str(folder), "TMPDIR": str(folder / "t"), "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(
        [sys.executable, str(folder / "program.py"), str(folder), STUDY, SURVEY, RECIPE],
        capture_output=True, text=True, timeout=900, env={**os.environ, **places},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return folder, json.loads(told.stdout.splitlines()[-1]), processes_of_ray(folder)


@pytest.mark.long
def test_partials_run_with_one_thread_each_and_errors_arrive(done):
    _, found, _ = done
    assert found["partial"] == [[3 * n, "1"] for n in range(20)] and found["nothing"] == []
    assert found["fail"] == "item 4"
    assert found["die"] == (
        "a task was given up: 3 workers in a row died of it, the last one with Ray's WorkerCrashedError; run the same "
        "command again to resume"
    )
    assert found["lost"] == [2, "3 workers in a row died of it, the last one with Ray's WorkerCrashedError"]
    assert found["accelerator"].startswith(
        "Ray: the work needs 1 accelerator of a node, the cluster has 0; start nodes"
    )


@pytest.mark.long
def test_what_was_started_here_is_ended_and_leaves_nothing_and_what_ran_before_goes_on(done):
    folder, found, processes = done
    assert found["ended"] and found["kept"]
    assert not processes
    assert not [path.name for path in (folder / "t").iterdir() if path.name.startswith("ray-")]


@pytest.mark.long
def test_study_and_survey_give_the_tables_that_processes_give(done, tmp_path, monkeypatch):
    folder, _, _ = done
    monkeypatch.setattr(running, "write", lambda *args, **options: None)
    running.run_text(STUDY, tmp_path / "study", where="small.toml", workers="serial").bundle()
    for table in ("scores", "values", "errors"):
        ours, theirs = (Store.existing(place / "study").read(table) for place in (tmp_path, folder))
        pd.testing.assert_frame_equal(ours, theirs)
    assert Store.existing(folder / "survey").read("contests")["part"].unique().tolist() == ["a", "b"]


@pytest.mark.long
def test_a_benchmark_is_built_as_one_process_builds_it(done, tmp_path):
    folder, _, _ = done
    building.build_text(RECIPE, tmp_path, where="tiny.toml", workers="serial")
    ours, theirs = (pd.read_parquet(place / "tiny.parquet") for place in (tmp_path, folder / "bench"))
    pd.testing.assert_frame_equal(ours.drop(columns="train_seconds"), theirs.drop(columns="train_seconds"))
    store = Store.existing(folder / "bench")
    assert {store.conditions("trainings", key)["engine"] for key in store.keys("trainings")} == {"ray"}
