"""The values of one criterion with intervals and noise ceiling, for notebooks and papers."""

from typing import Any

from nasgauge.core.errors import unknown_name
from nasgauge.report.bundle import Bundle
from nasgauge.report.forest import draw_forest, size
from nasgauge.report.labels import Heading, chosen, headings
from nasgauge.report.plots.style import Style, axes_of

N_LETTERS = {"report": 40, "paper": 26}  # of a name: an axis in a column of a paper needs its half
LINE = {"report": 0.2, "paper": 0.15}  # inches per estimator


def plot_values(
    bundle: Bundle,
    criterion: str | None = None,
    ax: Any = None,
    *,
    style: Style = "report",
    serif: bool = False,
) -> Any:
    """Every estimator's value of a criterion with its bootstrap interval, the best on top; returns the axes.

    Complexity baselines are grey, the noise ceiling is a dashed line with a band, published values are open diamonds.
    criterion: name or name@K; the leading one of the report if None. ax: axes to draw in; a new figure if None. style:
    "report" or "paper" (no text below 7 points). serif: a serif font. UserError: an unknown criterion or style.
    """
    by = None if criterion is None else heading_of(bundle, criterion)
    width, line = (4.8, LINE["report"]) if style == "report" else (3.25, LINE["paper"])
    with axes_of(ax, size(bundle, width=width, line=line), style=style, serif=serif) as axes:
        draw_forest(bundle, axes, by, n_letters=N_LETTERS[style])
    return axes


def heading_of(bundle: Bundle, criterion: str) -> Heading:
    """The criterion of that name (name@K, or the name alone where it has one K); UserError names the nearest."""
    known = headings(bundle.values)
    named = chosen(known, criterion, "this report")
    if len(named) > 1:
        raise unknown_name("criterion of this report", criterion, [h.name for h in known])
    return named[0]
