"""Ranking all architectures, and finding the best: python examples/estimator_figure.py FOLDER FIGURE.png

Every estimator of a `nasgauge run estimator-nb201`, whole or a part (needs $NASGAUGE_DATA), by Kendall's tau over all
architectures and by precision at 5%, on the classes that all of them are measured on and CWI was not chosen on.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from estimator_judged import CRITERIA, chosen_on, finished, scores_on, sets_of

from nasgauge import benchmarks
from nasgauge.core.usage import check_usage
from nasgauge.estimators.rivals import RIVALS
from nasgauge.judging import judge
from nasgauge.studies.run import Run

NAMED = {  # whose names are written, and where they begin relative to their points
    "cwi": (6, -2), "vkdnw_agg": (6, -3), "az_nas": (4, -10), "synflow_jacov_params": (-30, 7), "te_nas": (-32, 4),
    "vote": (-22, 5), "n_params": (-18, 6), "naswot": (5, -9), "synflow": (-20, 6), "grad_norm": (4, 5), "zen": (4, 5),
    "meco_opt": (6, 3), "plain": (4, 5),
}  # fmt: skip
GROUPS = {"CWI, five forms": "#c1440e", "combinations of others": "#1f5f99", "single zero-shot estimators": "#8a8a8a"}


def group_of(name: str) -> str:
    """Whose estimator it is."""
    if name.startswith("cwi"):
        return "CWI, five forms"
    return "combinations of others" if name in RIVALS or name == "vote" else "single zero-shot estimators"


def values_of(folder: Path) -> tuple[pd.DataFrame, int]:
    """Kendall's tau and precision at 5% by estimator, and the number of classes."""
    study, benchmark = Run.load(folder).study, benchmarks.load("nb201").in_classes("paper")
    scores, errors = finished(folder)
    tried = pd.concat([scores, errors])[["estimator", "arch"]].drop_duplicates()
    tried = tried[tried["arch"].isin(benchmark.archs)]
    archs = list(sets_of(tried, set(tried["estimator"].unique()), chosen_on(benchmark)).values())[-1]
    truth = benchmark.truth[benchmark.truth["arch"].isin(archs)]
    options = {"n_bootstrap": 0, "rng": np.random.default_rng(0)}
    values = judge(scores_on(archs, scores, tried, study), truth, CRITERIA, **options)
    return values.pivot(index="estimator", columns="criterion", values="value").dropna(), len(archs)


def main() -> None:
    values, n = values_of(Path(sys.argv[1]))
    tau, top = values.columns
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    groups = np.array([group_of(name) for name in values.index])
    for group, colour in reversed(GROUPS.items()):
        rows = values[groups == group]
        axes.scatter(rows[tau], rows[top], s=34, c=colour, label=group, zorder=3, edgecolors="white", linewidths=0.6)
    for name, row in values.iterrows():
        if name in NAMED:
            axes.annotate(name, (row[tau], row[top]), NAMED[name], textcoords="offset points", fontsize=7)
    axes.set(xlabel="Kendall's τ over all architectures", ylabel="P@top 5%", ylim=(-0.04, 1))
    axes.set_title(f"{n} isomorphism classes of NAS-Bench-201, CIFAR-10", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    figure.savefig(sys.argv[2], dpi=160)
    print(values.sort_values(tau, ascending=False).round(3).to_string())


if __name__ == "__main__":
    check_usage(__doc__)
    main()
