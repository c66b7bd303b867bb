"""Is A better than B over the three data sets of NAS-Bench-201: python examples/over_datasets.py [N]

Compares two complexity baselines on N architectures (needs $NASGAUGE_DATA): a row per data set, and the mean over them.
"""

import sys

import numpy as np

from nasgauge import benchmarks
from nasgauge.judging import paired_over

SHOWN = ["dataset", "difference", "lower", "upper", "p_adjusted", "n"]


def main(n: str = "1000") -> None:
    """Print the paired differences of macs to n_params."""
    datasets = {}
    for name in ("cifar10", "cifar100", "imagenet16-120"):
        benchmark = benchmarks.load({"name": "nb201", "dataset": name})
        benchmark = benchmark.only(sorted(benchmark.archs)[:: max(1, len(benchmark.archs) // int(n))])
        scores = benchmark.complexity.melt("arch", var_name="estimator", value_name="score").assign(seed=0)
        datasets[name] = scores, benchmark.truth
    table = paired_over(datasets, "macs", "n_params", rng=np.random.default_rng(0))
    print(table[SHOWN].round(3).to_string(index=False))
    print("over data sets:", table[["p_sign", "p_wilcoxon", "p_attainable"]].iloc[-1].round(3).to_dict())


if __name__ == "__main__":
    main(*sys.argv[1:])
