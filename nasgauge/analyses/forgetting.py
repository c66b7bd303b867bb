"""Does the accuracy of an architecture decrease after its own training step?"""

import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, epoch_axis, say, tidy
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "epoch", "mean", "std", "quantile_10", "median", "quantile_90", "share_negative", "n")


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, forgetting: pd.DataFrame
) -> pd.DataFrame:
    """Forgetting value of the architectures trained in an epoch, its distribution at each epoch.

    FV = accuracy at the end of the epoch - accuracy right after the architecture's own step

    forgetting: table FORGETTING; scores, truth and space are not used. Accuracies are fractions on the same validation
    images, with the current shared weights. FV < 0: training other architectures decreased the accuracy; FV > 0:
    it increased it. Returns (estimator, epoch, mean, std, quantile_10, median, quantile_90, share_negative, n) by
    estimator and epoch, over all its seeds, steps and architectures, n of them; std is that of a population (ddof 0),
    quantiles are linear between values, and share_negative counts FV < 0 alone. Range [-1, 1] of an FV; empty without
    rows.

    >>> rows = {"estimator": "e", "seed": 0, "epoch": 1, "step": [0, 1], "arch": ["a", "b"]}
    >>> table = pd.DataFrame({**rows, "accuracy_after_step": [0.5, 0.5], "accuracy_after_epoch": [0.25, 0.75]})
    >>> compute(None, None, forgetting=table)[["mean", "std", "share_negative", "n"]].values.tolist()
    [[0.0, 0.25, 0.5, 2.0]]

    Reference: ning2021evaluating, Fig. A14.
    """
    value = forgetting["accuracy_after_epoch"] - forgetting["accuracy_after_step"]
    value = value.round(12)  # 0.3 - 0.3 after a mean over batches must not count as negative
    groups = forgetting.assign(value=value).groupby(["estimator", "epoch"], sort=True)["value"]
    return pd.DataFrame([(*key, *_distribution(part)) for key, part in groups], columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator: the median by epoch, the band from the .1 to the .9 quantile, and a line at zero."""
    if table.empty:
        say(ax, "no forgetting recorded")
        return
    table = table.sort_values("epoch")
    epoch, low, median, high = (table[c] for c in ("epoch", "quantile_10", "median", "quantile_90"))
    ax.axhline(0, color="0.35", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    if len(table) == 1:
        ax.vlines(epoch, 100 * low, 100 * high, color=BLUE, linewidth=6, alpha=0.25)
    else:
        ax.fill_between(epoch, 100 * low, 100 * high, color=BLUE, alpha=0.22, linewidth=0)
    ax.plot(epoch, 100 * median, "-" if len(table) > 30 else "o-", color=BLUE, linewidth=1.5, markersize=3)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "0")
    ax.set_ylabel("forgetting value, % points")
    epoch_axis(ax, epoch)
    tidy(ax)


def _distribution(value: pd.Series) -> tuple[float, ...]:
    """Mean, std, quantiles, share below zero and number of the values, sorted so that their order is none."""
    value = value.sort_values().to_numpy()
    low, median, high = pd.Series(value).quantile([0.1, 0.5, 0.9])
    return float(value.mean()), float(value.std()), low, median, high, float((value < 0).mean()), len(value)


ANALYSIS = Analysis(
    name="forgetting",
    question="Is an architecture forgotten in the later steps of an epoch?",
    figure="Fig. A14",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.3 and Fig. A14) find forgetting in early training only: later the forgetting "
        "values vary less and their mean becomes positive, so that training other architectures helps."
    ),
    section="training",
    caption=(
        "Forgetting value: accuracy at the end of the epoch minus accuracy right after the architecture's own step; "
        "line: median, band: .1 to .9 quantile; negative: forgotten."
    ),
    needs=("forgetting",),
    counts="trainings of architectures",
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(3.6, 2.3),
)
