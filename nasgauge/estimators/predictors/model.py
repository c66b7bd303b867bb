"""What every learned model can do, whatever it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from nasgauge.estimators.predictors.score_features import ScoreFeatures
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True)
class Training:
    """How a network is trained: Adam on batches without replacement, the defaults those of ning2020surgery.

    loss: a name of LOSSES. Fewer architectures than a batch make one batch an epoch. device: where the network lives,
    see `device_named`; its initial weights and the order of the batches are drawn on the CPU, whatever it is.
    """

    loss: str = "hinge"
    epochs: int = 200
    batch_size: int = 512
    lr: float = 1e-3
    device: str = "cpu"


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """What a model is fitted to: architectures of a space, score features, and accuracies (n,), fractions."""

    space: Space
    features: ScoreFeatures
    archs: Sequence[Arch]
    accuracy: np.ndarray


class Model(ABC):
    """A function from architectures to scores, higher is better, that was learned from accuracies."""

    space: Space
    features: ScoreFeatures

    @abstractmethod
    def fit(self, examples: Examples, training: Training, seed: int) -> None:
        """Learn from architectures with their accuracies. The same seed gives the same model."""

    @abstractmethod
    def check(self, arch: Arch) -> None:
        """NotScored if the model cannot score the architecture, because it holds what no training one held."""

    @abstractmethod
    def score(self, archs: Sequence[Arch]) -> np.ndarray:
        """Scores (n,) of architectures that pass `check`."""

    def read_features(self, archs: Sequence[Arch]) -> np.ndarray:
        """(n, n_names) scores of other estimators; NotScored for one without."""
        return self.features.read([self.space.to_str(arch) for arch in archs] if self.features.names else archs)
