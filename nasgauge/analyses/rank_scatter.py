"""How do estimated and true ranks compare?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth, ranks
from nasgauge.spaces import Space

N_POINTS = 1_500  # above it a panel shows densities, because points would hide each other


def compute(scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None) -> pd.DataFrame:
    """True and estimated rank of every architecture that an estimator scored.

    truth_rank = rank of the mean accuracy, score_rank = rank of the mean score, both among the n architectures with
    a score and a ground truth, 1 the best, tied ones sharing their mean rank; fractions are ranks / n.

    scores, truth: tables SCORES and TRUTH; space is not used. Architectures that a seed of the estimator lacks are
    omitted. A constant score gives rank (n + 1) / 2 to all. Returns (estimator, arch, truth_rank, score_rank,
    truth_rank_fraction, score_rank_fraction, n), empty where nothing is scored. UserError: an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = pd.DataFrame({"estimator": "size", "arch": list("abc"), "seed": 0, "score": [1.0, 1.0, 2.0]})
    >>> compute(scores, truth)[["arch", "truth_rank", "score_rank"]].values.tolist()
    [['a', 3.0, 2.5], ['b', 2.0, 2.5], ['c', 1.0, 1.0]]

    Reference: ning2021evaluating, Fig. A26.
    """
    accuracy = mean_truth(truth)
    parts = [_ranked(name, score, accuracy) for name, score in mean_scores(scores).items()]
    return pd.concat(parts, ignore_index=True) if parts else _ranked("", accuracy[:0], accuracy[:0])


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator: true over estimated rank, the best at the lower left; many points become densities."""
    x, y = table["score_rank_fraction"].to_numpy(), table["truth_rank_fraction"].to_numpy()
    ax.plot([0, 1], [0, 1], color="0.75", linewidth=0.8, zorder=0)
    if len(table) > N_POINTS:
        ax.hexbin(
            x, y, gridsize=40, extent=(0, 1, 0, 1), bins="log", mincnt=1, cmap="Blues", linewidths=0, rasterized=True
        )
    else:
        ax.scatter(x, y, s=4, color=BLUE, alpha=0.45, linewidths=0, rasterized=len(table) > 200)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.set(xlabel="estimated rank", ylabel="true rank")
    ax.set_aspect("equal")
    tidy(ax)


def _ranked(name: str, score: pd.Series, accuracy: pd.Series) -> pd.DataFrame:
    score = score[is_among(score.index, accuracy.index)]
    n = len(score)
    columns = {
        "estimator": np.full(n, name, dtype=object),
        "arch": score.index.to_numpy(),
        "truth_rank": ranks(accuracy.reindex(score.index).to_numpy()),
        "score_rank": ranks(score.to_numpy()),
    }
    table = pd.DataFrame(columns)
    fractions = {f"{c}_fraction": table[c] / n for c in ("truth_rank", "score_rank")}
    return table.assign(**fractions, n=n)


def note(table: pd.DataFrame) -> str:
    """Whether a panel shows densities."""
    dense = len(table) and table.groupby("estimator").size().max() > N_POINTS
    return "Large numbers of architectures are shown as densities." if dense else ""


ANALYSIS = Analysis(
    name="rank_scatter",
    question="How do estimated and true ranks compare?",
    figure="Fig. A26",
    paper_finding=(
        "Ning et al. (2021, App. B.2) report that relu_logdet and jacob_cov rank well overall but have a low precision "
        "at the top 5% (.158 and .087), because they prefer 1×1 to 3×3 convolutions."
    ),
    section="ranks",
    always=True,
    caption="Ranks as fractions of n; the best architecture is at the lower left.",
    note=note,
    limit=LIMIT,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.1, 2.1),
    margins=(0.2, 0.2, 0.98, 0.98),
)
