"""The training loss of a supernet's paths around its weights: a probe, which leaves no trace."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import final

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nasgauge.estimators.oneshot.probes import Probe, Row, undisturbed
from nasgauge.nets import Path, Supernet, loss_landscape


@final
@dataclass(frozen=True, eq=False)
class LandscapeProbe(Probe):
    """Losses at weights + a d1 + b d2, for pairs of random directions d1, d2 (`nets.loss_landscape`).

    Rows of table LANDSCAPES: the cross-entropy on all of `images` (n, c, h, w) with `labels` (n,), the mean over the
    paths of each entry of `groups`, by its name in tables. Normalisations use the statistics of these images, as
    training does; dropout is off, and shuffled filters stand in their order. seeds: one for each pair of directions.
    radius, n_steps: of a surface. Reference: Li et al. 2018; Yu et al. 2021, section 4.3.
    """

    epochs: Collection[int]
    groups: Mapping[str, Sequence[Path]]
    images: torch.Tensor
    labels: torch.Tensor
    seeds: Sequence[int]
    radius: float = 0.5
    n_steps: int = 9
    table = "landscapes"

    def after_step(self, net: Supernet, epoch: int, step: int, n_steps: int, paths: Sequence[Path]) -> list[Row]:
        """Nothing: surfaces belong to the end of an epoch."""
        return []

    def after_epoch(self, net: Supernet, epoch: int, notes: list[Row]) -> list[Row]:
        """A row for each group, pair of directions and position, in the chosen epochs."""
        if epoch not in self.epochs:
            return []
        with undisturbed(net):
            tracks = _normalised_by_images(net)
            return [
                row
                for name, paths in self.groups.items()
                for pair, seed in enumerate(self.seeds)
                for row in self._surface(net, name, paths, pair, self._loss(net, paths, tracks), seed)
            ]

    def _surface(
        self, net: Supernet, name: str, paths: Sequence[Path], pair: int, loss: Callable[[], torch.Tensor], seed: int
    ) -> list[Row]:
        found = loss_landscape(net, loss, seed=seed, radius=self.radius, n=self.n_steps)
        same = {"paths": name, "n_paths": len(paths), "pair": pair}
        places = product(enumerate(found.at), repeat=2)
        return [{**same, "a": float(a), "b": float(b), "loss": float(found.loss[i, j])} for (i, a), (j, b) in places]

    def _loss(self, net: Supernet, paths: Sequence[Path], tracks: bool) -> Callable[[], torch.Tensor]:
        device = next(net.parameters()).device
        x, y = self.images.to(device).contiguous(memory_format=torch.channels_last), self.labels.to(device)
        batched = False if tracks else None  # running statistics are updated path by path, and put back

        def loss() -> torch.Tensor:
            logits = net.each(x, paths, batched=batched).double()
            value = cross_entropy(logits.flatten(0, 1), y.repeat(len(paths)))
            return value if torch.isfinite(value) else torch.full_like(value, float("nan"))

        return loss


def _normalised_by_images(net: nn.Module) -> bool:
    """Mode eval, but for normalisations with running statistics; whether there are some."""
    tracking = [m for m in net.eval().modules() if getattr(m, "running_mean", None) is not None]
    for module in tracking:
        module.train()
    return bool(tracking)
