"""Are the architectures that look small and good by score also small and good in truth?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, ORANGE, VERMILION, legend_below, say, scale_of, tidy
from nasgauge.analyses.toolkit.fronts import levels_of, sized
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = ("estimator", "front", "arch", "size", "accuracy", "score", "n")
_N_DOTS = 400


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame,
    by: str = "n_params",
) -> pd.DataFrame:
    """Fronts of size and quality: what no other architecture beats in being small and good at once.

    front = "truth": by size and accuracy; its scores are the estimate of the true front
        "estimated": by size and score; its accuracies are the truth of the estimated front
        "inverse": large and bad by score, what an estimator would throw away first
        "": architectures on none of them, of at most 400 evenly spaced ones by name, for the eye

    An architecture on several fronts has a row for each. Equal ones stand on a front together; by a score that is the
    size itself every architecture does. Smaller sizes (column
    `by` of table COMPLEXITY) and higher accuracies and scores are better. n: architectures that have a score, a truth
    and a size. Rows by estimator, front and size. UserError: no column `by`.

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.1, 0.3, 0.2]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abc"), "seed": 0, "score": [3.0, 2.0, 1.0]})
    >>> sizes = pd.DataFrame({"arch": list("abc"), "n_params": [1, 2, 3], "macs": 1})
    >>> table = compute(scores, truth, complexity=sizes)
    >>> table[["front", "arch"]].values.tolist()
    [['estimated', 'a'], ['inverse', 'c'], ['truth', 'a'], ['truth', 'b']]

    Reference: ning2021evaluating, Fig. A8 and A9.
    """
    if by not in complexity:
        raise UserError(f"pareto: the complexities have no column {by!r}; they have {', '.join(complexity)}")
    parts = []
    for name, table in sized(scores, truth, complexity, by).items():
        size, accuracy, score = (table[column].to_numpy() for column in ("size", "accuracy", "score"))
        on = {
            "estimated": levels_of(size, score) == 1,
            "inverse": levels_of(-size, -score) == 1,
            "truth": levels_of(size, accuracy) == 1,
        }
        rest = np.flatnonzero(~np.logical_or.reduce(list(on.values())))
        others = np.zeros(len(table), dtype=bool)
        others[rest[:: max(1, -(-len(rest) // _N_DOTS))]] = True
        for front, chosen in {"": others, **on}.items():
            rows = table[chosen].sort_values("size", kind="stable").reset_index(names="arch")
            parts.append(rows.assign(estimator=name, front=front, n=len(table)))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return found[list(COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Size across and true accuracy up: the true front, the truth of the estimated one, and of the inverse one."""
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    dots = table[table["front"] == ""]
    factor, unit = scale_of(table["accuracy"])
    ax.scatter(dots["size"], factor * dots["accuracy"], s=2, color="0.8", linewidths=0, rasterized=True)
    styles = {
        "truth": (BLUE, "solid", "o"),
        "estimated": (VERMILION, (0, (4, 2)), "s"),
        "inverse": (ORANGE, "none", "x"),
    }
    for front, (colour, dash, marker) in styles.items():
        rows = table[table["front"] == front]
        ax.plot(rows["size"], factor * rows["accuracy"], color=colour, linestyle=dash, marker=marker, markersize=2.8,
                linewidth=1.1, label=f"{front} front")  # fmt: skip
    if table["size"].min() > 0 and table["size"].max() > 20 * table["size"].min():
        ax.set_xscale("log")
    ax.set_ylabel(f"accuracy, {unit}" if unit else "value of the truth")
    legend_below(ax)
    tidy(ax)


ANALYSIS = Analysis(
    name="pareto",
    question="Are those that look small and good also small and good in truth?",
    figure="Fig. A8",
    paper_finding=(
        "Ning et al. (2021, App. A.2.1, Fig. A8 and A9) find the front by one-shot score and parameters farthest from "
        "the true one among the small architectures of NAS-Bench-301."
    ),
    section="bias",
    caption=(
        "Parameters across, true accuracy up; grey: all architectures. Blue: the true front; red: those on "
        "the front by score and size; orange: those on the inverse one, large with a low score."
    ),
    needs=("complexity",),
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.6, 2.6),
)
