"""Which estimators differ? Paired differences of all pairs as a matrix."""

import math
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.drawing import column_width, distinct
from nasgauge.report.differences import ALPHA, Differences, differences
from nasgauge.report.labels import number
from nasgauge.report.plots.style import Style, axes_of

_N_NUMBERED = 12  # estimators beyond which the cells have no numbers
_NUMBER, _INDEX = 22.0, 14.0  # points of width that a number in a cell, or of a column, needs


def plot_differences(
    paired: pd.DataFrame,
    criterion: str | None = None,
    ax: Any = None,
    *,
    style: Style = "report",
    serif: bool = False,
) -> Any:
    """The paired difference of each estimator (row) to each other one (column) as a matrix; returns the axes.

    Purple: the row is better, orange: the column; pale cells with a dot are not significant (adjusted p-value of .05 or
    more), crosses are undefined. Columns have the numbers of the rows; with up to 12 estimators the cells have the
    differences if these fit. paired: as for `latex_paired`. criterion: name or name@K; the first of the table if None.
    The other arguments are those of `plot_values`.
    """
    found = differences(paired, criterion)
    with axes_of(ax, size_of(len(found.names), style), style=style, serif=serif) as axes:
        draw_differences(found, axes, n_letters=40 if style == "report" else 22)
    return axes


def size_of(n: int, style: Style) -> tuple[float, float]:
    """Inches for a number of estimators."""
    width = 3.25 if style == "paper" else max(3.4, 1.6 + 0.2 * n)
    return width, 0.55 + max(0.14 if n > _N_NUMBERED else 0.19, min(0.3, 1.9 / n)) * n


def draw_differences(found: Differences, ax: Any, *, n_letters: int = 40) -> None:
    """The matrix; differences that are not significant are pale."""
    names, n = found.names, len(found.names)
    gaps = np.full((n, n), np.nan)
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if (one, other) in found.pairs:
                gaps[i, j] = found.pairs[one, other].difference
    largest = np.nanmax(np.abs(gaps), initial=1e-12) if not np.isnan(gaps).all() else 1.0
    colours = _colours(gaps / largest, found)
    ax.imshow(colours, aspect="auto", interpolation="nearest")
    labels = [f"{i} {name}" for i, name in enumerate(distinct(names, n_letters), start=1)]
    cell = column_width(ax, labels, n)
    numbered = n <= _N_NUMBERED and cell >= _NUMBER
    for i, j in np.ndindex(n, n):
        if i != j:
            _mark(ax, found, i, j, numbered=numbered)
    ax.set_yticks(range(n), labels)
    step = max(1, math.ceil(_INDEX / cell))
    ax.set_xticks(range(0, n, step), [str(i + 1) for i in range(0, n, step)])
    ax.xaxis.tick_top()
    note = f"Δ {found.by.symbol}, row − column; dot: adjusted p ≥ {ALPHA:g}".replace("0.05", ".05")
    ax.set_xlabel(note, loc="right")
    ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=0.8)
    ax.tick_params(which="both", length=0, labelcolor="0.2")
    for spine in ax.spines.values():
        spine.set_visible(False)


def _colours(share: np.ndarray, found: Differences) -> np.ndarray:
    """RGB of each cell: orange to purple by the difference, mixed with white where it is not significant."""
    import matplotlib

    mapped = matplotlib.colormaps["PuOr"](0.5 + 0.42 * np.nan_to_num(share))[..., :3]
    for i, one in enumerate(found.names):
        for j, other in enumerate(found.names):
            pair = found.pairs.get((one, other))
            if i == j:
                mapped[i, j] = 0.9
            elif pair is None or np.isnan(pair.difference):
                mapped[i, j] = 1.0
            elif not pair.significant:
                mapped[i, j] = 1 - 0.3 * (1 - mapped[i, j])
    return mapped


def _mark(ax: Any, found: Differences, i: int, j: int, *, numbered: bool) -> None:
    pair = found.pairs.get((found.names[i], found.names[j]))
    if pair is None or np.isnan(pair.difference):
        ax.plot(j, i, "x", color="0.6", markersize=3, markeredgewidth=0.6)
        return
    if numbered:
        text = number(pair.difference, min(2, found.by.decimals), compact=True)
        dark = pair.significant and abs(pair.difference) > 0.6 * max(abs(p.difference) for p in found.pairs.values())
        ax.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "0.15")
    if not pair.significant:
        place = (j, i + 0.36) if numbered else (j, i)
        ax.plot(*place, ".", color="0.45", markersize=2.5, markeredgewidth=0)
