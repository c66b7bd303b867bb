"""A majority vote fed to a sort, as it is often done, against Copeland's count.

python examples/vote_by_sorting.py DIR

DIR: a finished nb201-zeroshot (needs $NASGAUGE_DATA). Majorities can be cyclic, so what a sort makes of them depends on
the order in which the architectures come; 20 random orders are tried.
"""

import functools
import sys
from pathlib import Path

import numpy as np

from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.combinations import copeland
from nasgauge.studies.run import Run

EXPERTS = ["relu_logdet", "jacob_cov", "synflow"]


def main(folder: str) -> None:
    """Kendall's tau of Copeland's count, and the range over orders of the sorted vote."""
    store = Store.existing(Path(folder))
    truth = Run.load(folder).plan.benchmark.truth.set_index("arch")["accuracy"]
    scores = store.read("scores").pivot(index="arch", columns="estimator", values="score")[EXPERTS].dropna()
    votes, accuracy = scores.to_numpy().T, truth[scores.index].to_numpy(float)
    print(f"Copeland: {kendall_tau(copeland(votes), accuracy):.3f}")

    def majority(i: int, j: int) -> int:
        return int(np.sign(votes[:, i] - votes[:, j]).sum())

    taus = []
    for seed in range(20):
        order = sorted(np.random.default_rng(seed).permutation(len(accuracy)), key=functools.cmp_to_key(majority))
        place = np.empty(len(order))
        place[order] = np.arange(len(order))
        taus.append(kendall_tau(place, accuracy))
    print(f"sorted by majority: {min(taus):.3f} to {max(taus):.3f} over 20 orders")


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1])
