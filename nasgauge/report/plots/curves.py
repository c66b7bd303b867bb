"""Best-so-far curves of searches, for notebooks and papers."""

from typing import Any

import pandas as pd

from nasgauge.analyses.toolkit.drawing import GREEN, draw_leading, epoch_axis, say, scale_of, tidy
from nasgauge.report.plots.style import Style, axes_of


def plot_best_so_far(table: pd.DataFrame, ax: Any = None, *, style: Style = "report", serif: bool = False) -> Any:
    """The true accuracy of the incumbent by number of evaluations, one line per search; returns the axes.

    table: of `search.best_so_far`. Lines: medians over seeds, bands: its interval, dashed: the best architecture of
    the ground truth. Beyond eight searches those with the best final median are shown. The other arguments are those
    of `plot_values`.
    """
    height = 2.3 + 0.14 * min(8, table["search"].nunique())
    with axes_of(ax, (3.6 if style == "report" else 3.25, height), style=style, serif=serif) as axes:
        draw_best_so_far(table, axes)
    return axes


def draw_best_so_far(table: pd.DataFrame, ax: Any) -> None:
    """One line per search with a band over seeds, and the best architecture of the ground truth as a dashed line."""
    if table.empty:
        say(ax, "no search was run")
        return
    factor, unit = scale_of(table["best"])
    columns = ["value", "low", "high"]
    final = table.groupby("search").tail(1).set_index("search")["value"]  # NaN: never an incumbent
    last = final.rank(method="first", ascending=False, na_option="bottom").astype(int)
    shown = table.assign(**{c: factor * table[c] for c in columns}, estimator=table["search"])
    ax.axhline(factor * table["best"].iloc[0], color=GREEN, linestyle=(0, (4, 2)), linewidth=1, zorder=0)
    draw_leading(shown.assign(place=shown["search"].map(last)), ax, "n_evaluated")
    epoch_axis(ax, table["n_evaluated"], "architectures evaluated")
    ax.set_ylabel(f"accuracy of the incumbent{f', {unit}' if unit else ''}")
    ax.margins(x=0.01)
    tidy(ax)
