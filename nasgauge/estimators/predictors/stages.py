"""One predictor after several stages of learning."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.estimators.estimator import Estimates, Estimator
from nasgauge.estimators.predictors.predictor import Predictor
from nasgauge.spaces import Arch


@final
@dataclass(frozen=True, eq=False)
class Stages(Estimator):
    """What was learned up to each of several stages; every predictor is an estimator of its own name in the tables."""

    predictors: tuple[Predictor, ...]

    def fit(self, seen: pd.DataFrame, *, rng: np.random.Generator) -> "Stages":
        """Each of them, learned anew from `seen`."""
        return Stages(tuple(p.fit(seen, rng=rng) for p in self.predictors))

    def history(self) -> dict[str, pd.DataFrame]:
        return {}

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """The tables of all of them, one below the other."""
        archs = list(archs)
        found = [p.estimate(archs) for p in self.predictors]
        tables = {
            name: pd.concat([getattr(each, name) for each in found], ignore_index=True)
            for name in ("scores", "errors", "costs")
        }
        lessons = pd.concat([each.records["lessons"] for each in found], ignore_index=True)
        return Estimates(**tables, records={"lessons": lessons})
