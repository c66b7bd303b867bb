"""Aggregation of rankings: one score from those of several estimators, by their ranks alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, Self, final

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from scipy.stats import rankdata

from nasgauge.core.config import Distinct, Label, List
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.rounding import steady_mean
from nasgauge.core.tables import SCORES, check, empty
from nasgauge.estimators.configuration import CombiningConfig, Dependency


def share_of_rank(scores: np.ndarray) -> np.ndarray:
    """R(x): the ascending rank of each score divided by their number, in (0, 1]; equal scores share their mean rank.

    -inf is the worst score. N (..., N) along the last axis.

    >>> share_of_rank(np.array([3.0, 1.0, 1.0, -np.inf])).tolist()
    [1.0, 0.625, 0.625, 0.25]
    """
    return rankdata(scores, axis=-1) / scores.shape[-1]


def log_rank(votes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """sum_e w_e log R_e: an architecture must rank high with every estimator. votes (experts, N); range (-inf, 0].

    With equal weights the ranking is that of the geometric mean of the ranks.

    >>> log_rank(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2)).round(3).tolist()
    [-0.693, -0.693]
    """
    return weights @ np.log(share_of_rank(votes))


def mean_rank(votes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """sum_e w_e R_e / sum_e w_e, Borda's count but for a linear map. votes (experts, N); range (0, 1]."""
    return weights @ share_of_rank(votes) / weights.sum()


def least_rank(votes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """min_e R_e^w_e: the rank with the estimator that likes it least. votes (experts, N); range (0, 1]."""
    return (share_of_rank(votes) ** weights[:, None]).min(0)


AGGREGATIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "log_rank": log_rank,
    "mean_rank": mean_rank,
    "least_rank": least_rank,
}


def aggregate(
    scores: pd.DataFrame,
    experts: Sequence[str],
    *,
    method: str = "log_rank",
    weights: Sequence[float] = (),
    seeds: str = "each",
    name: str = "aggregate",
) -> pd.DataFrame:
    """SCORES rows of an estimator `name` from the ranks of the experts' scores among the architectures they all score.

    scores: table SCORES; experts: estimators in it; method: "log_rank" (weighted sum of log ranks), "mean_rank" (Borda)
    or "least_rank"; weights: one positive number per expert, all 1 if absent. seeds: "each" aggregates the scores of
    each seed, "mean" the means of the scores over the seeds, as seed 0. An architecture without a score of every
    expert, with "mean" in every seed, takes no part and is missing. UserError for unknown experts, methods or weights.

    >>> rows = {"estimator": ["a", "a", "b", "b"], "arch": ["x", "y"] * 2, "seed": 0, "score": [1.0, 2, 3, 4]}
    >>> aggregate(pd.DataFrame(rows), ["a", "b"], method="mean_rank")["score"].tolist()
    [0.5, 1.0]
    """
    if method not in AGGREGATIONS:
        raise unknown_name("aggregation", method, AGGREGATIONS)
    if not experts or len(set(experts)) != len(experts):
        raise UserError(f"{name}: no experts, or one is named twice; name each once")
    given = np.asarray(weights if len(weights) else np.ones(len(experts)), dtype=float)
    if given.shape != (len(experts),) or not (np.isfinite(given) & (given > 0)).all():
        raise UserError(f"{name}: weights are {list(weights)}; give one positive number per expert")
    return combined(scores, experts, lambda votes: AGGREGATIONS[method](votes, given), seeds=seeds, name=name)


def combined(
    scores: pd.DataFrame, experts: Sequence[str], function: Callable[[np.ndarray], np.ndarray], *, seeds: str, name: str
) -> pd.DataFrame:
    """SCORES rows of what `function` makes of the experts' scores (experts, N), higher is better, one for each of N.

    N are the architectures with a score of every expert, see `aggregate`.
    """
    if seeds not in ("each", "mean"):
        raise unknown_name("treatment of seeds", seeds, ("each", "mean"))
    table = check(scores, SCORES, where=f"{name}: scores")
    known = set(table["estimator"])
    for expert in experts:
        if expert not in known:
            raise unknown_name("expert", expert, known)
    table = table[table["estimator"].isin(list(experts))]
    if seeds == "mean":
        by_seed = [
            (name, steady_mean(part.pivot(index="arch", columns="seed", values="score")))
            for name, part in table.groupby("estimator", sort=True)
        ]
        means = [pd.DataFrame({"estimator": n, "arch": m.index, "score": m.to_numpy(), "seed": 0}) for n, m in by_seed]
        table = pd.concat(means, ignore_index=True)
    parts = []
    for seed, rows in table.groupby("seed", sort=True):
        ballots = rows.pivot(index="arch", columns="estimator", values="score").reindex(columns=list(experts)).dropna()
        if len(ballots):
            values = function(ballots.to_numpy().T)
            parts.append(pd.DataFrame({"estimator": name, "arch": ballots.index, "seed": seed, "score": values}))
    return check(pd.concat(parts, ignore_index=True), SCORES) if parts else empty(SCORES)


@final
class AggregateConfig(CombiningConfig):
    """The ranks of several estimators of the same study in one score, with weights.

    `experts`: their names; `method`: weighted sum of log ranks ("log_rank"), weighted mean rank, which is Borda's count
    ("mean_rank"), or the rank with the least favourable expert ("least_rank"). `weights`: one per expert, 1 if absent.
    `over_seeds`: "each" seed by itself, or the "mean" of the scores over the seeds. `label`: its name in tables.
    """

    name: Literal["aggregate"] = "aggregate"
    experts: Annotated[Distinct[str], Field(min_length=1)]
    method: Literal["log_rank", "mean_rank", "least_rank"] = "log_rank"
    weights: List[Annotated[float, Field(gt=0, allow_inf_nan=False)]] = ()
    over_seeds: Literal["each", "mean"] = "each"
    label: Label = "aggregate"

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if self.weights and len(self.weights) != len(self.experts):
            raise UserError(f"{self.label}: {len(self.weights)} weights for {len(self.experts)} experts; give one each")
        return self

    def names(self) -> tuple[str, ...]:
        return (self.label,)

    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(Dependency(name, every_seed=self.over_seeds == "mean") for name in self.experts)

    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        return aggregate(
            scores, self.experts, method=self.method, weights=self.weights, seeds=self.over_seeds, name=self.label
        )
