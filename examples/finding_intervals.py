"""Intervals of what supernets do during training: python examples/finding_intervals.py FOLDER [RESAMPLES]

FOLDER: of `nasgauge run truths`; needs $NASGAUGE_DATA. For the accuracy of the supernet of de-isomorphic sampling,
judged against each ground truth of `findings.py`: how much Kendall's tau increases from the first to the last
checkpoint, the mean rank difference (as in findings.py) of the fifth of the cells with the most and with the fewest
parameters, and P@bottom 5% minus P@top 5%. Means over seeds with 95% intervals over resampled cells (1,000), in each of
which ranks and fifths are determined again.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from findings import fifths, mean_accuracy, show, truths
from scipy.stats import rankdata

from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau, precision_at_bottom, precision_at_top
from nasgauge.studies.run import Run

NET = "deiso"
Vectors = tuple[np.ndarray, np.ndarray, np.ndarray]  # score, accuracy, parameters


def rank_difference(vectors: Vectors, *, largest: bool) -> float:
    """Mean over a fifth by parameters, with ranks counted from the worst; positive: overestimated."""
    score, accuracy, size = vectors
    gap = (rankdata(score) - rankdata(accuracy)) / len(size)
    return float(np.average(gap, weights=fifths(size)[largest]))


def changes(run: Run, truth: pd.DataFrame, *, n_bootstrap: int) -> pd.Series:
    """The statistics as texts with their intervals."""
    accuracy = mean_accuracy(truth)
    size = run.plan.benchmark.complexity.set_index("arch")["n_params"].reindex(accuracy.index).to_numpy(float)
    scores = run.records["checkpoint_scores"].query("estimator == @NET")
    wide = scores.pivot(index="arch", columns=["epoch", "seed"], values="score").reindex(accuracy.index)
    first, last = ([(wide[epoch, seed].to_numpy(), accuracy.to_numpy(), size) for seed in wide[epoch].columns]
                   for epoch in (scores["epoch"].min(), scores["epoch"].max()))  # fmt: skip

    def mean(statistic: Callable[[Vectors], float], seeds: list[Vectors], rows: np.ndarray) -> float:
        return float(np.mean([statistic(tuple(vector[rows] for vector in seed)) for seed in seeds]))

    def tau(v: Vectors) -> float:
        return kendall_tau(v[0], v[1])

    def ends(v: Vectors) -> float:
        return precision_at_bottom(v[0], v[1], fraction=0.05) - precision_at_top(v[0], v[1], fraction=0.05)

    def largest(v: Vectors) -> float:
        return rank_difference(v, largest=True)

    def smallest(v: Vectors) -> float:
        return rank_difference(v, largest=False)

    statistics = {
        "tau, last minus first epoch": lambda rows: mean(tau, last, rows) - mean(tau, first, rows),
        "largest fifth, first epoch": lambda rows: mean(largest, first, rows),
        "largest fifth, last epoch": lambda rows: mean(largest, last, rows),
        "largest fifth, last minus first": lambda rows: mean(largest, last, rows) - mean(largest, first, rows),
        "smallest fifth, last epoch": lambda rows: mean(smallest, last, rows),
        "P@bottom 5% minus P@top 5%": lambda rows: mean(ends, last, rows),
    }
    draws = np.random.default_rng(0).integers(len(accuracy), size=(n_bootstrap, len(accuracy)))
    every = np.arange(len(accuracy))
    return pd.Series({name: text(value(every), [value(rows) for rows in draws]) for name, value in statistics.items()})


def text(value: float, draws: list[float]) -> str:
    """The value with its 95% interval."""
    lower, upper = np.percentile(draws, [2.5, 97.5])
    return f"{value:+.3f} [{lower:+.3f}, {upper:+.3f}]"


def main() -> None:
    n_bootstrap = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    judged = truths(Path(sys.argv[1]))
    show(f"Training of {NET}, accuracy", judged, lambda run, truth: changes(run, truth, n_bootstrap=n_bootstrap))


if __name__ == "__main__":
    check_usage(__doc__)
    main()
