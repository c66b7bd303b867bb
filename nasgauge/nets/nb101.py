"""The NAS-Bench-101 network: stem, stages of equal cells with max-pooling between them, global average, linear head.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, final

import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.ops import Classifier
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import NB101, Arch, Space

_SPACE = NB101()
INPUT, OUTPUT = 0, 6


@final
class ConvBNRelu(nn.Sequential):
    """Convolution (stride 1, same padding), batch normalisation, ReLU."""

    def __init__(self, c_in: int, c_out: int, kernel: int, o: NetOptions, *, cell: bool) -> None:
        affine, bias = (o.bn_affine, o.conv_bias) if cell else (True, False)
        r = o.replicas
        conv = nn.Conv2d(r * c_in, r * c_out, kernel, padding=kernel // 2, groups=r, bias=bias)
        norm = nn.BatchNorm2d(r * c_out, affine=affine, track_running_stats=o.bn_track)
        super().__init__(conv, norm, nn.ReLU())


@final
class Cell(nn.Module):
    """The pruned cell; vertices keep the numbers of the encoding, dead ones are not there.

    An interior vertex sums its parents, cut to its own channels, and the projected input where that is a parent, then
    applies its operation. The output concatenates its interior parents and adds the projected input. Submodules:
    `vertices["3"]` is the operation of vertex 3, `projections["3"]` the 1x1 convolution on the edge from the input.
    """

    def __init__(self, arch: Arch, c_in: int, c_out: int, o: NetOptions) -> None:
        super().__init__()
        self.replicas = o.replicas
        self.parents = _SPACE.parents(arch)
        self.channels = vertex_channels(self.parents, c_in, c_out)
        self.interior = [v for v in range(1, OUTPUT) if self.parents[v]]
        self.vertices = nn.ModuleDict(
            {str(v): operation(_SPACE.ops[arch[v]], self.channels[v], o) for v in self.interior}
        )
        self.projections = nn.ModuleDict(
            {
                str(v): ConvBNRelu(c_in, self.channels[v], 1, o, cell=True)
                for v in (*self.interior, OUTPUT)
                if INPUT in self.parents[v]
            }
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = {INPUT: x}
        for v in self.interior:
            terms = [_first(value[p], self.channels[v], self.replicas) for p in self.parents[v] if p != INPUT]
            if INPUT in self.parents[v]:
                terms.append(self.projections[str(v)](x))
            value[v] = self.vertices[str(v)](sum(terms[1:], terms[0]))
        parts = [value[p] for p in self.parents[OUTPUT] if p != INPUT]
        if INPUT not in self.parents[OUTPUT]:
            return _concatenated(parts, self.replicas)
        projected = self.projections[str(OUTPUT)](x)
        return _concatenated(parts, self.replicas) + projected if parts else projected  # (n, r*c_out, h, w)


def vertex_channels(parents: Sequence[Sequence[int]], c_in: int, c_out: int) -> list[int]:
    """Channels of each vertex of a pruned cell given by the parents of each; 0 for what is pruned.

    The output's channels are divided evenly among the interior vertices that feed it, the first ones taking one more
    where that leaves a remainder; any other vertex has as many as the widest vertex that it feeds.

    >>> vertex_channels([(), (0,), (0, 1), (1,), (), (), (0, 2, 3)], 4, 9)
    [4, 5, 5, 4, 0, 0, 9]
    """
    channels = [c_in, *[0] * (OUTPUT - 1), c_out]
    feeding = [p for p in parents[OUTPUT] if p != INPUT]
    if len(feeding) > c_out:
        raise UserError(f"channels = {c_out} cannot be divided among the {len(feeding)} vertices that feed the output")
    for i, v in enumerate(feeding):
        channels[v] = c_out // len(feeding) + (i < c_out % len(feeding))
    for v in range(OUTPUT - 1, 0, -1):
        if parents[v] and v not in feeding:
            channels[v] = max(channels[child] for child in range(v + 1, OUTPUT) if v in parents[child])
    return channels


def operation(name: str, channels: int, o: NetOptions) -> nn.Module:
    """A vertex's operation."""
    if name == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    kernel = {"conv1x1-bn-relu": 1, "conv3x3-bn-relu": 3}[name]
    return ConvBNRelu(channels, channels, kernel, o, cell=True)


def _first(x: torch.Tensor, channels: int, replicas: int) -> torch.Tensor:
    """The first channels of each replica, (n, r*c, h, w) to (n, r*channels, h, w)."""
    if x.shape[1] == replicas * channels:
        return x
    return x.unflatten(1, (replicas, -1))[:, :, :channels].flatten(1, 2)


def _concatenated(parts: list[torch.Tensor], replicas: int) -> torch.Tensor:
    """The channels of several tensors one after the other, replica by replica."""
    if len(parts) == 1 or replicas == 1:
        return torch.cat(parts, 1)
    return torch.cat([x.unflatten(1, (replicas, -1)) for x in parts], 2).flatten(1, 2)


@final
class Block(NamedTuple):
    """A cell of the network by its name, and the channels of its input and output."""

    key: str
    c_in: int
    c_out: int


@lru_cache(maxsize=2**5)
def layout(o: NetOptions) -> tuple[Block | None, ...]:
    """The cells between stem and head in order; None is the 2x2 max-pooling between two stages."""
    blocks: list[Block | None] = []
    for stage in range(o.n_stages):
        c = o.channels * 2**stage
        if stage:
            blocks.append(None)
        first = stage * o.n_cells
        blocks += [Block(f"cell{first + i}", c if i or not stage else c // 2, c) for i in range(o.n_cells)]
    return tuple(blocks)


@final
class Network(nn.Module):
    """Images (n, r*in_channels, h, w) to logits (n, r*n_classes), where r is the number of replicas.

    `archs`: one for each cell. The published network has channels=128, n_cells=3, n_stages=3; between two stages stands
    a 2x2 max-pooling, and the first cell behind it doubles the channels. `skip_dead` has no meaning, as dead vertices
    are never there.
    """

    def __init__(self, archs: Sequence[Arch], o: NetOptions) -> None:
        super().__init__()
        self.stem = ConvBNRelu(o.in_channels, o.channels, 3, o, cell=False)
        left = iter(archs)
        self.blocks = nn.Sequential(
            *(
                nn.MaxPool2d(2, ceil_mode=True) if block is None else Cell(next(left), block.c_in, block.c_out, o)
                for block in layout(o)
            )
        )
        self.classifier = Classifier(o.channels * 2 ** (o.n_stages - 1), o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.blocks(self.stem(x)))


def build(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of a NAS-Bench-101 cell, not yet initialised."""
    return Network((arch,) * (options.n_stages * options.n_cells), options)


def of_cells(space: Space) -> Callable[[Arch, NetOptions], nn.Module]:
    """The same for a space whose architectures stand for cells, such as those of NAS-Bench-1Shot1 (`to_nb101`)."""
    return partial(_build_of_cell, space.to_nb101)


def _build_of_cell(to_nb101: Callable[[Arch], Arch], arch: Arch, options: NetOptions) -> nn.Module:
    return build(to_nb101(arch), options)
