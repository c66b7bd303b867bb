"""A study on two Ray nodes, whose second node, a worker and the driver are killed while parts are there.

In a process of its own, with the folder of Ray below a short path, since sockets lie in it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from nasgauge.core.store import Store
from nasgauge.studies import run as running

pytest.importorskip("ray", reason="the extra ray is not installed")

STUDY = """
title = "many"
benchmark = "digits-nb201"
archs = { n = 240 }
n_bootstrap = 5
criteria = ["kendall_tau"]
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "synflow", "snip"]
batch_size = 16
net = { channels = 4, n_cells = 1, n_stages = 1 }
"""
DRIVER = """
import sys
from pathlib import Path
from nasgauge.core.errors import UserError
from nasgauge.studies import run
run.write = lambda *args, **options: None
try:
    run.run_text(sys.argv[1], Path(sys.argv[2]), where="many.toml", workers="ray", address=sys.argv[3])
except UserError as error:
    sys.exit(str(error))
"""
PROGRAM = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
from ray.cluster_utils import Cluster

folder, study = Path(sys.argv[1]), sys.argv[2]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
second = cluster.add_node(num_cpus=1)
found = {}

def driver():
    words = [sys.executable, str(folder / "driver.py"), study, str(folder / "out"), cluster.address]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

def parts():
    return len(list((folder / "out" / "parts" / "scores").glob("[!.]*")))

def wait_for(n):
    while parts() < n and child.poll() is None:
        time.sleep(0.02)
    return parts()

def of_work():
    own = f"HOME={folder}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::_call") and own in path.with_name("environ").read_bytes():
                yield int(path.parent.name)
        except OSError:
            continue

child = driver()
found["node"] = wait_for(2)
cluster.remove_node(second, allow_graceful=False)
found["worker"] = wait_for(4)
for process in list(of_work())[:1]:
    os.kill(process, signal.SIGKILL)
cluster.add_node(num_cpus=1)
found["driver"] = wait_for(7)
child.kill()
child.wait()
for _ in range(600):
    if not list(of_work()):
        break
    time.sleep(0.1)
found["left"] = len(list(of_work()))
found["then"] = parts()
child = driver()
found["told"] = child.communicate()[1][-2000:]
found["code"] = child.returncode
cluster.shutdown()
print(json.dumps(found))
"""


@pytest.mark.long
def test_a_node_a_worker_and_the_driver_are_killed_and_the_tables_are_those_of_one_process(tmp_path, without_a_page):
    with tempfile.TemporaryDirectory(prefix="n", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file, text in (("driver.py", DRIVER), ("program.py", PROGRAM)):
            (folder / file).write_text(text, encoding="utf-8")
        places = {"HOME": name, "PYTHONPATH": os.pathsep.join(sys.path), "RAY_worker_niceness": "0", "RAY_TMPDIR": name}
        (folder / "ray").mkdir()  # where Ray notes the address
        told = subprocess.run(
            [sys.executable, str(folder / "program.py"), name, STUDY],
            capture_output=True, text=True, timeout=1800, env={**os.environ, **places},
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        found = json.loads(told.stdout.splitlines()[-1])
        assert 2 <= found["node"] <= found["worker"] <= found["driver"] < 12, found
        assert found["left"] == 0 and found["then"] < 12 and found["code"] == 0, found
        running.run_text(STUDY, tmp_path, where="many.toml", workers="serial")
        ours, theirs = Store.existing(tmp_path), Store.existing(folder / "out")
        for table in ("scores", "errors"):
            pd.testing.assert_frame_equal(ours.read(table), theirs.read(table))
        assert len(theirs.keys("scores")) == 12
