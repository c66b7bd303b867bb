"""The shipped ground truths in one Markdown table: python examples/truths_table.py [NAME ...]   (needs $NASGAUGE_DATA)

Per training: core-seconds. Kendall's tau of the mean test accuracy: between halves of the seeds (mean over all
divisions); with the mean accuracy of the isomorphic cells in the published table (NAS-Bench-201: CIFAR-10 test, 200
epochs; NAS-Bench-101: CIFAR-10 test, 108 epochs), with n, and within the better half of these; with the number of
parameters and of multiply-accumulates.
"""

import sys
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nasgauge.benchmarks import BENCHMARKS, load
from nasgauge.criteria import kendall_tau
from nasgauge.studies.texts import recipe_text

PUBLISHED = {"nb201": "nb201", "nb101": "nb101", "nb101-1shot1-3-chain": "nb101"}


def halves(wide: np.ndarray) -> float:
    """Mean tau over the divisions of the seeds into two halves."""
    n = wide.shape[1]
    firsts = [f for f in map(list, combinations(range(n), n // 2)) if 0 in f]
    pairs = [(wide[:, f].mean(1), np.delete(wide, f, axis=1).mean(1)) for f in firsts]
    return float(np.mean([kendall_tau(a.round(12), b.round(12)) for a, b in pairs]))


def published(space: str, archs: Sequence[str]) -> pd.Series:
    """By architecture the mean accuracy of the isomorphic cells in the published table; without those that it lacks."""
    benchmark = load({"name": PUBLISHED[space]}, holding=list(archs))
    known, cells = benchmark.truth.groupby("iso_class")["accuracy"].mean(), benchmark.space
    classes = pd.Series([cells.to_str(cells.canonical(cells.from_str(arch))) for arch in archs], archs)
    return classes[classes.isin(known.index)].map(known).astype(float)


def transfer(space: str, mean: pd.Series) -> str:
    """Tau with the published accuracies, the number of cells, and tau within their better half; "" without a table."""
    if space not in PUBLISHED:
        return "| | "
    both = published(space, list(mean.index))
    ours, theirs = mean[both.index].to_numpy(float), both.to_numpy()
    better = theirs >= np.median(theirs)
    return f"| {kendall_tau(ours, theirs):.3f} ({len(both):,}) | {kendall_tau(ours[better], theirs[better]):.3f} "


def row(name: str) -> str:
    """The line of one benchmark."""
    benchmark = load(name)
    wide = benchmark.truth.pivot(index="arch", columns="seed", values="accuracy").astype(float)
    mean = wide.mean(axis=1).round(12)  # the last bit of a sum must not break a tie
    sizes = benchmark.complexity.set_index("arch").loc[mean.index].astype(float)
    params, macs = (kendall_tau(sizes[column].to_numpy(), mean.to_numpy()) for column in ("n_params", "macs"))
    seconds = benchmark.facts["core_seconds"] / wide.size
    return (
        f"| `{name}` | {len(wide):,} x {wide.shape[1]} | {seconds:.1f} | {mean.median():.3f}, {mean.max():.3f} "
        f"| {halves(wide.to_numpy()):.3f} {transfer(benchmark.space.name, mean)}| {params:.3f} | {macs:.3f} |"
    )


def main() -> None:
    names = sys.argv[1:] or [name for name in BENCHMARKS if recipe_text(name)]
    print("| benchmark | architectures x seeds | core-s | accuracy: median, best | halves | published (n) "
          "| better half | n_params | MACs |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names:
        print(row(name), flush=True)


if __name__ == "__main__":
    main()
