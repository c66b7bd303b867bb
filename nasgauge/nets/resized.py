"""Shared layers of the greatest size that any path needs, of which every path uses a part.

Which part is the channel channel selection rule: "ordinal", the first channels; "l1", the filters with the largest L1
norms, given as indices; "shuffled", in training random filters in random order, otherwise the first ones;
"interpolated", averages of neighbouring channels. Ning et al. 2021, appendix C; Yu et al. 2021, section 4.5.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, final

import torch
from torch import nn
from torch.nn import functional as F

from nasgauge.nets.ops import Classifier

Channels = slice | torch.Tensor  # which of a layer's channels: the first ones, or their indices


class _ConvBN(nn.Module, ABC):
    """Convolution, normalisation and what else stands in `plain`, of which a call uses some channels.

    What a call is told besides the images, its `size`, ends with the number of groups. With g groups, filter i of c_out
    sees the channels of its group, floor(i g / c_out), and has the weights that the undivided convolution has for them:
    the groups are blocks on the diagonal of its weight.
    """

    def __init__(self, plain: nn.Sequential) -> None:
        super().__init__()
        self.conv, self.norm, *rest = plain
        self.after = nn.Sequential(*rest)

    @abstractmethod
    def share(self, *size: Any) -> tuple[Channels, torch.Tensor]:
        """The output channels that a call uses, and the weight."""

    def forward(self, x: torch.Tensor, *size: Any) -> torch.Tensor:
        rows, weight = self.share(*size)
        conv = self.conv
        bias = None if conv.bias is None else conv.bias[rows]
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, size[-1])
        return self.after(_normalised(self.norm, y, rows))

    def fill(self, target: nn.Sequential, *size: Any) -> None:
        """Give the layers of a stand-alone network these weights: views where the rule allows it, else a copy."""
        rows, weight = self.share(*size)
        conv, norm = self.conv, self.norm
        _put(target[0], weight=weight, bias=None if conv.bias is None else conv.bias[rows])
        if norm.affine:
            _put(target[1], weight=norm.weight[rows], bias=norm.bias[rows])
        if norm.running_mean is not None:
            target[1].running_mean, target[1].running_var = norm.running_mean[rows], norm.running_var[rows]
            target[1].num_batches_tracked = norm.num_batches_tracked


@final
class OrdinalConvBN(_ConvBN):
    """The first input and output channels. Size: how many of each, and groups."""

    def share(self, c_in: int, c_out: int, groups: int) -> tuple[Channels, torch.Tensor]:
        weight = self.conv.weight[:c_out, :c_in]
        if groups > 1:
            blocks = zip(range(groups), weight.chunk(groups), strict=True)
            weight = torch.cat([rows.chunk(groups, 1)[k] for k, rows in blocks])
        return slice(c_out), weight


@final
class IndexedConvBN(_ConvBN):
    """Output channels `rows` and input channels `columns`. Size: their indices, and groups."""

    def share(self, rows: torch.Tensor, columns: torch.Tensor, groups: int) -> tuple[Channels, torch.Tensor]:
        parts = zip(rows.chunk(groups), columns.chunk(groups), strict=True)
        return rows, torch.cat([self.conv.weight[r][:, c] for r, c in parts])


@final
class ShuffledConvBN(_ConvBN):
    """In training the first of the filters in an order drawn at each call, otherwise the first filters themselves."""

    def share(self, c_in: int, c_out: int, groups: int) -> tuple[Channels, torch.Tensor]:
        weight = self.conv.weight
        rows = torch.randperm(len(weight), device=weight.device)[:c_out] if self.training else slice(c_out)
        return rows, weight[rows][:, :c_in]


@final
class InterpolatedConvBN(nn.Module):
    """Weights averaged over neighbouring filters and input channels, as many as there are too many.

    Of n channels, channel i of c is the mean of those from floor(i n / c) to before ceil((i + 1) n / c).
    """

    def __init__(self, plain: nn.Sequential) -> None:
        super().__init__()
        self.conv, self.norm, *rest = plain
        self.after = nn.Sequential(*rest)

    def forward(self, x: torch.Tensor, c_in: int, c_out: int, groups: int) -> torch.Tensor:
        bias, scale, shift = self._vectors(c_out)
        conv, norm = self.conv, self.norm
        y = F.conv2d(x, self._weight(c_in, c_out), bias, conv.stride, conv.padding, conv.dilation, groups)
        return self.after(F.batch_norm(y, None, None, scale, shift, True, 0.0, norm.eps))

    def fill(self, target: nn.Sequential, c_in: int, c_out: int, groups: int) -> None:
        """Give the layers of a stand-alone network these averages (a copy)."""
        bias, scale, shift = self._vectors(c_out)
        conv, norm = target[0], target[1]
        _put(conv, weight=self._weight(c_in, c_out), bias=bias)
        _put(norm, weight=scale, bias=shift)

    def _weight(self, c_in: int, c_out: int) -> torch.Tensor:
        weight = self.conv.weight.permute(2, 3, 0, 1)  # (k, k, out, in)
        return F.adaptive_avg_pool2d(weight, (c_out, c_in)).permute(2, 3, 0, 1)

    def _vectors(self, c_out: int) -> list[torch.Tensor | None]:
        vectors = (self.conv.bias, self.norm.weight, self.norm.bias)
        return [None if v is None else F.adaptive_avg_pool1d(v[None], c_out)[0] for v in vectors]


@final
class ResizedClassifier(nn.Module):
    """Global average, dropout and a linear layer on the first channels, or on those of the indices given."""

    def __init__(self, plain: Classifier) -> None:
        super().__init__()
        self.pool, self.dropout, self.linear = plain.pool, plain.dropout, plain.linear

    def forward(self, x: torch.Tensor, columns: int | torch.Tensor) -> torch.Tensor:
        x = self.dropout(self.pool(x)).flatten(1)
        return F.linear(x, self.linear.weight[:, _channels(columns)], self.linear.bias)

    def fill(self, target: Classifier, columns: int | torch.Tensor) -> None:
        """Give a stand-alone classifier these weights."""
        _put(target.linear, weight=self.linear.weight[:, _channels(columns)], bias=self.linear.bias)


@final
class LargestL1(nn.Module):
    """Indices, ascending, of the c filters with the largest L1 norms, summed over convolutions with equal outputs.

    `writers` are looked at, not owned. Ties: the filter of the lower index first.
    """

    def __init__(self, writers: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        self.writers = tuple(writers)  # a tuple, so that they do not become parts of this one

    @torch.no_grad()
    def forward(self, c: int, first: int, last: int) -> torch.Tensor:
        """Of the convolutions from `first` to before `last`."""
        norms = torch.stack([w.weight.abs().sum((1, 2, 3)) for w in self.writers[first:last]]).sum(0)
        return norms.argsort(descending=True, stable=True)[:c].sort().values


@final
class FirstOf(nn.Module):
    """The first channels of a value."""

    def forward(self, x: torch.Tensor, c: int) -> torch.Tensor:
        return x[:, :c]


@final
class FirstChannels(nn.Module):
    """The indices 0 to c - 1, on the device of a layer that is looked at."""

    def __init__(self, beside: nn.Conv2d) -> None:
        super().__init__()
        self.beside = (beside,)

    def forward(self, c: int) -> torch.Tensor:
        return torch.arange(c, device=self.beside[0].weight.device)


def _normalised(norm: nn.BatchNorm2d, x: torch.Tensor, rows: Channels) -> torch.Tensor:
    """Batch normalisation of some of the channels, which updates the running statistics of those alone."""
    scale, shift = (norm.weight[rows], norm.bias[rows]) if norm.affine else (None, None)
    if norm.running_mean is None:
        return F.batch_norm(x, None, None, scale, shift, True, 0.0, norm.eps)
    mean, var = norm.running_mean[rows], norm.running_var[rows]
    if not norm.training:
        return F.batch_norm(x, mean, var, scale, shift, False, 0.0, norm.eps)
    norm.num_batches_tracked.add_(1)
    share = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    y = F.batch_norm(x, mean, var, scale, shift, True, share, norm.eps)
    if isinstance(rows, torch.Tensor):  # then they are copies, not views
        norm.running_mean[rows], norm.running_var[rows] = mean, var
    return y


def _put(target: nn.Module, **tensors: torch.Tensor | None) -> None:
    for name, tensor in tensors.items():
        if tensor is not None:
            setattr(target, name, nn.Parameter(tensor.detach()))


def _channels(columns: int | torch.Tensor) -> Channels:
    return slice(columns) if isinstance(columns, int) else columns
