"""Do proxies rank beyond what the size of the architectures explains: python examples/only_size.py [N]

Prints correlations as they are, within bands of size, and given size, of N architectures of digits-nb201.
"""

import sys

import nasgauge as ng

bench = ng.load_benchmark("digits-nb201")
bench = bench.only(bench.archs[: int(sys.argv[1]) if len(sys.argv) > 1 else 100])
scores = ng.ZeroShot(bench, ["relu_logdet", "synflow"], batch_size=32).scores()
table = ng.judge(scores, benchmark=bench, criteria=["kendall_tau"], n_bootstrap=100).analysis("beyond_size")
print(table[["estimator", "quantity", "value", "lower", "upper"]].round(3).to_string())
