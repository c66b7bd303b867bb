"""What is measured during training: forgetting of architectures, and similarity of their gradients.

A probe is called by the training loop and returns rows of a record table. It leaves no trace: weights, gradients,
running statistics, mode and random numbers are afterwards as they were.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nasgauge.nets import Path, Supernet

Row = dict[str, Any]


class Probe(ABC):
    """Something to be looked at while a supernet is trained.

    `table`: the record table of its rows, which come without estimator, seed and epoch. `epochs`: when it looks; epoch
    n is the n-th of training, and 0 is before it.
    """

    table: str
    epochs: Collection[int]

    @abstractmethod
    def after_step(self, net: Supernet, epoch: int, step: int, n_steps: int, paths: Sequence[Path]) -> list[Row]:
        """Notes to be handed to `after_epoch`, right after step `step` of about `n_steps` has trained `paths`."""

    @abstractmethod
    def after_epoch(self, net: Supernet, epoch: int, notes: list[Row]) -> list[Row]:
        """Rows of the table at the end of an epoch, given the notes of its steps."""


@contextmanager
def undisturbed(net: nn.Module) -> Iterator[None]:
    """Mode, running statistics and torch's global random numbers are put back afterwards."""
    modes = [(module, module.training) for module in net.modules()]
    before = [(buffer, buffer.clone()) for buffer in net.buffers()]
    try:
        with torch.random.fork_rng(devices={p.device for p in net.parameters() if p.is_cuda}):
            yield
    finally:
        for module, training in modes:
            module.training = training
        with torch.no_grad():
            for buffer, old in before:
                buffer.copy_(old)


