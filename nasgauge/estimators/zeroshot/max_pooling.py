"""Max-pooling whose gradient does not depend on rounding.

Where an image is flat, all pixels of a window are equal but for rounding, and which of them is greatest, and receives
the gradient, differs between memory layouts, devices and precisions. Here pixels tie if they differ by no more than
rounding can explain, and of those that tie the first is taken.
"""

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F

from nasgauge.nets import rounding

Size = int | Sequence[int]


def max_pool2d(
    x: torch.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> torch.Tensor:
    """`F.max_pool2d` of x (N, C, H, W) or (C, H, W): its values; the gradient of a window goes to its `winners`."""
    kernel, stride, padding, dilation = shape = _shape(kernel_size, stride, padding, dilation)
    if kernel == (1, 1) or x.dim() not in (3, 4) or not (x.requires_grad and torch.is_grad_enabled()):
        return F.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
    pooled = _ToWinners.apply(x if x.dim() == 4 else x[None], *shape, ceil_mode)
    return pooled if x.dim() == 4 else pooled[0]


def winners(
    x: torch.Tensor, kernel: Size, stride: Size | None, padding: Size, dilation: Size, ceil_mode: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Max-pooling of x (N, C, H, W): the maxima (N, C, h, w), and the pixels i * W + j that receive the gradient.

    In each row of a window the first pixel that the row's maximum exceeds by no more than the tolerance; of these that
    of the first row whose maximum the window's exceeds by no more than it. So of equal pixels the first in the order of
    reading. The tolerance is eps^(5/6) times the root mean square of the channel over the batch (9e-14 of it in
    float64, 2e-6 in float32): above the rounding that a few layers leave between pixels that see the same, and so far
    below what tells others apart that few tie in float32 and none in float64. Eps is that of products (`rounding`), so
    more tie where these are rounded (2e-2 in bfloat16). Where values are not finite, the choice of `F.max_pool2d`.
    """
    kernel, stride, padding, dilation = _shape(kernel, stride, padding, dilation)
    tolerance = rounding(x) ** (5 / 6) * x.square().mean((0, 2, 3), keepdim=True).sqrt()
    if not tolerance.isfinite().all():
        return F.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode, return_indices=True)
    width = x.shape[3]
    (n_rows, below), (n_columns, right) = (
        _windows(*axis, ceil_mode) for axis in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    )
    padded = F.pad(x, (padding[1], right, padding[0], below), value=-torch.inf)
    columns, rows = (
        [slice(o * d, o * d + (n - 1) * s + 1, s) for o in range(k)]
        for n, k, s, d in zip((n_columns, n_rows), kernel[::-1], stride[::-1], dilation[::-1], strict=True)
    )
    maxima, taken = _first([padded[..., c] for c in columns], tolerance)
    column = _offset(taken, dilation[1])
    maxima, taken = _first([maxima[..., r, :] for r in rows], tolerance)
    index = _offset(taken, dilation[0] * width)
    for row, is_it in zip(rows, taken, strict=True):
        index.addcmul_(is_it.to(index.dtype), column[..., row, :].to(index.dtype))
    top = torch.arange(n_rows, device=x.device) * stride[0] - padding[0]
    left = torch.arange(n_columns, device=x.device) * stride[1] - padding[1]
    return maxima, index.long().add_(top[:, None] * width + left)


def _first(views: list[torch.Tensor], tolerance: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The greatest of the views, and for each of them: is it the first that reaches the greatest but for rounding?"""
    greatest = reduce(torch.maximum, views)
    enough = greatest - tolerance
    taken, before = [], None
    for view in views[:-1]:
        reaches = view >= enough
        taken.append(reaches if before is None else reaches & ~before)
        before = reaches if before is None else before | reaches
    last = torch.ones_like(greatest, dtype=torch.bool) if before is None else ~before  # it is the greatest
    return greatest, [*taken, last]


def _offset(taken: list[torch.Tensor], step: int) -> torch.Tensor:
    """`step` times the number of the view that is taken, in the smallest type that holds it and a column."""
    smallest = torch.int16 if step * len(taken) < 1 << 14 else torch.int32
    total = torch.zeros_like(taken[0], dtype=smallest)
    for number, is_it in enumerate(taken[1:], start=1):
        total.add_(is_it.view(torch.int8), alpha=number * step)
    return total


def _windows(length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> tuple[int, int]:
    """How many windows fit, and how many pixels beyond the end the last one reaches (below 0: pixels are left over)."""
    reach = dilation * (kernel - 1) + 1
    free = length + 2 * padding - reach
    n = (-(-free // stride) if ceil_mode else free // stride) + 1
    if ceil_mode and (n - 1) * stride >= length + padding:  # a window must begin inside the image
        n -= 1
    return n, (n - 1) * stride + reach - padding - length


def _shape(*sizes: Size | None) -> tuple[tuple[int, int], ...]:
    """Kernel, stride, padding and dilation as pairs; the stride is the kernel's size if there is none."""
    kernel = sizes[0]
    pairs = [kernel if size is None or size == () else size for size in sizes]
    return tuple((p, p) if isinstance(p, int) else (p[0], p[-1]) for p in pairs)


class _ToWinners(torch.autograd.Function):
    """Maxima of windows; the gradient goes to the winners, and can be differentiated again."""

    @staticmethod
    def forward(ctx, x, kernel, stride, padding, dilation, ceil_mode):
        maxima, index = winners(x, kernel, stride, padding, dilation, ceil_mode)
        ctx.save_for_backward(x, index)
        ctx.options = kernel, stride, padding, dilation, ceil_mode
        return maxima

    @staticmethod
    def backward(ctx, gradient):
        x, index = ctx.saved_tensors
        back = torch.ops.aten.max_pool2d_with_indices_backward(gradient, x, *ctx.options, index)
        return back, None, None, None, None, None
