"""Accuracy against score, one point per architecture."""

import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.drawing import BLUE, say, scale_of, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth, ranks
from nasgauge.core.errors import unknown_name
from nasgauge.report.bundle import Bundle
from nasgauge.report.labels import by_key, interval, leading, number
from nasgauge.report.plots.style import Style, axes_of

N_POINTS = 1_500  # above it densities are shown, because points would hide each other
_DECADES = 3  # range of positive scores from which their axis is logarithmic
_HEADROOM = 0.3  # of the range of the data, above it, where the text is


def plot_scatter(
    bundle: Bundle,
    estimator: str,
    ax: Any = None,
    *,
    axes: Literal["values", "ranks"] = "values",
    style: Style = "report",
    serif: bool = False,
) -> Any:
    """Ground truth against the score of one estimator, with the leading criterion in the upper left corner.

    Scores are means over seeds; those of -inf are drawn below the lowest finite one. Beyond 1,500 architectures
    densities are shown, darker is more. axes: "values", with a logarithmic axis where the scores are positive and span
    three decades or more, or "ranks", 1 the best, at the upper right. The other arguments are those of `plot_values`.
    Returns the axes. UserError: an unknown estimator.
    """
    if axes not in ("values", "ranks"):
        raise unknown_name("kind of axes", axes, ("values", "ranks"))
    known = list(dict.fromkeys(bundle.values["estimator"]))
    if estimator not in known:
        raise unknown_name("estimator of this report", estimator, known)
    table = points(bundle, [estimator])
    with axes_of(ax, (2.8, 2.4), style=style, serif=serif) as drawn:
        draw_points(table, drawn, corner=corner_text(bundle, estimator), by_rank=axes == "ranks")
    return drawn


def points(bundle: Bundle, estimators: list[str] | None = None) -> pd.DataFrame:
    """(estimator, arch, score, accuracy, n): mean score and mean ground truth of the architectures with both."""
    accuracy = mean_truth(bundle.truth)
    parts = []
    for name, score in mean_scores(bundle.measured).items():
        if estimators is None or name in estimators:
            kept = score[is_among(score.index, accuracy.index)]
            columns = {
                "arch": kept.index,
                "score": kept.to_numpy(),
                "accuracy": accuracy.reindex(kept.index).to_numpy(),
            }
            parts.append(pd.DataFrame(columns).assign(n=len(kept)))
            parts[-1].insert(0, "estimator", name)
    columns = ["estimator", "arch", "score", "accuracy", "n"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def corner_text(bundle: Bundle, estimator: str) -> str:
    """The leading criterion with its interval, and the number of architectures, as reported in the table of values.

    Of several seeds it is the mean of the values of each, which is not that of the mean scores, and says so.
    """
    by = leading(bundle.values)
    row = by_key(bundle.values).get((estimator, by.key))
    if row is None:
        return ""
    symbol = by.symbol.replace("Kendall ", "")
    if math.isnan(row.value):
        return f"{symbol} undefined, n = {row.n:,}"
    bounds = interval(row.lower, row.upper, by.decimals, compact=True)
    notes = [bounds, f"mean of {row.n_seeds} seeds" if row.n_seeds > 1 else ""]
    below = ", ".join(note for note in notes if note)
    return f"{symbol} = {number(row.value, by.decimals, compact=True)}, n = {row.n:,}\n{below}".rstrip()


def draw_points(table: pd.DataFrame, ax: Any, *, corner: str, by_rank: bool = False) -> None:
    """Points or densities of one estimator, and a text above them in the upper left corner."""
    if table.empty:
        say(ax, "no scores")
        return
    x, y = table["score"].to_numpy("float64"), table["accuracy"].to_numpy("float64")
    factor, unit = scale_of(y)
    x, y = (ranks(x), ranks(y)) if by_rank else (x, factor * y)
    logarithmic = not by_rank and x.min() > 0 and x.max() > 10**_DECADES * x.min()
    if logarithmic:
        ax.set_xscale("log")
    if len(x) > N_POINTS:
        style = {"bins": "log", "mincnt": 1, "cmap": "Blues", "linewidths": 0, "rasterized": True}
        ax.hexbin(x, y, gridsize=45, xscale="log" if logarithmic else "linear", **style)
    else:
        ax.scatter(x, y, s=5, color=BLUE, alpha=0.5, linewidths=0, rasterized=len(x) > 200)
    ax.set_xlabel("rank by score" if by_rank else "score")
    ax.set_ylabel("rank by ground truth" if by_rank else f"accuracy, {unit}" if unit else "ground truth")
    if by_rank:
        ax.invert_xaxis()
    if not logarithmic:
        ax.locator_params(axis="x", nbins=4)
        ax.ticklabel_format(axis="x", scilimits=(-3, 4))
    else:
        _few_decades(ax)
    _make_room(ax, y, downwards=by_rank)
    ax.text(0.03, 0.98, corner, transform=ax.transAxes, ha="left", va="top", fontsize=7)
    tidy(ax)


def _few_decades(ax: Any) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    ax.xaxis.set_major_locator(LogLocator(numticks=4))
    ax.xaxis.set_minor_locator(NullLocator())


def _make_room(ax: Any, y: np.ndarray, *, downwards: bool) -> None:
    """Limits of the vertical axis with room for text above the points, and ticks at the points only."""
    from matplotlib.ticker import MaxNLocator

    low, high = float(y.min()), float(y.max())
    span = high - low or max(abs(high), 1.0) * 0.1
    ticks = MaxNLocator(nbins=4).tick_values(low, high)
    ax.set_yticks([t for t in ticks if low - 0.05 * span <= t <= high + 0.05 * span])
    ends = (low - 0.05 * span, high + _HEADROOM * span)
    ax.set_ylim(*((high + 0.05 * span, low - _HEADROOM * span) if downwards else ends))
