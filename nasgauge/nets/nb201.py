"""The NAS-Bench-201 network: stem, stages of equal cells with residual reductions between them, and a linear head.

Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, final

import torch
from torch import nn

from nasgauge.nets.ops import Classifier, Reduction, ReluConvBN, avg_pool_3x3
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import NB201, Arch

_GRAPH = NB201()
N_NODES = len(_GRAPH.graphs((0,) * 6)["cell"].nodes)


@lru_cache(maxsize=2**15)
def wires(arch: Arch, skip_dead: bool) -> tuple[tuple[int, int, str], ...]:
    """The cell's edges in order as (source, target, operation), without `none` and, if asked, without dead ones."""
    graph = _GRAPH.graphs(arch)["cell"]
    return tuple(
        edge
        for i, edge in enumerate(graph.edges)
        if not (_GRAPH.operation(edge[2]).is_zero or (skip_dead and i in graph.dead))
    )


@final
class Cell(nn.Module):
    """Four nodes; node j sums what the edges i -> j make of node i. `none` edges are not there at all."""

    def __init__(self, arch: Arch, channels: int, o: NetOptions) -> None:
        super().__init__()
        self.ops = nn.ModuleDict({f"{s}to{t}": operation(name, channels, o) for s, t, name in wires(arch, False)})
        self.wires = [(s, t, f"{s}to{t}") for s, t, _ in wires(arch, o.skip_dead)]  # (source, target, key in ops)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        nodes: list[torch.Tensor | None] = [x, *[None] * (N_NODES - 1)]  # None: nothing has arrived, zero
        for source, target, key in self.wires:
            if nodes[source] is None:  # an edge out of an empty node still runs, on zeros
                nodes[source] = torch.zeros_like(x)
            y = self.ops[key](nodes[source])
            nodes[target] = y if nodes[target] is None else nodes[target] + y
        return torch.zeros_like(x) if nodes[-1] is None else nodes[-1]  # (n, r*c, h, w)


def has_weights(name: str) -> bool:
    """Whether a cell's operation of that name has weights."""
    return _GRAPH.operation(name).layers > 0


def operation(name: str, channels: int, o: NetOptions) -> nn.Module:
    """A cell's operation; there is none for `none`."""
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return avg_pool_3x3()
    kernel = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[name]
    return ReluConvBN(channels, channels, kernel, 1, o, cell=True)


@final
class Block(NamedTuple):
    """A block of the network by its name and the channels that it puts out; `cell` counts cells, None: a reduction."""

    key: str
    channels: int
    cell: int | None


@lru_cache(maxsize=2**5)
def layout(o: NetOptions) -> tuple[Block, ...]:
    """The blocks between stem and head in order."""
    blocks = []
    for stage in range(o.n_stages):
        channels = o.channels * 2**stage
        if stage:
            blocks.append(Block(f"reduction{stage - 1}", channels, None))
        cells = range(stage * o.n_cells, (stage + 1) * o.n_cells)
        blocks += [Block(f"cell{i}", channels, i) for i in cells]
    return tuple(blocks)


def stem(o: NetOptions) -> nn.Module:
    """Images to the channels of the first stage."""
    r, c = o.replicas, o.channels
    return nn.Sequential(
        nn.Conv2d(r * o.in_channels, r * c, 3, padding=1, groups=r, bias=False),
        nn.BatchNorm2d(r * c, track_running_stats=o.bn_track),
    )


def last(channels: int, o: NetOptions) -> nn.Module:
    """What stands between the last cell and the classifier."""
    return nn.Sequential(nn.BatchNorm2d(o.replicas * channels, track_running_stats=o.bn_track), nn.ReLU())


@final
class Network(nn.Module):
    """Images (n, r*in_channels, h, w) to logits (n, r*n_classes), where r is the number of replicas.

    `archs`: one for each cell.
    """

    def __init__(self, archs: Sequence[Arch], o: NetOptions) -> None:
        super().__init__()
        self.stem = stem(o)
        self.blocks = nn.Sequential(
            *(
                Reduction(block.channels // 2, block.channels, o)
                if block.cell is None
                else Cell(archs[block.cell], block.channels, o)
                for block in layout(o)
            )
        )
        channels = layout(o)[-1].channels
        self.last = last(channels, o)
        self.classifier = Classifier(channels, o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.last(self.blocks(self.stem(x))))


def build(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of a NAS-Bench-201 cell, not yet initialised."""
    return Network((arch,) * (options.n_stages * options.n_cells), options)
