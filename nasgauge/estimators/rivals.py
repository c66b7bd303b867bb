"""Published estimators that are made of the ranks of others: which, and how."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, final

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.stats import rankdata

from nasgauge.core.config import Distinct, Label
from nasgauge.core.errors import UserError
from nasgauge.core.tables import SCORES, check, empty
from nasgauge.estimators.configuration import CombiningConfig, Dependency


def log_rank_sum(columns: np.ndarray) -> np.ndarray:
    """sum_e log(r_e / N), r_e the ascending mean rank of an architecture by expert e: high for those high by all.

    columns: (experts, N), higher is better, finite. Range (-inf, 0]. Reference: Lee & Ham 2024.

    >>> log_rank_sum(np.array([[1.0, 2.0], [1.0, 3.0]])).round(3).tolist()
    [-1.386, 0.0]
    """
    return np.log(np.stack([rankdata(column) / len(column) for column in columns])).sum(0)


def rank_sum(columns: np.ndarray) -> np.ndarray:
    """sum_e r_e, r_e the ascending mean rank of an architecture by expert e.

    columns: (experts, N), higher is better, finite. Range [experts, experts N]. Reference: Chen et al. 2021.

    >>> rank_sum(np.array([[1.0, 2.0], [3.0, 3.0]])).tolist()
    [2.5, 3.5]
    """
    return np.stack([rankdata(column) for column in columns]).sum(0)


METHODS = {"log_rank_sum": log_rank_sum, "rank_sum": rank_sum}


class Rival(NamedTuple):
    """Experts, how their ranks are combined, and the bib key, None where no published source is known."""

    experts: tuple[str, ...]
    method: str
    reference: str | None


RIVALS: Mapping[str, Rival] = {
    "az_nas": Rival(("az_expressivity", "az_progressivity", "az_trainability", "macs"), "log_rank_sum", "lee2024aznas"),
    "vkdnw_agg": Rival(
        ("vkdnw_single", "jacob_cov", "az_expressivity", "az_trainability", "macs"), "log_rank_sum", "tybl2025vkdnw"
    ),
    "te_nas": Rival(("ntk_condition", "linear_regions"), "rank_sum", "chen2021tenas"),
    "synflow_jacov_params": Rival(("synflow", "jacob_cov", "n_params"), "log_rank_sum", None),
}


def combined(scores: pd.DataFrame, experts: Sequence[str], method: str, name: str) -> pd.DataFrame:
    """SCORES rows of an estimator `name` from the experts' ranks, separately for each seed.

    An architecture without a score from every expert takes no part. UserError: an unknown method.
    """
    if method not in METHODS:
        raise UserError(f"unknown combination of ranks {method!r}; give one of {', '.join(METHODS)}")
    parts = []
    for seed, rows in scores[scores["estimator"].isin(list(experts))].groupby("seed", sort=True):
        wide = rows.pivot(index="arch", columns="estimator", values="score").reindex(columns=list(experts)).dropna()
        if len(wide):
            values = METHODS[method](wide.to_numpy().T)
            parts.append(pd.DataFrame({"estimator": name, "arch": wide.index, "seed": seed, "score": values}))
    return check(pd.concat(parts, ignore_index=True), SCORES) if parts else empty(SCORES)


@final
class RanksConfig(CombiningConfig):
    """Several estimators of the same study in one, by their ranks among its architectures.

    `experts`: their names; `method`: "log_rank_sum" or "rank_sum". `label`: its name in tables.
    """

    name: Literal["ranks"] = "ranks"
    experts: Annotated[Distinct[str], Field(min_length=1)]
    method: Literal["log_rank_sum", "rank_sum"] = "log_rank_sum"
    label: Label = "ranks"

    def names(self) -> tuple[str, ...]:
        return (self.label,)

    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(Dependency(name) for name in self.experts)

    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        return combined(scores, self.experts, self.method, self.label)
