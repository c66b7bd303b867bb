"""Depthwise convolutions of small images with a faster backward pass on a CPU.

PyTorch's backward pass (2.13, oneDNN) is slow where the kernel is dilated or larger than the image. Here the gradient
of the images is itself a convolution, with the mirrored kernel, and that of the kernel is the product of images and
gradients over the batch, for all pairs of pixels, summed over the pairs that share a weight. Equal up to rounding.
"""

from functools import lru_cache
from typing import Any, final

import torch
import torch.nn.functional as F
from torch import nn

_MOST_PIXELS = 64  # of an image: the number of pairs is its square


def quicken(net: nn.Module) -> nn.Module:
    """The network itself, its depthwise convolutions replaced by `DepthwiseConv` where that may be faster.

    Those of kernels that are dilated or wider than three, with zero padding. Parameters stay the same tensors under the
    same names. A subclass of nn.Conv2d is left as it is.
    """
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Conv2d and _may_be_slow(child):
                setattr(parent, name, DepthwiseConv(child))
    return net


def _may_be_slow(conv: nn.Conv2d) -> bool:
    """Depthwise, zero padding, the same steps along both axes, no border that no window reaches; a wide kernel."""
    if not conv.groups == conv.in_channels == conv.out_channels:
        return False
    if conv.padding_mode != "zeros" or isinstance(conv.padding, str):
        return False
    equal = all(len(set(pair)) == 1 for pair in (conv.kernel_size, conv.stride, conv.padding, conv.dilation))
    return equal and conv.padding[0] <= conv.dilation[0] * (conv.kernel_size[0] - 1) and _wide(conv, 3)


def _wide(conv: nn.Conv2d, size: int) -> bool:
    """Whether a kernel is dilated, or larger than an image of that size."""
    return conv.dilation[0] > 1 or conv.kernel_size[0] > size


@final
class DepthwiseConv(nn.Conv2d):
    """The convolution that it is made of, with its parameters; only the backward pass differs."""

    def __init__(self, conv: nn.Conv2d) -> None:
        shape = conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation
        super().__init__(*shape, groups=conv.groups, bias=conv.bias is not None, device="meta")
        self.weight, self.bias = conv.weight, conv.bias
        self.train(conv.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = x.dim() == 4 and x.device.type == "cpu" and x.shape[2] * x.shape[3] <= _MOST_PIXELS
        if not (small and torch.is_grad_enabled() and _wide(self, min(x.shape[2:]))):
            return super().forward(x)
        y = _Depthwise.apply(x, self.weight, self.stride[0], self.padding[0], self.dilation[0])
        return y if self.bias is None else y + self.bias.view(1, -1, 1, 1)


class _Depthwise(torch.autograd.Function):
    """x (b, c, h, w), weight (c, 1, k, k), one stride, padding and dilation; it can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, *steps: int) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.steps = steps
        return F.conv2d(x, weight, None, *steps, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        of_images, of_weight = ctx.needs_input_grad[:2]
        return (
            _gradient_of_images(gradient, weight, x.shape, *ctx.steps) if of_images else None,
            _gradient_of_weight(gradient, x, weight.shape[-1], *ctx.steps) if of_weight else None,
            *[None] * 3,
        )


def _gradient_of_images(
    gradient: torch.Tensor, weight: torch.Tensor, shape: torch.Size, stride: int, padding: int, dilation: int
) -> torch.Tensor:
    """The full correlation with the mirrored kernel, of gradients with zeros between them if the stride is larger."""
    reach = dilation * (weight.shape[-1] - 1)
    missing = [(n + 2 * padding - reach - 1) % stride for n in shape[2:]]  # rows and columns that no window saw
    if stride > 1:
        height, width = ((n - 1) * stride + 1 for n in gradient.shape[2:])
        spread = gradient.new_zeros(len(gradient), height, width, len(weight)).permute(0, 3, 1, 2)
        spread[:, :, ::stride, ::stride] = gradient
        gradient = F.pad(spread, (0, missing[1], 0, missing[0]))
    return F.conv2d(gradient, weight.flip(2, 3), None, 1, reach - padding, dilation, len(weight))


def _gradient_of_weight(
    gradient: torch.Tensor, x: torch.Tensor, kernel: int, stride: int, padding: int, dilation: int
) -> torch.Tensor:
    """Sums over pairs of an image's and a gradient's pixel. Products of operands that are not contiguous are slow."""
    batch, channels = x.shape[:2]
    pairs = torch.bmm(
        x.permute(1, 2, 3, 0).contiguous().view(channels, -1, batch),
        gradient.permute(1, 0, 2, 3).contiguous().view(channels, batch, -1),
    )
    which = _pairs(*x.shape[2:], kernel, stride, padding, dilation).to(x.dtype)
    return (pairs.flatten(1) @ which).view(channels, 1, kernel, kernel)


@lru_cache(maxsize=2**6)
def _pairs(height: int, width: int, kernel: int, stride: int, padding: int, dilation: int) -> torch.Tensor:
    """(pixels of the image x of the output, kernel^2): 1 where that weight joins the two, else 0."""
    unit = torch.eye(kernel * kernel).view(-1, 1, kernel, kernel)
    pixels = torch.eye(height * width).view(-1, 1, height, width)
    joined = F.conv2d(pixels, unit, None, stride, padding, dilation)  # (pixels, kernel^2, out, out)
    return joined.flatten(2).transpose(1, 2).flatten(0, 1).contiguous()
