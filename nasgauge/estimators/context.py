"""What surrounds an estimator in a study."""

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import pandas as pd

from nasgauge.benchmarks import Training
from nasgauge.core.progress import Progress
from nasgauge.spaces import Space


@final
@dataclass(frozen=True)
class RunContext:
    """Where and with what an estimator is built.

    training: how the ground truth was trained, whose network and data are the defaults; None where that is unknown.
    folder: for checkpoints, which stay in memory if it is None. progress: of a training. supernets: by label, the
    configurations of the study that train weights; codes: likewise, digests of the code that these refer to, whose
    checkpoints are kept apart from those of other code. scores: table SCORES of the estimators that it needs, None
    before there are any; seeds: by name in tables, those that an estimator of the study is measured with;
    checkpoint_scores: table CHECKPOINT_SCORES of those of which it needs an epoch. `judged()`:
    the strings of the study's architectures, none where unknown. `numbers(path)`: a table file of the user's as
    numbers, a column each, by architecture (in the spelling of the study) as index.
    """

    space: Space
    seed: int = 0
    training: Training | None = None
    folder: Path | None = None
    progress: Progress | None = None
    supernets: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    scores: pd.DataFrame | None = None
    checkpoint_scores: pd.DataFrame | None = None
    seeds: Mapping[str, Sequence[int]] = field(default_factory=dict)
    judged: Callable[[], Collection[str]] = frozenset
    numbers: Callable[[Path], pd.DataFrame] | None = None

    def checkpoints(self, label: str) -> MutableMapping[int, dict[str, Any]]:
        """The states (by epoch) of the supernet of that label and this seed."""
        if self.folder is None:
            return {}
        from nasgauge.estimators.checkpoints import CheckpointFolder  # late: needs torch

        code = self.codes.get(label, "")
        return CheckpointFolder(self.folder / (f"{label}-seed{self.seed}" + (f"-{code}" if code else "")))

    def with_seed(self, seed: int) -> "RunContext":
        """The same for another seed."""
        return replace(self, seed=seed)
