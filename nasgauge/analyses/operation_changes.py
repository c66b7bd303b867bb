"""How do the true and the estimated rank change when one operation replaces another?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, plain, say, tidy
from nasgauge.analyses.toolkit.pairs import frequent, pairs_of
from nasgauge.analyses.toolkit.rank_errors import rank_errors
from nasgauge.analyses.toolkit.vectors import ranks
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = ("estimator", "from_op", "to_op", "change", "truth_share", "score_share", "n")
_N_SHOWN = 10


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_bins: int = 21,
    least: int = 10,
) -> pd.DataFrame:
    """Histograms of the change of the rank over the pairs of `operation_bias`, of the true and the estimated one.

    change = (rank of a - rank of b) / n, from -1 to 1; positive: b, with `to_op`, ranks higher
    truth_share, score_share = share of the n pairs whose change lies in the bin around `change`

    Ranks make ground truth and score comparable, whatever the unit of the score. n_bins, an odd number, divide [-1, 1],
    so 0 is the centre of one. Mutations with fewer than `least` pairs have no rows. Returns rows by estimator, mutation
    and change; empty without a space. UserError: n_bins even or below 3, least below 1.

    Reference: ning2021evaluating, Fig. A11 and A13.
    """
    if n_bins < 3 or n_bins % 2 == 0 or least < 1:
        raise UserError(f"operation_changes: {n_bins} bins, at least {least} pairs; give an odd number from 3, and 1")
    edges = np.linspace(-1, 1, n_bins + 1)
    parts = []
    for name, errors in rank_errors(scores, truth).items() if space is not None else ():
        pairs = frequent(pairs_of(space, errors.index), least)
        a, b = pairs["a"].to_numpy("int64"), pairs["b"].to_numpy("int64")
        bins = {}
        for column in ("accuracy", "score"):
            place = ranks(errors[column].to_numpy())
            bins[column] = _bin((place[a] - place[b]) / len(errors), n_bins)
        step, first = pd.factorize(pairs["step"], sort=True)
        n = np.bincount(step, minlength=len(first))
        shares = {
            column: np.bincount(step * n_bins + inside, minlength=len(first) * n_bins) / np.repeat(n, n_bins)
            for column, inside in bins.items()
        }
        words = pairs.drop_duplicates("step").set_index("step").loc[list(first), ["from_op", "to_op"]]
        table = words.loc[words.index.repeat(n_bins)].reset_index(drop=True)
        middle = np.tile((edges[:-1] + edges[1:]) / 2, len(first)).round(12)
        parts.append(
            table.assign(estimator=name, change=middle, truth_share=shares["accuracy"], score_share=shares["score"],
                         n=np.repeat(n, n_bins))
        )  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table[list(COLUMNS)]


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One line per mutation, those with the most pairs: grey: ground truth, blue: score."""
    if table.empty:
        say(ax, "no pairs of architectures one mutation apart")
        return
    names = table["from_op"] + " → " + table["to_op"]
    shown = sorted(table.groupby(names)["n"].first().nlargest(_N_SHOWN).index)
    most = table[["truth_share", "score_share"]].to_numpy().max()
    for y, name in enumerate(shown):
        rows = table[names == name]
        base = len(shown) - 1 - y
        height = 0.85 / most
        ax.fill_between(rows["change"], base, base + height * rows["truth_share"], color="0.8", step="mid", linewidth=0)
        ax.step(rows["change"], base + height * rows["score_share"], where="mid", color=BLUE, linewidth=1.0)
        ax.text(-1, base + 0.5, plain(name.replace("_", " "), 34), fontsize=5.5, color="0.25", va="center")
    ax.axvline(0, color="0.5", linewidth=0.6, linestyle=(0, (3, 2)))
    ax.set(xlim=(-1, 1), ylim=(0, len(shown)), yticks=[])
    ax.set_xticks([-1, 0, 1], ["−n", "0", "+n"])
    tidy(ax)
    ax.spines["left"].set_visible(False)


def _bin(change: np.ndarray, n_bins: int) -> np.ndarray:
    return np.clip(np.floor((change + 1) / 2 * n_bins), 0, n_bins - 1).astype("int64")


ANALYSIS = Analysis(
    name="operation_changes",
    question="How do the true and the estimated rank change when one operation replaces another?",
    figure="Fig. A13",
    paper_finding=(
        "Ning et al. (2021, Fig. A13) find similar histograms of true and one-shot changes for all mutations of "
        "NAS-Bench-201, 18,750 pairs each, and different ones for many of NAS-Bench-301 (Fig. A11)."
    ),
    section="bias",
    caption=(
        "Histogram over pairs of the change of rank when the second operation replaces the first; right: better rank. "
        "Grey: ground truth; blue: score. Mutations with the most pairs."
    ),
    counts="pairs",
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.9, 3.1),
)
