"""Kendall's tau between parameters and accuracy on NAS-Bench-101 and each of its views (needs $NASGAUGE_DATA).

python examples/nb101_views.py
"""

from nasgauge.benchmarks import load
from nasgauge.benchmarks.nb101 import VIEWS
from nasgauge.criteria import kendall_tau, spearman_rho


def main() -> None:
    for view in ("nb101", *VIEWS):
        benchmark = load({"name": "nb101", "view": view, "n": 10_000})
        accuracy = benchmark.truth["accuracy"].to_numpy()
        n_params = benchmark.complexity["n_params"].to_numpy(float)
        tau, rho = kendall_tau(n_params, accuracy), spearman_rho(n_params, accuracy)
        n_cells = benchmark.facts["n_classes"]
        print(f"{view}: {len(accuracy):,} architectures, {n_cells:,} cells: KD {tau:.3f}, rho {rho:.3f}")


if __name__ == "__main__":
    main()
