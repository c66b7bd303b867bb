"""Which estimators rank better than the number of parameters? python examples/beyond_parameters.py FOLDER [RESAMPLES]

FOLDER: of a finished study that has `n_params`. A Markdown table, best first: Kendall's tau and its paired difference
from that of `n_params` with 95% intervals over resampled architectures (1,000), and the precision at the top 10%.
Estimators that are constant are left out.
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.core.usage import check_usage
from nasgauge.judging import judge, paired
from nasgauge.studies.run import Run


def interval(row, column: str) -> str:
    return f"{row[column]:.3f} [{row['lower']:.3f}, {row['upper']:.3f}]"


def main() -> None:
    folder, n_bootstrap = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    run, options = Run.load(folder), {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
    top = {"name": "precision_at_top", "fraction": 0.1}
    values = judge(run.scores, run.truth, ["kendall_tau", top], **options).dropna(subset="value")
    tau, precision = (part.set_index("estimator") for _, part in values.groupby("criterion", sort=True))
    names = tau["value"].sort_values(ascending=False, kind="stable").index.tolist()
    others = [name for name in names if name != "n_params"]
    gaps = paired(run.scores, run.truth, others, ["n_params"] * len(others), ["kendall_tau"], **options)
    gaps = gaps.set_index("estimator")
    print("| | Kendall's tau | difference from `n_params` | P@top 10% |\n|---|---|---|---|")
    for name in names:
        gap = interval(gaps.loc[name], "difference") if name in gaps.index else "--"
        print(f"| `{name}` | {interval(tau.loc[name], 'value')} | {gap} | {precision.loc[name, 'value']:.2f} |")


if __name__ == "__main__":
    check_usage(__doc__)
    main()
