"""Processor time of short commands, as a ratio to importing NumPy, and beside an earlier commit.

    python speed/cli.py [--before COMMIT] [--repeats 5]

User and system time of a process of its own, the least of several; commands and commits take turns, so that other work
on the machine meets all alike. `judge`: 500 scores of nb201 ($NASGAUGE_DATA), else of digits-nb201, at its defaults.
"""

import argparse
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import load

NEW = "a folder that is new each time"
ROOT = Path(__file__).parents[1]
COMMANDS = ("", "run", "judge", "report", "status", "list", "bench build", "bench import")
RUN = "run of 4 archs, 5 proxies"
LIMITS = {"list": 1.0, "import nasgauge": 0.2, "judge of 500 scores": 10.0, RUN: 8.0}  # seconds; every --help: 0.5
STUDY = """
title = "four"
benchmark = "digits-nb201"
archs = { n = 4 }
[[estimators]]
name = "zeroshot"
proxies = ["snip", "synflow", "n_params", "naswot", "grad_norm"]
batch_size = 16
net = { channels = 4, n_cells = 1, n_stages = 1 }
"""
HELP = 0.5


def scores(folder: Path, benchmark: str) -> Path:
    """A file of the accuracies of 500 architectures with noise."""
    rng = np.random.default_rng(0)
    truth = load(benchmark).truth.groupby("arch", sort=True)["accuracy"].mean()
    some = truth.iloc[np.sort(rng.choice(len(truth), 500, replace=False))]
    file = folder / "scores.csv"
    pd.DataFrame({"arch": some.index, "mine": some + 0.03 * rng.standard_normal(500)}).to_csv(file, index=False)
    return file


def programs(folder: Path, commands: tuple[str, ...]) -> dict[str, list[str]]:
    """What is measured, by name: the arguments of python."""
    benchmark = "nb201" if os.environ.get("NASGAUGE_DATA") else "digits-nb201"
    words = ["judge", str(scores(folder, benchmark)), "--benchmark", benchmark]
    helps = {f"{command} --help".strip(): [*command.split(), "--help"] for command in commands}
    (folder / "four.toml").write_text(STUDY, encoding="utf-8")
    run = ["run", str(folder / "four.toml"), "--workers", "1", "--out", NEW]
    called = {**helps, "list": ["list"], "judge of 500 scores": words, RUN: run}
    return {
        "python -c pass": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import nasgauge": ["-c", "import nasgauge"],
        **{name: ["-m", "nasgauge.cli", *words] for name, words in called.items()},
    }


def seconds(arguments: list[str], tree: Path) -> float:
    """Processor time of one process that imports nasgauge from a tree, and of its workers."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as new:
        words = [os.path.join(new, "out") if word == NEW else word for word in arguments]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *words], check=True, capture_output=True, cwd=tempfile.gettempdir(), env=environment
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def unpacked(commit: str, folder: Path) -> Path:
    """The package as it was at a commit."""
    archive = folder / "before.tar"
    subprocess.run(["git", "archive", commit, "nasgauge", "-o", str(archive)], check=True, cwd=ROOT)
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "before", filter="data")
    return folder / "before"


def main() -> None:
    """Measure each program in each tree and print the least times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", help="a commit to compare with")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--commands", nargs="*", default=COMMANDS, help="those whose --help is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trees = {"now": ROOT} | ({"before": unpacked(options.before, Path(folder))} if options.before else {})
        measured = programs(Path(folder), tuple(options.commands))
        found = dict.fromkeys(((name, tree) for name in measured for tree in trees), float("inf"))
        for _ in range(options.repeats):
            for name, tree in found:
                found[name, tree] = min(found[name, tree], seconds(measured[name], trees[tree]))
    numpy = found["import numpy", "now"]
    print(f"{'processor time, s':<26}" + "".join(f"{tree:>9}" for tree in trees) + f"{'/ numpy':>9}{'limit':>8}")
    for name in measured:
        limit = LIMITS.get(name, HELP if name.endswith("--help") else None)
        times = "".join(f"{found[name, tree]:>9.2f}" for tree in trees)
        print(f"{name:<26}{times}{found[name, 'now'] / numpy:>9.1f}" + (f"{limit:>8.1f}" if limit else ""))


if __name__ == "__main__":
    main()
