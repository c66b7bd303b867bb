"""What is measured of a trained supernet, one number each, as in Yu et al. 2021 (Sec. 3.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.pools import drawn_pools, ranked, reached
from nasgauge.analyses.toolkit.supernet_settings import MAIN, Chosen, chosen_by, kind_of, kinds_in
from nasgauge.analyses.toolkit.vectors import is_among, mean_truth, scores_by_seed
from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau, sparse_kendall_tau

METRICS = {  # by name in tables, in words
    "mean_score": "mean score",
    "kendall_tau": "Kendall's tau-b",
    "sparse_kendall_tau": "sparse Kendall's tau",
    "found_accuracy": "search result",
    "surpass_probability": "probability to surpass random search",
}


@final
@dataclass(frozen=True)
class Measure:
    """How supernets are measured: pools of `n_pool` architectures whose `k` best by score are taken, `n_draws` of them
    drawn from `state`; variant and width of `criteria.sparse_kendall_tau`."""

    state: int
    n_pool: int = 200
    k: int = 3
    n_draws: int = 200
    variant: str = "nasws"
    width: float = 1e-3

    def __post_init__(self) -> None:
        for option in ("n_pool", "k", "n_draws"):
            if getattr(self, option) < 1:
                raise UserError(f"supernets: {option} is {getattr(self, option)}; at least one is needed")

    def __call__(self, score: np.ndarray, true: np.ndarray) -> dict[str, float]:
        """Each of METRICS of one trained supernet; score, true: (n,), higher is better.

        mean_score = mean of the scores. kendall_tau, sparse_kendall_tau: the criteria between score and true.
        found_accuracy = mean accuracy of the k best by score of a pool, mean over the pools, which are all n where
        there are no more than n_pool. surpass_probability = (1 - r / n)^k with r the true rank of the best of these k
        (1 the best, of tied ones the worst), mean over the pools: the chance that k random trainings find nothing as
        good. Ties of the score are settled at random in each pool. NaN where a criterion is undefined.

        >>> found = Measure(0, k=1)(np.array([3.0, 4.0, 2.0, 1.0]), np.array([0.9, 0.8, 0.7, 0.6]))
        >>> {name: round(value, 3) for name, value in found.items()}
        {'mean_score': 2.5, 'kendall_tau': 0.667, 'sparse_kendall_tau': 0.667, 'found_accuracy': 0.8, \
'surpass_probability': 0.5}
        """
        n = len(true)
        pools = drawn_pools(n, min(self.n_pool, n), self.n_draws, self.state)
        found, surpass = reached(ranked(pools, score[pools]), true, min(self.k, pools.shape[1]))
        return {
            "mean_score": float(score.mean()),
            "kendall_tau": kendall_tau(score, true),
            "sparse_kendall_tau": sparse_kendall_tau(score, true, variant=self.variant, width=self.width),
            "found_accuracy": float(found.mean()),
            "surpass_probability": float(surpass.mean()),
        }


def scored_supernets(
    scores: pd.DataFrame, truth: pd.DataFrame, chosen: Chosen
) -> tuple[pd.Series, dict[str, pd.DataFrame]]:
    """Mean accuracy by architecture, and of each estimator with recorded settings its scores, architectures down and
    seeds across: the architectures with a ground truth that all its seeds scored, in one order."""
    accuracy = mean_truth(truth).sort_index()
    known = scores[scores["estimator"].isin(list(chosen))]
    tables = {
        name: table[is_among(table.index, accuracy.index)].sort_index().sort_index(axis=1)
        for name, table in scores_by_seed(known).items()
    }
    return accuracy, {name: table for name, table in tables.items() if len(table)}


def by_kind(names: Mapping[str, object], chosen: Chosen, known: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The estimators by kind of score, see `kind_of`: accuracy ("main") first, each in the order of their names.

    known: those that are recorded, see `kinds_in`.
    """
    kinds: dict[str, list[str]] = {}
    for name in sorted(names):
        kinds.setdefault(kind_of(name, chosen, known), []).append(name)
    yield from sorted(kinds.items(), key=lambda item: (item[0] != MAIN, item[0]))


def measured(
    scores: pd.DataFrame, truth: pd.DataFrame, settings: pd.DataFrame, choices: pd.DataFrame | None, measure: Measure
) -> pd.DataFrame:
    """One row per trained supernet: kind, estimator, seed, its METRICS, and n architectures."""
    chosen = chosen_by(settings, choices)
    accuracy, tables = scored_supernets(scores, truth, chosen)
    rows = []
    for kind, names in by_kind(tables, {name: chosen[name] for name in tables}, kinds_in(settings)):
        for name in names:
            true = accuracy.reindex(tables[name].index).to_numpy()
            for seed, score in tables[name].items():
                found = measure(score.to_numpy("float64"), true)
                rows.append({"kind": kind, "estimator": name, "seed": seed, **found, "n": len(true)})
    return pd.DataFrame(rows, columns=["kind", "estimator", "seed", *METRICS, "n"])
