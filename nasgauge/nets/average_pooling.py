"""Average pooling whose gradient is right on every device and in every memory layout.

PyTorch's gradient on CUDA is wrong for padded windows of images in the layout channels-last (pytorch/pytorch issue
188344: the kernel leaves the padding out of its coordinates; PyTorch 2.11 has this fault). There the gradient is
computed in the contiguous layout.
"""

from collections.abc import Sequence
from typing import Any, final

import torch
import torch.nn.functional as F
from torch import nn

Size = int | Sequence[int]


def avg_pool2d(
    x: torch.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> torch.Tensor:
    """`F.avg_pool2d` of x (N, C, H, W) or (C, H, W), with its gradient."""
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    if has_wrong_gradient(x, padding):
        return _Contiguously.apply(x, options)
    return F.avg_pool2d(x, *options)


def has_wrong_gradient(x: torch.Tensor, padding: Size) -> bool:
    """Whether PyTorch's own gradient of a pooling would be taken, and be wrong."""
    padded = padding > 0 if isinstance(padding, int) else any(padding)
    if not (padded and x.is_cuda and x.dim() == 4 and x.requires_grad and torch.is_grad_enabled()):
        return False
    return not x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)  # both, with a single channel


class _Contiguously(torch.autograd.Function):
    """Forward in the layout of the images, backward with contiguous gradients; it can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, options: tuple) -> torch.Tensor:
        ctx.options, ctx.shape = options, x.shape
        return F.avg_pool2d(x, *options)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        kernel, stride, padding, *rest = ctx.options
        shape = [_pair(kernel), _pair(kernel if stride is None or stride == () else stride), _pair(padding)]
        like = gradient.new_empty(ctx.shape)  # its values do not matter
        back = torch.ops.aten.avg_pool2d_backward(gradient.contiguous(), like, *shape, *rest)
        return back.contiguous(memory_format=torch.channels_last), None


def _pair(size: Size) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


@final
class AveragePool(nn.AvgPool2d):
    """`nn.AvgPool2d` by `avg_pool2d`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return avg_pool2d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )
