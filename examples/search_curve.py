"""Best-so-far curves of two searches guided by two counts, as a table and a picture.

python examples/search_curve.py FOLDER [BUDGET]
"""

import sys
from pathlib import Path

from nasgauge.benchmarks import load
from nasgauge.core.usage import check_usage
from nasgauge.report import plot_best_so_far
from nasgauge.search import best_so_far, searched


def main() -> None:
    """Random search and evolution by n_params and MACs on the small NAS-Bench-201 networks, ten seeds each."""
    benchmark = load("digits-nb201")
    scores = benchmark.complexity.melt("arch", var_name="estimator", value_name="score").assign(seed=0)
    runs = searched(scores, benchmark.truth, benchmark.space, budget=int(sys.argv[2]) if sys.argv[2:] else 200)
    table = best_so_far(runs, benchmark.truth)
    table.to_csv(Path(sys.argv[1]) / "search-curve.csv", index=False)
    axes = plot_best_so_far(table, style="paper")
    axes.figure.savefig(Path(sys.argv[1]) / "search-curve.png", dpi=150)
    print(table.groupby("search").last())


if __name__ == "__main__":
    check_usage(__doc__)
    main()
