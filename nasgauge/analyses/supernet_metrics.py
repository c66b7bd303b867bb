"""Which quality does each trained supernet reach?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, say, tidy
from nasgauge.analyses.toolkit.supernet_quality import METRICS, Measure, measured
from nasgauge.spaces import Space

_SHOWN = (  # the three pairs of Fig. 4 of Yu et al.
    ("mean_score", "found_accuracy"),
    ("sparse_kendall_tau", "found_accuracy"),
    ("mean_score", "sparse_kendall_tau"),
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame,
    choices: pd.DataFrame | None = None,
    n_pool: int = 200,
    k: int = 3,
    n_draws: int = 200,
    variant: str = "nasws",
    width: float = 1e-3,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """What every trained supernet reaches: one row per estimator with recorded settings and seed.

    mean_score, kendall_tau, sparse_kendall_tau, found_accuracy, surpass_probability: as of
    `toolkit.supernet_quality.Measure`, over the n architectures with a ground truth that all seeds of the estimator
    scored; `variant` and `width` of the sparse tau are columns. scores, truth, settings, choices: tables SCORES, TRUTH,
    SETTINGS, CHOICES; space is not used. n_pool, k, n_draws: pools of a random search, their best by score, and how
    many pools are drawn; supernets that scored equally many architectures get the same pools. kind: as in `by_setting`,
    "main" for accuracy. Returns (kind, estimator, seed,
    mean_score, kendall_tau, sparse_kendall_tau, found_accuracy, surpass_probability, variant, width, n); empty where no
    settings are recorded. NaN: constant scores or accuracies. UserError: n_pool, k or n_draws below 1, an unknown
    variant, a width not above 0, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "net", "arch": list("abcd"), "seed": 0, "score": [3.0, 4.0, 2.0, 1.0]})
    >>> settings = pd.DataFrame({"estimator": ["net"], "setting": "epochs", "value": [9.0]})
    >>> table = compute(scores, truth, settings=settings, k=1, rng=np.random.default_rng(0))
    >>> table[["kind", "seed", "kendall_tau", "found_accuracy", "n"]].round(3).values.tolist()
    [['main', 0, 0.667, 0.8, 4]]

    Reference: yu2020train, Sec. 3.2.
    """
    measure = Measure(int(rng.integers(2**63)), n_pool, k, n_draws, variant, width)
    table = measured(scores, truth, settings, choices, measure)
    table.insert(table.columns.get_loc("n"), "variant", variant)
    table.insert(table.columns.get_loc("n"), "width", width)
    return table


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Three scatter plots of one kind of score, a point per supernet."""
    known = table.dropna(subset=["sparse_kendall_tau"])
    if known.empty:
        say(ax, "no supernet ranks its architectures")
        return
    tidy(ax)
    ax.plot([], [])  # the three below hold the data
    ax.set_axis_off()
    for i, (x, y) in enumerate(_SHOWN):
        part = ax.inset_axes((0.36 * i, 0.0, 0.27, 1.0))
        part.plot(known[x], known[y], "o", color=BLUE, markersize=3.5, alpha=0.6, markeredgewidth=0)
        part.set_xlabel(METRICS[x])
        part.set_ylabel(METRICS[y])
        part.margins(0.1)
        part.locator_params(nbins=4)
        tidy(part)


ANALYSIS = Analysis(
    name="supernet_metrics",
    question="Which quality does each trained supernet reach?",
    paper_finding=(
        "Yu et al. (ICLR 2021 submission, Fig. 4) plot accuracy, sparse tau and search result of all their supernets: "
        "the accuracy says little of the search result (Spearman .09, .52, .07 on three spaces)."
    ),
    section="settings",
    caption=(
        "Points: supernets, one per seed. Search result: mean accuracy of the top 3 by score of 200 random "
        "architectures, mean over 200 such searches."
    ),
    needs=("settings",),
    takes=("choices",),
    random=True,
    compute=compute,
    draw=draw,
    panel_by="kind",
    size=(8.0, 2.6),
    margins=(0.08, 0.18, 0.98, 0.96),
    wide=True,
)
