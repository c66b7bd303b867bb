"""Shared parts of drawings: a palette safe for colour-blind readers, and labels with any characters."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Okabe & Ito, "Color Universal Design", 2008.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
)


def plain(text: object, limit: int = 40) -> str:
    """A label that matplotlib shows literally: no math text, one line, at most `limit` characters.

    >>> print(plain("a$b"), plain("x" * 9, limit=5))
    a\\$b xxxx…
    """
    line = "".join(c if c.isprintable() else " " for c in str(text))
    short = line if len(line) <= limit else line[: limit - 1] + "…"
    return short.replace("$", r"\$")


def distinct(names: Iterable[object], limit: int = 40) -> list[str]:
    """Labels of at most `limit` characters that stay different for different names: cut at the end, or in the middle.

    >>> distinct(["synflow", "long_name_seed_1", "long_name_seed_2"], limit=10)
    ['synflow', 'long_…ed_1', 'long_…ed_2']
    """
    names = [str(name) for name in names]
    head, tail = limit - limit // 2, limit // 2 - 1
    middle = [name if len(name) <= limit else f"{name[:head]}…{name[len(name) - tail :]}" for name in names]
    for labels in ([plain(name, limit) for name in names], [plain(name, limit) for name in middle]):
        if len(set(labels)) == len(set(names)):
            return labels
    return [plain(f"{i} {name}", limit) for i, name in enumerate(names, start=1)]


def column_width(ax, labels: Sequence[str], n: int) -> float:
    """Points of each of n columns, about, once the layout has made room for these labels at the side of the axes."""
    whole = ax.get_position().width / 0.775 * ax.figure.get_size_inches()[0] * 72  # .775: before there is a layout
    return max(1.0, (whole - 4.4 * max(map(len, labels), default=0) - 10) / n)


def tidy(ax) -> None:
    """Axes with two thin spines and short ticks."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("0.6")
    ax.tick_params(length=2, color="0.6", labelcolor="0.3")


STROKES = {"capstyle": "projecting", "zorder": 2}  # of many lines drawn as one artist, so that they look like `plot`'s


def draw_marks(ax, marks: Iterable[tuple[float, float, str]], marker: str = "o", **style: object) -> None:
    """Marks (x, y, colour) without lines, those of one colour as one artist, as each takes a millisecond."""
    by_colour: dict[str, list[tuple[float, float]]] = {}
    for x, y, colour in marks:
        by_colour.setdefault(colour, []).append((x, y))
    for colour, places in by_colour.items():
        ax.plot(*zip(*places, strict=True), marker, color=colour, **style)


@dataclass(frozen=True)
class Line:
    """Style of a line: colour, and dashes and marker for reading without colour."""

    colour: str
    dash: str | tuple[int, tuple[float, ...]] = "solid"
    marker: str = "o"


LINES = (
    Line(BLUE),
    Line(VERMILION, (0, (5, 1.5)), "s"),
    Line(GREEN, (0, (1.5, 1)), "^"),
    Line(ORANGE, (0, (5, 1, 1, 1)), "D"),
    Line(BLACK, (0, (3, 1)), "v"),
    Line(PURPLE, (0, (8, 1.5)), "P"),
    Line(SKY, "solid", "X"),
    Line("#777777", (0, (1, 1)), "*"),
)
N_LINES = len(LINES)  # more in one panel cannot be distinguished
_N_MARKED = 12  # points of a line beyond which markers would hide it
_N_POINTS = 200  # points of a line beyond which an SVG only grows


def draw_line(x: Iterable[float], rows: pd.DataFrame, ax, line: Line, label: str) -> None:
    """A line through the column `value` over x, with a band from `low` to `high`; x ascends, undefined points are gaps.

    Of more than 200 points the line keeps 200, ever sparser to the right, the first and the last among them.
    """
    x = np.asarray(x, dtype="float64")
    kept = np.unique(np.geomspace(1, len(x), _N_POINTS).round().astype(int)) - 1 if len(x) > _N_POINTS else slice(None)
    value, low, high = (rows[c].to_numpy("float64")[kept] for c in ("value", "low", "high"))
    x = x[kept]
    ax.fill_between(x, low, high, color=line.colour, alpha=0.13, linewidth=0)
    marker = line.marker if len(x) <= _N_MARKED else ""
    style = {"color": line.colour, "linestyle": line.dash, "marker": marker, "markersize": 3.2, "linewidth": 1.4}
    ax.plot(x, value, label=plain(label, limit=30), markeredgewidth=0, **style)


