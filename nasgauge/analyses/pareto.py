"""Do the estimated and the true Pareto front agree?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, ORANGE, VERMILION, legend_below, say, scale_of, tidy
from nasgauge.analyses.toolkit.fronts import sized
from nasgauge.core.errors import UserError
from nasgauge.search import levels_of
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
    """Pareto fronts of size and quality.

    front = "truth": by size and accuracy
        "estimated": by size and score
        "inverse": by size and score, of large architectures with high scores
        "": architectures on none of them, at most 400 evenly spaced ones by name, for the drawing

    An architecture on several fronts has one row per front. Equal ones are on a front together; by a score that equals
    the size all architectures are on "estimated". Higher accuracies and scores are better, and smaller sizes (column
    `by` of table COMPLEXITY), on "inverse" larger ones. n: architectures with a score, a ground truth and a size. Rows
    by estimator, front and size. UserError: no column `by`.

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.1, 0.3, 0.2]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abc"), "seed": 0, "score": [3.0, 2.0, 1.0]})
    >>> sizes = pd.DataFrame({"arch": list("abc"), "n_params": [1, 2, 3], "macs": 1})
    >>> table = compute(scores, truth, complexity=sizes)
    >>> table[["front", "arch"]].values.tolist()
    [['estimated', 'a'], ['inverse', 'a'], ['inverse', 'b'], ['inverse', 'c'], ['truth', 'a'], ['truth', 'b']]

    Reference: ning2021evaluating, Fig. A8, A9 and App. A.3.4 (the inverse front keeps large architectures, which a
    supernet underestimates early in training).
    """
    if by not in complexity:
        raise UserError(f"pareto: the complexities have no column {by!r}; they have {', '.join(complexity)}")
    parts = []
    for name, table in sized(scores, truth, complexity, by).items():
        size, accuracy, score = (table[column].to_numpy() for column in ("size", "accuracy", "score"))
        on = {
            "estimated": levels_of(size, score) == 1,
            "inverse": levels_of(-size, score) == 1,
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
    """Accuracy over size of the true, the estimated and the inverse front."""
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    dots = table[table["front"] == ""]
    factor, unit = scale_of(table["accuracy"])
    ax.scatter(dots["size"], factor * dots["accuracy"], s=2, color="0.8", linewidths=0, rasterized=True)
    styles = {
        "truth": (BLUE, "solid", "o"),
        "estimated": (VERMILION, (0, (4, 2)), "s"),
        "inverse": (ORANGE, (0, (1, 1.5)), "x"),
    }
    for front, (colour, dash, marker) in styles.items():
        rows = table[table["front"] == front]
        ax.plot(rows["size"], factor * rows["accuracy"], color=colour, linestyle=dash, marker=marker, markersize=2.8,
                linewidth=1.1, label=f"{'true' if front == 'truth' else front} front")  # fmt: skip
    if table["size"].min() > 0 and table["size"].max() > 20 * table["size"].min():
        ax.set_xscale("log")
    ax.set_ylabel(f"accuracy, {unit}" if unit else "ground truth")
    legend_below(ax)
    tidy(ax)


ANALYSIS = Analysis(
    name="pareto",
    question="Do the estimated and the true Pareto front of size and accuracy agree?",
    figure="Fig. A8",
    paper_finding=(
        "Ning et al. (2021, App. A.2.1, Fig. A8 and A9) find the largest difference between the fronts by one-shot "
        "score and by accuracy among the small architectures of NAS-Bench-301."
    ),
    section="bias",
    caption=(
        "True accuracy over number of parameters. Grey: all architectures; blue: true front; red: front by score and "
        "parameters; orange: inverse front, where more parameters are better."
    ),
    needs=("complexity",),
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.6, 2.6),
)
