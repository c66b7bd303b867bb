"""A learner after several stages of learning."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.estimators.estimator import Estimates, Estimator, Learner
from nasgauge.spaces import Arch


@final
@dataclass(frozen=True, eq=False)
class Stages(Estimator):
    """What was learned up to each of several stages; every learner is an estimator of its own name in the tables."""

    learners: tuple[Learner, ...]

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """The tables of all of them, one below the other."""
        archs = list(archs)
        found = [learner.estimate(archs) for learner in self.learners]
        tables = {
            name: pd.concat([getattr(each, name) for each in found], ignore_index=True)
            for name in ("scores", "errors", "costs")
        }
        names = dict.fromkeys(name for each in found for name in each.records)
        records = {
            name: pd.concat([e.records[name] for e in found if name in e.records], ignore_index=True) for name in names
        }
        return Estimates(**tables, records=records)
