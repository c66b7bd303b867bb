"""Does a study survive what dies? Its driver, its workers and a node of its Ray cluster are killed at random.

python examples/random_kills.py [STUDY [KILLS [SEED [processes]]]] [--set KEY=VALUE ...]    # quickstart, 10 kills each

`nasgauge run STUDY` five times: with two processes and on a Ray cluster of two nodes on this machine (`processes`:
without Ray). Each time one kind of process gets SIGKILL at random numbers of finished tasks, each kill after a task was
finished since the one before; a killed driver is started again by the same command, a node replaced by another. At the
end the tables are compared with those of a run with one process.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from nasgauge.core.store import Store
from nasgauge.studies.run import Run

MARKED = {"NASGAUGE_KILLS": str(os.getpid()), "RAY_worker_niceness": "0"}  # variables of all that is started here


def command(study: str, out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "nasgauge", "run", study, "--out", str(out), *words]


def n_finished(out: Path) -> int:
    """The number of tasks whose scores are there."""
    return len(list((out / "parts" / "scores").glob("[!.]*")))


def workers(of: str) -> Iterator[int]:
    """Processes started here whose command line holds these words."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if (
                of.encode() in path.read_bytes()
                and f"NASGAUGE_KILLS={os.getpid()}".encode() in path.with_name("environ").read_bytes()
            ):
                yield int(path.parent.name)
        except OSError:  # ended meanwhile
            continue


class Cluster:
    """Two Ray nodes with one processor each, of which the second can be lost."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster as Local

        os.environ |= MARKED
        self.local = Local(initialize_head=True, head_node_args={"num_cpus": 1})
        self.second = self.local.add_node(num_cpus=1)
        self.words = ("--kind", "ray", "--address", self.local.address)

    def lose_a_node(self) -> None:
        self.local.remove_node(self.second, allow_graceful=False)
        self.second = self.local.add_node(num_cpus=1)

    def shutdown(self) -> None:
        self.local.shutdown()


def killed(
    words: list[str], out: Path, victim: str, cluster: Cluster | None, moments: list[int], rng: np.random.Generator
) -> list[int]:
    """Run the command to its end; returns at how many finished tasks something was killed."""
    seen, left = [], list(moments)
    start = partial(subprocess.Popen, words, stdout=subprocess.DEVNULL, env=os.environ | MARKED)
    driver = start()
    while driver.poll() is None:
        time.sleep(0.01)
        if not left or (n := n_finished(out)) < left[0] or (seen and n <= seen[-1]):
            continue
        if victim == "driver":
            driver.kill()
            driver.wait()
            driver = start()
        elif victim == "worker":
            found = list(workers("ray::_call" if cluster else "multiprocessing.spawn"))
            if not found:
                continue
            os.kill(int(rng.choice(found)), signal.SIGKILL)
        else:
            cluster.lose_a_node()
        seen.append(n)
        left.pop(0)
    if driver.returncode:
        sys.exit(f"{victim}: the study ended with exit code {driver.returncode}")
    return seen


def main(study: str = "quickstart", n_kills: str = "10", seed: str = "0", *rest: str) -> None:
    campaigns = [(None, "driver"), (None, "worker"), (Cluster, "driver"), (Cluster, "worker"), (Cluster, "node")]
    campaigns, settings = (campaigns[:2], rest[1:]) if rest[:1] == ("processes",) else (campaigns, rest)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        alone = Path(folder) / "serial"
        subprocess.run(command(study, alone, "--kind", "serial", *settings), check=True, stdout=subprocess.DEVNULL)
        whole = {table: Store.existing(alone).read(table) for table in ("scores", "errors")}
        total = len([task for task in Run.load(alone).plan.tasks if task.archs])
        print("\n| engine | killed | times | at finished tasks | tables |\n|---|---|---|---|---|")
        all_equal = True
        for i, (engine, victim) in enumerate(campaigns):
            out, rng = Path(folder) / str(i), np.random.default_rng(int(seed) + i)
            moments = sorted(rng.choice(np.arange(1, total - 2), int(n_kills), replace=False).tolist())
            cluster = engine() if engine else None
            words = command(study, out, *(cluster.words if cluster else ("--workers", "2")), *settings)
            seen = killed(words, out, victim, cluster, moments, rng)
            if cluster:
                cluster.shutdown()
            all_equal &= (equal := all(Store.existing(out).read(table).equals(rows) for table, rows in whole.items()))
            name = "Ray, two nodes" if engine else "two processes"
            told = ", ".join(map(str, seen))
            print(
                f"| {name} | {victim} | {len(seen)} | {told} of {total} | {'equal' if equal else 'DIFFERENT'} |",
                flush=True,
            )
    if not all_equal:
        sys.exit("some tables differ")


if __name__ == "__main__":
    main(*sys.argv[1:])
