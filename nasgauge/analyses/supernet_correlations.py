"""Which quantity predicts the search result of a supernet?"""

from itertools import combinations

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import say
from nasgauge.analyses.toolkit.rank_errors import interval_of
from nasgauge.analyses.toolkit.supernet_quality import METRICS, Measure, measured
from nasgauge.criteria import pearson_r, spearman_rho
from nasgauge.spaces import Space

_CRITERIA = {"spearman": spearman_rho, "pearson": pearson_r}
_ENDS = tuple(f"{name}_{end}" for name in _CRITERIA for end in ("lower", "upper"))
_COLUMNS = ("kind", "first", "second", *_CRITERIA, *_ENDS, "n_settings", "n")


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame,
    choices: pd.DataFrame | None = None,
    n_bootstrap: int = 500,
    rng: np.random.Generator,
    **options: object,
) -> pd.DataFrame:
    """Spearman's and Pearson's correlation of every two columns of `supernet_metrics`, over the supernets of a study.

    A point is a trained supernet, that is, an estimator with recorded settings and a seed; n of them, of n_settings
    estimators. Supernets in which one of the two quantities is undefined are left out. *_lower, *_upper: .025 and .975
    quantile over n_bootstrap draws of the estimators with replacement, each with all its seeds, since seeds of the same
    settings are no independent supernets; NaN where more than 5% of the draws have no correlation, as may be with two
    or three estimators. scores, truth, settings, choices, options: as of `supernet_metrics.compute`; kinds of score are
    not mixed. Returns (kind, first, second, spearman, pearson, spearman_lower, spearman_upper, pearson_lower,
    pearson_upper, n_settings, n), one row per kind and pair. NaN: fewer than two supernets, a constant quantity;
    intervals of fewer than two estimators. Range [-1, 1].

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> rows = {"estimator": ["x"] * 4 + ["y"] * 4, "arch": list("abcd") * 2, "seed": 0}
    >>> scores = pd.DataFrame({**rows, "score": [4.0, 3, 2, 1, 11, 12, 13, 14]})
    >>> settings = pd.DataFrame({"estimator": ["x", "y"], "setting": "epochs", "value": [9.0, 8.0]})
    >>> table = compute(scores, truth, settings=settings, n_bootstrap=0, rng=np.random.default_rng(0))
    >>> table.loc[0, ["first", "second"]].tolist(), round(float(table.loc[0, "spearman"]), 3), int(table.loc[0, "n"])
    (['mean_score', 'kendall_tau'], -1.0, 2)

    Reference: yu2020train, Fig. 4.
    """
    measure = Measure(int(rng.integers(2**63)), **options)
    state = int(rng.integers(2**63))
    every = measured(scores, truth, settings, choices, measure)
    rows = []
    for kind, table in every.groupby("kind", sort=False):
        for first, second in combinations(METRICS, 2):
            known = table[np.isfinite(table[[first, second]]).all(axis=1)]
            if len(known):
                rows.append({"kind": kind, "first": first, "second": second, **_row(known, first, second)})
                rows[-1] |= _intervals(known, first, second, n_bootstrap, np.random.default_rng(state))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _row(known: pd.DataFrame, first: str, second: str) -> dict[str, float]:
    x, y = known[first].round(12).to_numpy(), known[second].round(12).to_numpy()
    found = {name: float(criterion(x, y)) for name, criterion in _CRITERIA.items()}
    return {**found, "n_settings": known["estimator"].nunique(), "n": len(known)}


def _intervals(
    known: pd.DataFrame, first: str, second: str, n_draws: int, rng: np.random.Generator
) -> dict[str, float]:
    """The ends of the bootstrap interval of each criterion, over estimators."""
    clusters = [part[[first, second]].round(12).to_numpy() for _, part in known.groupby("estimator")]
    drawn: dict[str, list[float]] = {name: [] for name in _CRITERIA}
    for _ in range(n_draws if len(clusters) > 1 else 0):
        x, y = np.concatenate([clusters[i] for i in rng.integers(len(clusters), size=len(clusters))]).T
        for name, criterion in _CRITERIA.items():
            drawn[name].append(float(criterion(x, y)))
    ends = {}
    for name, values in drawn.items():
        low, high = interval_of(np.array(values, float), 0.95)
        ends |= {f"{name}_lower": low, f"{name}_upper": high}
    return ends


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """A matrix: Spearman's correlations above the diagonal, Pearson's below."""
    if table[["spearman", "pearson"]].isna().all(axis=None):
        say(ax, "fewer than two supernets that differ")
        return
    names = list(METRICS)
    matrix = np.full((len(names), len(names)), np.nan)
    for row in table.itertuples():
        i, j = names.index(row.first), names.index(row.second)
        matrix[i, j], matrix[j, i] = row.spearman, row.pearson
    ax.imshow(matrix, cmap="PuOr", vmin=-1, vmax=1)
    for i, j in zip(*np.nonzero(~np.isnan(matrix)), strict=True):
        text = f"{round(matrix[i, j], 2) + 0.0:.2f}".replace("-", "−")
        ax.text(j, i, text, ha="center", va="center", fontsize=7.5, color="white" if abs(matrix[i, j]) > 0.6 else "0.1")
    labels = [METRICS[name].replace(" random search", "").replace("probability to", "P to") for name in names]
    ax.set_xticks(range(len(names)), labels, rotation=30, ha="right")
    ax.set_yticks(range(len(names)), labels)
    ax.tick_params(length=0, labelcolor="0.3")
    ax.set_xlabel(f"{table['n'].max()} supernets of {table['n_settings'].max()} settings")


ANALYSIS = Analysis(
    name="supernet_correlations",
    question="Which quantity predicts the search result of a supernet?",
    paper_finding=(
        "Yu et al. (ICLR 2021 submission, Fig. 4) find Spearman correlations of the search result with the accuracy of "
        ".09, .52, .07 and with sparse tau of .45, .55, .19 on NAS-Bench-101, NAS-Bench-201 and DARTS-NDS."
    ),
    section="settings",
    caption=(
        "Spearman's correlation over supernets above the diagonal, Pearson's below; the table contains intervals over "
        "settings."
    ),
    needs=("settings",),
    takes=("choices",),
    counts="supernets",
    random=True,
    compute=compute,
    draw=draw,
    panel_by="kind",
    size=(4.6, 4.0),
)
