"""The networks of the NDS ResNet and ResNeXt-A spaces: stem, three stages of residual blocks, and a linear head.

Radosavovic et al., "On Network Design Spaces for Visual Recognition", ICCV 2019. Of `NetOptions`, `channels` is the
width of the stem, 16 in the paper; a width w of the architecture stands for w * channels / 16 channels, rounded to the
nearest (halves up), and the inner width of a bottleneck is rounded up so that the groups divide it; both are exact at
16. A depth d stands for d / `depth_divisor` blocks, rounded up. `bn_affine` and `conv_bias` concern all blocks with
their shortcuts. `n_cells`, `n_stages` and `skip_dead` have no meaning: the architecture says the depths, there are
three stages, nothing is dead.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.ops import Classifier
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import Arch, NDSResNet, NDSResNeXtA, ResidualStage

_RESNET = NDSResNet()
_RESNEXT_A = NDSResNeXtA()
_PAPER_CHANNELS = 16


@final
class ConvBN(nn.Sequential):
    """Convolution (same padding) and batch normalisation, in `groups` groups a replica."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, o: NetOptions, *, groups: int = 1) -> None:
        r = o.replicas
        conv = nn.Conv2d(r * c_in, r * c_out, kernel, stride, kernel // 2, groups=r * groups, bias=o.conv_bias)
        super().__init__(conv, nn.BatchNorm2d(r * c_out, affine=o.bn_affine, track_running_stats=o.bn_track))


def shortcut(c_in: int, c_out: int, stride: int, o: NetOptions) -> nn.Module:
    """A 1x1 convolution with stride, in two pieces: a pool over single pixels takes every second one.

    In one piece, the backward pass of PyTorch 2.13 on a CPU writes outside its memory where channels-last images have
    few channels (seen below eight).
    """
    subsample = {} if stride == 1 else {"subsample": nn.MaxPool2d(1, stride)}
    return nn.Sequential(OrderedDict(subsample, project=ConvBN(c_in, c_out, 1, 1, o)))


@final
class Block(nn.Module):
    """A residual block: ReLU(shortcut + body)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.shortcut(x) + self.body(x))


@final
class Conv(NamedTuple):
    """A convolution of a block's body."""

    c_in: int
    c_out: int
    kernel: int
    stride: int
    groups: int


Convs = Callable[[int, int, int, ResidualStage], tuple[Conv, ...]]  # of (c_in, c, stride, stage)


def basic(c_in: int, c: int, stride: int, stage: ResidualStage) -> tuple[Conv, ...]:
    """The body of a ResNet block."""
    return Conv(c_in, c, 3, stride, 1), Conv(c, c, 3, 1, 1)


def bottleneck(c_in: int, c: int, stride: int, stage: ResidualStage) -> tuple[Conv, ...]:
    """The body of a ResNeXt block; its inner width is rounded up to a multiple of the groups."""
    g = stage.groups
    inner = g * -(-c // (g * stage.divisor))
    return Conv(c_in, inner, 1, 1, 1), Conv(inner, inner, 3, stride, g), Conv(inner, c, 1, 1, 1)


def zero_init_residual(net: nn.Module) -> nn.Module:
    """The network itself, its residual blocks equal to their shortcuts: the last factors of their bodies are zero.

    Goyal et al., "Accurate, Large Minibatch SGD", 2017, sec. 5.1. UserError: no residual blocks, or normalisation
    without factors.
    """
    last = [list(block.body.children())[-1] for block in net.modules() if isinstance(block, Block)]
    factors = [conv[1].weight for conv in last]
    if not factors or any(factor is None for factor in factors):
        raise UserError(
            "[protocol]: zero_init_residual needs residual blocks (spaces nds-resnet and nds-resnext-a) with [net] "
            "bn_affine = true; leave it out otherwise"
        )
    for factor in factors:
        nn.init.zeros_(factor)
    return net


def body(convs: Sequence[Conv], o: NetOptions) -> nn.Module:
    """conv_a, relu_a, conv_b and so on; each convolution with its normalisation."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for letter, conv in zip("abc", convs, strict=False):
        parts[f"conv_{letter}"] = ConvBN(conv.c_in, conv.c_out, conv.kernel, conv.stride, o, groups=conv.groups)
        parts[f"relu_{letter}"] = nn.ReLU()
    parts.popitem()  # the last one stands behind the sum
    return nn.Sequential(parts)


@final
class StageShape(NamedTuple):
    """A stage in channels and blocks of the network at hand."""

    c_in: int
    c: int
    stride: int
    n_blocks: int


def shapes(stages: Sequence[ResidualStage], o: NetOptions) -> tuple[StageShape, ...]:
    """The stages of an architecture at the width and depth that the options ask for."""
    if o.depth_divisor < 1:
        raise UserError(f"[net]: depth_divisor is {o.depth_divisor}; give a count from 1, 1 leaves depths as they are")
    widths = [(stage.width * o.channels + _PAPER_CHANNELS // 2) // _PAPER_CHANNELS for stage in stages]
    return tuple(
        StageShape(c_in, c, 2 if number else 1, -(-stage.depth // o.depth_divisor))
        for number, (stage, c_in, c) in enumerate(zip(stages, [o.channels, *widths], widths, strict=False))
    )


def stem(o: NetOptions) -> nn.Module:
    """Images to the channels that the first stage is given."""
    r, c = o.replicas, o.channels
    return nn.Sequential(
        nn.Conv2d(r * o.in_channels, r * c, 3, padding=1, groups=r, bias=False),
        nn.BatchNorm2d(r * c, track_running_stats=o.bn_track),
        nn.ReLU(),
    )


@final
class Network(nn.Module):
    """Images (n, r*in_channels, h, w) to logits (n, r*n_classes), where r is the number of replicas."""

    def __init__(self, stages: Sequence[ResidualStage], convs: Convs, o: NetOptions) -> None:
        super().__init__()
        self.stem = stem(o)
        self.stages = nn.Sequential()
        for stage, shape in zip(stages, shapes(stages, o), strict=True):
            c_in, c, stride, n_blocks = shape
            bypass = shortcut(c_in, c, stride, o) if stage.projected else nn.Identity()
            blocks = [Block(body(convs(c_in, c, stride, stage), o), bypass)]
            blocks += [Block(body(convs(c, c, 1, stage), o), nn.Identity()) for _ in range(n_blocks - 1)]
            self.stages.append(nn.Sequential(*blocks))
        self.classifier = Classifier(c, o)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.stages(self.stem(x)))


def build_resnet(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of an NDS ResNet architecture, not yet initialised."""
    return Network(_RESNET.stages(arch), basic, options)


def build_resnext_a(arch: Arch, options: NetOptions) -> nn.Module:
    """The stand-alone network of an NDS ResNeXt-A architecture, not yet initialised."""
    return Network(_RESNEXT_A.stages(arch), bottleneck, options)
