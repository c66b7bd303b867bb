"""Best-so-far curves of searches, for notebooks and papers."""

from typing import Any

import pandas as pd

from nasgauge.analyses import draw_best_so_far
from nasgauge.report.plots.style import Style, axes_of


def plot_best_so_far(table: pd.DataFrame, ax: Any = None, *, style: Style = "report", serif: bool = False) -> Any:
    """The true accuracy of the incumbent by number of evaluations, one line per search; returns the axes.

    table: of `analyses.best_so_far`. Lines: medians over seeds, bands: its interval, dashed: the best architecture of
    the ground truth. Beyond eight searches those with the best final median are shown. The other arguments are those
    of `plot_values`.
    """
    with axes_of(ax, (3.6, 3.0) if style == "report" else (3.25, 2.8), style=style, serif=serif) as axes:
        draw_best_so_far(table, axes)
    return axes
