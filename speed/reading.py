"""Reading a score file of many rows: plain CSV, column by column, beside CSV with quotes, row by row.

    python speed/reading.py [--rows 1000000] [--estimators 64]

A long file (arch, estimator, score) and a wide one (arch, score) of that many rows each; the quoted twin has quotes
around one cell. Wall time of one process each, from the file to the table of scores.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.judging.scorefiles import read_scores


def files(folder: Path, n: int, n_estimators: int) -> dict[str, Path]:
    """The files by name; architectures are named by their number."""
    score = np.random.default_rng(0).normal(size=n)
    row = np.arange(n)
    tables = {
        "long": pd.DataFrame({"arch": row // n_estimators, "estimator": row % n_estimators, "score": score}),
        "wide": pd.DataFrame({"arch": row, "mine": score}),
    }
    tables["long"] = tables["long"].assign(estimator="guess" + tables["long"]["estimator"].astype(str))
    found = {}
    for name, table in tables.items():
        found[name] = folder / f"{name}.csv"
        table.to_csv(found[name], index=False)
        text = found[name].read_text(encoding="utf-8")
        found[f"{name}, quoted"] = folder / f"{name}-quoted.csv"
        found[f"{name}, quoted"].write_text(text.replace("arch", '"arch"', 1), encoding="utf-8")
    return found


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--estimators", type=int, default=64)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        start = time.perf_counter()
        n = len(read_scores(options.read))
        print(f"{n} {time.perf_counter() - start}")
        return
    with tempfile.TemporaryDirectory() as folder:
        seconds = {}
        for name, file in files(Path(folder), options.rows, options.estimators).items():
            command = [sys.executable, __file__, "--read", str(file)]
            n, seconds[name] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            assert int(n) == options.rows
    print(f"{options.rows:,} rows{'plain, s':>12}{'quoted, s':>12}{'ratio':>8}")
    for name in ("long", "wide"):
        plain, quoted = float(seconds[name]), float(seconds[f"{name}, quoted"])
        print(f"{name:<14}{plain:>12.2f}{quoted:>12.2f}{quoted / plain:>8.1f}")


if __name__ == "__main__":
    main()
