"""Critical-difference diagram: mean ranks over data sets, and which estimators do not differ."""

from typing import Any, Literal

import pandas as pd

from nasgauge.analyses.toolkit.drawing import distinct
from nasgauge.judging import AverageRanks, average_ranks
from nasgauge.report.labels import number
from nasgauge.report.plots.style import Style, axes_of

_LEVEL, _FIRST = 0.45, 0.55  # of the bars, in lines of text


def plot_critical_difference(
    contests: pd.DataFrame,
    ax: Any = None,
    *,
    method: Literal["nemenyi", "wilcoxon"] = "nemenyi",
    alpha: float = 0.05,
    style: Style = "report",
    serif: bool = False,
) -> Any:
    """Mean ranks of the estimators over data sets, the best at the left; bars join those that do not differ.

    contests, method, alpha: as for `judging.average_ranks`; a table CONTESTS of a survey, or any table with part,
    estimator, criterion and value. Above the axis: the critical difference of Nemenyi's test, and the p-value of
    Friedman's. The other arguments are those of `plot_values`. Returns the axes.

    Reference: demsar2006statistical.
    """
    found = average_ranks(contests, method=method, alpha=alpha)
    with axes_of(ax, size_of(found, 4.8 if style == "report" else 3.25), style=style, serif=serif) as axes:
        draw_ranks(found, axes, n_letters=20 if style == "report" else 13)
    return axes


def size_of(found: AverageRanks, width: float) -> tuple[float, float]:
    """Inches for the number of estimators and bars."""
    return width, 0.75 + 0.155 * ((len(found.ranks) + 1) // 2 + _LEVEL * len(found.groups) + 1)


def draw_ranks(found: AverageRanks, ax: Any, *, n_letters: int = 20) -> None:
    """The diagram; names with their mean ranks, the better half at the left."""
    ranks = found.ranks
    low, high = 1, len(ranks)
    first = _FIRST + _LEVEL * len(found.groups) + 0.4
    labels = dict(zip(ranks.index, distinct(ranks.index, n_letters), strict=True))
    half = (len(ranks) + 1) // 2
    for i, (name, rank) in enumerate(ranks.items()):
        left = i < half
        depth = first + (i if left else len(ranks) - 1 - i)
        end = low - 0.03 * (high - low) if left else high + 0.03 * (high - low)
        ax.plot([rank, rank, end], [0, depth, depth], color="0.35", linewidth=0.7, clip_on=False)
        value = number(rank, 2)
        text = f"{labels[name]} {value}" if left else f"{value} {labels[name]}"
        place = {"xytext": (-2 if left else 2, 0), "textcoords": "offset points", "annotation_clip": False}
        place |= {"ha": "right" if left else "left", "va": "center"}
        ax.annotate(text, (end, depth), fontsize=7.5, color="0.1", **place)
    for level, group in enumerate(found.groups):
        y = _FIRST + _LEVEL * level
        pad = 0.008 * (high - low)
        ends = [ranks[group[0]] - pad, ranks[group[-1]] + pad]
        ax.plot(ends, [y, y], color="black", linewidth=2.6, solid_capstyle="butt", clip_on=False, zorder=3)
    _frame(found, ax, low, high, first + half - 0.4)


def _frame(found: AverageRanks, ax: Any, low: float, high: float, depth: float) -> None:
    ax.set_xlim(low, high)
    ax.set_ylim(depth, 0)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.locator_params(axis="x", nbins=5, integer=True)
    for side in ("left", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_yticks([])
    ax.tick_params(length=2.5, color="0.3", labelcolor="0.2")
    cd = found.critical_difference
    p = "p < .001" if found.p_value < 0.001 else f"p = {number(found.p_value, 3, compact=True)}"
    alpha = f"α = {found.alpha:g}".replace("0.", ".")
    lines = [f"mean rank over {found.n} data sets; Friedman {p}"]
    lines += [f"left out (undefined): {len(found.left_out)} estimators"] if found.left_out else []
    if cd == cd:  # Nemenyi
        lines.append(f"critical difference {number(cd, 2)}, {alpha}")
    else:
        lines.append(f"bars: signed-rank tests with Holm's correction, {alpha}")
    ax.set_xlabel("\n".join(lines), labelpad=5)
