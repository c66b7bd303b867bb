"""What a study says of an estimator: its configuration, which names it, says what it needs, and makes it.

An estimator from another package is one class and one configuration, registered in `ESTIMATORS` or brought as an entry
point of the group `nasgauge.estimator`.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import pandas as pd
from pydantic import PrivateAttr, model_serializer

from nasgauge.benchmarks import Training
from nasgauge.core import references
from nasgauge.core.config import Config, Options, Seeds
from nasgauge.core.places import Place, here
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.estimator import Estimator
from nasgauge.spaces import Space


@final
@dataclass(frozen=True)
class Dependency:
    """An estimator that must stand above in the study, by its name or a supernet's label.

    scores: what of its scores is used: "none" (its weights alone), "all", or "learned", those of the architectures that
    are learned from. every_seed: whether all its seeds are used for each seed of the one that needs it. epoch: of a
    supernet, the checkpoint that is used, None for the end of its training.
    """

    name: str
    scores: Literal["none", "all", "learned"] = "all"
    every_seed: bool = False
    epoch: int | None = None


@final
@dataclass(frozen=True)
class TrainingSet:
    """How many architectures a learner is fitted to per stage, the first of them a random draw.

    names: by stage after which it is judged, its name then. draw: which random draw. acquisition: the search (of
    SEARCHES) by which it looks for the best that it has not seen, scoring all or `n_candidates` of them. n_trainings:
    trainings of each whose accuracy it sees, None for all. signal: from whose scores it learns in place of the ground
    truth, "" for the ground truth.
    """

    n_fit: int
    names: Mapping[int, str]
    draw: int = 0
    acquisition: str = "exhaustive"
    n_candidates: int | None = None
    n_trainings: int | None = None
    signal: str = ""


class EstimatorConfig(Config):
    """The keys of one `[[estimators]]` of a study. Subclasses measure (`MeasuringConfig`) or combine scores.

    `name`: which estimator; `seeds`: in place of the study's.

    In a file, `each = {key = [values]}` stands for an estimator of every combination.
    """

    name: str
    seeds: Seeds | None = None
    _place: Place = PrivateAttr(default_factory=here)
    _reference: str = PrivateAttr("")  # by which the class was found, if by one: the name in files

    @model_serializer(mode="wrap")
    def _named_as_in_files(self, dumped: Callable[[Any], Options]) -> Options:
        table = dumped(self)
        return table | {"name": self._reference} if self._reference and "name" in table else table

    def __reduce_ex__(self, protocol: int) -> Any:
        """Pickled so that a worker loads the file of the class first."""
        if self._reference:
            return _restored, (self._reference, self.__getstate__())
        return super().__reduce_ex__(protocol)

    @property
    def place(self) -> Place:
        """Where its relative paths start: in the folder of the file that it was read from."""
        return self._place

    def files(self, training: Training | None) -> tuple[Path, ...]:
        """The user's files and folders whose content decides its scores; training: of the ground truth.

        Finished work is found again by their fingerprints too.
        """
        return ()

    def tables(self) -> tuple[str, ...]:
        """Those of them that are small tables, as they are written: a study keeps copies."""
        return ()

    def remarks(self, context: RunContext) -> tuple[str, ...]:
        """What a reader of the report must know of its scores, a sentence each."""
        return ()

    @property
    def where(self) -> str:
        """How messages begin that are about it."""
        return f"estimator {self.name!r}"

    @property
    def options(self) -> Options:
        """The keys that were given, but for the name and the seeds: by them finished work is found again.

        References lack the folders of their files; `code` says what the files contain.
        """
        return references.shortened(self.model_dump(mode="json", exclude_unset=True, exclude={"name", "seeds"}))

    @property
    def code(self) -> str:
        """A digest of the code that its references name, see `references.digest_of`; "" without references."""
        return references.digest_of(self.model_dump())

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The estimators that stand in the score table."""

    def kinds(self) -> Mapping[str, str]:
        """By name which score of a supernet an estimator is, "main" for accuracy; empty where there is no supernet."""
        return {}

    def components(self) -> Mapping[str, tuple[str, ...]]:
        """By category of `nasgauge list`, the names of what it is made of, for `nasgauge cite`."""
        return {}

    def in_space(self, space: Space) -> "EstimatorConfig":
        """The same where a key stands for something else in every search space: with what it stands for in this one."""
        return self

    def dependencies(self) -> tuple[Dependency, ...]:
        """The estimators of the study that it needs; they must stand above it."""
        return ()


class MeasuringConfig(EstimatorConfig):
    """Of an estimator that measures architectures.

    `chunk`: architectures per task, so that little is lost when a run is ended. `trains`: whether it builds a
    `Trainable`, whose weights others find by its `label`.
    """

    chunk: ClassVar[int] = 20
    trains: ClassVar[bool] = False

    def own_seeds(self, seeds: Seeds) -> Seeds:
        """The seeds that it is measured with; seeds: the study's."""
        return self.seeds or seeds

    @abstractmethod
    def build(self, context: RunContext) -> Estimator:
        """The estimator; UserError for what does not fit the space, the data or the other keys."""

    def training_set(self, seed: int) -> TrainingSet | None:
        """Which architectures a `Learner` is fitted to; None for estimators that see no ground truth."""
        return None

    def departures(self, context: RunContext) -> tuple[str, ...]:
        """What it measures otherwise than the ground truth was trained: network and data, a sentence each."""
        return ()


class CombiningConfig(EstimatorConfig):
    """Of an estimator that is made of the scores of others; it has no seeds but theirs."""

    @final
    def seeds_of(self, known: Mapping[str, Sequence[int]]) -> Seeds:
        """The seeds of its scores: those that all that it needs have, or 0 where every seed of these is combined.

        known: by name, of all estimators above it. Empty where these have no seed in common.
        """
        needs = self.dependencies()
        if any(need.every_seed for need in needs):
            return (0,)
        return tuple(sorted(set.intersection(*(set(known[need.name]) for need in needs)))) if needs else ()

    @abstractmethod
    def combine(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Its scores (table SCORES) from those of all estimators above it."""


def _restored(reference: str, state: dict[str, Any]) -> EstimatorConfig:
    kind = references.load(reference)
    made = kind.__new__(kind)
    made.__setstate__(state)
    return made
