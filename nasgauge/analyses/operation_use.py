"""Which operations do the best architectures use?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.best_of_truth import N_BEST, share_among_best
from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.cells import Stroke, strokes
from nasgauge.analyses.toolkit.drawing import say, tidy
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.core.arguments import LIST, takes
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

_COLUMNS = ("subset_of", "n_best", "operation", "usage", "share", "n")


@takes("operation_use", n_best=LIST)
def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_best: Sequence[int] = N_BEST,
    largest: float = 0.9,
) -> pd.DataFrame:
    """Use of each operation by the N best architectures by ground truth, of each set of scored architectures.

    usage = share of the N best that use the operation anywhere
    share = its occurrences in the N best / occurrences of all operations in them

    Operations are counted wherever they stand, also on dead edges. Sets are those that estimators scored in all seeds
    and that the truth contains: the largest, and those of at most `largest` of the truth, as of supernets without some
    operations (one that lacks fewer has failed on some); subset_of is the first of its estimators by name, n its size.
    N: those of n_best below n, and n. Ties of the truth at the border of the N best: the expectation over a random
    choice among them. scores, truth: tables SCORES and TRUTH. Returns (subset_of, n_best,
    operation, usage, share, n) by subset, N and operation, without operations that no architecture of the set uses;
    empty without a space, or where it has no operations. Range [0, 1]; the shares of one N sum to 1, or are NaN where
    the N best have no operation. UserError: an N below 1, an estimator called "truth".

    >>> from nasgauge.spaces import NB201
    >>> archs = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"]
    >>> truth = pd.DataFrame({"arch": archs, "seed": 0, "accuracy": [0.9]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": [1.0]})
    >>> compute(scores, truth, NB201())[["operation", "usage", "share"]].round(3).values.tolist()
    [['none', 1.0, 0.667], ['nor_conv_3x3', 1.0, 0.167], ['skip_connect', 1.0, 0.167]]

    Reference: laube2021exploring, Figs. 3 and 10.
    """
    if any(size < 1 for size in n_best):
        raise UserError(
            f"operation_use: n_best {tuple(n_best)} contains a number below 1; give numbers of architectures"
        )
    accuracy = mean_truth(truth)
    owners: dict[tuple[str, ...], str] = {}
    for name, table in sorted(scores_by_seed(scores).items()):
        known = tuple(sorted(table.index[is_among(table.index, accuracy.index)]))
        if known:
            owners.setdefault(known, name)
    most = max(map(len, owners), default=0)
    owners = {archs: name for archs, name in owners.items() if len(archs) <= largest * len(accuracy)
              or len(archs) == most}  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for archs, owner in owners.items() if space is not None else ():
        counts = pd.DataFrame([space.op_counts(space.from_str(arch)) for arch in archs], index=archs).fillna(0)
        counts = counts.loc[:, (counts > 0).any()].sort_index(axis=1)
        if counts.empty:
            continue
        true = accuracy.reindex(list(archs)).to_numpy()
        for size in [*sorted({int(size) for size in n_best if size < len(archs)}), len(archs)]:
            weight = share_among_best(true, size)
            usage, uses = weight @ (counts > 0).to_numpy() / size, weight @ counts.to_numpy("float64")
            share = uses / uses.sum() if uses.sum() > 0 else np.full(len(uses), np.nan)
            rows += [(owner, size, *row, len(archs)) for row in zip(counts.columns, usage, share, strict=True)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One set: the usage of each operation over N."""
    if table.empty or space is None:
        say(ax, "the operations are not known")
        return
    sizes = sorted(table["n_best"].unique())
    for name, stroke in legend(table, space).items():
        rows = table[table["operation"] == name].sort_values("n_best")
        ax.plot(rows["n_best"], rows["usage"], color=stroke.colour, linestyle=stroke.dash, marker="o", markersize=3)
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"all {size:,}" if size == sizes[-1] else f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set(ylim=(-0.03, 1.03), xlabel="N (top N by ground truth)", ylabel="share that use it")
    tidy(ax)


def legend(table: pd.DataFrame, space: Space | None) -> Mapping[str, Stroke]:
    """The stroke of each operation."""
    return {} if space is None else strokes(space, table["operation"].unique())


ANALYSIS = Analysis(
    name="operation_use",
    question="Which operations do the best architectures use?",
    paper_finding=(
        "Laube and Zell (2021, Fig. 3) find a 3x3 convolution in all of the top 500 cells of NAS-Bench-201 that "
        "may have one; pooling and zero are used least, and pooling replaces skip connections where these are masked."
    ),
    section="cells",
    caption="Share of the N best architectures that use an operation; the table also contains its share of all uses.",
    compute=compute,
    draw=draw,
    legend=legend,
    panel_by="subset_of",
    size=(3.3, 2.4),
)
