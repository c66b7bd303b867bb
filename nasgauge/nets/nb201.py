"""The NAS-Bench-201 network: stem, stages of equal cells with residual reductions between them, and a linear head.

Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
"""

from typing import final

import torch
from torch import nn

from nasgauge.nets.ops import Classifier, Reduction, ReluConvBN, avg_pool_3x3
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import NB201, Arch

_GRAPH = NB201()


@final
class Cell(nn.Module):
    """Four nodes; node j sums what the edges i -> j make of node i. `none` edges are not there at all."""

    def __init__(self, arch: Arch, channels: int, o: NetOptions) -> None:
        super().__init__()
        graph = _GRAPH.graphs(arch)["cell"]
        self.n_nodes = len(graph.nodes)
        self.wires: list[tuple[int, int, str]] = []  # (source, target, key in ops)
        self.ops = nn.ModuleDict()
        for i, (source, target, name) in enumerate(graph.edges):
            if name == "none":
                continue
            key = f"{source}to{target}"
            self.ops[key] = _op(name, channels, o)
            if not (o.skip_dead and i in graph.dead):
                self.wires.append((source, target, key))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        nodes: list[torch.Tensor | None] = [x, *[None] * (self.n_nodes - 1)]  # None: nothing has arrived, zero
        for source, target, key in self.wires:
            if nodes[source] is None:  # an edge out of an empty node still runs, on zeros
                nodes[source] = torch.zeros_like(x)
            y = self.ops[key](nodes[source])
            nodes[target] = y if nodes[target] is None else nodes[target] + y
        return torch.zeros_like(x) if nodes[-1] is None else nodes[-1]  # (n, r*c, h, w)


def _op(name: str, channels: int, o: NetOptions) -> nn.Module:
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return avg_pool_3x3()
    kernel = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[name]
    return ReluConvBN(channels, channels, kernel, 1, o, cell=True)


@final
class Network(nn.Module):
    """Images (n, r*in_channels, h, w) to logits (n, r*n_classes), where r is the number of replicas."""

    def __init__(self, arch: Arch, o: NetOptions) -> None:
        super().__init__()
        r, c = o.replicas, o.channels
        self.stem = nn.Sequential(
            nn.Conv2d(r * o.in_channels, r * c, 3, padding=1, groups=r, bias=False),
            nn.BatchNorm2d(r * c, track_running_stats=o.bn_track),
        )
        blocks: list[nn.Module] = []
        for stage in range(o.n_stages):
            if stage:
                blocks.append(Reduction(c, 2 * c, o))
                c *= 2
            blocks += [Cell(arch, c, o) for _ in range(o.n_cells)]
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Sequential(nn.BatchNorm2d(r * c, track_running_stats=o.bn_track), nn.ReLU())
        self.classifier = Classifier(c, o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.last(self.blocks(self.stem(x))))


def build(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of a NAS-Bench-201 cell, not yet initialised."""
    return Network(arch, options)
