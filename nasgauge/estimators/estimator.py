"""The contract of everything that yields scores."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nasgauge.core.tables import Column, Table
from nasgauge.spaces import Arch

COSTS = Table(
    "costs",
    (
        Column("estimator", "str"),
        Column(
            "arch_seconds",
            "float",
            "mean wall seconds one architecture takes, this estimator alone; null: not reported",
            nullable=True,
        ),
        Column("n", "int", "architectures measured"),
        Column("fit_seconds", "float", "seconds of training before the first architecture", optional=True),
        Column("n_trained", "int", "architectures trained from scratch for it to learn from", optional=True),
        Column(
            "truth_seconds", "float", "seconds of these trainings; null: not reported", optional=True, nullable=True
        ),
        Column(
            "n_learned",
            "int",
            "architectures of the training set, labelled by the ground truth or by a signal",
            optional=True,
        ),
    ),
    key=("estimator",),
)

SHARED_COSTS = Table(
    "shared_costs",
    (
        Column("estimator", "str"),
        Column("work", "str", "name of a part of its work that other estimators of its entry may share: build, shared"),
        Column("arch_seconds", "float", "mean wall seconds of it for one architecture, contained in those of COSTS"),
        Column("n", "int", "architectures measured"),
    ),
    key=("estimator", "work"),
)  # in studies `work` of one name is done once for all estimators of an entry


@dataclass(frozen=True)
class Estimates:
    """What an estimator hands back: `scores` (table SCORES), `errors` (ERRORS) and `costs` (COSTS).

    An estimator and architecture that were asked for stand in exactly one of `scores` and `errors`, unless the
    estimator has learned from the architecture and is to be judged on unseen ones; in those of `nasgauge.interface`,
    `scores` has rows without a score for the failed ones too. `records`: tables of `recorded.RECORDS` by name, what
    analyses need and cannot derive from scores, and SHARED_COSTS.
    """

    scores: pd.DataFrame
    errors: pd.DataFrame
    costs: pd.DataFrame
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)


class Estimator(ABC):
    """A cheap estimate of how good architectures are. It sees no ground truth."""

    @abstractmethod
    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """One score for each architecture, higher is better, or the reason why there is none."""


class Trainable(Estimator):
    """An estimator that trains weights before it can estimate, without ground truth: a supernet."""

    @property
    @abstractmethod
    def is_trained(self) -> bool:
        """Whether the weights that `estimate` needs are there."""

    @abstractmethod
    def train(self) -> None:
        """Train what is not trained yet; a training that was ended goes on where it stopped."""

    @abstractmethod
    def history(self) -> Mapping[str, pd.DataFrame]:
        """What training recorded, tables of `recorded.RECORDS` by name."""


class Learner(Estimator):
    """An estimator that learns from the ground truth of some architectures: a predictor."""

    @abstractmethod
    def fit(self, truth: pd.DataFrame) -> "Learner":
        """The estimator that has learned from `truth` (table TRUTH); itself it stays as it is."""

    @abstractmethod
    def values(self, archs: Sequence[Arch]) -> np.ndarray:
        """One score for each architecture (n,), learned from or not; NaN for one that it cannot score."""

    @abstractmethod
    def named(self, name: str, fit_seconds: float) -> "Learner":
        """The same under its name in tables after a stage of learning, all of which took `fit_seconds`."""
