"""Which architectures does an estimator rank on top?"""

import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.cells import Stroke, draw_cells, operations_of, strokes, without_cells
from nasgauge.analyses.toolkit.drawing import scale_of
from nasgauge.analyses.toolkit.vectors import TRUTH_NAME, is_among, mean_scores, mean_truth, ranks
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

_N_OPERATIONS = 1_000  # architectures searched for the operations of the legend
_COLUMNS = (
    "estimator",
    "place",
    "arch",
    "score",
    "score_rank",
    "n_tied_at_border",
    "truth_accuracy",
    "truth_rank",
    "n_truth",
    "n",
)


def compute(scores: pd.DataFrame, truth: pd.DataFrame, space: Space | None = None, *, k: int = 3) -> pd.DataFrame:
    """The k best architectures of the ground truth and of every estimator, with their ground truth.

    place = 1 ... k by descending mean score, equal scores in the order of their arch strings (for display only).

    scores, truth: tables SCORES and TRUTH; space is not used. n: architectures with a ground truth that the estimator
    scored in all its seeds; fewer than k give fewer rows. score_rank: among these, tied ones sharing their mean
    rank. n_tied_at_border: number that share the k-th score, if not all of them are among the k, else 0.
    truth_rank: among all n_truth architectures of the ground truth, 1 the best, ties their mean rank. UserError: k < 1,
    an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = pd.DataFrame({"estimator": "size", "arch": list("abc"), "seed": 0, "score": [2.0, 2.0, 1.0]})
    >>> compute(scores, truth, k=1)[["estimator", "arch", "n_tied_at_border", "truth_rank"]].values.tolist()
    [['truth', 'c', 0, 1.0], ['size', 'a', 2, 3.0]]

    Reference: ning2021evaluating, Fig. 6.
    """
    if k < 1:
        raise UserError(f"top_cells: k is {k}; at least one architecture is needed")
    accuracy = mean_truth(truth)
    truth_rank = pd.Series(ranks(accuracy.to_numpy()), index=accuracy.index)
    parts = []
    for name, score in {TRUTH_NAME: accuracy, **mean_scores(scores)}.items():
        score = score[is_among(score.index, accuracy.index)].rename("score")
        table = score.rename_axis("arch").reset_index().assign(score_rank=ranks(score.to_numpy()), n=len(score))
        # Only what may reach a place is sorted by string.
        border = table["score"].nlargest(k).min()
        top = table[table["score"] >= border].sort_values(["score", "arch"], ascending=[False, True])
        n_tied = int((top["score"] == border).sum()) if len(top) > k else 0
        top = top.head(k).assign(estimator=name, n_tied_at_border=n_tied)
        parts.append(top.assign(place=range(1, len(top) + 1)))
    table = pd.concat(parts, ignore_index=True)
    found = {"truth_accuracy": table["arch"].map(accuracy), "truth_rank": table["arch"].map(truth_rank)}
    return table.assign(**found, n_truth=len(accuracy))[list(_COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator's best cells below each other, edges coloured by operation, dead edges faint; needs the space."""
    if space is None:
        raise UserError("top_cells: drawing cells requires the search space; give the space of the architectures")
    factor, unit = scale_of(table["truth_accuracy"])
    captions = [
        f"true rank {row.truth_rank:g} of {row.n_truth:,} · {_written(factor * row.truth_accuracy, unit)}"
        for row in table.itertuples()
    ]
    graphs = [space.graphs(space.from_str(arch)) for arch in table["arch"]]
    draw_cells(graphs, captions, ax, space)


def _written(value: float, unit: str) -> str:
    return f"{value:.2f}%" if unit else f"{value:.4g}"


def panel_note(rows: pd.DataFrame) -> str:
    """Number tied for the last place, if not all of them are shown."""
    n_tied = rows["n_tied_at_border"].iloc[0]
    return f"{n_tied:,} tied for the last place" if n_tied else ""


def legend(table: pd.DataFrame, space: Space) -> dict[str, Stroke]:
    """The operations of the cells that are drawn, with their strokes."""
    archs = table["arch"].unique()[:_N_OPERATIONS]
    return strokes(space, operations_of(space.graphs(space.from_str(arch)) for arch in archs))


ANALYSIS = Analysis(
    name="top_cells",
    question="Which architectures does an estimator rank on top?",
    figure="Fig. 6",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.2 and App. B.2) find that synflow ranks the largest cells on top, and snip, "
        "grad_norm and fisher cells without skip connections: their top cell, a chain of three 3×3 convolutions, "
        "reaches 88.52%, and 93.99% with a skip connection from input to output."
    ),
    section="cells",
    always=True,
    caption="Top three by score, equal scores in alphabetical order; faint edges: not on a path to the output.",
    panel_note=panel_note,
    absence=without_cells,
    legend=legend,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.1, 3.0),
    margins=(0.0, 0.0, 1.0, 1.0),
)
