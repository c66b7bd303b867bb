"""How reliable is a built benchmark, and how near to the published one? On the architectures that all files share.

python examples/compare_truths.py A.parquet B.parquet   (needs $NASGAUGE_DATA)

Files that `nasgauge bench build` wrote, of search space nb201 or nb101. The published accuracy is that of the cell,
or of the isomorphic cell where the published table has only that one.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from nasgauge.benchmarks import embedded, load
from nasgauge.core.usage import check_usage
from nasgauge.criteria import kendall_tau

PUBLISHED = ("nb201", "nb101")  # spaces with a published table of all architectures


def main(paths: list[str]) -> None:
    """One line per file: mean tau between single seeds, and between their halves, tau with the published accuracy."""
    wides, spaces = {}, set()
    for path in paths:
        benchmark = embedded.from_files(Path(path))
        spaces.add(benchmark.space.name)
        wides[path] = benchmark.truth.pivot(index="arch", columns="seed", values="accuracy")
    if len(spaces) > 1 or not spaces <= set(PUBLISHED):
        sys.exit(f"tables of {', '.join(sorted(spaces))}; give tables of one space, {' or '.join(PUBLISHED)}")
    shared = sorted(set.intersection(*(set(w.index) for w in wides.values())))
    published = load({"name": spaces.pop()}, holding=shared)
    by_class = published.truth.groupby("iso_class")["accuracy"].mean()
    by_arch = published.truth.groupby("arch")["accuracy"].mean()
    cells = published.space
    classes = {arch: cells.to_str(cells.canonical(cells.from_str(arch))) for arch in shared}
    shared = [arch for arch in shared if arch in by_arch or classes[arch] in by_class]
    real = np.array([by_arch.get(arch, by_class.get(classes[arch])) for arch in shared], float)
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
        print(f"{Path(path).stem}: single seeds {single:.3f}, halves {np.mean(halves):.3f}, published {near:.3f}")


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1:])
