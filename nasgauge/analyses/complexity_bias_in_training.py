"""Does training alleviate the bias against large architectures?"""

import numpy as np
import pandas as pd

from nasgauge.analyses import complexity_bias
from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import LINES, draw_line, epoch_axis, legend_below, say, tidy
from nasgauge.spaces import Space

COLUMNS = ("estimator", "epoch", *complexity_bias.COLUMNS[1:])


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    checkpoint_scores: pd.DataFrame,
    complexity: pd.DataFrame,
    by: str = "n_params",
    n_groups: int = 5,
    n_bootstrap: int = 100,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table of `complexity_bias` for the scores of every checkpoint, with the column `epoch`.

    checkpoint_scores: table CHECKPOINT_SCORES, mean over seeds; scores are not used. Rows by estimator, epoch, group.

    Reference: ning2021evaluating, Fig. 5 and A7; ning2020surgery, Fig. 3c.
    """
    options = {"complexity": complexity, "by": by, "n_groups": n_groups, "n_bootstrap": n_bootstrap}
    state = int(rng.integers(2**63))
    parts = [
        complexity_bias.compute(
            rows.drop(columns="epoch"), truth, space, confidence=confidence, rng=np.random.default_rng(state), **options
        ).assign(epoch=epoch)
        for epoch, rows in checkpoint_scores.groupby("epoch")
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return table.sort_values(["estimator", "epoch", "group"], ignore_index=True)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Mean rank difference over epochs, one line per group of size, with its interval."""
    if table.empty:
        say(ax, "no architecture has a score and a size")
        return
    last = table["group"].max()
    for group, rows in table.groupby("group"):
        value = {end: 100 * rows[f"rank_difference{name}"]
                 for end, name in (("value", ""), ("low", "_lower"), ("high", "_upper"))}  # fmt: skip
        label = f"{group} (smallest)" if group == 1 else f"{group} (largest)" if group == last else str(group)
        draw_line(rows["epoch"], pd.DataFrame(value), ax, LINES[(group - 1) % len(LINES)], label)
    ax.axhline(0, color="0.5", linewidth=0.7)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:+.0f}%".replace("-", "−") if value else "0")
    epoch_axis(ax, table["epoch"])
    legend_below(ax)
    tidy(ax)


ANALYSIS = Analysis(
    name="complexity_bias_in_training",
    question="Does training alleviate the bias against large architectures?",
    figure="Fig. 5",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.1 and Fig. 5) see the mean rank difference fall with size early in training, "
        "because large models converge more slowly, and the differences shrink later."
    ),
    section="bias",
    caption=(
        "Mean rank difference, as a share of n, of five groups by number of parameters, with bootstrap intervals; "
        "positive: over-ranked."
    ),
    needs=("checkpoint_scores", "complexity"),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(3.3, 2.9),
)
