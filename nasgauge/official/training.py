"""One training as an official file tells it."""

from dataclasses import dataclass
from typing import final

from nasgauge.spaces import Arch


@final
@dataclass(frozen=True, slots=True)
class Training:
    """One architecture trained once (or a mean over trainings: seed None), at the end of `epochs` epochs.

    arch: of the kind's space. dataset: as the authors call it. Accuracies are fractions; None is what the file does not
    tell. n_params: trainable parameters. seconds: of the whole training.
    """

    arch: Arch
    dataset: str
    epochs: int
    seed: int | None
    valid_accuracy: float | None = None
    test_accuracy: float | None = None
    n_params: int | None = None
    seconds: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry whose architecture is none of the space; `why` says what it is."""

    why: str