def draw_leading(table: pd.DataFrame, ax, x: str) -> None:
    """One line per estimator over column x, styled by `place`; of more than eight, the eight with the first places."""
    names = table.groupby("estimator")["place"].first().sort_values()
    shown = names.head(N_LINES)
    free = [line for place, line in enumerate(LINES, start=1) if place not in set(shown)]
    for name, place in shown.items():
        rows = table[table["estimator"] == name].sort_values(x)
        draw_line(rows[x], rows, ax, LINES[place - 1] if place <= N_LINES else free.pop(0), str(name))
    legend_below(ax, f"best {N_LINES} of {len(names)} estimators" if len(names) > N_LINES else "")


def legend_below(ax, title: str = "") -> None:
    """The legend under the axis and outside the data, two entries per row unless a name is long; "" for no title.

    A title of more than three lines is cut, or the axes would have no room left.
    """
    width = ax.figure.get_size_inches()[0]
    longest = max((len(text) for text in ax.get_legend_handles_labels()[1]), default=0)
    title = "\n".join(textwrap.wrap(plain(title, limit=400), int(17 * (width - 0.3)), max_lines=3, placeholder=" …"))
    style = {"frameon": False, "fontsize": 6.8, "labelcolor": "0.2", "handlelength": 2.3, "columnspacing": 0.9}
    place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": 4.4, "borderpad": 0.1}
    n_columns = 2 if longest <= 8.8 * (width - 0.7) else 1  # letters a column has room for
    legend = ax.legend(title=title or None, title_fontsize=6.8, ncols=n_columns, handletextpad=0.5, **style, **place)
    legend.get_title().set_color("0.2")


def epoch_axis(ax, epochs: Iterable[int], label: str = "epoch") -> None:
    """The horizontal axis of epochs: logarithmic if the positive ones span more than a factor of 20, 0 at its left."""
    known = np.unique(np.asarray(epochs, dtype="int64"))
    ax.set_xlabel(label)
    positive = known[known > 0]
    if len(positive) and positive[-1] > 20 * positive[0]:
        zero = len(positive) < len(known)
        if zero:
            ax.set_xscale("symlog", linthresh=float(positive[0]), linscale=0.35)
        else:
            ax.set_xscale("log")
        ticks = [0] * zero + [t for t in _decades(positive[-1]) if positive[0] <= t <= positive[-1]]
        ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        ax.minorticks_off()
    elif len(known) <= 5:
        ax.set_xticks(known, [f"{tick:,}" for tick in known])
    else:
        ax.locator_params(axis="x", nbins=5, integer=True)


def scale_of(accuracy: Iterable[float]) -> tuple[float, str]:
    """Factor and unit of the ground truth in drawings: percent where all values are fractions, else unchanged.

    >>> scale_of([0.5, 0.9]), scale_of([-3.0, 0.5])
    ((100.0, '%'), (1.0, ''))
    """
    values = np.asarray(list(accuracy), dtype="float64")
    values = values[~np.isnan(values)]
    return (100.0, "%") if ((values >= 0) & (values <= 1)).all() else (1.0, "")


def say(ax, text: str) -> None:
    """Text in place of an empty drawing."""
    ax.text(0.5, 0.5, text, ha="center", va="center", color="0.3", transform=ax.transAxes)
    ax.set_axis_off()


def _decades(last: int) -> list[int]:
    """Powers of ten up to `last`; with halves and fifths of them where there are few."""
    tens = [10**k for k in range(len(str(last)))]
    return tens if len(tens) > 3 else sorted({t * m for t in tens for m in (1, 2, 5)})
