"""Does a better estimate find a better architecture, and after how many evaluations?"""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import LIMIT, Analysis
from nasgauge.analyses.toolkit.chances import chances_of_top, quantile_of
from nasgauge.analyses.toolkit.drawing import draw_leading, say, scale_of, tidy
from nasgauge.analyses.toolkit.search_choices import budgets_of, by_chance, by_runs, sizes_of
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.analyses.trend import placed
from nasgauge.core.errors import UserError
from nasgauge.criteria import n_top
from nasgauge.search import Listed
from nasgauge.spaces import Space

COLUMNS = (
    *("estimator", "search", "budget", "regret", "lower", "upper", "rank", "top_1", "top_10", "top_share", "n_share"),
    *("surpass", "trainings", "surpass_at_cost", "random", "oracle", "best", "n", "n_runs", "n_seeds", "place"),
)
_FRACTION = 0.05


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    searches: pd.DataFrame | None = None,
    complexity: pd.DataFrame | None = None,
    expenses: pd.DataFrame | None = None,
    n_runs: int = 20,
    coverage: float = 0.5,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """True accuracy of the architecture that a search finds with an estimator's scores, by number of evaluations.

    A search scores `budget` architectures and chooses the best by score of these, which is then trained.
    regret = best true accuracy of all n - true accuracy of the choice, 0 at best
    rank = true rank of the choice among the n, 1 the best; of tied ones the worst
    top_1, top_10, top_share = mean true accuracy of the 1, 10, n_share best by score of the evaluated, or of all
        evaluated if there are fewer; n_share = 5% of n, at least 1
    surpass = mean share of the n that is strictly worse than the choice: the chance that one training of a randomly
        drawn architecture finds nothing as good, so that scoring counts as free
    surpass_at_cost = mean of that share to the power `trainings`: the same for a random search of the same cost, with
        trainings = 1 + (fit, training set and others, and budget scores, in seconds) / seconds of one training

    search "random": the architectures scored are drawn without replacement, and budget = n scores all, which is the
    exhaustive search. The expectation is exact, ties in the score settled at random. searches: table SEARCHES, further
    searches that are run n_runs times, equal generators for all estimators, up to 200 evaluations; one that has an
    option `size` gets the parameters of `complexity` where all are known. Estimators with several seeds: the mean over
    searches with the scores of each. lower, upper: quantiles (1 -+ coverage) / 2 of the regret over single searches and
    seeds (.5: the quartiles), which describe single searches, not the uncertainty of the mean.

    random: regret of one architecture drawn at random; oracle: of a random search of the same budget that trains all
    that it evaluates; both in expectation. best: accuracy of the best. n: architectures with a ground truth and a score
    in every seed. expenses: table EXPENSES; trainings and surpass_at_cost are NaN without it, or where a part of the
    cost is not reported. n_runs: NaN where the expectation is exact. place: of the estimator, see `trend.places`.
    Returns one row per estimator, search and budget (1, 2, 5, 10, 20, ... and n). UserError: n_runs below 1, coverage
    outside [0, 1], an unknown search, one without a budget, an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [3.0, 4.0, 2.0, 1.0]})
    >>> table = compute(scores, truth, rng=np.random.default_rng(0))
    >>> table[["budget", "regret", "rank", "top_10", "surpass", "oracle"]].round(3).values.tolist()
    [[1.0, 0.15, 2.5, 0.75, 0.375, 0.15], [2.0, 0.083, 1.833, 0.75, 0.542, 0.067], [4.0, 0.1, 2.0, 0.75, 0.5, 0.0]]

    Reference: ning2021evaluating, Tables A6 and A7 (BestAcc) and Fig. A19; yu2020train, Sec. 3.2 (surpass).
    """
    if n_runs < 1 or not 0 <= coverage <= 1:
        raise UserError(f"search_regret: {n_runs} runs, coverage {coverage}; give runs from 1 and a share from 0 to 1")
    names = [] if searches is None or space is None else [s for s in searches["search"] if s != "random"]
    accuracy, state = mean_truth(truth).sort_index(), int(rng.integers(2**63))
    costs = None if expenses is None else expenses.set_index("estimator")
    pools: dict[tuple[str, ...], Listed] = {}
    rows: list[dict[str, object]] = []
    for estimator, table in sorted(scores_by_seed(scores).items()):
        table = table[is_among(table.index, accuracy.index)].sort_index().sort_index(axis=1)
        n = len(table)
        if not n:
            continue
        true, vectors = accuracy.reindex(table.index).to_numpy(), [table[seed].to_numpy("float64") for seed in table]
        counts = (1, 10, n_top(n, fraction=_FRACTION))
        chosen = {("random", b): weights for b, weights in by_chance(vectors, budgets_of(n), counts).items()}
        if names:
            archs = tuple(table.index)
            pool = pools.setdefault(archs, Listed(space, archs))
            options = {"size": sizes_of(archs, complexity, space)} if complexity is not None else {}
            for name in names:
                found = by_runs(name, pool, vectors, counts, n_runs, state, options)
                chosen |= {(name, b): weights for b, weights in found.items()}
        about = {"n_share": counts[2], "n": n, "n_seeds": len(vectors), "best": true.max()}
        for (name, b), weights in chosen.items():
            runs = {
                "estimator": estimator,
                "search": name,
                "budget": b,
                "n_runs": np.nan if name == "random" else n_runs,
            }
            rows.append(runs | _row(weights, true, b, _trainings(costs, estimator, b), coverage) | about)
    return placed(rows, COLUMNS, scores, truth)


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """Mean regret over the number of scored architectures, with its interval; dotted: if all of them were trained."""
    if table.empty:
        say(ax, "no estimator has a score")
        return
    factor, unit = scale_of([*(table["best"] - table["regret"]), *table["best"]])
    lines = {new: factor * table[old] for new, old in {"value": "regret", "low": "lower", "high": "upper"}.items()}
    draw_leading(table.assign(**lines), ax, "budget")
    most = table[table["estimator"] == table.loc[table["n"].idxmax(), "estimator"]].sort_values("budget")
    ax.plot(most["budget"], factor * most["oracle"], color="0.45", linestyle=(0, (1, 1.2)), linewidth=1.1, zorder=1)
    ax.set_xscale("log")
    ticks = [10**e for e in range(len(str(int(most["budget"].max()))))]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("architectures scored")
    ax.set_ylabel("regret, % points" if unit else "regret")
    ax.set_ylim(bottom=0)
    tidy(ax)


