"""A proxy: a function of the record and the passes it needs, or a function of the network and a batch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot.inputs import Batch
from nasgauge.estimators.zeroshot.network_call import called_alone
from nasgauge.estimators.zeroshot.record import Record, Unmeasurable
from nasgauge.estimators.zeroshot.view import view


@final
@dataclass(frozen=True)
class Proxy:
    """A zero-shot proxy as data: higher scores predict better architectures.

    `score`: Record -> float, or, when `pooled`, the tuple of all batches' records -> float. `needs`: names of passes;
    other fields of the record raise AttributeError. `reference`: bib key, None for what is not of the literature.
    `data_free`: the score depends on no image and no label, so the first batch is enough; otherwise the score is the
    mean over the batches. `worst`: reasons for which a score is -inf, the worst, and not missing. `reads`: "network"
    for a score that is a function (network, (images, labels)) -> float, see `called_alone`; it needs no passes.
    """

    name: str
    score: Callable[..., float]
    needs: frozenset[str] = frozenset()
    reference: str | None = None
    summary: str = ""
    data_free: bool = False
    pooled: bool = False
    reads: Literal["record", "network"] = "record"
    worst: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.reads == "network" and (self.needs or self.pooled):
            raise UserError(f"proxy {self.name!r}: a function of the network needs no passes and is not pooled")

    def __call__(self, records: Sequence[Record]) -> float:
        """The score from the records, one a batch; Unmeasurable if a needed pass failed, or it is no finite number.

        For a reason in `worst`, in any batch, it is -inf.
        """
        try:
            return self._scored(records)
        except Unmeasurable as failure:
            if str(failure) in self.worst:
                return -math.inf
            raise

    def _scored(self, records: Sequence[Record]) -> float:
        used = records[:1] if self.data_free else records
        for record in used:
            for need in sorted(self.needs & record.failures.keys()):
                raise Unmeasurable(record.failures[need])
        seen = tuple(view(record, self.needs) for record in used)
        return _mean([self.score(seen)] if self.pooled else [self.score(record) for record in seen])

    def of_network(self, net: torch.nn.Module, batches: Sequence[Batch], seed: int) -> float:
        """The score of a proxy that reads the network, which stays as it is; Unmeasurable if it is no finite number."""
        used = batches[:1] if self.data_free else batches
        return _mean([called_alone(self.score, net, batch, seed) for batch in used])


def _mean(values: list[object]) -> float:
    value = float(np.mean([_number(value) for value in values]))
    if not np.isfinite(value):
        raise Unmeasurable(f"the score is {value}")
    return value


def _number(value: object) -> float:
    """A score as a float; Unmeasurable if it is no real number (a text, None, an array, a complex number)."""
    plain = value.detach().cpu() if isinstance(value, torch.Tensor) else value
    if isinstance(plain, torch.Tensor) and plain.is_floating_point():
        plain = plain.double()  # NumPy lacks some types of torch
    array = np.asarray(plain)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise Unmeasurable(f"the score is {value!r:.80}, a {type(value).__name__} and no number")
    return float(array.reshape(()))
