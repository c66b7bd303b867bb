"""The learning rate of a step."""

import math
from typing import Any, final

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from nasgauge.estimators.oneshot.protocol import Protocol


def learning_rate(protocol: Protocol, epoch: float) -> float:
    """The rate at a fractional epoch e of E, without detection of plateaus; e = 0 before the first step.

    Warm-up over W epochs: lr (e + 0.001) / W while e < W. Then lr ("constant" and "plateau"), or with
    t = (e - W) / (E - W): lr_min + (lr - lr_min) (1 + cos(pi t)) / 2 ("cosine").

    >>> [learning_rate(Protocol(epochs=10, lr=0.2, lr_min=0.1), e) for e in (0, 5, 10)]
    [0.2, 0.15000000000000002, 0.1]
    """
    p = protocol
    if epoch < p.warmup_epochs:
        return p.lr * (epoch + 1e-3) / p.warmup_epochs
    if p.schedule != "cosine":
        return p.lr
    progress = (epoch - p.warmup_epochs) / (p.epochs - p.warmup_epochs)
    return p.lr_min + (p.lr - p.lr_min) * (1 + math.cos(math.pi * progress)) / 2


@final
class Schedule:
    """`learning_rate`, or for "plateau", once warm-up is over, what torch's ReduceLROnPlateau makes of lr."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.rate = torch.optim.SGD([torch.zeros(1)], lr=protocol.lr)  # moves nothing: torch's class wants an optimiser
        self.plateau = ReduceLROnPlateau(
            self.rate, factor=protocol.plateau_factor, patience=protocol.plateau_patience, min_lr=protocol.lr_min
        )

    def at(self, epoch: float) -> float:
        """The rate of the step that begins at this fractional epoch."""
        if self.protocol.schedule == "plateau" and epoch >= self.protocol.warmup_epochs:
            return self.rate.param_groups[0]["lr"]
        return learning_rate(self.protocol, epoch)

    def after_epoch(self, epochs: int, loss: float) -> None:
        """Take note of the mean training loss of an epoch, `epochs` of which are done."""
        if self.protocol.schedule == "plateau" and epochs > self.protocol.warmup_epochs:
            self.plateau.step(loss)

    def state_dict(self) -> dict[str, Any]:
        """What must be kept to go on: plain numbers, strings and lists."""
        return {"lr": self.rate.param_groups[0]["lr"], "plateau": self.plateau.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()` of another schedule of the same protocol."""
        self.rate.param_groups[0]["lr"] = state["lr"]
        self.plateau.load_state_dict(state["plateau"])
