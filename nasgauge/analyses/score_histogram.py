"""How are the scores distributed?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, tidy
from nasgauge.analyses.toolkit.vectors import mean_scores
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "left", "right", "n_scores", "scale", "n_below", "n_above", "n_distinct", "n")
_LOG_RATIO = 1e3  # of the quantiles, from which equal bins would put nearly all scores into the first


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    quantiles: tuple[float, float] = (0.1, 0.9),
    n_bins: int = 30,
) -> pd.DataFrame:
    """Histogram of each estimator's scores between two quantiles, with the number of scores outside.

    n_scores = #{left <= s < right}, the last bin with its right edge; n_bins bins from the lower to the upper quantile
    (linear between scores), of equal width, or of equal ratio (scale "log") where both quantiles are positive and lie
    a factor of 1,000 or more apart; n_below and n_above count what lies outside.

    scores: table SCORES, averaged over seeds; truth and space are not used. quantiles: fractions, (0, 1) for the whole
    range. If both quantiles are one value, the estimator has one bin with left = right. n_distinct: different scores.
    Returns (estimator, left, right, n_scores, scale, n_below, n_above, n_distinct, n), the last five equal in every row
    of an estimator; n = n_below + n_above + the sum of n_scores. UserError: quantiles out of order or outside [0, 1],
    n_bins < 1, an estimator called "truth".

    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [0.0, 1.0, 2.0, 4.0]})
    >>> compute(scores, None, quantiles=(0, 1), n_bins=2)[["left", "right", "n_scores"]].values.tolist()
    [[0.0, 2.0, 2.0], [2.0, 4.0, 2.0]]

    Reference: ning2021evaluating, Fig. A25.
    """
    low, high = quantiles
    if not 0 <= low < high <= 1:
        raise UserError(
            f"score_histogram: quantiles {quantiles} are not two increasing fractions; an example is (0.1, 0.9)"
        )
    if n_bins < 1:
        raise UserError(f"score_histogram: n_bins is {n_bins}; at least one bin is needed")
    parts = [_histogram(name, s.to_numpy(), quantiles, n_bins) for name, s in mean_scores(scores).items() if len(s)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One estimator: counts over scores, and the numbers of scores outside."""
    first, edges = table.iloc[0], [*table["left"], table["right"].iloc[-1]]
    if first["left"] == first["right"]:
        ax.plot([first["left"]] * 2, [0, first["n_scores"]], color=BLUE, linewidth=3)
    else:
        ax.stairs(table["n_scores"], edges, fill=True, color=BLUE, alpha=0.75)
    ax.set_ylim(bottom=0)
    if first["scale"] == "log":
        ax.set_xscale("log")
        ax.xaxis.get_major_locator().set_params(numticks=4)
        ax.minorticks_off()
    else:
        ax.locator_params(axis="x", nbins=3)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    ax.locator_params(axis="y", nbins=3, integer=True)
    ax.set_xlabel(f"{first['n_below']:,} below, {first['n_above']:,} above")
    tidy(ax)


def _histogram(name: str, score: np.ndarray, quantiles: tuple[float, float], n_bins: int) -> pd.DataFrame:
    low, high = np.quantile(score, quantiles)
    below, above = int((score < low).sum()), int((score > high).sum())
    inside = score[(score >= low) & (score <= high)]
    log = low > 0 and high >= _LOG_RATIO * low
    edges = np.geomspace(low, high, n_bins + 1) if log else np.linspace(low, high, n_bins + 1)
    edges[[0, -1]] = low, high  # geomspace rounds its ends
    # Neighbouring floats leave no room for bins of width above zero.
    if (np.diff(edges) > 0).all():
        counts, left, right = np.histogram(inside, edges)[0], edges[:-1], edges[1:]
    else:
        counts, left, right = np.array([len(inside)]), np.array([low]), np.array([high])
    rows = {"estimator": name, "left": left, "right": right, "n_scores": counts, "scale": "log" if log else "linear"}
    return pd.DataFrame(rows).assign(n_below=below, n_above=above, n_distinct=len(np.unique(score)), n=len(score))


def panel_note(rows: pd.DataFrame) -> str:
    """Number of distinct scores."""
    return f"{rows['n_distinct'].iloc[0]:,} distinct scores"


ANALYSIS = Analysis(
    name="score_histogram",
    question="How are the scores distributed?",
    figure="Fig. A25",
    paper_finding=(
        "Ning et al. (2021, Fig. A25) find outliers in the scores of every zero-shot estimator and plot only scores "
        "between the .1 and .9 quantiles; those of synflow reach 7.55e49."
    ),
    section="scores",
    always=True,
    caption=("Number of architectures by score, between the .1 and .9 quantiles; below and above: scores outside."),
    panel_note=panel_note,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.1, 1.6),
    margins=(0.19, 0.26, 0.97, 0.97),
)