@final
@dataclass(frozen=True, eq=False)
class ForgettingProbe(Probe):
    """Validation accuracy of an architecture right after its step, and of the same at the end of the epoch.

    Rows of table FORGETTING. images (n, c, h, w), labels (n,): validated on, in batches of `batch_size`, in eval mode:
    with batch statistics where the supernet has no running ones. max_archs: at most so many architectures an epoch,
    from steps spread evenly over it; a step is looked at with all its architectures (one that is there twice once), so
    at least one step is. None: every step. to_str: the string of a path in tables. Reference: Ning et al. 2021,
    section 5.3.
    """

    epochs: Collection[int]
    images: torch.Tensor
    labels: torch.Tensor
    batch_size: int = 256
    max_archs: int | None = None
    to_str: Callable[[Path], str] = str
    table = "forgetting"

    def after_step(self, net: Supernet, epoch: int, step: int, n_steps: int, paths: Sequence[Path]) -> list[Row]:
        """Notes of the step's architectures in the chosen epochs, for steps that are due."""
        n_looks = n_steps if self.max_archs is None else max(1, self.max_archs // len(paths))
        due = (step + 1) * n_looks // n_steps > step * n_looks // n_steps
        if epoch not in self.epochs or not due:
            return []
        archs = list(dict.fromkeys(paths))
        return [
            {"step": step, "path": path, "accuracy_after_step": accuracy}
            for path, accuracy in zip(archs, self._accuracy(net, archs), strict=True)
        ]

    def after_epoch(self, net: Supernet, epoch: int, notes: list[Row]) -> list[Row]:
        """A row for each note."""
        archs = list(dict.fromkeys(note["path"] for note in notes))
        now = dict(zip(archs, self._accuracy(net, archs), strict=True)) if archs else {}
        return [
            {
                "step": note["step"],
                "arch": self.to_str(note["path"]),
                "accuracy_after_step": note["accuracy_after_step"],
                "accuracy_after_epoch": now[note["path"]],
            }
            for note in notes
        ]

    @torch.no_grad()
    def _accuracy(self, net: Supernet, paths: Sequence[Path]) -> list[float]:
        device = next(net.parameters()).device
        hits = torch.zeros(len(paths), dtype=torch.int64, device=device)
        with undisturbed(net):
            net.eval()
            for x, y in zip(self.images.split(self.batch_size), self.labels.split(self.batch_size), strict=True):
                x = x.to(device).contiguous(memory_format=torch.channels_last)
                hits += (net.each(x, paths).argmax(2) == y.to(device)).sum(1)
        return (hits.double() / len(self.labels)).tolist()


@final
@dataclass(frozen=True, eq=False)
class GradientProbe(Probe):
    """Cosine of two architectures' gradients, position by position, over the parameters that both use.

    Rows of table GRADIENTS: cos = <g_a, g_b> / (|g_a| |g_b|) in [-1, 1], where g is the gradient of the mean
    cross-entropy on all of `images` (n, c, h, w) with `labels` (n,), normalisations as in training, dropout off. A
    position is what stands before "/" in the keys of parts: stem, cell0, ..., head. No row: no common parameters there,
    or a gradient of zero or one that is not finite. archs: each pair (a before b) is compared, duplicates once. to_str:
    the string of a path in tables. Reference: Ning et al. 2021, section 6.
    """

    epochs: Collection[int]
    archs: Sequence[Path]
    images: torch.Tensor
    labels: torch.Tensor
    to_str: Callable[[Path], str] = str
    table = "gradients"

    def after_step(self, net: Supernet, epoch: int, step: int, n_steps: int, paths: Sequence[Path]) -> list[Row]:
        """Nothing: gradients are compared at the end of an epoch."""
        return []

    def after_epoch(self, net: Supernet, epoch: int, notes: list[Row]) -> list[Row]:
        """A row for each pair and position in the chosen epochs."""
        if epoch not in self.epochs:
            return []
        archs = list(dict.fromkeys(self.archs))
        cosines = _cosines([self._gradients(net, arch) for arch in archs])
        return [
            {
                "position": position,
                "arch_a": self.to_str(archs[a]),
                "arch_b": self.to_str(archs[b]),
                "cosine": float(cosine[a, b]),
            }
            for position, cosine in cosines.items()
            for a, b in zip(*np.triu_indices(len(archs), k=1), strict=True)
            if np.isfinite(cosine[a, b])
        ]

    def _gradients(self, net: Supernet, path: Path) -> dict[str, torch.Tensor]:
        """The gradient of each part with parameters that the path uses, as one vector (on the CPU, in float64)."""
        device = next(net.parameters()).device
        parts = {key: list(net.parts[key].parameters()) for key in net.used(path)}
        parts = {key: parameters for key, parameters in parts.items() if parameters}
        with undisturbed(net):
            for module in net.train().modules():
                if isinstance(module, nn.Dropout):
                    module.eval()
            x = self.images.to(device).contiguous(memory_format=torch.channels_last)
            loss = cross_entropy(net(x, path), self.labels.to(device))
            flat = [p for parameters in parts.values() for p in parameters]
            gradients = iter(torch.autograd.grad(loss, flat, allow_unused=True, materialize_grads=True))
        return {
            key: torch.cat([next(gradients).flatten() for _ in parameters]).double().cpu()
            for key, parameters in parts.items()
        }


def _cosines(gradients: Sequence[dict[str, torch.Tensor]]) -> dict[str, np.ndarray]:
    """Of k gradients by part, the cosines (k, k) for each position; NaN where there is none."""
    k = len(gradients)
    keys = dict.fromkeys(key for gradient in gradients for key in gradient)
    dots = {key.partition("/")[0]: np.zeros((k, k)) for key in keys}
    squares = {position: np.zeros((k, k)) for position in dots}  # [a, b]: of a's gradient, over what b uses as well
    for key in keys:
        users = [i for i, gradient in enumerate(gradients) if key in gradient]
        stacked = torch.stack([gradients[i][key] for i in users])
        products = (stacked @ stacked.T).numpy()
        position, where = key.partition("/")[0], np.ix_(users, users)
        dots[position][where] += products
        squares[position][where] += np.diag(products)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {p: (dots[p] / np.sqrt(squares[p] * squares[p].T)).clip(-1, 1) for p in dots}
