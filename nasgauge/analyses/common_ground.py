"""Does an estimator of a smaller search space rank that space better than the others?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, VERMILION, plain, say, tidy
from nasgauge.analyses.toolkit.supernet_settings import chosen_by, what_differs, with_choices
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau, precision_at_top
from nasgauge.spaces import Space

_COLUMNS = ("subset_of", "estimator", "kendall_tau", "precision_at_top", "mean_score", "n_scored", "n", "also_differs")
_OF_THE_SPACE = ("without", "n_samples")  # in which a supernet of a smaller space differs anyway
_N_SHOWN = 8


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
    fraction: float = 0.1,
    largest: float = 0.9,
) -> pd.DataFrame:
    """All estimators on exactly those architectures that one of them scored, wherever it scored not all of the truth.

    kendall_tau, precision_at_top = the criteria over the n architectures of the subset, mean over the estimator's seeds
    mean_score = mean over these architectures and seeds

    scores, truth: tables SCORES and TRUTH; space is not used. An estimator scored an architecture if all its seeds
    did and the truth holds it: n_scored of them. Each distinct set of scored architectures that is not empty and at
    most `largest` of the truth is a subset (an estimator that lacks fewer has failed on some, and is not of a smaller
    space); subset_of is the first name, by alphabet, of the estimators that scored just this set, whose rows have
    n_scored = n. A subset has one row per estimator that scored all of it, and possibly more. fraction: of the n, the
    top that precision_at_top looks at. settings, choices: tables SETTINGS and CHOICES; also_differs names those in
    which the estimator and the supernet of the subset differ besides the operations removed, "nothing" where they are
    equal; where those of one of the two are not recorded (it is no supernet, or of an earlier version), it says so.
    Returns (subset_of, estimator, kendall_tau, precision_at_top, mean_score, n_scored, n, also_differs) by subset and
    estimator; empty where there is no subset.
    NaN: constant scores or accuracies, n < 2. Ranges [-1, 1] and [0, 1], higher is better; mean_score compares only
    estimators of one unit. UserError: a fraction outside (0, 1), an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> full = pd.DataFrame({"estimator": "full", "arch": list("abcd"), "seed": 0, "score": [4.0, 1.0, 2.0, 3.0]})
    >>> part = pd.DataFrame({"estimator": "part", "arch": list("abc"), "seed": 0, "score": [3.0, 2.0, 1.0]})
    >>> compute(pd.concat([full, part]), truth)[["subset_of", "estimator", "kendall_tau", "n"]].round(3).values.tolist()
    [['part', 'full', 0.333, 3], ['part', 'part', 1.0, 3]]

    Reference: ning2021evaluating, Table A5; laube2021exploring, Sec. 4.1.
    """
    if not 0 < fraction < 1:
        raise UserError(f"common_ground: fraction is {fraction}; give a share of the architectures between 0 and 1")
    accuracy = mean_truth(truth).sort_index()
    tables = {
        name: table[is_among(table.index, accuracy.index)].sort_index()
        for name, table in sorted(scores_by_seed(scores).items())
    }
    empty = pd.DataFrame(columns=["estimator", "setting", "value"])
    chosen, recorded = chosen_by(empty if settings is None else settings, choices), with_choices(choices)
    owners: dict[tuple[str, ...], str] = {}
    for name, table in tables.items():
        if 0 < len(table) <= largest * len(accuracy):
            owners.setdefault(tuple(table.index), name)
    rows = []
    for archs, owner in owners.items():
        subset = pd.Index(archs)
        true = accuracy.reindex(subset).to_numpy()
        for name, table in tables.items():
            if is_among(subset, table.index).all():
                differs = what_differs([owner, name], chosen, recorded, _OF_THE_SPACE)
                values = _judged(table.reindex(subset), true, fraction)
                rows.append((owner, name, *values, len(table), len(subset), differs))
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One subset: tau of its estimator, and the differences of the others to it, the best above."""
    own = table[table["estimator"] == table["subset_of"]]
    table = table.dropna(subset="kendall_tau").sort_values(["kendall_tau", "estimator"], ascending=[False, True])
    if table.empty:
        say(ax, "no estimators to compare")
        return
    is_own = (table["n_scored"] == table["n"]).to_numpy()
    shown = table[is_own | (np.cumsum(~is_own) <= _N_SHOWN - is_own.sum())]
    rows, tau = np.arange(len(shown)), shown["kendall_tau"].to_numpy()
    is_own = (shown["n_scored"] == shown["n"]).to_numpy()
    reference = own["kendall_tau"].iloc[0]
    if not np.isnan(reference):
        ax.axvline(reference, color=VERMILION, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    ax.hlines(rows, reference, tau, color="0.75", linewidth=2.5, zorder=1)
    ax.plot(tau[~is_own], rows[~is_own], "o", color=BLUE, markersize=6, markerfacecolor="white", markeredgewidth=1.6)
    ax.plot(tau[is_own], rows[is_own], "D", color=VERMILION, markersize=6)
    ax.set_yticks(rows, [plain(name, 24) for name in shown["estimator"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.margins(x=0.12)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    more = f"\n{len(shown)} of {len(table)} estimators" if len(table) > len(shown) else ""
    ax.set_xlabel(f"Kendall's tau-b (n = {table['n'].iloc[0]:,}){more}")
    tidy(ax)


def _judged(score: pd.DataFrame, true: np.ndarray, fraction: float) -> tuple[float, float, float]:
    """Means over the seeds of tau, precision and score; score (n, n_seeds) and true (n,) in one order."""
    seeds = score.sort_index(axis=1).to_numpy().T
    tau = [kendall_tau(of_seed, true) for of_seed in seeds]
    precision = [precision_at_top(of_seed, true, fraction=fraction) for of_seed in seeds]
    return float(np.mean(tau)), float(np.mean(precision)), float(seeds.mean())


ANALYSIS = Analysis(
    name="common_ground",
    question="Does training on a smaller search space rank that space better?",
    paper_finding=(
        "Ning et al. (2021, Table A5) remove operations from NAS-Bench-201: one-shot accuracy on the remaining "
        "architectures changes by −.011 to +.092, but tau falls by .014 to .098; Laube and Zell (2021, Sec. 4.1) find "
        "spaces without zero and pooling easier to rank."
    ),
    section="settings",
    caption="Diamonds: estimators restricted to these architectures; circles: others, evaluated on the same ones.",
    takes=("settings", "choices"),
    compute=compute,
    draw=draw,
    panel_by="subset_of",
    size=(3.4, 2.5),
)
