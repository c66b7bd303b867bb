"""Scores of a finished study on `nb201` against the ground truth of other data sets, without measuring anything again.

    python examples/other_truths.py runs/oneshot-datasets [DATASET ...]     (needs $NASGAUGE_DATA)

Data sets: all three of NAS-Bench-201 if none is named. Prints the criteria of Ning et al. 2021, Table A10, of every
estimator, one column per data set: of `paper/oneshot-datasets` that is Fig. A4 there and the table's row of one-shot
accuracy.
"""

import sys

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.core.config import parsed
from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.judging import judge
from nasgauge.studies.schema import Study

CRITERIA = [
    *("kendall_tau", "spearman_rho"),
    *({"name": name, "fraction": 0.05} for name in ("precision_at_top", "precision_at_bottom", "best_rank_at")),
]
DATASETS = ("cifar10", "cifar100", "imagenet16-120")


def main(folder: str, *datasets: str) -> None:
    """Print the table."""
    print(against(folder, datasets or DATASETS).round(3).to_string())


def against(folder: str, datasets: tuple[str, ...]) -> pd.DataFrame:
    """Values by criterion and estimator (rows) and data set (columns)."""
    store = Store.existing(folder)
    choices = parsed(store.tables(), Study, folder).benchmark
    scores, found = store.read("scores"), {}
    for dataset in datasets:
        truth = benchmarks.load({**choices, "dataset": dataset}).truth
        values = judge(scores, truth, CRITERIA, n_bootstrap=0, rng=np.random.default_rng(0))
        found[dataset] = values.set_index(["criterion", "estimator"])["value"]
    return pd.DataFrame(found)


if __name__ == "__main__":
    check_usage(__doc__)
    main(*sys.argv[1:])
