"""How far weights are shared within a supernet's cell: kernels of two sizes from one weight, and paths dropped."""

from typing import final

import torch
from torch import nn
from torch.nn import functional as F

CENTRE = 4  # of the nine positions of a 3x3 kernel


@final
class KernelTransform(nn.Module):
    """Nine learned weights, by which the positions of a 3x3 kernel are summed to one; fresh, the centre alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(9))

    def reset_parameters(self) -> None:
        """One for the centre, zero elsewhere."""
        with torch.no_grad():
            self.weight.zero_()
            self.weight[CENTRE] = 1.0

    def forward(self) -> torch.Tensor:
        return self.weight


@final
class KernelConv(nn.Conv2d):
    """A 3x3 convolution that is a 1x1 convolution too: given a transform (9,), with the kernel that it makes."""

    def __init__(self, channels: int, *, bias: bool) -> None:
        super().__init__(channels, channels, 3, padding=1, bias=bias)

    def forward(self, x: torch.Tensor, transform: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(x) if transform is None else F.conv2d(x, self.centre(transform), self.bias)

    def centre(self, transform: torch.Tensor) -> torch.Tensor:
        """The 1x1 weight (out, in, 1, 1): sum over the nine positions p of transform_p weight_p."""
        return (self.weight.flatten(2) @ transform)[:, :, None, None]

    def fill(self, target: nn.Conv2d, transform: torch.Tensor) -> None:
        """Give a stand-alone 1x1 convolution this weight (a copy), and the bias itself."""
        target.weight = nn.Parameter(self.centre(transform).detach())
        if self.bias is not None:
            target.bias = self.bias


@final
class PathDropout(nn.Module):
    """In training the value of each image is kept with probability `keep` and divided by it, or is zero; else kept.

    In cell `layer` of `layers`, from 0, keep = 1 - rate (layer + 1) / layers. Its numbers after the image say which
    path it is, so that different paths are dropped independently.
    """

    def __init__(self, rate: float, layer: int, layers: int) -> None:
        super().__init__()
        self.keep = 1 - rate * (layer + 1) / layers

    def forward(self, x: torch.Tensor, *path: int) -> torch.Tensor:
        if not self.training:
            return x
        kept = torch.empty(len(x), 1, 1, 1, device=x.device, dtype=x.dtype).bernoulli_(self.keep)
        return x * (kept / self.keep)