def _row(weights: np.ndarray, true: np.ndarray, budget: int, trainings: float, coverage: float) -> dict[str, float]:
    """What is found with these weights of the choice, of ten and of a share."""
    n, best = len(true), true.max()
    regret, worse = (best - true).round(12), np.searchsorted(np.sort(true), true) / len(true)
    top_1, top_10, top_share = (weights @ true).tolist()
    low, high = (quantile_of(regret, weights[0], at) for at in ((1 - coverage) / 2, (1 + coverage) / 2))
    oracle = best - chances_of_top(n, budget, 1) @ np.sort(true)[::-1]
    return {
        "regret": round(best - top_1, 12), "lower": low, "upper": high, "rank": n - n * (weights[0] @ worse),
        "top_1": top_1, "top_10": top_10, "top_share": top_share, "surpass": weights[0] @ worse, "trainings": trainings,
        "surpass_at_cost": weights[0] @ worse**trainings, "random": best - true.mean(), "oracle": round(oracle, 12),
    }  # fmt: skip


def _trainings(costs: pd.DataFrame | None, estimator: str, budget: int) -> float:
    """How many random trainings the cost of a search pays for, its own among them; NaN where it is not known."""
    if costs is None or estimator not in costs.index or "truth" not in costs.index:
        return np.nan
    own, whole = costs.loc[estimator], costs.loc["truth"]
    if not whole["n_trained"] or not whole["truth_seconds"] or not own["n_scored"]:
        return np.nan
    seconds = own["fit_seconds"] + own["truth_seconds"] + own["other_seconds"]
    seconds += budget * own["score_seconds"] / own["n_scored"]
    return float(1 + seconds * whole["n_trained"] / whole["truth_seconds"])


def _note(table: pd.DataFrame) -> str:
    share, n = table["n_share"].unique(), table["n"].unique()
    return f"The top 5% by score are {share[0]:,} of {n[0]:,} architectures." if len(share) == len(n) == 1 else ""


ANALYSIS = Analysis(
    name="search_regret",
    question="Does a better estimate find a better architecture, and after how many evaluations?",
    paper_finding=(
        "Ning et al. (2021, Fig. A19) run tournament evolution on supernets of NAS-Bench-301 and find that training "
        "jointly with a controller that keeps the fronts of score against size improves the architectures found only "
        "slightly, and in early training."
    ),
    section="search",
    caption=(
        "Mean regret of the architecture with the best score among those evaluated, by number of evaluations. Bands: "
        "interquartile range over single searches; dotted: random search that trains every architecture it evaluates. "
        "A random search of all architectures is exhaustive."
    ),
    note=_note,
    random=True,
    takes=("searches", "complexity", "expenses"),
    limit=LIMIT,
    compute=compute,
    draw=draw,
    panel_by="search",
    size=(4.2, 3.2),
)
