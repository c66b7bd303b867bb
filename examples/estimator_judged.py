"""The same scores on three data sets: python examples/estimator_judged.py FOLDER (of `nasgauge run estimator-nb201`)

One block per data set of NAS-Bench-201 (needs $NASGAUGE_DATA): Kendall's tau and precision at 5% of every estimator,
with intervals; then what the first named has ahead of each other, on the same resampled architectures. The classes that
CWI was chosen on are left out. python examples/estimator_judged.py FOLDER NAME: NAME in place of cwi.
"""

import sys
from pathlib import Path

import numpy as np

from nasgauge import benchmarks
from nasgauge.core.store import Store
from nasgauge.judging import judge, paired

COLUMNS = ["criterion", "lower", "upper", "n"]
CRITERIA = ["kendall_tau", {"name": "precision_at_top", "fraction": 0.05}]


def chosen_on(benchmark) -> set[str]:
    """The members of the choice set (examples/estimator_measured.py); none of a benchmark that is no larger."""
    n_classes = benchmark.truth["iso_class"].nunique()
    return set(benchmark.sample_classes(400, rng=np.random.default_rng(2026)).archs) if n_classes > 400 else set()


def main() -> None:
    ours = sys.argv[2] if len(sys.argv) > 2 else "cwi"
    scores = Store.existing(Path(sys.argv[1])).read("scores")
    means = scores.groupby(["estimator", "arch"], as_index=False)["score"].mean().assign(seed=0)
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        benchmark = benchmarks.load({"name": "nb201", "dataset": dataset}).in_classes("paper")
        here = means[means["arch"].isin(set(benchmark.archs) - chosen_on(benchmark))]
        truth, options = benchmark.truth, {"n_bootstrap": 200, "rng": np.random.default_rng(0)}
        values = judge(here, truth, CRITERIA, **options)
        others = sorted(set(here["estimator"]) - {ours})
        ahead = paired(here, truth, ours, others, CRITERIA, **options)
        print(f"\n{dataset}\n{values[['estimator', 'value', *COLUMNS]].round(3).to_string(index=False)}")
        print(ahead[["estimator", "rival", "difference", *COLUMNS]].round(3).to_string(index=False))


if __name__ == "__main__":
    main()
