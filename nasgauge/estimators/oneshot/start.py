"""Weights of one supernet as the beginning of another's training."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch

from nasgauge.core.errors import UserError
from nasgauge.nets import Supernet


@final
@dataclass(frozen=True, eq=False)
class Start:
    """The weights that a supernet, another `OneShot`, has after an epoch of its training.

    n_epochs: epochs that these weights have been trained for, those of supernets that it started from included; their
    random numbers are not used again.
    """

    supernet: Any
    epoch: int

    @property
    def n_epochs(self) -> int:
        before = self.supernet.start
        return self.epoch + (0 if before is None else before.n_epochs)

    def check(self, net: Supernet, where: str) -> None:
        """UserError unless there is a weight of the same shape for each of the network's; there may be more."""
        there = self.supernet.fresh().state_dict()
        for name, weight in net.state_dict().items():
            if name not in there or there[name].shape != weight.shape:
                said = f"has the shape {list(there[name].shape)}" if name in there else "is absent"
                raise UserError(
                    f"{where}, start: {name} of shape {list(weight.shape)} {said} in {self.supernet.label!r}; "
                    "give both the same net and supernet, and operations that it has"
                )

    def load(self, net: Supernet) -> str:
        """Put the weights into the network; text that identifies them. UserError where they are not trained."""
        there: Mapping[str, torch.Tensor] = self.supernet.trained(self.epoch).state_dict()
        own = {name: there[name] for name in net.state_dict()}
        net.load_state_dict(own)
        content = b"".join(weight.cpu().numpy().tobytes() for weight in own.values())
        return f"epoch {self.epoch} of {self.supernet.label}, checksum {zlib.crc32(content)}"
