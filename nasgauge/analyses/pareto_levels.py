"""How many levels of the estimated Pareto front must be trained to find the best architecture of each size?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.complexity_bias import groups_of
from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import LINES, legend_below, say, scale_of, tidy
from nasgauge.analyses.toolkit.fronts import sized
from nasgauge.core.errors import UserError
from nasgauge.search import levels_of
from nasgauge.spaces import Space

COLUMNS = ("estimator", "group", "smallest", "largest", "n_levels", "gap", "best", "n_chosen", "n")


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame,
    by: str = "n_params",
    n_groups: int = 5,
    n_levels: int = 10,
) -> pd.DataFrame:
    """Accuracy lost by the first levels of the estimated front, in the groups of size of `complexity_bias`.

    gap = best accuracy of the group - best accuracy of those of the group on the first n_levels levels, a fraction;
        0: the best one is among them; null: none of the group is
    n_chosen = how many those are; best = best accuracy of the group

    Levels are those of non-dominated sorting over all architectures by size and score (`search.levels_of`). Rows by
    estimator, group and n_levels, 1 to the given number. UserError: n_groups or n_levels below 1, no column `by`.

    Reference: ning2021evaluating, Fig. A10.
    """
    if by not in complexity or n_groups < 1 or n_levels < 1:
        raise UserError(
            f"pareto_levels: {n_levels} levels in {n_groups} groups by {by!r}; give at least 1 of each, and one of "
            f"{', '.join(complexity)}"
        )
    rows: list[dict[str, object]] = []
    for name, table in sized(scores, truth, complexity, by).items():
        size = table["size"].to_numpy()
        table = table.assign(level=levels_of(size, table["score"].to_numpy()), group=groups_of(size, n_groups))
        for group, part in table.groupby("group"):
            place = {"group": group, "smallest": part["size"].min(), "largest": part["size"].max()}
            for depth in range(1, n_levels + 1):
                chosen = part.loc[part["level"] <= depth, "accuracy"]
                gap = part["accuracy"].max() - chosen.max() if len(chosen) else np.nan
                found = {
                    "n_levels": depth,
                    "gap": gap,
                    "best": part["accuracy"].max(),
                    "n_chosen": len(chosen),
                    "n": len(part),
                }
                rows.append({"estimator": name} | place | found)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Gap, in percentage points of an accuracy, against the number of levels, one line per group of size."""
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    last = table["group"].max()
    factor, unit = scale_of(table["best"])
    for group, rows in table.groupby("group"):
        line = LINES[(group - 1) % len(LINES)]
        label = f"{group} (smallest)" if group == 1 else f"{group} (largest)" if group == last else str(group)
        ax.plot(rows["n_levels"], factor * rows["gap"], color=line.colour, linestyle=line.dash, marker=line.marker,
                markersize=2.8, linewidth=1.1, label=label)  # fmt: skip
    ax.set(ylabel="gap, % points" if unit else "gap", ylim=(0, None))
    ax.locator_params(axis="x", nbins=5, integer=True)
    legend_below(ax)
    tidy(ax)


ANALYSIS = Analysis(
    name="pareto_levels",
    question="How many levels of the estimated front must be trained to find the best of each size?",
    figure="Fig. A10",
    paper_finding=(
        "Ning et al. (2021, Fig. A10) find on NAS-Bench-301 that several levels reduce the gap, in one group of size "
        "from about .6 to about .2 percentage points."
    ),
    section="bias",
    caption=(
        "Gap between the best accuracy of a group and the best on the first levels, in percentage points, over the "
        "number of levels; one line per group by number of parameters."
    ),
    needs=("complexity",),
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.6, 2.4),
)
