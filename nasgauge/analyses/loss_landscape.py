"""How smooth is the loss around the weights of a supernet, compared with a network trained alone?"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import distinct, plain, say, tidy
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.nets import Landscape
from nasgauge.spaces import Space

_OF = ["estimator", "paths", "epoch"]  # what has one curvature
_QUANTITIES = ("curvature", "roughness", "middle")
_COLUMNS = (
    *_OF,
    "n_paths",
    *(f"{name}{end}" for name in _QUANTITIES for end in ("", "_lower", "_upper")),
    *("n_seeds", "a", "b", "loss", "n"),
)
_N_COLUMNS = 4  # surfaces side by side
_N_LEVELS = 16  # of equal loss, so that as many positions lie between each two, over all surfaces


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, landscapes: pd.DataFrame
) -> pd.DataFrame:
    """Curvature and roughness of the training loss around trained weights, and one surface of each for the drawing.

    curvature: mean second derivative in two random directions that have the norm of each filter, of the quadratic
    surface that fits best, in nats per squared step; roughness: the share of the variance of the loss over the surface
    that this leaves, in [0, 1]; middle: the loss at the trained weights. The mean over pairs of directions is the value
    of a seed; each of the three is the mean over n_seeds seeds, with *_lower, *_upper: 95% by Student's t over them.
    Curvature is linear in the loss, so that of a mean over paths is the mean of theirs; roughness is not.

    landscapes: table LANDSCAPES; scores, truth and space are not used. Returns (estimator, paths, epoch, n_paths,
    curvature, curvature_lower, curvature_upper, roughness, roughness_lower, roughness_upper, middle, middle_lower,
    middle_upper, n_seeds, a, b, loss, n): a row for each position (a, b) of the surface of the first seed's first pair,
    whose loss it holds; what describes all n surfaces is repeated. NaN: a loss that is not finite, a flat surface
    (roughness), the interval of a single seed. Empty without rows.

    >>> at = np.linspace(-1, 1, 3)
    >>> a, b = (grid.ravel() for grid in np.meshgrid(at, at, indexing="ij"))
    >>> rows = {"estimator": "e", "seed": 0, "epoch": 1, "paths": "mean", "n_paths": 9, "pair": 0, "a": a, "b": b}
    >>> table = compute(None, None, landscapes=pd.DataFrame(rows).assign(loss=2 + a * a + 3 * b * b))
    >>> table.loc[0, ["curvature", "roughness", "middle", "n"]].astype(float).round(6).tolist()
    [4.0, 0.0, 2.0, 1.0]

    Reference: yu2020train, Sec. 4.3.
    """
    rows = []
    for (*key, n_paths), part in landscapes.groupby([*_OF, "n_paths"]):
        every = {place: _surface(table) for place, table in part.groupby(["seed", "pair"])}
        each = pd.DataFrame([{"seed": seed, **_quantities(found)} for (seed, _), found in every.items()])
        of_seed = each.groupby("seed")[list(_QUANTITIES)].agg(lambda values: values.mean(skipna=False))
        told = dict(zip((*_OF, "n_paths"), (*key, n_paths), strict=True)) | {"n_seeds": len(of_seed), "n": len(every)}
        for name in _QUANTITIES:
            told |= dict(zip((name, f"{name}_lower", f"{name}_upper"), mean_interval(of_seed[name]), strict=True))
        shown = every[min(every)]
        rows += [
            {**told, "a": a, "b": b, "loss": loss}
            for a, line in zip(shown.at, shown.loss, strict=True)
            for b, loss in zip(shown.at, line, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Lines of equal loss, one picture per surface, with the same levels and colours in all."""
    from matplotlib.colors import BoundaryNorm

    finite = table["loss"].dropna()
    if finite.nunique() < 2:
        say(ax, "no surface with finite losses that differ")
        return
    ax.plot([], [])  # the pictures below hold the data
    ax.set_axis_off()
    surfaces = [(key[0], part) for key, part in table.groupby(_OF, sort=False) if part["loss"].notna().any()]
    several = table.groupby("estimator", sort=False)["paths"].nunique() > 1
    names = list(dict.fromkeys(table["paths"]))
    called = dict(zip(names, distinct(names, 28), strict=True))
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, _N_LEVELS)))
    colours = {"levels": levels, "cmap": "viridis", "norm": BoundaryNorm(levels, 256)}
    n_columns, n_rows = min(_N_COLUMNS, len(surfaces)), _n_rows(len(surfaces))
    for i, (name, part) in enumerate(surfaces):
        row, column = divmod(i, n_columns)
        place = ax.inset_axes((column / n_columns, 1 - (row + 0.9) / n_rows, 0.78 / n_columns, 0.74 / n_rows))
        found = _surface(part)
        filled = place.contourf(found.at, found.at, found.loss.T, **colours)
        crossed = levels[(levels > np.nanmin(found.loss)) & (levels < np.nanmax(found.loss))]
        if len(crossed):
            place.contour(found.at, found.at, found.loss.T, levels=crossed, colors="white", linewidths=0.5, alpha=0.7)
        place.plot(0, 0, "+", color="white", markersize=5, markeredgewidth=0.8)
        place.set_title(_title(part, called if several[name] else {}), fontsize=5.8, color="0.2", pad=3)
        place.set_aspect("equal")
        place.locator_params(nbins=3)
        place.tick_params(labelsize=6)
        tidy(place)
    bar = ax.figure.colorbar(filled, cax=ax.inset_axes((1.0, 1 - 0.9 / n_rows, 0.012, 0.74 / n_rows)))
    bar.set_ticks(levels[::3], labels=[f"{level:.2f}" for level in levels[::3]])
    bar.set_label("training loss", fontsize=6.8, color="0.3")
    bar.ax.tick_params(labelsize=6, length=2, color="0.6", labelcolor="0.3")


