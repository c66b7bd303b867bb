"""Is A better than B over the three data sets of NAS-Bench-201: python examples/over_datasets.py [N]

Compares two complexity baselines on N architectures (needs $NASGAUGE_DATA): a row per data set, and the mean over them.
"""

import sys

import nasgauge as ng

evaluations = {}
for name in ("cifar10", "cifar100", "imagenet16-120"):
    bench = ng.load_benchmark("nb201", dataset=name)
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    bench = bench.only(sorted(bench.archs)[:: max(1, len(bench.archs) // n)])
    evaluations[name] = ng.judge(bench.complexity, benchmark=bench, criteria=["kendall_tau"], n_bootstrap=100)
table = ng.compare_over(evaluations, "macs", "n_params")
print(table[["dataset", "difference", "lower", "upper", "p_adjusted", "n"]].round(3).to_string(index=False))
print("over data sets:", table[["p_sign", "p_wilcoxon", "p_attainable"]].iloc[-1].round(3).to_dict())
