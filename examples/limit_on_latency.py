"""Which accuracy is found under a limit on latency: python examples/limit_on_latency.py TRUTH.csv

Writes TRUTH.csv with the columns arch, accuracy and latency_ms, here of 300 architectures of digits-nb201, with
latencies made up of multiply-accumulates and noise; yours has measured ones.
"""

import sys

import numpy as np

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

bench, rng = ng.load_benchmark("digits-nb201"), np.random.default_rng(0)
table = bench.truth.groupby("arch", as_index=False)["accuracy"].mean().merge(bench.complexity).head(300)
table["latency_ms"] = (table["macs"] / 1e5 + rng.random(300)).astype(float)
table[["arch", "accuracy", "latency_ms"]].to_csv(sys.argv[1], index=False)
scores = {"mine": dict(zip(table["arch"], table["accuracy"] + 0.05 * rng.normal(size=300), strict=True))}
evaluation = ng.judge(scores, truth=sys.argv[1], space="nb201", constraints=["latency_ms < 1.5"], n_bootstrap=100)
print(
    evaluation.analysis("under_limit").drop(columns=["estimator", "place", "n_seeds"]).round(4).to_string(index=False)
)
