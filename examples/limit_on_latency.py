"""Which accuracy is found under a limit on latency: python examples/limit_on_latency.py TRUTH.csv ["latency_ms < 1.5"]

TRUTH.csv has the columns arch, accuracy, latency_ms and score; where there is none, an example is written, whose
latencies are made up of multiply-accumulates and noise.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.analyses.under_limit import under_limit
from nasgauge.benchmarks import load


def main(path: str, limit: str = "latency_ms < 1.5") -> None:
    """Print the best accuracy among the k best scores within the limit, of a random choice, and of all within it."""
    if not Path(path).exists():
        written(path)
    table = pd.read_csv(path).assign(seed=0, estimator="mine")
    found = under_limit(table, table, table[["arch", "latency_ms"]], limit, rng=np.random.default_rng(0))
    print(found.drop(columns=["estimator", "place", "n_seeds"]).round(4).to_string(index=False))


def written(path: str) -> None:
    """A file of 300 architectures of digits-nb201."""
    benchmark, rng = load("digits-nb201"), np.random.default_rng(0)
    table = benchmark.truth.groupby("arch", as_index=False)["accuracy"].mean().merge(benchmark.complexity).head(300)
    table["latency_ms"] = (table["macs"] / 1e5 + rng.random(len(table))).astype(float)
    table["score"] = table["accuracy"] + 0.05 * rng.normal(size=len(table))
    table[["arch", "accuracy", "latency_ms", "score"]].to_csv(path, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
