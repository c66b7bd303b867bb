"""Labels of the points of a Pareto front, placed with minimal overlap."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.drawing import plain

_N_NAMES = 10
_N_LETTERS = 26  # of a name
_LETTERS = 7  # points
_SIDES = ((-1, 1), (0, 1), (-1, 0), (1, 1), (-1, -1), (1, 0), (0, -1), (1, -1))  # of a point, for its name


def write_names(ax, shown: pd.DataFrame, line: np.ndarray, upwards: int, colours: Mapping[str, str]) -> None:
    """Labels of at most ten members of the front, and of the best of each cost component that it lacks.

    shown: rows of a table of `cost_quality`; colours: by pays_for. line: cost and value along the front (n, 2).
    upwards: 1 if better is up, -1 if it is down; on that side of the front there is nothing to cover. A name of another
    kind keeps a line's length away, so that it is seen whose it is. Lengths are in points.
    """
    ax.autoscale_view()  # the transformation to points must know the limits
    members = np.flatnonzero(shown["on_front"])
    chosen = members[np.unique(np.linspace(0, len(members) - 1, _N_NAMES).round().astype(int))] if len(members) else []
    worth = upwards * shown["value"]
    others = [worth[rows.index].idxmax() for _, rows in shown.groupby("pays_for") if not rows["on_front"].any()]
    points, low, high, line = (
        _in_points(ax, each)
        for each in (*(shown[["total_seconds", column]] for column in ("value", "low", "high")), line)
    )
    turns = np.column_stack([line[1:, 0], line[:-1, 1]])
    covered = np.vstack([_around(points, points, 5), _around(low, high, 0.3)])
    covered = np.vstack([covered, _around(line[:-1], turns, 2), _around(turns, line[1:], 2)])
    frame = ax.bbox.extents[None] * 72 / ax.figure.dpi
    moves = np.array([(d * x, d * y * upwards) for d in (5, 14, 24, 36, 50) for x, y in _SIDES])
    for i in [*chosen, *others]:
        name = plain(_short(str(shown["estimator"][i])))
        size = np.array([0.6 * _LETTERS * len(name), 1.35 * _LETTERS])
        corner = points[i] + moves - size * (1 - np.sign(moves)) / 2
        boxes = np.hstack([corner, corner + size])
        outside = size.prod() - _shared(boxes, frame)[:, 0]
        far = np.abs(moves).max(axis=1)
        stops = [points[i] + part * moves for part in (0.3, 0.5, 0.7, 0.9)]  # of the line to the name
        lines = np.stack([_around(stop, stop, 2) for stop in stops], axis=1)
        crossed = sum(_shared(lines[:, k], covered).sum(axis=1) for k in range(len(stops)))
        near = 0 if shown["on_front"][i] else 1e3 * (far < 14)
        hidden = _shared(boxes, covered).sum(axis=1) + 3 * (far > 5) * crossed
        best = int((hidden + 4 * outside + 0.6 * far + near).argmin())
        covered = np.vstack([covered, boxes[best : best + 1], lines[best]])
        _write(ax, name, shown.loc[i], moves[best], colours[shown["pays_for"][i]])


def _short(name: str) -> str:
    """At most 26 letters, cut in the middle: names of one family differ at their ends.

    >>> _short("a" * 20 + " stage 3"), _short("short")
    ('aaaaaaaaaaaaaa…aaa stage 3', 'short')
    """
    return name if len(name) <= _N_LETTERS else f"{name[:14]}…{name[-11:]}"


def _write(ax, name: str, row: pd.Series, move: np.ndarray, colour: str) -> None:
    """A name beside its point; with a thin line to it where it stands farther off or is not of the front."""
    across, up = (int(sign) + 1 for sign in np.sign(move))
    style = {"ha": ("right", "center", "left")[across], "va": ("top", "center", "bottom")[up], "fontsize": _LETTERS}
    style |= {"color": "0.15" if row["on_front"] else "0.4", "zorder": 4}
    if np.abs(move).max() > 5 or not row["on_front"]:
        arrow = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0}
        style["arrowprops"] = {**arrow, "relpos": (1 - across / 2, 1 - up / 2)}
    ax.annotate(name, (row["total_seconds"], row["value"]), xytext=tuple(move), textcoords="offset points", **style)


def _in_points(ax, places: pd.DataFrame | np.ndarray) -> np.ndarray:
    return ax.transData.transform(np.asarray(places, dtype="float64")) * 72 / ax.figure.dpi


def _around(a: np.ndarray, b: np.ndarray, margin: float) -> np.ndarray:
    """Boxes (left, bottom, right, top) around pairs of corners (n, 2), wider by a margin on every side."""
    return np.hstack([np.minimum(a, b) - margin, np.maximum(a, b) + margin])


def _shared(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Areas that boxes (n, 4) share with others (m, 4), as (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)
