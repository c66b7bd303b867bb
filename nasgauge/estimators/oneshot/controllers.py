"""Samplers updated during training: between epochs they learn from scores of the current weights.

A controller is a sampler's stream whose distribution moves. Rule: it knows the space, its random numbers and the scores
that it asks for; the training loop knows nothing of it but `after_epoch`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space

Rows = dict[str, list[dict[str, Any]]]  # rows of record tables, without estimator, seed and epoch, by table
_N_TRIES = 50  # draws in a row that bring nothing new before a list of candidates stays shorter


@final
@dataclass(frozen=True)
class Judge:
    """Scores of architectures with the current weights.

    accuracy, loss: (n,) on the validation images, higher is better for both (minus the loss); NaN where the loss is not
    finite. n_params: (n,) parameters of the stand-alone networks.
    """

    accuracy: Callable[[Sequence[Arch]], np.ndarray]
    loss: Callable[[Sequence[Arch]], np.ndarray]
    n_params: Callable[[Sequence[Arch]], np.ndarray]


@final
@dataclass(frozen=True)
class Timing:
    """When a controller is updated, and how its draws are used.

    warmup, every: it is updated after epoch `warmup`, from 1, and every so many epochs from then on; before, draws are
    uniform. share: probability of a draw by the controller, else uniform. n_samples: architectures a step. reward: what
    is maximised, "accuracy" or "loss" (minus the loss), on the validation images.
    """

    warmup: int
    every: int
    share: float
    n_samples: int
    reward: str

    def __post_init__(self) -> None:
        for name in ("warmup", "every", "n_samples"):
            check_count(name, getattr(self, name))
        check_share("share", self.share, above=0)
        if self.reward not in ("accuracy", "loss"):
            raise UserError(f"controller: reward must be 'accuracy' or 'loss', got {self.reward!r}")

    def check(self, epochs: int, where: str) -> None:
        """UserError where training ends before the controller can change it."""
        if self.warmup >= epochs:
            raise UserError(
                f"{where}: warmup = {self.warmup} of its sampler leaves no epoch of {epochs} to a population or "
                "distribution; lower warmup"
            )

    def is_due(self, epoch: int) -> bool:
        """Whether the controller is updated after this epoch."""
        return epoch >= self.warmup and (epoch - self.warmup) % self.every == 0


class Controller(Iterator[list[Arch]], ABC):
    """A stream of lists of architectures whose distribution follows their scores.

    A new one says how it draws, what it does with scores, and what of it must be kept for training to be taken up; its
    sampler is a function that returns it. settings: its own options, which tell it from others; `timing` is among them.
    """

    def __init__(self, space: Space, rng: np.random.Generator, timing: Timing, **settings: Any) -> None:
        self.space, self.rng, self.timing = space, rng, timing
        self.settings = {"controller": type(self).__name__, **asdict(timing), **settings}
        self.is_fed = False

    @property
    @abstractmethod
    def table(self) -> str:
        """The record table of its rows."""

    @abstractmethod
    def draw(self) -> Arch:
        """One architecture of its own distribution; called only after an update."""

    @abstractmethod
    def learn(self, judge: Judge) -> list[dict[str, Any]]:
        """Move the distribution by the scores of candidates; rows of `table`."""

    @abstractmethod
    def memory(self) -> Any:
        """What it knows, of plain numbers, texts, lists and dictionaries with texts as keys."""

    @abstractmethod
    def remember(self, memory: Any) -> None:
        """Restore what `memory` of an equal controller returned."""

    def __next__(self) -> list[Arch]:
        return [self._one() for _ in range(self.timing.n_samples)]

    def _one(self) -> Arch:
        share = self.timing.share if self.is_fed else 0.0
        mine = share == 1 or (share > 0 and self.rng.random() < share)
        return self.draw() if mine else self.space.sample(self.rng)

    @final
    def after_epoch(self, epoch: int, judge: Judge | None) -> Rows:
        """Learn, if it is due; rows of the record table. UserError where training scores nothing."""
        if not self.timing.is_due(epoch):
            return {}
        if judge is None:
            raise UserError("training: its sampler needs scores of the weights; give a judge, or another sampler")
        rows = self.learn(judge)
        self.is_fed = True
        return {self.table: rows}

    @final
    def state(self) -> dict[str, Any]:
        """What must be kept to go on, as JSON."""
        return {
            "settings": self.settings,
            "is_fed": self.is_fed,
            "rng": self.rng.bit_generator.state,
            "memory": self.memory(),
        }

    @final
    def restore(self, state: dict[str, Any], where: str) -> None:
        """Go on from `state()` of an equal controller; UserError, which begins with `where`, for that of another."""
        for name in (*self.settings, *state["settings"]):
            there, here = (settings.get(name, "absent") for settings in (state["settings"], self.settings))
            if there != here:
                raise UserError(
                    f"{where}: its sampler had {name} = {there}, this one has {here}; take the sampler of that "
                    "training, or keep these checkpoints elsewhere"
                )
        self.is_fed, self.rng.bit_generator.state = state["is_fed"], state["rng"]
        self.remember(state["memory"])

    def rewards(self, judge: Judge, archs: Sequence[Arch]) -> np.ndarray:
        """(n,): what is maximised; -inf where it is not finite."""
        found = np.asarray(getattr(judge, self.timing.reward)(archs), dtype="float64")
        return np.where(np.isfinite(found), found, -np.inf)


def distinct(archs: Sequence[Arch], n: int, draw: Callable[[], Arch]) -> list[Arch]:
    """The architectures and new draws, each once, n in all; fewer where 50 draws in a row are there already."""
    found, tries = dict.fromkeys(archs), 0
    while len(found) < n and tries < _N_TRIES:
        before = len(found)
        found[draw()] = None
        tries = 0 if len(found) > before else tries + 1
    return list(found)


def check_count(name: str, value: Any) -> None:
    """UserError unless it is a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"controller: {name} must be a whole number from 1, got {value!r}")


def check_share(name: str, value: Any, *, above: float = -1) -> None:
    """UserError unless it is a fraction from 0, or above it, to 1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1 or value <= above:
        wanted = "above 0, at most 1" if above == 0 else "from 0 to 1"
        raise UserError(f"controller: {name} must be a fraction {wanted}, got {value!r}")
