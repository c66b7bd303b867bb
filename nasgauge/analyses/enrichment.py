"""Which properties distinguish the top and the bottom architectures of an estimator?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT_BIAS, Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, ORANGE, STROKES, plain, say, tidy
from nasgauge.analyses.toolkit.properties import properties_of
from nasgauge.analyses.toolkit.rank_errors import draws_of_rows
from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

COLUMNS = (
    *("estimator", "end", "property", "mean", "population_mean"),
    *("enrichment", "lower", "upper", "truth_enrichment", "k", "n"),
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    complexity: pd.DataFrame | None = None,
    fraction: float = 0.05,
    n_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Mean properties of the top and bottom `fraction` by score, against all architectures that have a score.

    enrichment = (mean over the end - mean over all) / standard deviation over all; positive: the end has more of it
    truth_enrichment = the same of the end by true accuracy, over the same architectures

    The end holds k = max(1, round(fraction n)) architectures, equal scores in alphabetical order. Properties: those of
    `spaces.properties` where the space is known, and the columns of table COMPLEXITY where it is given; an undefined
    one (no path to the output) is left out of the means, a constant one of the table. Intervals: percentiles over
    n_bootstrap resamples of the end's architectures. Returns rows by estimator, end ("top", "bottom") and property;
    empty where no property is known. UserError: fraction outside (0, 0.5].

    Reference: ning2021evaluating, Fig. 6, A25, A27, A28.
    """
    if not 0 < fraction <= 0.5:
        raise UserError(f"enrichment: fraction is {fraction}; give more than 0 and at most 0.5")
    accuracy = mean_truth(truth)
    known = properties_of(accuracy.index, space, complexity)
    state = int(rng.integers(2**63))
    rows: list[dict[str, object]] = []
    for name, score in sorted(mean_scores(scores).items()):
        score = score[is_among(score.index, accuracy.index)].sort_index()
        table = known.reindex(score.index)
        table = table.loc[:, table.nunique() > 1]
        n, k = len(score), max(1, round(fraction * len(score)))
        if not n or not len(table.columns):
            continue
        again = np.random.default_rng(state)
        true = accuracy.reindex(score.index)
        centre, spread = table.mean(), table.std(ddof=0)
        for end, sign in (("top", -1), ("bottom", 1)):
            chosen, best = (table.iloc[np.argsort(sign * v.to_numpy(), kind="stable")[:k]] for v in (score, true))
            low, high = _ends(chosen, n_bootstrap, confidence, again)
            for column in table.columns:
                scaled = [(v - centre[column]) / spread[column] for v in (low[column], high[column])]
                rows.append(
                    {
                        "estimator": name,
                        "end": end,
                        "property": column,
                        "mean": chosen[column].mean(),
                        "population_mean": centre[column],
                        "enrichment": (chosen[column].mean() - centre[column]) / spread[column],
                        "lower": scaled[0],
                        "upper": scaled[1],
                        "truth_enrichment": (best[column].mean() - centre[column]) / spread[column],
                        "k": k,
                        "n": n,
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One line per property: top (blue, filled) and bottom (orange, open) with intervals, the true ones as bars."""
    if table.empty:
        say(ax, "no property is known")
        return
    names = list(dict.fromkeys(table["property"]))
    for end, colour, shift, fill in (("top", BLUE, -0.17, BLUE), ("bottom", ORANGE, 0.17, "white")):
        rows = table[table["end"] == end].set_index("property").loc[names]
        y = np.arange(len(names)) + shift
        ax.hlines(y, rows["lower"], rows["upper"], colour, linewidth=1.3, **STROKES)
        ax.plot(rows["enrichment"], y, "o", color=colour, markerfacecolor=fill, markersize=3.4)
        ax.vlines(rows["truth_enrichment"], y - 0.16, y + 0.16, "0.25", linewidth=1.1, **STROKES)
    ax.axvline(0, color="0.5", linewidth=0.7)
    ax.set_yticks(range(len(names)), [plain(name.replace("_", " "), 16) for name in names], fontsize=6.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:+g}".replace("-", "−") if value else "0")
    tidy(ax)


def _ends(
    chosen: pd.DataFrame, n_bootstrap: int, confidence: float, rng: np.random.Generator
) -> tuple[pd.Series, pd.Series]:
    values = chosen.to_numpy()
    counts = draws_of_rows(len(values), n_bootstrap, rng).astype("float64")
    defined = ~np.isnan(values)
    weight = counts @ defined
    draws = counts @ np.where(defined, values, 0.0) / np.where(weight > 0, weight, np.nan)
    sides = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = (
        np.nanquantile(draws, sides, axis=0) if np.isfinite(draws).any() else np.full((2, values.shape[1]), np.nan)
    )
    return pd.Series(low, chosen.columns), pd.Series(high, chosen.columns)


ANALYSIS = Analysis(
    name="enrichment",
    question="Which properties distinguish the top and the bottom architectures of an estimator?",
    figure="Fig. 6",
    paper_finding=(
        "Ning et al. (2021, Sec. 5.2) find that synflow ranks the largest architectures on top, and snip, "
        "grad_norm and fisher those without skip connections, whose gradients explode."
    ),
    section="bias",
    caption=(
        "Mean of a property over the top 5% by score (blue) and the bottom 5% (orange, open) minus the mean over all "
        "architectures, in standard deviations, with bootstrap intervals; vertical bars: top and bottom 5% by ground "
        "truth."
    ),
    takes=("complexity",),
    random=True,
    limit=LIMIT_BIAS,
    compute=compute,
    draw=draw,
    panel_by="estimator",
    size=(2.9, 2.6),
)
