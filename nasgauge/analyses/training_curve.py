"""Has the training of the supernet converged?"""

import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import draw_leading, epoch_axis, say, tidy
from nasgauge.analyses.trend import places
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "epoch", "quantity", "value", "low", "high", "n", "panel", "place")
_PANELS = {"train_loss": "Training loss, nats", "lr": "Learning rate"}
_LOG_RATIO = 100  # of the learning rates, from which the small ones would all seem 0


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, training_log: pd.DataFrame
) -> pd.DataFrame:
    """Training loss and learning rate of every epoch, mean, minimum and maximum over the seeds.

    value = mean over seeds of train_loss (nats, mean over the epoch's steps), of lr (at the epoch's last step)

    training_log: table TRAINING_LOG; scores and truth (tables SCORES, TRUTH) decide only `place`; space is not used.
    n: seeds that trained this epoch. Range [0, inf), neither direction is
    better. Returns (estimator, epoch, quantity, value, low, high, n, panel, place) in the order of place, quantity and
    epoch; empty where nothing was trained.

    >>> rows = {"estimator": "net", "seed": [0, 1], "epoch": 1, "lr": 0.05, "train_loss": [2.0, 1.0]}
    >>> truth = pd.DataFrame({"arch": [], "accuracy": []})
    >>> table = compute(pd.DataFrame({"estimator": []}), truth, training_log=pd.DataFrame(rows))
    >>> table[["quantity", "value", "low", "high", "n"]].values.tolist()
    [['train_loss', 1.5, 1.0, 2.0, 2], ['lr', 0.05, 0.05, 0.05, 2]]

    Reference: ning2021evaluating, App. D.
    """
    log = training_log.sort_values(["estimator", "epoch", "seed"])
    parts = []
    for quantity, panel in _PANELS.items():
        over_seeds = log.groupby(["estimator", "epoch"])[quantity]
        found = over_seeds.agg(value="mean", low="min", high="max", n="size").reset_index()
        parts.append(found.assign(quantity=quantity, panel=panel))
    table = pd.concat(parts, ignore_index=True)
    table["place"] = table["estimator"].map(places(table["estimator"].unique(), scores, truth)).astype("int64")
    return table.sort_values("place", kind="stable", ignore_index=True)[list(_COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One quantity over epochs, one line per estimator, its band over the seeds."""
    if table.empty:
        say(ax, "nothing was trained")
        return
    draw_leading(table, ax, "epoch")
    epoch_axis(ax, table["epoch"])
    positive = table["value"].min() > 0
    if table["quantity"].iloc[0] == "lr" and positive and table["value"].max() > _LOG_RATIO * table["value"].min():
        ax.set_yscale("log")
        ax.minorticks_off()
    ax.set_ylabel(table["panel"].iloc[0].lower())
    tidy(ax)


ANALYSIS = Analysis(
    name="training_curve",
    question="Has the training of the supernet converged?",
    paper_finding=(
        "Ning et al. (2021, App. D) halve the learning rate when the mean training loss has not decreased for 30 "
        "epochs."
    ),
    section="training",
    caption="Lines: means over seeds; bands: range.",
    needs=("training_log",),
    counts="seeds",
    compute=compute,
    draw=draw,
    panel_by="panel",
    size=(3.3, 2.9),
)
