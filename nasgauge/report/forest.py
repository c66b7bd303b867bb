"""The leading criterion as a forest plot: one line per estimator, with interval, noise ceiling and published value."""

import math

import numpy as np

from nasgauge.analyses import distinct, tidy
from nasgauge.judging import with_ceilings
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import ceiling_row, measured_on
from nasgauge.report.downloads import csv_download
from nasgauge.report.exhibit import Exhibit, Panel, counted
from nasgauge.report.figures import svg
from nasgauge.report.labels import COUNTING, Heading, best_first, by_key, leading

QUESTION = "How well does each estimator rank the architectures?"
CAPTION = (
    "Points: value of the criterion; bars: bootstrap interval over architectures; grey: complexity baselines. Whether "
    "two estimators differ is given by their paired difference in the table above, not by their intervals."
)
_LONG = 28  # letters of an axis label that would leave a narrow figure
_ACCENT, _GREY, _PUBLISHED = "#0072B2", "0.45", "#D55E00"


def size(bundle: Bundle, *, width: float = 4.8, line: float = 0.2) -> tuple[float, float]:
    """Width and height in inches for the number of estimators; line: height of each."""
    return width, 0.7 + line * bundle.values["estimator"].nunique()


def forest(bundle: Bundle, *, rng: np.random.Generator) -> Exhibit:
    """The leading criterion of all estimators as a figure; its download is the complete table of values."""
    by = leading(bundle.values)
    drawing = svg(
        lambda ax: draw_forest(bundle, ax), size(bundle), label=f"{by.symbol} with intervals", salt="forest", most=1.35
    )
    values = with_ceilings(bundle.values, bundle.ceiling)
    notes = [CAPTION]
    if len(bundle.ceiling):
        on = "on the evaluated architectures"
        notes.append(f"Dashed line and band: noise ceiling {on}{measured_on(bundle.ceiling_measure)}")
    if bundle.published is not None:
        notes.append("Open diamonds: published values.")
    return Exhibit(
        name="values",
        question=QUESTION,
        n=counted(bundle.values["n"], "architectures"),
        notes=tuple(notes),
        panels=(Panel("", drawing),),
        download=csv_download(values, "values", rng=rng),
        table=values,
    )


def draw_forest(bundle: Bundle, ax, by: Heading | None = None, *, n_letters: int = 40) -> None:
    """Best estimator on top; complexity baselines grey; noise ceiling as a band; published values as diamonds.

    by: the leading criterion if None. n_letters: maximum length of a name.
    """
    by = leading(bundle.values) if by is None else by
    values, published = by_key(bundle.values), by_key(bundle.published)
    names = best_first(bundle.values, by)
    for y, name in enumerate(names):
        row = values.get((name, by.key))
        if row is None or math.isnan(row.value):
            ax.text(0.02, y, "undefined", color="0.5", va="center", transform=ax.get_yaxis_transform())
            continue
        colour = _GREY if name in COUNTING else _ACCENT
        if not math.isnan(row.lower):
            ax.plot([row.lower, row.upper], [y, y], color=colour, linewidth=2, alpha=0.5, solid_capstyle="butt")
        ax.plot(row.value, y, "o", color=colour, markersize=5)
        known = published.get((name, by.key))
        if known is not None:
            ax.plot(known.value, y, "D", markerfacecolor="none", markeredgecolor=_PUBLISHED, markersize=5, zorder=4)
    _draw_ceiling(bundle, by, names, ax)
    ax.set_yticks(range(len(names)), distinct(names, n_letters))
    ax.set_ylim(len(names) - 0.4, -0.6)
    at = "" if by.at is None else f" ({by.symbol})"
    label = f"{by.title or by.symbol}{at} {by.arrow}"
    ax.set_xlabel(label, loc="right" if len(label) > _LONG else "center")
    ax.grid(axis="x", color="0.9", linewidth=0.6)
    ax.set_axisbelow(True)
    tidy(ax)


def _draw_ceiling(bundle: Bundle, by: Heading, names: list[str], ax) -> None:
    """One band where all estimators share a noise ceiling; otherwise one segment per estimator."""
    alone = bundle.ceiling["archs"].nunique() == 1
    for y, name in enumerate(names[:1] if alone else names):
        row = ceiling_row(bundle.ceiling, name, by)
        if row is None:
            continue
        low, high = (0.0, 1.0) if alone else (y - 0.4, y + 0.4)
        across = ax.get_xaxis_transform() if alone else ax.transData
        if not math.isnan(row.lower):
            ax.fill_between([row.lower, row.upper], low, high, color="0.88", linewidth=0, zorder=0, transform=across)
        ax.plot([row.value] * 2, [low, high], color="0.45", lw=1, linestyle=(0, (4, 2)), zorder=0, transform=across)
