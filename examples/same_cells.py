"""Kendall's tau of the estimators that several studies share, on the architectures that all of them scored.

python examples/same_cells.py DIR DIR ...   (folders of studies on the same benchmark)
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.judging import judge
from nasgauge.studies.run import Run


def main(folders: list[str]) -> None:
    """One block a study."""
    stores = [Store.existing(Path(f)) for f in folders]
    scores = [s.read("scores") for s in stores]
    archs = set.intersection(*(set(s["arch"]) for s in scores))
    names = set.intersection(*(set(s["estimator"]) for s in scores))
    for folder, table in zip(folders, scores, strict=True):
        benchmark = Run.load(folder).plan.benchmark.only(sorted(archs))
        mine = table[table["estimator"].isin(names) & table["arch"].isin(archs)].sort_values("estimator")
        values = judge(mine, benchmark.truth, ["kendall_tau"], n_bootstrap=500, rng=np.random.default_rng(0))
        print(folder)
        print(values[["estimator", "value", "lower", "upper", "n"]].round(3).to_string(index=False))


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1:])
