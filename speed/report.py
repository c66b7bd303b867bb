"""Time of `nasgauge report` of the study predictors-nb201 (39 predictors, three seeds), beside an earlier commit.

    NASGAUGE_DATA=... python speed/report.py [--before COMMIT] [--repeats 2] [--folder FOLDER]

Scores, costs and training sets are planted, so that nothing is trained; the ground truth is that of NAS-Bench-201.
Processor time (user and system, of all processes) and wall time; commits take turns, so that other work on the machine
meets all alike.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from cli import ROOT, unpacked

from nasgauge.core.config import parse, tables_of
from nasgauge.core.store import Store
from nasgauge.core.tables import ERRORS, empty
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study
from nasgauge.studies.texts import named
from nasgauge.studies.training_sets import drawn

STUDY = "predictors-nb201"


def plant(folder: Path) -> None:
    """The folder of the study as after its run."""
    text, name, _ = named("study", STUDY)
    plan = Plan.of(parse(text, Study, name))
    store = Store.open(folder, tables_of(text, name), text)
    store.plan({"fits": [], "scores": [task.key for task in plan.tasks]})
    archs, truth = plan.benchmark.archs, plan.benchmark.truth
    quality = truth.groupby("arch")["accuracy"].mean().rank(pct=True)[archs].to_numpy()
    words = pd.get_dummies(pd.DataFrame([plan.space.words(plan.space.from_str(arch)) for arch in archs])).to_numpy()
    for task in plan.tasks:
        config = plan.study.estimators[task.estimator]
        chosen, [name] = config.training_set(task.seed), config.names()
        of_estimator, of_seed = (np.random.default_rng(seed) for seed in (task.estimator, [task.estimator, task.seed]))
        liking = words @ of_estimator.normal(scale=0.05, size=words.shape[1])
        noise = of_seed.normal(scale=0.03 + 0.003 * task.estimator, size=len(archs))
        scores = pd.DataFrame({"estimator": name, "arch": archs, "seed": task.seed, "score": quality + liking + noise})
        learned = drawn(plan.benchmark, chosen.n_fit, chosen.draw, truth)["arch"].unique()
        lessons = pd.DataFrame({"estimator": name, "kind": config.kind, "signal": "", "draw": chosen.draw,
                                "seed": task.seed, "stage": 0, "arch": learned})  # fmt: skip
        paid = {"n_trained": len(learned), "truth_seconds": 60_000.0, "n_learned": len(learned)}
        costs = {"estimator": [name], "arch_seconds": 0.0001, "n": len(archs), "fit_seconds": 3.0, **paid}
        costs = pd.DataFrame(costs)
        store.write_task(task.key, {"errors": empty(ERRORS), "costs": costs, "lessons": lessons, "scores": scores})


def measured(folder: Path, tree: Path) -> tuple[float, float, bytes]:
    """Processor and wall time of the command with nasgauge from a tree, and the page."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    words = [sys.executable, "-m", "nasgauge.cli", "report", str(folder)]
    subprocess.run(words, check=True, capture_output=True, cwd=tempfile.gettempdir(), env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, wall, (folder / "report.html").read_bytes()


def without_drawings(page: bytes) -> bytes:
    """The page without its drawings."""
    return re.sub(rb"<svg.*?</svg>", b"", page, flags=re.DOTALL)


def main() -> None:
    """Print the least times of each tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", help="a commit to compare with")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep the planted study there, or take it from there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "study"
        if not folder.exists():
            plant(folder)
        trees = {"now": ROOT} | ({"before": unpacked(options.before, Path(temporary))} if options.before else {})
        pages = {}
        for _ in range(options.repeats):
            for name, tree in trees.items():
                spent, wall, pages[name] = measured(folder, tree)
                load = os.getloadavg()[0]
                print(f"{name:<8}{spent:8.1f} s of processors{wall:8.1f} s of wall, load {load:.1f}", flush=True)
        for name, page in pages.items():
            print(f"{name:<8}{len(page) / 1e6:8.1f} MB, {page.count(b'<svg')} drawings")
        if options.before:
            same = without_drawings(pages["now"]) == without_drawings(pages["before"])
            print(f"outside of the drawings the pages are {'the same' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
