"""One optimiser step: the gradients of several architectures, combined, clipped, and applied."""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import final

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.nets import Path, Supernet, autocast

Batch = tuple[torch.Tensor, torch.Tensor]  # images (n, c, h, w) and labels (n,)
_NORMALISATIONS = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


@final
class Step:
    """A callable that trains some paths of a supernet by one step of SGD, as a protocol has it. `optimiser`: its SGD.

    With L_a the mean cross-entropy of path a on its batch, and u the paths that use a parameter w, its gradient is
    sum_u dL_u/dw ("sum") or that divided by |u| ("mean_of_users").
    """

    def __init__(self, net: Supernet, protocol: Protocol) -> None:
        self.net = net
        self.protocol = protocol
        self.optimiser = _sgd(net, protocol)
        self._parameters = list(net.parameters())
        self._of_part = {key: list(part.parameters()) for key, part in net.parts.items()}
        self._autocast = autocast(protocol.amp, self._parameters[0].device)
        if protocol.unused == "decay":
            for p in self._parameters:
                p.grad = torch.zeros_like(p)

    def __call__(self, paths: Sequence[Path], batches: Sequence[Batch], lr: float) -> list[torch.Tensor]:
        """Train paths on as many batches, or all on one; their losses before the step, still on the device."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr
        self.optimiser.zero_grad(set_to_none=self.protocol.unused == "frozen")
        losses = []
        for path, (x, y) in zip(paths, itertools.cycle(batches), strict=False):
            with self._autocast:
                loss = cross_entropy(self.net(x, path), y, label_smoothing=self.protocol.label_smoothing)
            loss.backward()
            losses.append(loss.detach())
        if self.protocol.gradient == "mean_of_users":
            self._divide_by_users(paths)
        if self.protocol.clip is not None:
            nn.utils.clip_grad_norm_(self._parameters, self.protocol.clip)
        self.optimiser.step()
        return losses

    def _divide_by_users(self, paths: Sequence[Path]) -> None:
        n_users = Counter(key for path in paths for key in self.net.used(path))
        for key, n in n_users.items():
            for p in self._of_part[key] if n > 1 else ():
                if p.grad is not None:
                    p.grad /= n


def _sgd(net: nn.Module, protocol: Protocol) -> torch.optim.SGD:
    norms = {p for module in net.modules() if isinstance(module, _NORMALISATIONS) for p in module.parameters(False)}
    exempt = set() if protocol.decay_bn else norms
    groups = [
        {"params": [p for p in net.parameters() if p not in exempt], "weight_decay": protocol.weight_decay},
        {"params": [p for p in net.parameters() if p in exempt], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(
        [group for group in groups if group["params"]], protocol.lr, protocol.momentum, nesterov=protocol.nesterov
    )