def _title(part: pd.DataFrame, called: Mapping[str, str]) -> str:
    """The estimator, whose loss it is, and its numbers; called: labels of architectures where there are several."""
    row = part.iloc[0]
    paths = f"mean of {row['n_paths']} paths" if row["paths"] == "mean" else called.get(row["paths"], "")
    numbers = f"curvature {row['curvature']:.2f}, roughness {row['roughness']:.3f}".replace("-", "−")
    return f"{plain(row['estimator'], 24)}\n{paths}\n{numbers}"


def _quantities(found: Landscape) -> dict[str, float]:
    middle = len(found.at) // 2
    return {"curvature": found.curvature, "roughness": found.roughness, "middle": float(found.loss[middle, middle])}


def _surface(rows: pd.DataFrame) -> Landscape:
    grid = rows.pivot(index="a", columns="b", values="loss").sort_index().sort_index(axis=1)
    return Landscape(grid.index.to_numpy("float64"), grid.to_numpy("float64"))


def _n_rows(n_surfaces: int) -> int:
    return math.ceil(n_surfaces / _N_COLUMNS)


def _size(table: pd.DataFrame) -> tuple[float, float]:
    return 8.0, 2.4 * max(1, _n_rows(len(table[_OF].drop_duplicates())))


ANALYSIS = Analysis(
    name="loss_landscape",
    question="How smooth is the training loss around the weights of a supernet?",
    paper_finding=(
        "Yu et al. (ICLR 2021 submission, Fig. 7) find the loss of a supernet, the mean over 300 architectures, less "
        "smooth than that of a network trained alone, and recommend a smaller learning rate."
    ),
    section="training",
    caption=(
        "Training loss around the trained weights (cross) in two random directions with the norm of each filter, of "
        "the first seed; between two lines lie equally many positions. The table contains intervals over seeds."
    ),
    needs=("landscapes",),
    counts="surfaces",
    compute=compute,
    draw=draw,
    size=(8.0, 2.4),
    size_of=_size,
    margins=(0.04, 0.02, 0.92, 0.99),
    wide=True,
)
