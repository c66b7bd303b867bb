"""What every learned model can do, whatever it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True)
class Training:
    """How a network is trained: Adam on batches without replacement, the defaults those of ning2020surgery.

    loss: a name of LOSSES. Fewer architectures than a batch make one batch an epoch.
    """

    loss: str = "hinge"
    epochs: int = 200
    batch_size: int = 512
    lr: float = 1e-3


class Model(ABC):
    """A function from architectures to scores, higher is better, that was learned from accuracies."""

    @abstractmethod
    def fit(self, space: Space, archs: Sequence[Arch], accuracy: np.ndarray, training: Training, seed: int) -> None:
        """Learn from architectures with their accuracies (n,), fractions. The same seed gives the same model."""

    @abstractmethod
    def check(self, arch: Arch) -> None:
        """NotScored if the model cannot score the architecture, because it holds what no training one held."""

    @abstractmethod
    def score(self, archs: Sequence[Arch]) -> np.ndarray:
        """Scores (n,) of architectures that pass `check`."""
