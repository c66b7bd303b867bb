"""How reliable is a built benchmark, and how near to the real NAS-Bench-201? On the architectures that all files share.

python examples/compare_truths.py A.parquet B.parquet   (files that `nasgauge bench build` wrote; needs $NASGAUGE_DATA)
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from nasgauge.benchmarks import embedded, load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau


def main(paths: list[str]) -> None:
    """One line a file: mean tau between single seeds, mean tau between halves of the seeds, tau with the real truth."""
    wides = {}
    for path in paths:
        truth = embedded.from_files(Path(path)).truth
        wides[path] = truth.pivot(index="arch", columns="seed", values="accuracy")
    shared = sorted(set.intersection(*(set(w.index) for w in wides.values())))
    real = load("nb201").truth.set_index("arch")["accuracy"][shared].to_numpy(float)
    print(f"{len(shared)} architectures")
    for path, wide in wides.items():
        table = wide.loc[shared].to_numpy(float)
        n = table.shape[1]
        single = np.mean([kendall_tau(table[:, i], table[:, j]) for i, j in combinations(range(n), 2)])
        halves = [
            kendall_tau(table[:, first].mean(1).round(12), np.delete(table, first, axis=1).mean(1).round(12))
            for first in map(list, combinations(range(n), n // 2))
        ]
        near = kendall_tau(table.mean(1).round(12), real)
        print(f"{Path(path).stem}: single seeds {single:.3f}, halves {np.mean(halves):.3f}, real truth {near:.3f}")


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1:])
