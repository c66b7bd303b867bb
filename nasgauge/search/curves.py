"""Which accuracy has a search found after so many evaluations?"""

from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed, listed_if_given
from nasgauge.core.rounding import steady_mean
from nasgauge.search.pool import Listed
from nasgauge.search.registered import get_search
from nasgauge.spaces import Space

RUNS = ("search", "seed", "arch", "value")
INCUMBENTS = ("value", "accuracy")


def searched(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space,
    *,
    searches: Names = ("random", "evolution"),
    estimators: Names | None = None,
    budget: int = 100,
    n_seeds: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Runs of searches guided by estimators, over the architectures with a score and a ground truth.

    The objective is the mean score over the seeds of the estimator; architectures that a seed lacks are omitted.
    scores, truth: tables SCORES and TRUTH. searches: names of `SEARCHES` that take a budget. estimators: all if None.
    Run i of every search begins with the same generator, so that runs of different estimators on the same
    architectures are paired. Returns (search, seed, arch, value), one row per evaluation in their order; search is
    "SEARCH, ESTIMATOR", without the former if there is one search. UserError: an unknown search or estimator, a search
    without a budget.
    """
    chosen, searches = listed_if_given(estimators, "estimators"), listed(searches, "searches")
    names = list(dict.fromkeys(scores["estimator"])) if chosen is None else list(chosen)
    for name in names:
        if name not in set(scores["estimator"]):
            raise unknown_name("estimator", name, scores["estimator"].unique())
    parts = []
    for one in searches:
        search = get_search(one)
        if not search.takes_budget:
            raise UserError(f"search {one!r} evaluates every architecture, so that it has no curve; choose another one")
        for name in names:
            table = _objective(scores[scores["estimator"] == name], truth)
            label = name if len(searches) == 1 else f"{one}, {name}"
            pool = Listed(space, table)

            def objective(archs, table=table):
                return np.array([table[space.to_str(arch)] for arch in archs])

            for i in range(n_seeds):
                rng = np.random.default_rng([seed, i])
                run = search(space, objective, pool, budget=budget, rng=rng)
                parts.append(run[["arch", "value"]].assign(search=label, seed=i))
    return pd.concat(parts, ignore_index=True)[list(RUNS)] if parts else pd.DataFrame(columns=list(RUNS))


def best_so_far(
    runs: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    incumbent: Literal["value", "accuracy"] = "value",
    coverage: float = 0.5,
) -> pd.DataFrame:
    """True accuracy of the best architecture that a search has found, by number of evaluations.

    incumbent "value": the architecture with the best value of the search's objective so far, the first of equal ones;
    its accuracy may fall, where the objective is a cheap estimate. "accuracy": the one with the best accuracy so far,
    as if each were trained when it is evaluated.

    value = median over seeds; low, high = quantiles (1 -+ coverage) / 2 over seeds (coverage .5: the quartiles), which
    describe single runs, not the uncertainty of the median. runs: (search, seed, arch, value), one row per evaluation
    in their order, of any search; a value of NaN is no candidate, but counts as evaluated. A curve ends with its
    shortest run. Returns (search, n_evaluated, value, low, high, best, n), with n the number of seeds and best the
    highest accuracy of the ground truth; undefined until every seed has an incumbent. UserError: a column is missing,
    architectures without ground truth, another incumbent, coverage outside [0, 1].

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.9, 0.8]})
    >>> runs = pd.DataFrame({"search": "s", "seed": 0, "arch": list("abc"), "value": [1.0, 2.0, 3.0]})
    >>> best_so_far(runs, truth)["value"].tolist(), best_so_far(runs, truth, incumbent="accuracy")["value"].tolist()
    ([0.7, 0.9, 0.8], [0.7, 0.9, 0.9])

    Reference: real2019regularized, Fig. 4.
    """
    _check(runs, incumbent, coverage)
    accuracy = truth.groupby("arch")["accuracy"].mean()
    unknown = sorted(set(runs["arch"]) - set(accuracy.index))
    if unknown:
        raise UserError(f"best_so_far: {len(unknown)} architectures without ground truth, such as {unknown[0]!r}")
    parts = []
    for name, own in runs.groupby("search", sort=False):
        curves = [_curve(run, accuracy, incumbent) for _, run in own.groupby("seed", sort=False)]
        length = min(map(len, curves))
        whole = np.stack([curve[:length] for curve in curves])
        low, middle, high = np.quantile(whole, [(1 - coverage) / 2, 0.5, (1 + coverage) / 2], axis=0)
        table = {"search": name, "n_evaluated": np.arange(1, length + 1), "value": middle, "low": low, "high": high}
        parts.append(pd.DataFrame(table).assign(best=accuracy.max(), n=len(curves)))
    columns = ["search", "n_evaluated", "value", "low", "high", "best", "n"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _objective(scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Mean score of each architecture that every seed of one estimator scored and that has a ground truth."""
    mean = steady_mean(scores.pivot(index="arch", columns="seed", values="score")).dropna()
    return mean[mean.index.isin(set(truth["arch"]))].to_dict()


def _curve(run: pd.DataFrame, accuracy: pd.Series, incumbent: str) -> np.ndarray:
    """The accuracy of the incumbent after each evaluation of one run, NaN before there is one."""
    true = accuracy.reindex(run["arch"]).to_numpy()
    if incumbent == "accuracy":
        return np.maximum.accumulate(true)
    known = run["value"].notna().to_numpy()
    value = run["value"].fillna(-np.inf).to_numpy("float64")
    best = np.concatenate([[-np.inf], np.maximum.accumulate(value)[:-1]])[: len(value)]
    new = known & ((value > best) | (np.cumsum(known) == 1))  # the first known value, be it -inf, or a better one
    at = np.maximum.accumulate(np.where(new, np.arange(len(value)), -1))
    return np.where(at < 0, np.nan, true[at])


def _check(runs: pd.DataFrame, incumbent: str, coverage: float) -> None:
    absent = [c for c in RUNS if c not in runs.columns]
    if absent:
        raise UserError(f"best_so_far: column {', '.join(map(repr, absent))} of the runs is missing")
    if incumbent not in INCUMBENTS:
        raise unknown_name("incumbent", incumbent, INCUMBENTS)
    if not 0 <= coverage <= 1:
        raise UserError(f"coverage is {coverage}; give a number from 0 to 1, such as 0.5 for the quartiles")
