"""Kendall's tau of counts with the real NAS-Bench-201 accuracy over all 6,466 classes (needs $NASGAUGE_DATA)."""

import numpy as np
import pandas as pd

from nasgauge.benchmarks import load
from nasgauge.judging import judge


def main() -> None:
    """One line a count: convolutions on all and on live edges, parameters of both, with intervals."""
    benchmark = load("nb201").sample_classes(None, rng=np.random.default_rng(0))
    space = benchmark.space
    rows = []
    for name in benchmark.archs:
        arch = space.from_str(name)
        every, live = space.op_counts(arch), space.op_counts(arch, live=True)
        for label, n in (("all edges", every), ("live edges", live)):
            convs = n["nor_conv_1x1"] + n["nor_conv_3x3"]
            rows.append((f"convolutions, {label}", name, 0, convs))
            rows.append((f"parameters, {label}", name, 0, 28_000 * n["nor_conv_1x1"] + 243_040 * n["nor_conv_3x3"]))
    scores = pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])
    criteria = ["kendall_tau", "spearman_rho", {"name": "precision_at_top", "fraction": 0.05}]
    criteria += [{"name": "precision_at_bottom", "fraction": 0.05}, {"name": "best_rank_at", "fraction": 0.05}]
    values = judge(scores, benchmark.truth, criteria, n_bootstrap=0, rng=np.random.default_rng(0))
    print(values.pivot(index="estimator", columns="criterion", values="value").round(3).to_string())


if __name__ == "__main__":
    main()
