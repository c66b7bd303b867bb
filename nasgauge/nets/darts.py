"""The network of the DARTS cells: stem, stages of normal cells with a reduction cell between two, and a linear head.

Each cell sees the outputs of the two cells before it. Of the options, `channels` is the width of the nodes of the first
stage (stem and outputs are wider), `n_cells` counts the normal cells of a stage, `bn_affine` and `conv_bias` also hold
where the inputs enter a cell. Dropping whole paths in training is not offered.
Liu, Simonyan & Yang, "DARTS: Differentiable Architecture Search", ICLR 2019.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, final

import torch
from torch import nn
from torch.nn.functional import pad

from nasgauge.core.errors import UserError
from nasgauge.nets.average_pooling import AveragePool
from nasgauge.nets.ops import Classifier, ReluConvBN
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import Arch, DartsNDS

_GRAPH = DartsNDS()  # holds the architectures of "darts" as well, with the same encoding
N_INPUTS, N_NODES = 2, 4
_STEM = 3  # channels of the stem, in multiples of those of the first stage


@final
class Wire(NamedTuple):
    """A term of a node: operation `name` on `source`, added to `target`; `key`: its module, `stride`: 2 halves."""

    source: int
    target: int
    name: str
    key: str
    stride: int


@lru_cache(maxsize=2**12)
def wires(arch: Arch, reduces: bool, skip_dead: bool) -> tuple[Wire, ...]:
    """The terms of the normal or the reduction cell, without `none` and, if asked, without dead ones."""
    graph = _GRAPH.graphs(arch)["reduce" if reduces else "normal"]
    found: list[Wire] = []
    for i, (source, target, name) in enumerate(graph.edges):
        if _GRAPH.operation(name).is_zero or (skip_dead and i in graph.dead):
            continue
        key = f"{source}to{target}"
        twin = "_second" if any(wire.key == key for wire in found) else ""  # both terms have the same predecessor
        found.append(Wire(source, target, name, key + twin, 2 if reduces and source < N_INPUTS else 1))
    return tuple(found)


@final
class Block(NamedTuple):
    """A cell by its name: channels of its two inputs and of its nodes; whether it, or the one before it, reduces."""

    key: str
    before_last: int
    last: int
    channels: int
    reduces: bool
    after_reduction: bool


@lru_cache(maxsize=2**5)
def layout(o: NetOptions) -> tuple[Block, ...]:
    """The cells in order: n_cells normal ones a stage, a reduction cell between two stages.

    So 8 layers with reductions at a third and two thirds, as in NAS-Bench-301, are n_cells = 2, n_stages = 3, and the
    20 layers of DARTS n_cells = 6, n_stages = 3. Without a second stage the reduction cell has no effect at all.
    """
    blocks: list[Block] = []
    before_last = last = _STEM * o.channels
    for stage in range(o.n_stages):
        channels = o.channels * 2**stage
        for i in range(o.n_cells + (stage > 0)):
            reduces = stage > 0 and i == 0
            after = bool(blocks) and blocks[-1].reduces
            blocks.append(Block(f"cell{len(blocks)}", before_last, last, channels, reduces, after))
            before_last, last = last, N_NODES * channels
    return tuple(blocks)


@final
class FactorisedReduction(nn.Module):
    """Half the size by two 1x1 convolutions side by side, on every second pixel from the first and from the second on.

    The pixels are picked before the convolutions, which therefore have stride 1: with stride 2, the backward pass of
    PyTorch 2.13 on a CPU writes outside its memory where channels-last images have few channels (seen below eight).
    """

    def __init__(self, c_in: int, c_out: int, o: NetOptions) -> None:
        super().__init__()
        self.replicas = r = o.replicas
        self.relu = nn.ReLU()
        self.conv_a = nn.Conv2d(r * c_in, r * (c_out // 2), 1, groups=r, bias=o.conv_bias)
        self.conv_b = nn.Conv2d(r * c_in, r * (c_out - c_out // 2), 1, groups=r, bias=o.conv_bias)
        self.norm = nn.BatchNorm2d(r * c_out, affine=o.bn_affine, track_running_stats=o.bn_track)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(x)
        height, width = x.shape[2:]
        even = pad(x, (0, width % 2, 0, height % 2))  # or the second half would be one pixel smaller
        return self.norm(
            side_by_side([self.conv_a(x[:, :, ::2, ::2]), self.conv_b(even[:, :, 1::2, 1::2])], self.replicas)
        )


def has_weights(name: str, stride: int) -> bool:
    """Whether a term's operation has weights; a skip connection that halves the size has."""
    return _GRAPH.operation(name).layers > 0 or (name == "skip_connect" and stride == 2)


def operation(name: str, channels: int, stride: int, o: NetOptions) -> nn.Module:
    """A term's operation; there is none for `none`."""
    kernel = 5 if name.endswith("5x5") else 3
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorisedReduction(channels, channels, o)
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride, padding=1)
    if name == "avg_pool_3x3":
        return AveragePool(3, stride, padding=1, count_include_pad=False)
    if name.startswith("dil_conv"):
        return nn.Sequential(*_separable(channels, kernel, stride, 2, o))
    return nn.Sequential(*_separable(channels, kernel, stride, 1, o), *_separable(channels, kernel, 1, 1, o))


