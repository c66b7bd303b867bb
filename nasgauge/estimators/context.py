"""What a family of estimators is to a study: its words, the names it brings, and how it is built."""

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import pandas as pd

from nasgauge.core.progress import Progress
from nasgauge.estimators import Estimator
from nasgauge.estimators.oneshot.checkpoints import CheckpointFolder
from nasgauge.spaces import Space
from nasgauge.studies.schema import Options


@final
@dataclass(frozen=True)
class Place:
    """The study around an estimator: where it may keep checkpoints (in memory alone if `folder` is None), whom to tell
    of its progress, the options of the study's supernets by label, and the scores (table SCORES) of the estimators that
    it needs, None before there are any. `judged()`: the strings of the study's architectures, none where unknown.
    """

    folder: Path | None = None
    progress: Progress | None = None
    supernets: Mapping[str, Options] = field(default_factory=dict)
    scores: pd.DataFrame | None = None
    judged: Callable[[], Collection[str]] = frozenset

    def checkpoints(self, label: str, seed: int) -> MutableMapping[int, dict[str, Any]]:
        """The states (by epoch) of the supernet of that label and seed."""
        return {} if self.folder is None else CheckpointFolder(self.folder / f"{label}-seed{seed}")


@final
@dataclass(frozen=True)
class Need:
    """An estimator that must stand above in the study, by its name or a supernet's label.

    scores: what of its scores is used: "none" (its weights alone), "all", or "learned", those of the architectures that
    are learned from. every_seed: whether all its seeds are used for each seed of the one that needs it.
    """

    name: str
    scores: str = "all"
    every_seed: bool = False


@final
@dataclass(frozen=True)
class Learning:
    """How many architectures an estimator learns from in a stage, the first of them a random choice.

    names: by stage after which it is judged, its name then. choose: the search (of SEARCHES) by which it finds the best
    that it has not seen, scoring all or `n_candidates` of them. n_trainings: trainings of each whose accuracy it sees,
    None for all. signal: from whose scores it learns in place of the truth, "" for the truth.
    """

    n_fit: int
    names: Mapping[int, str]
    choose: str = "exhaustive"
    n_candidates: int | None = None
    n_trainings: int | None = None
    signal: str = ""


@final
@dataclass(frozen=True)
class Family:
    """`build` makes an estimator from words, a space, a seed and a place; or `combine` makes scores from others'.

    `words`: the dataclass of its options. `names`: the estimators that stand in the score table for such options.
    `needs`: what must stand above it in the study. `trains`: it must be fitted before it can
    estimate. `learns`: from how much truth, None for those that see none. `chunk`: architectures a piece of work, so
    that little is lost when a run is ended.
    """

    words: type
    names: Callable[[Any], Sequence[str]]
    build: Callable[[Options, Space, int, Place], Estimator] | None = None
    combine: Callable[[pd.DataFrame, Options], pd.DataFrame] | None = None
    needs: Callable[[Any], Sequence[Need]] = lambda words: ()
    trains: bool = False
    learns: Callable[[Any], Learning] | None = None
    chunk: int = 20
