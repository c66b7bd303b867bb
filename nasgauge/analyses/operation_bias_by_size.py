"""Does the bias for an operation depend on the size of the architecture?"""

import numpy as np
import pandas as pd

from nasgauge.analyses import operation_bias
from nasgauge.analyses.complexity_bias import groups_of
from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import draw_marks, plain, say
from nasgauge.analyses.toolkit.pairs import frequent, pairs_of
from nasgauge.analyses.toolkit.rank_errors import on_the_same, rank_errors
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = ("estimator", "group", "smallest", "largest", *operation_bias.COLUMNS[1:])
_N_SHOWN = 21


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame,
    by: str = "n_params",
    n_groups: int = 5,
    n_bootstrap: int = 100,
    confidence: float = 0.95,
    least: int = 10,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The shares and the excess of `operation_bias` within groups of pairs of about equal size, group 1 the smallest.

    The size of a pair is the mean of its two architectures' column `by` of table COMPLEXITY; groups contain equally
    many pairs up to ties. All else as in `operation_bias`; smallest, largest: sizes of the pairs in the group.
    UserError: n_groups below 1, no column `by`.

    Reference: ning2021evaluating, Fig. A11 (b) and A12.
    """
    if by not in complexity or n_groups < 1:
        raise UserError(
            f"operation_bias_by_size: {n_groups} groups by {by!r}; give at least 1, and one of {', '.join(complexity)}"
        )
    size = complexity.set_index("arch")[by].astype("float64")
    state = int(rng.integers(2**63))
    rows: dict[str, list[dict[str, object]]] = {}
    found = rank_errors(scores, truth) if space is not None else {}
    for archs, alike in on_the_same(found):
        known = size.reindex(archs).to_numpy()
        pairs = pairs_of(space, archs)
        mean = (known[pairs["a"].to_numpy("int64")] + known[pairs["b"].to_numpy("int64")]) / 2
        pairs = pairs.assign(size=mean).dropna(subset="size")
        again = np.random.default_rng(state)
        for group, part in pairs.groupby(groups_of(pairs["size"].to_numpy(), n_groups)):
            part = frequent(part, least)
            if len(part):
                place = {"group": group, "smallest": part["size"].min(), "largest": part["size"].max()}
                for name, each in operation_bias.steps(part, alike, n_bootstrap, confidence, again).items():
                    rows.setdefault(name, []).extend({"estimator": name} | place | row for row in each)
    return pd.DataFrame([row for name in found for row in rows.get(name, ())], columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Mutations by groups: share of pairs in which the score increases minus that of the ground truth; dots: excess."""
    if table.empty:
        say(ax, "no pairs of architectures one mutation apart")
        return
    names = table["from_op"] + " → " + table["to_op"]
    shown = table.groupby(names)["n"].sum().nlargest(_N_SHOWN).index
    place = {name: i for i, name in enumerate(sorted(shown))}
    groups = sorted(table["group"].unique())
    matrix = np.full((len(place), len(groups)), np.nan)
    dots = []
    for name, row in zip(names, table.itertuples(), strict=True):
        if name in place:
            i, j = place[name], groups.index(row.group)
            matrix[i, j] = row.score_up - row.truth_up
            if row.excess_lower > 0 or row.excess_upper < 0:
                dots.append((j, i, "white" if abs(matrix[i, j]) > 0.3 else "0.1"))
    draw_marks(ax, dots, ".", markersize=3)
    ax.imshow(matrix, cmap="PuOr_r", vmin=-0.5, vmax=0.5, aspect="auto")
    ax.set_xticks(range(len(groups)), [str(group) for group in groups])
    ax.set_yticks(range(len(place)), [plain(name.replace("_", " "), 34) for name in place], fontsize=5.5)
    ax.tick_params(length=0, labelcolor="0.3")
    for side in ax.spines.values():
        side.set_visible(False)


ANALYSIS = Analysis(
    name="operation_bias_by_size",
    question="Does the bias for an operation depend on the size of the architecture?",
    figure="Fig. A12",
    paper_finding=(
        "Ning et al. (2021, Fig. A11 and A12) find dilated convolutions over-ranked most among the largest "
        "architectures of NAS-Bench-301: from a skip to dil_conv_5x5 the accuracy increases in 15.3% of 569 pairs "
        "there, the score in 92.3%."
    ),
    section="bias",
    caption=(
        "Columns: groups 1 (smallest) to 5 by number of parameters; rows: mutations with the most "
        "pairs. Brown: the mutation increases the score more often than the ground truth, violet: less often; dots: "
        "the interval of the excess excludes 0."
    ),
    needs=("complexity",),
    random=True,
    counts="pairs",
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(3.4, 2.7),
)
