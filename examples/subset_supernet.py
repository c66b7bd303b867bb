"""Does a supernet that trains 78 architectures alone rank them better than one that trains the whole space?

Question 1 of appendix A.3 of "A Surgery of the Neural Architecture Evaluators", on digits-nb201: three supernets on the
whole space, and three on each of three random draws of 78 cells. Kendall's tau on the 78 and on all 1,000 cells.

    python examples/subset_supernet.py runs/subset-supernet [EPOCHS [CELLS]]

CELLS: so many random ones in place of all, and half of them, at most 78, in each subset.
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.benchmarks import load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study
from nasgauge.studies.training_sets import drawn

SUPERNET = {
    "name": "oneshot",
    "epochs": 100,
    "net": {"skip_dead": True},
    "split_seed": 0,
    "score_batch_size": 359,
}


def main(folder: str, epochs: int = 100, n_cells: int | None = None) -> None:
    """A line a draw: tau of either kind of supernet by loss, mean over three seeds and their standard deviation."""
    benchmark = load("digits-nb201").sample_classes(n_cells, rng=np.random.default_rng(0))
    size = min(78, len(benchmark.archs) // 2)
    draws = [drawn(benchmark, size, draw, benchmark.truth)["arch"].unique().tolist() for draw in range(3)]
    supernet = SUPERNET | {"epochs": epochs}
    supernets = [supernet | {"label": "whole"}]
    for i, archs in enumerate(draws):
        supernets.append(supernet | {"label": f"subset-{i}", "sampler": "subset", "sampler_options": {"archs": archs}})
    study = {"title": "A supernet of 78 architectures", "benchmark": "digits-nb201", "seeds": [0, 1, 2]}
    if n_cells is not None:
        study["archs"] = {"n": n_cells}
    chosen = Study(**study, n_bootstrap=100, criteria=["kendall_tau"], estimators=supernets)
    scores = running.run(chosen, Path(folder)).scores
    truth = benchmark.truth.groupby("arch")["accuracy"].mean()
    table = scores.pivot(index="arch", columns=["estimator", "seed"], values="score")
    for i, archs in enumerate(draws):
        for where, names in ((f"the {size}", archs), ("all", truth.index)):
            taus = {
                kind: [kendall_tau(table.loc[names, (f"{kind}_loss", seed)], truth[names]) for seed in range(3)]
                for kind in ("whole", f"subset-{i}")
            }
            said = [f"{kind} {np.mean(t):.3f} ± {np.std(t, ddof=1):.3f}" for kind, t in taus.items()]
            print(f"draw {i + 1}, {where}: {', '.join(said)}")


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
