"""The scores of `nasgauge run estimator-nb201`, whole or a part: python examples/estimator_judged.py FOLDER

For each data set of NAS-Bench-201 (needs $NASGAUGE_DATA) and each set of classes a Markdown table: Kendall's tau and
precision at 5% of every estimator, with 95% intervals, and by how much CWI is better on the same resampled
architectures. The sets: all classes that the terms of CWI are measured on; those without the classes that its form was
chosen on; and where some estimators are measured on fewer, those that all are. Ranks of combinations are those within
the set.
python examples/estimator_judged.py FOLDER NAME [RESAMPLES]: NAME in place of cwi; 1,000 resamples.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.core.store import Store
from nasgauge.core.usage import check_usage
from nasgauge.estimators.configuration import CombiningConfig
from nasgauge.judging import judge, paired
from nasgauge.studies.run import Run

CRITERIA = ["kendall_tau", {"name": "precision_at_top", "fraction": 0.05}]
DATASETS = ("cifar10", "cifar100", "imagenet16-120")


def finished(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and errors of the tasks that are finished, of the study as it is now."""
    store = Store.existing(folder)
    done = store.done("scores")
    keys = [task.key for task in Run.load(folder).plan.tasks if task.key in done]
    return store.read("scores", keys), store.read("errors", keys)


def chosen_on(benchmark) -> set[str]:
    """The members of the choice set (examples/estimator_measured.py); none of a benchmark that is no larger."""
    n_classes = benchmark.truth["iso_class"].nunique()
    return set(benchmark.sample_classes(400, rng=np.random.default_rng(2026)).archs) if n_classes > 400 else set()


def sets_of(tried: pd.DataFrame, ours: set[str], choice: set[str]) -> dict[str, set[str]]:
    """By name, architectures. tried: columns estimator, arch of all measurements, failed ones too."""
    measured = tried.groupby("estimator")["arch"].agg(set)
    own = set.intersection(*(measured[name] for name in ours))
    every = set.intersection(*measured)
    found = {"all classes": own, "without the choice set": own - choice}
    return found | ({"measured by every estimator": every, "the same, without the choice set": every - choice}
                    if every != own else {})  # fmt: skip


def scores_on(archs: set[str], scores: pd.DataFrame, tried: pd.DataFrame, study) -> pd.DataFrame:
    """Means over seeds of the estimators that are measured on all of these architectures, and their combinations."""
    n_measured = tried[tried["arch"].isin(archs)].groupby("estimator")["arch"].nunique()
    whole = set(n_measured.index[n_measured == len(archs)])
    found = scores[scores["arch"].isin(archs) & scores["estimator"].isin(whole)]
    for config in study.estimators:
        if isinstance(config, CombiningConfig) and whole.issuperset(need.name for need in config.dependencies()):
            found = pd.concat([found, config.combine(found)], ignore_index=True)
    return found.groupby(["estimator", "arch"], as_index=False)["score"].mean().assign(seed=0)


def table(scores: pd.DataFrame, truth: pd.DataFrame, ours: str, n_bootstrap: int) -> str:
    """Markdown, the best Kendall's tau first."""
    options = {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
    truth = truth[truth["arch"].isin(scores["arch"])]
    values = judge(scores, truth, CRITERIA, **options).set_index(["criterion", "estimator"])
    others = sorted(set(scores["estimator"]) - {ours})
    gaps = paired(scores, truth, ours, others, CRITERIA, **options).set_index(["criterion", "rival"])
    tau, top = values.index.unique("criterion")
    lines = [f"| estimator | τ | {ours} better by | P@5% | {ours} better by | cells |", "|---" * 6 + "|"]
    for name in values.loc[tau, "value"].sort_values(ascending=False).index:
        cells = []
        for criterion in (tau, top):
            cells.append(interval(values.loc[(criterion, name)], "value"))
            cells.append("" if name == ours else interval(gaps.loc[(criterion, name)], "difference"))
        lines.append(f"| `{name}` | {' | '.join(cells)} | {int(values.loc[(tau, name), 'n'])} |")
    return "\n".join(lines)


def interval(row: pd.Series, column: str) -> str:
    """A value with its interval; a dash where it is undefined, as of scores that are all equal."""
    return "–" if np.isnan(row[column]) else f"{row[column]:.3f} [{row['lower']:.3f}, {row['upper']:.3f}]"


def main() -> None:
    ours, n_bootstrap = sys.argv[2] if len(sys.argv) > 2 else "cwi", int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    folder = Path(sys.argv[1])
    study = Run.load(folder).study
    scores, errors = finished(folder)
    tried = pd.concat([scores, errors])[["estimator", "arch"]].drop_duplicates()
    needed = {need.name for config in study.estimators if ours in config.names() for need in config.dependencies()}
    for dataset in DATASETS:
        benchmark = benchmarks.load({"name": "nb201", "dataset": dataset}).in_classes("paper")
        here = tried[tried["arch"].isin(benchmark.archs)]
        for name, archs in sets_of(here, needed or {ours}, chosen_on(benchmark)).items():
            print(f"\n**{dataset}, {name}** ({len(archs):,})\n")
            print(table(scores_on(archs, scores, tried, study), benchmark.truth, ours, n_bootstrap), flush=True)


if __name__ == "__main__":
    check_usage(__doc__)
    main()
