"""Which accuracy does a random search guided by the estimator reach?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, GREEN, plain, say, scale_of, tidy
from nasgauge.analyses.toolkit.pools import drawn_pools, ranked, reached
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

_COLUMNS = ("estimator", "quantity", "value", "lower", "upper", "best", "random", "n", "n_pool", "n_draws")
_N_SHOWN = 16
_REFERENCES = (
    ("random", "random\nchoice", "right", "0.45", (0, (1, 1.2))),
    ("best", "best of\nthe pool", "left", GREEN, (0, (4, 2))),
)


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    n_pool: int = 200,
    k: int = 3,
    n_draws: int = 500,
    width: float = 1e-3,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Result of a random search guided by the estimator: score a pool of architectures, train the k best of them.

    found_accuracy = mean true accuracy of the k architectures of the pool with the best scores
    surpass_probability p = (1 - r / r_max)^k: a search of the same budget without an estimator, k trainings of randomly
        drawn architectures, finds nothing as good as the best of those k
    sparse_kendall_tau = `criteria.sparse_kendall_tau`, variant "nasws", within the pool; mean_score = the pool's mean

    r is the true rank, 1 the best, of the best of the k among all r_max = n architectures; of tied ones the worst, so
    1 - r / r_max is the share that is strictly worse. Example: r = 782 of 15,625 and k = 3 give 0.95^3 = 0.857. The
    published 1 - (1 - r / r_max)^n would with this rank be the chance of the contrary, 0.143; the public code takes
    (r / r_max)^n with ranks counted up from the worst and n = k, which is what stands here. Higher is better in all.

    scores, truth: tables SCORES and TRUTH; space is not used. n: architectures with a ground truth that the estimator
    scored in all its seeds. A pool is n_pool of these drawn without replacement, all if there are fewer (column
    n_pool); estimators that scored the same ones get the same pools, and the draws take the seeds in turn. Ties of the
    score are settled at random in each draw. value: mean over draws; lower, upper: .025 and .975 quantile over draws,
    that is, of single searches. best, random: the same if the k truly best of each pool are taken, and the expectation
    if k random ones of the n are; null for the last two quantities. Returns (estimator, quantity, value, lower, upper,
    best, random, n, n_pool, n_draws), four rows per estimator. Draws in which tau is undefined are omitted and not
    counted in its n_draws; tau is NaN if all are. Ranges: that of the accuracies, [0, 1), [-1, 1], that of the scores.
    UserError: n_pool, k or n_draws below 1, width not above 0, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [3.0, 4.0, 2.0, 1.0]})
    >>> table = compute(scores, truth, k=1, rng=np.random.default_rng(0))
    >>> table.set_index("quantity")["value"].round(3).to_dict()
    {'found_accuracy': 0.8, 'surpass_probability': 0.5, 'sparse_kendall_tau': 0.667, 'mean_score': 2.5}

    Reference: yu2020train, Sec. 3.2 and public code.
    """
    for option, number in {"n_pool": n_pool, "k": k, "n_draws": n_draws}.items():
        if number < 1:
            raise UserError(f"search_quality: {option} is {number}; at least one is needed")
    if not width > 0:
        raise UserError(f"search_quality: width is {width}; accuracies are binned in steps above 0, such as 0.001")
    accuracy, state = mean_truth(truth), int(rng.integers(2**63))
    rows: list[tuple[object, ...]] = []
    for name, table in sorted(scores_by_seed(scores).items()):
        table = table[is_among(table.index, accuracy.index)].sort_index().sort_index(axis=1)
        if not len(table):
            continue
        true = accuracy.reindex(table.index).to_numpy()
        size = min(n_pool, len(true))
        pools = drawn_pools(len(true), size, n_draws, state)  # of one state, so that they depend on no other estimator
        found = _of_pools(table.to_numpy(), true, pools, min(k, size), width)
        for quantity, (of_draws, best, random) in found.items():
            kept = of_draws[~np.isnan(of_draws)]
            low, high = np.quantile(kept, [0.025, 0.975]) if len(kept) else (np.nan, np.nan)
            value = kept.mean() if len(kept) else np.nan
            rows.append((name, quantity, value, low, high, best, random, len(true), size, len(kept)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Accuracy found, with its interval, the best estimator above; at most sixteen estimators."""
    table = table[table["quantity"] == "found_accuracy"].sort_values(["value", "estimator"], ascending=[False, True])
    if table.empty:
        say(ax, "no estimator has a score")
        return
    shown, rows = table[:_N_SHOWN], np.arange(min(len(table), _N_SHOWN))
    edges = np.stack([rows - 0.5, rows + 0.5], axis=1).ravel()
    factor, unit = scale_of(shown[["value", "lower", "upper"]].to_numpy().ravel())
    for column, label, side, colour, dash in _REFERENCES:
        # A step where an estimator scored other architectures than its neighbour, and pools are others.
        at = factor * shown[column].to_numpy()
        ax.plot(at.repeat(2), edges, color=colour, linestyle=dash, linewidth=1.2, zorder=1)
        place = {"xytext": (0, 3), "textcoords": "offset points", "ha": side, "va": "bottom"}
        ax.annotate(label, (at[0], -0.5), color=colour, fontsize=7, **place)
    ax.hlines(rows, factor * shown["lower"], factor * shown["upper"], color=BLUE, linewidth=5, alpha=0.25)
    ax.plot(factor * shown["value"], rows, "o", color=BLUE, markersize=5)
    ax.set_yticks(rows, [plain(name, 28) for name in shown["estimator"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    more = f", best {len(shown)} of {len(table)}" if len(table) > len(shown) else ""
    quantity = "true accuracy of the selection, %" if unit else "ground truth of the selection"
    ax.set_xlabel(f"{quantity}{more}")
    tidy(ax)


def _of_pools(
    score: np.ndarray, true: np.ndarray, pools: np.ndarray, k: int, width: float
) -> dict[str, tuple[np.ndarray, float, float]]:
    """Each quantity in every draw, and the means of what the best and a random choice reach.

    score (n, n_seeds), true (n,), pools (n_draws, n_pool) in an order drawn at random, which settles the score's ties.
    """
    seed = np.arange(len(pools)) % score.shape[1]
    scored, worse = score[pools, seed[:, None]], np.searchsorted(np.sort(true), true) / len(true)
    by_score = ranked(pools, scored)
    (found, surpass), (best, best_surpass) = (reached(each, true, k) for each in (by_score, ranked(pools, true[pools])))
    # The chance that k of n drawn ones are all among the i worst, for i = 0 ... n.
    all_worse = np.prod([np.linspace(-j, len(true) - j, len(true) + 1) / (len(true) - j) for j in range(k)], axis=0)
    sparse_taus = _sparse_taus(true, by_score, width)
    sparse_taus[np.ptp(scored, axis=1) == 0] = np.nan  # constant scores rank nothing
    return {
        "found_accuracy": (found, best.mean(), true.mean()),
        "surpass_probability": (surpass, best_surpass.mean(), np.diff(all_worse) @ np.sort(worse) ** k),
        "sparse_kendall_tau": (sparse_taus, np.nan, np.nan),
        "mean_score": (scored.mean(axis=1), np.nan, np.nan),
    }


def _sparse_taus(true: np.ndarray, ranked: np.ndarray, width: float) -> np.ndarray:
    """Sparse tau of pools ranked by score without ties, (n_draws, n_pool), the best first: positions against bins.

    Both sides have the same ties, so tau-b is the net concordance over the pairs that are untied by position.
    """
    bins = np.floor(true / width + 1e-9)[ranked]  # an accuracy on the edge of a bin belongs to the upper one
    tau = np.full(len(bins), np.nan)
    for draw, pool in enumerate(bins):
        position = -np.sort(-pool)
        untied = position[:, None] > position
        here = pool[:, None]
        net = np.count_nonzero(untied & (here > pool)) - np.count_nonzero(untied & (here < pool))
        if untied.any():
            tau[draw] = net / np.count_nonzero(untied)
    return tau


ANALYSIS = Analysis(
    name="search_quality",
    question="Which accuracy does a random search guided by the estimator reach?",
    paper_finding=(
        "Yu et al. (2020, as submitted to ICLR 2021, Fig. 4) find that the mean accuracy of a supernet hardly "
        "correlates with the accuracy of its search results (Spearman .09, .52, .07 on three spaces) and sparse tau "
        "more (.45, .55, .19); the top architecture of a supernet of Ning et al. (2021, Table A6) on NAS-Bench-201 "
        "reaches 93.55%."
    ),
    section="search",
    caption=(
        "Mean true accuracy of the top 3 by score of 200 random architectures; points: mean, bars: 95% of 500 such "
        "searches. Lines: expectation of a random choice, and of the top 3 of the pool by ground truth."
    ),
    random=True,
    compute=compute,
    draw=draw,
    size=(5.4, 3.9),
)
