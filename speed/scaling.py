"""From one worker process to two: how much of the second core reaches zero-shot scoring, and what keeps the rest.

    python speed/scaling.py [--archs 400] [--repeats 3] [--tiny]

A task ends when its part is written, so the folder of a run tells the seconds per task: from the first task of every
worker to the last of all, (t_N - t_W) / (N - W) with N tasks and W workers. Starting processes, imports, data and page
are before and after, and not counted.

    efficiency = seconds per task with one worker / (2 x seconds per task with two)

Beside it the same for two runs that have nothing in common but the machine, each in a process of its own: what these
lose is due to caches, memory bandwidth and clock rates, and no division of the work can do better. Runs take turns.
`alone`: seconds in which the last task ran and the other worker had none left. `core`: processor seconds of the whole
run per task. Measure on an idle machine.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from nasgauge.studies.run import run_text

STUDY = """
title = "scaling"
benchmark = "digits-nb201"
archs = {{ n = {n_archs} }}
seeds = [0]
[[estimators]]
name = "zeroshot"
proxies = {proxies}
data = "digits"
batch_size = 64
{further}
"""
PROXIES = ["grad_norm", "plain", "snip", "grasp", "fisher", "synflow", "jacob_cov", "relu_logdet", "naswot", "n_params"]
SMALL_NET = "net = { channels = 4, n_cells = 1, n_stages = 1 }"
SIDES = ("one", "two", "two runs")


def ended(folder: Path) -> list[float]:
    """When each task of a run ended, in order, in seconds of the epoch."""
    return sorted(part.stat().st_mtime for part in (folder / "parts" / "scores").glob("*.parquet"))


def pace(times: list[float], n_workers: int) -> float:
    """Seconds per task between the first tasks of all workers and the last task.

    >>> pace([5.0, 5.5, 7.0, 7.5, 9.0, 9.5], 2)
    1.0
    """
    if len(times) <= n_workers:
        raise SystemExit(f"{len(times)} tasks are too few for {n_workers} workers; give more --archs")
    return (times[-1] - times[n_workers - 1]) / (len(times) - n_workers)


def execute(study: Path, out: Path, kind: str, n_workers: int) -> None:
    """Do the tasks of a study, without its page."""
    run_text(study.read_text(encoding="utf-8"), out, where=study.name, workers=kind, n_workers=n_workers)


def started(study: Path, out: Path, kind: str, n_workers: int) -> subprocess.Popen:
    """The same in a process of its own."""
    words = ["--execute", str(study), str(out), kind, str(n_workers)]
    return subprocess.Popen([sys.executable, __file__, *words], env={**os.environ, "OMP_NUM_THREADS": "1"})


def measured(study: Path, side: str) -> dict[str, float]:
    """One run of a side: seconds per task, seconds of the last task alone, processor seconds per task."""
    kind, n_workers, n_runs = {"one": ("processes", 1, 1), "two": ("processes", 2, 1), "two runs": ("processes", 1, 2)}[
        side
    ]
    with tempfile.TemporaryDirectory() as new:
        folders = [Path(new) / str(i) for i in range(n_runs)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        running = [started(study, folder, kind, n_workers) for folder in folders]
        if any([process.wait() for process in running]):
            raise SystemExit("a run failed; its message stands above")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times = [ended(folder) for folder in folders]
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "task": statistics.mean(pace(one, n_workers) for one in times),
        "alone": times[0][-1] - times[0][-2] if n_workers == 2 else 0.0,
        "core": spent / sum(map(len, times)),
        "n": len(times[0]),
    }


def summary(found: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    """Efficiencies from medians over the repeats.

    >>> one = {"task": 2.0, "alone": 0.0, "core": 2.0, "n": 10}
    >>> found = summary({"one": [one], "two": [{**one, "task": 1.25}], "two runs": [{**one, "task": 2.2}]})
    >>> {name: round(value, 3) for name, value in found.items()}
    {'efficiency': 0.8, 'machine': 0.909, 'division': 0.88}
    """
    task = {side: statistics.median(run["task"] for run in runs) for side, runs in found.items()}
    efficiency, machine = task["one"] / (2 * task["two"]), task["one"] / task["two runs"]
    return {"efficiency": efficiency, "machine": machine, "division": efficiency / machine}


def main() -> None:
    """Measure all sides in turn and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archs", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, to see that everything runs")
    parser.add_argument("--execute", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.execute:
        study, out, kind, n_workers = options.execute
        execute(Path(study), Path(out), kind, int(n_workers))
        return
    n_archs, repeats, further = (80, 1, SMALL_NET) if options.tiny else (options.archs, options.repeats, "")
    proxies = json.dumps(PROXIES[-3:] if options.tiny else PROXIES)
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "scaling.toml"
        study.write_text(STUDY.format(n_archs=n_archs, proxies=proxies, further=further), encoding="utf-8")
        for _ in range(repeats):
            for side in SIDES:
                found[side].append(measured(study, side))
    print(f"{'':<12}{'tasks':>8}{'s per task':>12}{'alone, s':>10}{'core s per task':>17}")
    for side, runs in found.items():
        task, alone, core = (statistics.median(run[name] for run in runs) for name in ("task", "alone", "core"))
        print(f"{side:<12}{runs[0]['n']:>8}{task:>12.3f}{alone:>10.2f}{core:>17.3f}")
    for name, value in summary(found).items():
        print(f"{name:<12}{value:>8.3f}")


if __name__ == "__main__":
    main()
