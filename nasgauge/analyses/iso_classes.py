"""Do isomorphic architectures receive the same score?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import LINES, N_LINES, epoch_axis, legend_below, plain, say, tidy
from nasgauge.analyses.toolkit.vectors import ranks
from nasgauge.spaces import Space

_SPREADS = ("within_score_std", "within_rank_std", "between_score_std", "global_score_std")
_COLUMNS = ("estimator", "epoch", *_SPREADS, "n", "n_members", "n_seeds")


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, class_scores: pd.DataFrame
) -> pd.DataFrame:
    """Standard deviation of scores and ranks within isomorphism classes, between them and over all, by epoch.

    within_score_std = mean over classes c of std {s_i : i in c}, within_rank_std the same of the ranks of s
    between_score_std = std over classes c of mean {s_i : i in c}, global_score_std = std of all s_i

    Every std is that of a population (ddof 0), of one seed; the mean over seeds is returned. class_scores: table
    CLASS_SCORES; scores, truth and space are not used, because members need no ground truth. An architecture
    counts if every seed of its estimator and epoch scored it. The means within classes are over the n classes with two
    such members or more, all others over all n_members; ranks run over these, 1 the best, tied ones sharing their mean
    rank. Returns (estimator, epoch, the four spreads, n, n_members, n_seeds) by estimator and epoch, no row where no
    class has two members. Units are those of scores and ranks; 0 within the classes is ideal, but also that of constant
    scores.

    >>> found = {"estimator": "e", "arch": list("abc"), "iso_class": list("aab"), "seed": 0, "epoch": 9}
    >>> table = pd.DataFrame({**found, "arch": list("abc"), "score": [0.5, 0.75, 0.25]})
    >>> compute(None, None, class_scores=table)[["within_score_std", "within_rank_std", "n"]].values.tolist()
    [[0.125, 0.5, 1.0]]

    Reference: ning2020surgery, Table 2; ning2021evaluating, Fig. A17.
    """
    rows = [
        (name, epoch, *spreads)
        for (name, epoch), part in class_scores.groupby(["estimator", "epoch"], sort=True)
        if (spreads := _spreads(part)) is not None
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Standard deviation within classes over that of all scores, by epoch; estimators in ascending order."""
    share = table["within_score_std"] / table["global_score_std"].where(table["global_score_std"] > 0)
    table = table.assign(share=share).dropna(subset="share").sort_values("epoch")
    if table.empty:
        say(ax, "no class with two scored members")
        return
    last = table.groupby("estimator")["share"].last()
    names = sorted(last.index, key=lambda name: (last[name], name))
    for name, line in zip(names, LINES, strict=False):
        rows = table[table["estimator"] == name]
        style = {"color": line.colour, "linestyle": line.dash, "marker": line.marker, "markersize": 4, "linewidth": 1.4}
        ax.plot(rows["epoch"], rows["share"], label=plain(name, 30), markeredgewidth=0, **style)
    ax.set_ylim(0, max(1.08 * table["share"].max(), 0.01))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_ylabel("std within classes / std of all scores")
    epoch_axis(ax, table["epoch"])
    legend_below(ax, f"smallest {N_LINES} of {len(names)} estimators" if len(names) > N_LINES else "")
    tidy(ax)


def _spreads(part: pd.DataFrame) -> tuple[float, ...] | None:
    """The spreads of one estimator and epoch, means over seeds, then the three counts; None without a class of two."""
    wide = part.pivot(index=["iso_class", "arch"], columns="seed", values="score").dropna()
    classes = wide.index.get_level_values("iso_class")
    isomorphic = classes.duplicated(keep=False)
    if not isomorphic.any():
        return None
    placed = wide.apply(lambda score: ranks(score.to_numpy()))
    within = [t[isomorphic].groupby(level="iso_class").std(ddof=0).to_numpy().mean() for t in (wide, placed)]
    between = wide.groupby(level="iso_class").mean().to_numpy().std(axis=0).mean()
    values = wide.to_numpy()
    overall = np.where(np.ptp(values, axis=0) > 0, values.std(axis=0), 0.0).mean()  # sums round, constants have none
    return (*map(float, (*within, between, overall)), classes[isomorphic].nunique(), *wide.shape)


ANALYSIS = Analysis(
    name="iso_classes",
    question="Do isomorphic architectures receive the same score?",
    figure="Fig. A17",
    paper_finding=(
        "Ning et al. (2021, App. A.3.3 and Fig. A17) find that the standard deviation within isomorphism classes "
        "decreases with training; Ning et al. (2020, Table 2) report that of ranks to decrease from 162 to 117 between "
        "epochs 200 and 1,000, where that of the ground truth is 65."
    ),
    section="stability",
    caption=(
        "Standard deviation of the scores within an isomorphism class, mean over classes, relative to that of all "
        "scores; 0 is ideal. The table also contains ranks."
    ),
    needs=("class_scores",),
    counts="classes of two members or more",
    compute=compute,
    draw=draw,
    size=(3.6, 3.0),
)
