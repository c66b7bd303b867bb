"""How the ground truth of a benchmark was trained: what estimators measure by default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True)
class Training:
    """Data set and network of the trainings that a table holds.

    data: a name of DATASETS, or the path of one's own images; data_path: where it lies, None if it needs none or that
    is not known. net: keys of NetOptions, without those that the images decide. shift: pixels by which images were
    shifted at most in training, and in testing; None if that is not known.
    """

    data: str
    data_path: str | None = None
    net: Mapping[str, Any] = field(default_factory=dict)
    shift: int | None = None
