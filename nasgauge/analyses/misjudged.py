"""Which architectures are over- and under-ranked most?"""

import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.cells import draw_cells, without_cells
from nasgauge.analyses.toolkit.rank_errors import rank_errors
from nasgauge.analyses.toolkit.vectors import ranks
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = ("estimator", "direction", "place", "arch", "excess", "truth_rank", "score_rank", "accuracy", "n")


def compute(scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, k: int = 2) -> pd.DataFrame:
    """The k architectures with the largest and the k with the smallest excess of `rank_errors`, per estimator.

    direction: "over" or "under". place: 1 the largest; equal ones in alphabetical order. Ranks among the n
    architectures with a score and a ground truth, 1 the best. Rows by estimator, direction and place. UserError: k < 1.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.4, 0.3, 0.2, 0.1]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [4.0, 1.0, 3.0, 2.0]})
    >>> compute(scores, truth, k=1)[["direction", "arch"]].values.tolist()
    [['over', 'c'], ['under', 'b']]

    Reference: ning2021evaluating, Sec. 5.2.
    """
    if k < 1:
        raise UserError(f"misjudged: k is {k}; at least one architecture is needed")
    parts = []
    for name, errors in rank_errors(scores, truth).items():
        both = {"truth_rank": ranks(errors["accuracy"].to_numpy()), "score_rank": ranks(errors["score"].to_numpy())}
        errors = errors.assign(**both, estimator=name, n=len(errors))
        for direction, ascending in (("over", False), ("under", True)):
            order = errors.sort_values("excess", ascending=ascending, kind="stable").head(k)
            parts.append(order.assign(direction=direction, place=range(1, len(order) + 1)).reset_index(names="arch"))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table[list(COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """The architectures one below the other, the over-ranked ones first, with both ranks; needs the space."""
    if space is None:
        raise UserError("misjudged: drawing cells requires the search space; give the space of the architectures")
    captions = [f"true rank {row.truth_rank:,.0f}, estimated {row.score_rank:,.0f}" for row in table.itertuples()]
    draw_cells([space.graphs(space.from_str(arch)) for arch in table["arch"]], captions, ax, space)


ANALYSIS = Analysis(
    name="misjudged",
    question="Which architectures are over- and under-ranked most?",
    paper_finding=(
        "Ning et al. (2021, Sec. 6.2 and Fig. 9) find that a supernet with uniform sampling of encodings over-ranks "
        "simple architectures with many isomorphic counterparts."
    ),
    section="bias",
    caption=(
        "The two architectures with the largest excess above the two with the smallest, each relative to "
        "architectures of equal accuracy. Operations as in the legend of the top architectures."
    ),
    absence=without_cells,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.1, 3.7),
    margins=(0.0, 0.0, 1.0, 1.0),
)
