"""How similar are the gradients of two architectures with respect to their shared weights?"""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, epoch_axis, say, tidy
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "epoch", "position", "mean", "quantile_10", "quantile_90", "n")
_N_NAMED = 6  # epochs in the legend; more would hide the drawing
_N_UPRIGHT = 6  # positions whose names fit side by side


def compute(
    scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, gradients: pd.DataFrame
) -> pd.DataFrame:
    """Cosine between the gradients of two architectures with respect to shared weights, by position and epoch.

    cosine(a, b) = g_a . g_b / (|g_a| |g_b|), over the parameters of a position that both use, on the same images

    gradients: table GRADIENTS; scores, truth and space are not used. Returns (estimator, epoch, position, mean,
    quantile_10, quantile_90, n) over all seeds and pairs, n of them, quantiles linear between values; rows by
    estimator, epoch and position in the network: "stem", the cells "cell0", "cell1", ... with the reductions
    "reduction0", ... evenly between them (as between stages of equal length), other names, "head". Range [-1, 1],
    higher is more alike; empty without rows.

    >>> rows = {"estimator": "e", "seed": 0, "epoch": 1, "position": ["head", "cell0", "stem"]}
    >>> table = pd.DataFrame({**rows, "arch_a": "a", "arch_b": "b", "cosine": [0.75, -0.25, 0.5]})
    >>> compute(None, None, gradients=table)[["position", "mean", "n"]].values.tolist()
    [['stem', 0.5, 1], ['cell0', -0.25, 1], ['head', 0.75, 1]]

    Reference: ning2021evaluating, Fig. A15.
    """
    place = {name: i for i, name in enumerate(in_network_order(gradients["position"].unique()))}
    groups = gradients.assign(place=gradients["position"].map(place)).groupby(["estimator", "epoch", "place"])
    names = list(place)
    rows = [(e, epoch, names[i], *_distribution(part)) for (e, epoch, i), part in groups["cosine"]]
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator: mean cosine by position, one line per epoch, the last with its band; or over the epochs."""
    if table.empty:
        say(ax, "no gradients recorded")
        return
    positions = in_network_order(table["position"].unique())
    ax.axhline(0, color="0.35", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    if len(positions) == 1:
        _draw_epochs(table, ax)
        epoch_axis(ax, table["epoch"], f"epoch ({positions[0]})")
    else:
        _draw_positions(table, positions, ax)
    ax.set_ylabel("cosine of the gradients")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    tidy(ax)


def in_network_order(positions: Iterable[str]) -> list[str]:
    """Positions from the images to the logits; unknown names stand before the head, in their alphabetical order.

    >>> in_network_order(["head", "reduction0", "cell1", "cell0", "stem"])
    ['stem', 'cell0', 'reduction0', 'cell1', 'head']
    """
    found = {name: re.fullmatch(r"(cell|reduction)(\d+)", name) for name in positions}
    number = {name: int(match[2]) for name, match in found.items() if match}
    n_cells, n_reductions = (
        max((number[name] + 1 for name in number if name.startswith(kind)), default=0) for kind in ("cell", "reduction")
    )

    def place(name: str) -> tuple[float, str]:
        if name.startswith("reduction") and name in number:
            return (number[name] + 1) * n_cells / (n_reductions + 1) - 0.5, name
        ends = {"stem": -1.0, "head": float("inf")}
        return float(number[name]) if name in number else ends.get(name, float(n_cells)), name

    return sorted(found, key=place)


def _draw_positions(table: pd.DataFrame, positions: list[str], ax) -> None:
    """One line per epoch, from light to dark."""
    from matplotlib import colormaps

    epochs = sorted(table["epoch"].unique())
    named = {epochs[i] for i in np.linspace(0, len(epochs) - 1, min(len(epochs), _N_NAMED)).round().astype(int)}
    for i, epoch in enumerate(epochs):
        rows = table[table["epoch"] == epoch].set_index("position").reindex(positions)
        colour = colormaps["viridis_r"](0.12 + 0.83 * (i / (len(epochs) - 1) if len(epochs) > 1 else 1))
        if epoch == epochs[-1]:
            band = rows["quantile_10"], rows["quantile_90"]
            ax.fill_between(range(len(positions)), *band, color=colour, alpha=0.15, linewidth=0)
        label = f"epoch {epoch}" if epoch in named else None
        ax.plot(range(len(positions)), rows["mean"], "o-", color=colour, linewidth=1.5, markersize=3, label=label)
    upright = len(positions) <= _N_UPRIGHT
    ax.set_xticks(range(len(positions)), positions, rotation=0 if upright else 90)
    outside = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 3}
    ax.legend(frameon=False, fontsize=7, labelcolor="0.25", handlelength=1.4, columnspacing=1.2, **outside)


def _draw_epochs(table: pd.DataFrame, ax) -> None:
    table = table.sort_values("epoch")
    low, high = table["quantile_10"], table["quantile_90"]
    if len(table) == 1:
        ax.vlines(table["epoch"], low, high, color=BLUE, linewidth=6, alpha=0.25)
    else:
        ax.fill_between(table["epoch"], low, high, color=BLUE, alpha=0.22, linewidth=0)
    ax.plot(table["epoch"], table["mean"], "o-", color=BLUE, linewidth=1.5, markersize=3)


def _distribution(cosine: pd.Series) -> tuple[float, ...]:
    """Mean, .1 and .9 quantile and number of the values, sorted so that their order is none."""
    cosine = cosine.sort_values().to_numpy()
    return float(cosine.mean()), *map(float, np.quantile(cosine, [0.1, 0.9])), len(cosine)


ANALYSIS = Analysis(
    name="gradient_similarity",
    question="How similar are the gradients of two architectures with respect to their shared weights?",
    figure="Fig. A15",
    paper_finding=(
        "Ning et al. (2021, Fig. A15) find the gradients of two architectures least similar in the middle of "
        "the network, on NAS-Bench-201 in the cells before the second reduction, and more similar with training."
    ),
    section="training",
    caption=(
        "Mean cosine over pairs of architectures by position, from input to output; band: .1 to .9 quantile of the "
        "last epoch."
    ),
    needs=("gradients",),
    counts="pairs of architectures",
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(4.4, 2.8),
)
