"""The loss around trained weights, in two random directions normalised by filter (Li et al. 2018)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from nasgauge.nets.surface import Landscape


def directions(weights: Sequence[torch.Tensor], generator: torch.Generator) -> list[torch.Tensor]:
    """A random direction: per filter (first index of a weight) normal numbers scaled to the norm of the filter.

    Vectors (biases, scales and shifts) do not move. Where all weights are multiplied by one factor, so is the
    direction, so that networks whose normalisations undo such a factor are compared alike.
    """
    found = []
    for weight in weights:
        drawn = torch.zeros_like(weight)
        if weight.dim() > 1:
            drawn = torch.randn(weight.shape, generator=generator).to(weight)
            norms = [x.flatten(1).norm(dim=1).clamp_min(1e-12) for x in (weight.detach(), drawn)]
            drawn = drawn * (norms[0] / norms[1]).view(-1, *[1] * (weight.dim() - 1))
        found.append(drawn)
    return found


@torch.no_grad()
def loss_landscape(
    net: nn.Module, loss: Callable[[], torch.Tensor], *, seed: int = 0, radius: float = 0.5, n: int = 11
) -> Landscape:
    """The loss at theta + a d1 + b d2 for a and b from -radius to radius in n steps; the weights are put back.

    net: whose parameters theta move. loss: gives the loss with the weights as they are, the same for the same weights:
    fixed images, no dropout. d1, d2: `directions` drawn from the seed. n: an odd number, so that the middle is the
    trained weights. ValueError: n even or below 3.

    >>> net = nn.Linear(3, 2, bias=False)
    >>> found = loss_landscape(net, lambda: net.weight.square().sum(), n=3)
    >>> found.loss.shape, bool(found.loss[1, 1] == net.weight.square().sum().item()), round(found.roughness, 3)
    ((3, 3), True, 0.0)

    Reference: Li, Xu, Taylor, Studer & Goldstein, "Visualizing the Loss Landscape of Neural Nets", NeurIPS 2018;
    yu2020train, Sec. 4.3.
    """
    if n < 3 or n % 2 == 0:
        raise ValueError(f"loss_landscape: n is {n}; give an odd number from 3")
    weights = list(net.parameters())
    before = [weight.detach().clone() for weight in weights]
    generator = torch.Generator().manual_seed(seed)
    first, second = directions(before, generator), directions(before, generator)
    at = np.linspace(-radius, radius, n)
    found = np.empty((n, n))
    try:
        for i, a in enumerate(at):
            for j, b in enumerate(at):
                for weight, middle, one, other in zip(weights, before, first, second, strict=True):
                    weight.copy_(middle if i == j == n // 2 else middle + float(a) * one + float(b) * other)
                found[i, j] = float(loss())
    finally:
        for weight, middle in zip(weights, before, strict=True):
            weight.copy_(middle)
    return Landscape(at, found)