def _separable(channels: int, kernel: int, stride: int, dilation: int, o: NetOptions) -> list[nn.Module]:
    """ReLU, a convolution of each channel by itself, a 1x1 convolution, normalisation."""
    wide = o.replicas * channels
    padding = dilation * (kernel // 2)
    return [
        nn.ReLU(),
        nn.Conv2d(wide, wide, kernel, stride, padding, dilation, groups=wide, bias=o.conv_bias),
        nn.Conv2d(wide, wide, 1, groups=o.replicas, bias=o.conv_bias),
        nn.BatchNorm2d(wide, affine=o.bn_affine, track_running_stats=o.bn_track),
    ]


def entrance(c_in: int, block: Block, halve: bool, o: NetOptions) -> nn.Module:
    """What brings an input of a cell to the channels of its nodes, and to half the size where that is due."""
    if halve:
        return FactorisedReduction(c_in, block.channels, o)
    return ReluConvBN(c_in, block.channels, 1, 1, o, cell=True)


def side_by_side(parts: Sequence[torch.Tensor], replicas: int) -> torch.Tensor:
    """The channels of the parts behind each other, replica by replica."""
    if replicas == 1:
        return torch.cat(list(parts), 1)
    last = [p.permute(0, 2, 3, 1).unflatten(3, (replicas, -1)) for p in parts]  # (n, h, w, r, c)
    return torch.cat(last, 4).flatten(3).permute(0, 3, 1, 2)


@final
class Cell(nn.Module):
    """Two inputs, four nodes that sum two terms each; the output is the nodes side by side."""

    def __init__(self, arch: Arch, block: Block, o: NetOptions) -> None:
        super().__init__()
        self.replicas = o.replicas
        self.reduces = block.reduces
        self.input0 = entrance(block.before_last, block, block.after_reduction, o)
        self.input1 = entrance(block.last, block, False, o)
        self.ops = nn.ModuleDict(
            {w.key: operation(w.name, block.channels, w.stride, o) for w in wires(arch, block.reduces, False)}
        )
        self.wires = wires(arch, block.reduces, o.skip_dead)

    def forward(self, before_last: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        values: dict[int, torch.Tensor] = {0: self.input0(before_last), 1: self.input1(last)}
        for node in range(N_INPUTS, N_INPUTS + N_NODES):
            for wire in self.wires:
                if wire.target == node:
                    y = self.ops[wire.key](values[wire.source])
                    values[node] = values[node] + y if node in values else y
            if node not in values:  # all its terms are `none`
                values[node] = torch.zeros_like(values[0][:, :, ::2, ::2] if self.reduces else values[0])
        return side_by_side([values[N_INPUTS + i] for i in range(N_NODES)], self.replicas)  # (n, r*4c, h, w)


@final
class AuxiliaryHead(nn.Module):
    """A second classifier, for training, on the output of the last reduction cell of at least 8x8 pixels."""

    def __init__(self, channels: int, o: NetOptions) -> None:
        super().__init__()
        r = o.replicas
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, 3, count_include_pad=False),
            nn.Conv2d(r * channels, r * 128, 1, groups=r, bias=False),
            nn.BatchNorm2d(r * 128, track_running_stats=o.bn_track),
            nn.ReLU(),
            nn.Conv2d(r * 128, r * 768, 2, groups=r, bias=False),
            nn.BatchNorm2d(r * 768, track_running_stats=o.bn_track),
            nn.ReLU(),
        )
        self.classifier = Classifier(768, o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x))


@final
class Network(nn.Module):
    """Images (n, r*in_channels, h, w) to logits (n, r*n_classes), where r is the number of replicas.

    `archs`: one for each cell. With `auxiliary` it also has a second head, which only `with_auxiliary` runs.
    """

    def __init__(self, archs: Sequence[Arch], o: NetOptions) -> None:
        super().__init__()
        self.stem = stem(o)
        self.cells = nn.ModuleList(Cell(arch, block, o) for arch, block in zip(archs, layout(o), strict=True))
        self.classifier = Classifier(N_NODES * layout(o)[-1].channels, o)
        if o.auxiliary:
            reductions = [i for i, block in enumerate(layout(o)) if block.reduces]
            if not reductions:
                raise UserError(
                    "net: an auxiliary head requires a reduction cell before it; n_stages must be at least 2"
                )
            self.auxiliary_after = reductions[-1]
            self.auxiliary = AuxiliaryHead(N_NODES * layout(o)[reductions[-1]].channels, o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self._values(x)[-1])

    def with_auxiliary(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the classifier and of the auxiliary head."""
        values = self._values(x)
        return self.classifier(values[-1]), self.auxiliary(values[2 + self.auxiliary_after])

    def _values(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The stem's output twice, then that of every cell."""
        values = [self.stem(x)] * 2
        for cell in self.cells:
            values.append(cell(values[-2], values[-1]))
        return values


def stem(o: NetOptions) -> nn.Module:
    """Images to three times the channels of the first stage."""
    r, c = o.replicas, _STEM * o.channels
    return nn.Sequential(
        nn.Conv2d(r * o.in_channels, r * c, 3, padding=1, groups=r, bias=False),
        nn.BatchNorm2d(r * c, track_running_stats=o.bn_track),
    )


def build(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of a normal and a reduction cell, not yet initialised."""
    return Network((arch,) * len(layout(options)), options)
