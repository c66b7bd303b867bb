"""What a family of estimators is to a study: its words, the names it brings, and how it is built."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import pandas as pd

from nasgauge.checkpoints import CheckpointFolder
from nasgauge.estimators import Estimator
from nasgauge.progress import Progress
from nasgauge.spaces import Space
from nasgauge.study import Options


@final
@dataclass(frozen=True)
class Place:
    """The study around an estimator: where it may keep checkpoints (in memory alone if `folder` is None), whom to tell
    of its progress, and the options of the study's supernets by label.
    """

    folder: Path | None = None
    progress: Progress | None = None
    supernets: Mapping[str, Options] = field(default_factory=dict)

    def checkpoints(self, label: str, seed: int) -> MutableMapping[int, dict[str, Any]]:
        """The states (by epoch) of the supernet of that label and seed."""
        return {} if self.folder is None else CheckpointFolder(self.folder / f"{label}-seed{seed}")


@final
@dataclass(frozen=True)
class Learning:
    """How many architectures' truth an estimator pays for in a stage, and the number of the random first choice.

    `stage`: further stages, in each of which it chooses itself, among all that it has not seen or `n_candidates` of
    them.
    """

    n_fit: int
    draw: int
    stage: int = 0
    n_candidates: int | None = None


@final
@dataclass(frozen=True)
class Family:
    """`build` makes an estimator from words, a space, a seed and a place; or `combine` makes scores from others'.

    `words`: the dataclass of its options. `names`: the estimators that stand in the score table for such options.
    `needs`: the names (or labels) that must stand above it in the study. `trains`: it must be fitted before it can
    estimate. `learns`: from how much truth, None for those that see none. `chunk`: architectures a piece of work, so
    that little is lost when a run is ended.
    """

    words: type
    names: Callable[[Any], Sequence[str]]
    build: Callable[[Options, Space, int, Place], Estimator] | None = None
    combine: Callable[[pd.DataFrame, Options], pd.DataFrame] | None = None
    needs: Callable[[Any], Sequence[str]] = lambda words: ()
    trains: bool = False
    learns: Callable[[Any], Learning] | None = None
    chunk: int = 20
