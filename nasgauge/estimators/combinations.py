"""Estimators that are made of the scores of others: votes, and means over seeds."""

from collections.abc import Sequence
from typing import Annotated, Literal, final

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.stats import rankdata

from nasgauge.core.config import Distinct, Label
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.rounding import steady_mean
from nasgauge.core.tables import SCORES, check, empty
from nasgauge.estimators.configuration import CombiningConfig, Dependency
from nasgauge.spaces import Space

_MOST = np.iinfo(np.int8).max  # experts, whose majorities are counted in one byte
_CHUNK = 512  # rows of the pairwise comparison held at once


def copeland(votes: np.ndarray) -> np.ndarray:
    """Architectures beaten by the majority of experts: score_i = sum_j [m_ij > 0] + 1/2 [m_ij = 0], j != i.

    m_ij = experts that prefer i to j minus experts that prefer j to i; an expert with equal scores abstains. votes:
    (experts, N), higher is better, finite. Range [0, N - 1]; the total is N (N - 1) / 2. Cyclic majorities are no
    problem: nothing is sorted by pairs. Time N^2, memory linear in N. Reference: Copeland 1951.

    >>> copeland(np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 3.0, 2.0]])).tolist()
    [2.0, 1.0, 0.0]
    """
    ranks = np.stack([rankdata(v, method="dense") for v in votes]).astype(np.int32)
    n = ranks.shape[1]
    scores = np.empty(n)
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        margin = np.zeros((len(ranks[0, rows]), n), np.int8)
        for rank in ranks:
            margin += rank[rows, None] > rank
            margin -= rank[rows, None] < rank
        scores[rows] = (margin > 0).sum(1) + ((margin == 0).sum(1) - 1) / 2  # -1: i against itself
    return scores


def borda(votes: np.ndarray) -> np.ndarray:
    """Mean number of architectures that an expert puts below: score_i = mean_e (#below_ei + 1/2 #equal_ei).

    votes: (experts, N), higher is better, finite. Range [0, N - 1]. Reference: Borda 1784.

    >>> borda(np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 1.0]])).tolist()
    [2.0, 0.75, 0.25]
    """
    return np.stack([rankdata(v) - 1 for v in votes]).mean(0)


METHODS = {"copeland": copeland, "borda": borda}
_NB101, _NB201, _NB301 = (
    ("relu_logdet", "grasp", "plain"),
    ("relu_logdet", "jacob_cov", "synflow"),
    ("plain", "grasp", "relu_logdet"),
)
EXPERTS: dict[str, dict[str, tuple[str, ...]]] = {  # by name and space: the best proxies there, by its authors' tables
    "ning2021": {  # Ning et al. 2021, Table A9
        **dict.fromkeys(("nb101", *(f"nb101-1shot1-{i}" for i in ("1", "2", "3", "3-chain"))), _NB101),
        "nb201": _NB201,
        "darts": _NB301,
    }
}


def vote(scores: pd.DataFrame, experts: Sequence[str], *, method: str = "copeland", name: str = "vote") -> pd.DataFrame:
    """SCORES rows of an estimator `name` made from the experts' votes, separately for each seed.

    scores: table SCORES; experts: at least one estimator in it; method: "copeland" (majority of pairwise comparisons)
    or "borda" (mean rank). An architecture without a score from every expert takes no part and is missing from the
    result. UserError for unknown experts or methods. Reference: Ning et al. 2021 (majority vote of zero-shot
    estimators).

    >>> rows = {"estimator": ["a", "a", "b", "b"], "arch": ["x", "y"] * 2, "seed": 0, "score": [1.0, 2, 3, 4]}
    >>> table = pd.DataFrame(rows)
    >>> vote(table, ["a", "b"])["score"].tolist()
    [0.0, 1.0]
    """
    if method not in METHODS:
        raise unknown_name("way to vote", method, METHODS)
    if not experts:
        raise UserError("vote: no experts; name at least one estimator")
    if len(set(experts)) != len(experts) or len(experts) > _MOST:
        raise UserError("vote: an expert is named twice, or there are more than 127; name each once")
    table = check(scores, SCORES, where="vote: scores")
    known = set(table["estimator"])
    for expert in experts:
        if expert not in known:
            raise unknown_name("expert", expert, known)
    parts = []
    for seed, rows in table[table["estimator"].isin(list(experts))].groupby("seed", sort=True):
        ballots = rows.pivot(index="arch", columns="estimator", values="score").reindex(columns=list(experts)).dropna()
        if len(ballots):
            result = METHODS[method](ballots.to_numpy().T)
            parts.append(pd.DataFrame({"estimator": name, "arch": ballots.index, "seed": seed, "score": result}))
    return check(pd.concat(parts, ignore_index=True), SCORES) if parts else empty(SCORES)


@final
class VoteConfig(CombiningConfig):
    """Several estimators of the same study in one.

    `experts`: their names, or "ning2021": the three that Ning et al. 2021 (Table A9) vote with in the space of the
    study, which differ between cells of NAS-Bench-101, of NAS-Bench-201 and of DARTS; `method`: by majorities of pairs
    ("copeland") or mean ranks ("borda"). `label`: its name in tables.
    """

    name: Literal["vote"] = "vote"
    experts: Annotated[Distinct[str], Field(min_length=1, max_length=_MOST)] | Literal["ning2021"]
    method: Literal["copeland", "borda"] = "copeland"
    label: Label = "vote"

    def names(self) -> tuple[str, ...]:
        return (self.label,)

    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(Dependency(name) for name in self._named())

    def in_space(self, space: Space) -> "VoteConfig":
        """With the experts of the space in place of a name that stands for them; UserError where it has none there."""
        if not isinstance(self.experts, str):
            return self
        known = EXPERTS[self.experts]
        if space.name not in known:
            there = ", ".join(known)
            raise UserError(
                f"estimator {self.label!r}: experts = {self.experts!r} names none for {space.name}, only for {there}; "
                "list the names of experts"
            )
        return self.model_copy(update={"experts": known[space.name]})

    def _named(self) -> tuple[str, ...]:
        if isinstance(self.experts, str):
            raise UserError(f"estimator {self.label!r}: experts = {self.experts!r} needs a search space; list names")
        return self.experts

    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        return vote(scores, self._named(), method=self.method, name=self.label)


@final
class EnsembleConfig(CombiningConfig):
    """Scores averaged over the seeds of an estimator of the same study, e.g. over several supernets. `of`: its name."""

    name: Literal["ensemble"] = "ensemble"
    of: str = "oneshot"

    def names(self) -> tuple[str, ...]:
        return (f"{self.of}_ensemble",)

    def dependencies(self) -> tuple[Dependency, ...]:
        return (Dependency(self.of, every_seed=True),)

    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        part = scores[scores["estimator"] == self.of]
        wide = part.pivot(index="arch", columns="seed", values="score").dropna()  # scored by every seed
        rows = {"estimator": self.names()[0], "arch": wide.index, "seed": 0, "score": steady_mean(wide)}
        return pd.DataFrame(rows).reset_index(drop=True)
