"""Does more validation data rank the architectures that are tied on one batch?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, ORANGE, legend_below, say, tidy
from nasgauge.analyses.toolkit.vectors import mean_truth
from nasgauge.analyses.trend import placed
from nasgauge.analyses.validation_size import Batches, by_batch
from nasgauge.criteria import kendall_tau
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "epoch", "seed", "level", "kendall_tau", "n_levels", "n", "place")
_EDGES = np.linspace(-1, 1, 21)


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, batch_scores: pd.DataFrame
) -> pd.DataFrame:
    """Kendall's tau-b within each level, the architectures with exactly equal accuracy on the first validation batch.

    kendall_tau = tau over the level of (accuracy on all batches, weighted by images; mean truth)

    batch_scores: table BATCH_SCORES; truth: table TRUTH; scores (table SCORES) decide only `place`; space is not used.
    Computed for each estimator's first, middle and last checkpoint and every seed, over the architectures of the ground
    truth that all seeds evaluated on all batches. One row per level of at least two architectures whose ground truth is
    not constant.
    level: the accuracy on the first batch; n: architectures in it; n_levels: levels of this checkpoint and seed, with
    those that have no row. Range [-1, 1], higher is better, 0: random order; NaN where the accuracies on all batches
    are equal (in 12 digits) throughout the level. Returns (estimator, epoch, seed, level, kendall_tau, n_levels, n,
    place), empty where no level qualifies.

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> rows = {"estimator": "net", "arch": list("aabbcc"), "seed": 0, "epoch": 1, "batch": [0, 1] * 3, "n_images": 10}
    >>> rows |= {"accuracy": [0.5, 0.3, 0.5, 0.2, 0.6, 0.1], "loss": 1.0}
    >>> table = compute(pd.DataFrame({"estimator": []}), truth, batch_scores=pd.DataFrame(rows))
    >>> table[["level", "kendall_tau", "n_levels", "n"]].values.tolist()
    [[0.5, -1.0, 2.0, 2.0]]

    Reference: ning2021evaluating, Fig. 3.
    """
    accuracy = mean_truth(truth).sort_index()
    rows = []
    for batches in by_batch(batch_scores, accuracy.index):
        rows += _levels(batches, accuracy.to_numpy()[batches.kept])
    return placed(rows, _COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator: histogram of the levels' tau at its first and its last checkpoint, all seeds together."""
    if table.empty:
        say(ax, "every level has a single architecture")
        return
    ax.axvline(0, color="0.75", linewidth=0.8, zorder=0)
    epochs = sorted(table["epoch"].unique())
    looks = (dict(color=ORANGE, linestyle=(0, (4, 1.5)), fill=False), dict(color=BLUE, fill=True, alpha=0.35))
    for epoch, look in zip((epochs[0], epochs[-1])[-len(epochs) :], looks[-len(epochs) :], strict=True):
        rows = table[table["epoch"] == epoch]
        tau = rows["kendall_tau"].dropna()
        n_levels = int(rows.drop_duplicates("seed")["n_levels"].sum())
        label = f"epoch {epoch:,}: {len(tau):,} of {n_levels:,} levels"
        ax.stairs(np.histogram(tau, _EDGES)[0], _EDGES, label=label, linewidth=1.4, **look)
    ax.set(xlim=(-1.02, 1.02), xticks=[-1, -0.5, 0, 0.5, 1], ylim=(0, None))
    ax.locator_params(axis="y", nbins=4, integer=True)
    ax.set_xlabel("Kendall's tau-b within a level")
    ax.set_ylabel("levels")
    legend_below(ax)
    tidy(ax)


def _levels(batches: Batches, true: np.ndarray) -> list[dict[str, object]]:
    full = batches.first(batches.n_images.shape[2])["accuracy"]
    rows = []
    for i, seed in enumerate(batches.seeds):
        levels, level = np.unique(batches.accuracy[:, i, 0], return_inverse=True)
        for number, value in enumerate(levels):
            inside = level == number
            if np.ptp(true[inside]) > 0:
                key = {"estimator": batches.estimator, "epoch": batches.epoch, "seed": int(seed), "level": value}
                tau = kendall_tau(full[inside, i], true[inside])
                rows.append({**key, "kendall_tau": tau, "n_levels": len(levels), "n": int(inside.sum())})
    return rows


ANALYSIS = Analysis(
    name="intra_level",
    question="Does more validation data rank the architectures that are tied on one batch?",
    figure="Fig. 3",
    paper_finding=(
        "Ning et al. (2021, Sec. 4.1) find more negative than positive correlations within such levels for an "
        "under-trained supernet, and the opposite for a trained one."
    ),
    section="stability",
    caption=(
        "Level: architectures with equal accuracy on the first batch. Histogram of Kendall's tau-b within levels "
        "between accuracy on all batches and ground truth, at the first and the last checkpoint, over all seeds."
    ),
    needs=("batch_scores",),
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(3.3, 2.7),
)
