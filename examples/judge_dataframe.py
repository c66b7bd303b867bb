"""500 scores in a DataFrame: values with intervals, a figure for a paper and a LaTeX table.

python examples/judge_dataframe.py FOLDER
"""

import sys
from pathlib import Path

import nasgauge as ng
from nasgauge.core.usage import check_usage

check_usage(__doc__)

out = Path(sys.argv[1])
bench = ng.load_benchmark("digits-nb201")
scores = bench.complexity.set_index("arch")[["n_params", "macs"]].head(500)  # in place of your own
scores["mine"] = scores["macs"] ** 0.5 + scores["n_params"]
evaluation = ng.judge(scores, benchmark=bench, n_bootstrap=200)
print(evaluation)
evaluation.plot("kendall_tau", style="paper").figure.savefig(out / "kendall_tau.pdf")
evaluation.to_latex(out / "table.tex")
