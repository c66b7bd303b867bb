"""A proxy: a function of the record, and the passes it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from nasgauge.estimators.zeroshot.record import Record, Unmeasurable


@final
@dataclass(frozen=True)
class Proxy:
    """A zero-shot proxy as data: higher scores predict better architectures.

    `score`: Record -> float, or, when `pooled`, the tuple of all batches' records -> float. `needs`: names of passes.
    `reference`: bib key. `data_free`: the score depends on no image and no label, so the first record is enough;
    otherwise the score is the mean over the batches.
    """

    name: str
    score: Callable[..., float]
    needs: frozenset[str]
    reference: str
    summary: str
    data_free: bool = False
    pooled: bool = False

    def __call__(self, records: Sequence[Record]) -> float:
        """The score from the records, one a batch; Unmeasurable if a needed pass failed, or it is no finite number."""
        used = records[:1] if self.data_free else records
        for record in used:
            for need in sorted(self.needs & record.failures.keys()):
                raise Unmeasurable(record.failures[need])
        values = [self.score(tuple(used))] if self.pooled else [self.score(record) for record in used]
        value = float(np.mean([_number(value) for value in values]))
        if not np.isfinite(value):
            raise Unmeasurable(f"the score is {value}")
        return value


def _number(value: object) -> float:
    """A score as a float; Unmeasurable if it is no real number (a text, None, an array, a complex number)."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise Unmeasurable(f"the score is {value!r:.80}, a {type(value).__name__} and no number")
    return float(array.reshape(()))
