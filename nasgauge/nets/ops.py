"""The operations and blocks that cells are made of. Every module works for R replicas side by side (grouped)."""

from typing import final

import torch
from torch import nn

from nasgauge.nets.average_pooling import AveragePool
from nasgauge.nets.options import NetOptions


@final
class ReluConvBN(nn.Sequential):
    """ReLU, convolution (same padding), batch normalisation."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, o: NetOptions, *, cell: bool) -> None:
        affine, bias = (o.bn_affine, o.conv_bias) if cell else (True, False)
        r = o.replicas
        conv = nn.Conv2d(r * c_in, r * c_out, kernel, stride, kernel // 2, groups=r, bias=bias)
        norm = nn.BatchNorm2d(r * c_out, affine=affine, track_running_stats=o.bn_track)
        super().__init__(nn.ReLU(), conv, norm)


def avg_pool_3x3() -> nn.Module:
    """Average over the 3x3 neighbourhood, border pixels over fewer."""
    return AveragePool(3, stride=1, padding=1, count_include_pad=False)


@final
class Reduction(nn.Module):
    """The residual block between stages: half the size, twice the channels; the shortcut is pooled and projected."""

    def __init__(self, c_in: int, c_out: int, o: NetOptions) -> None:
        super().__init__()
        self.conv_a = ReluConvBN(c_in, c_out, 3, 2, o, cell=False)
        self.conv_b = ReluConvBN(c_out, c_out, 3, 1, o, cell=False)
        r = o.replicas
        project = nn.Conv2d(r * c_in, r * c_out, 1, groups=r, bias=False)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), project)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv_b(self.conv_a(x)) + self.shortcut(x)


@final
class Classifier(nn.Module):
    """Global average, dropout and a linear layer, one for each replica."""

    def __init__(self, channels: int, o: NetOptions) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(o.dropout)
        r = o.replicas
        self.single = r == 1
        if self.single:
            self.linear = nn.Linear(channels, o.n_classes)
        else:
            self.linear = nn.Conv2d(r * channels, r * o.n_classes, 1, groups=r)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dropout(self.pool(x))  # (n, r*c, 1, 1)
        if self.single:  # asked of the options, so that the layer may be replaced while it is measured
            return self.linear(x.flatten(1))  # (n, classes)
        return self.linear(x).flatten(1)  # (n, r*classes)


@final
class Sum(nn.Module):
    """a + b."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a + b


@final
class Concatenation(nn.Module):
    """The channels of the inputs one after the other."""

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        return torch.cat(parts, 1)


@final
class Zeros(nn.Module):
    """Zeros in the shape of the input, of every `stride`-th pixel."""

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])
