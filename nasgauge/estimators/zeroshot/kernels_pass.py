"""The empirical neural tangent kernel of a batch."""

import torch
from torch import nn

from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Unmeasurable


def ntk_pass(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """K_ij = g_i . g_j (N, N) float64, g_i the gradient of the sum of image i's logits in the weights.

    Weights are all parameters called weight: those of layers, and scales of normalisations, whose statistics are the
    batch's, so that g_i has a part from every image. N backward passes; memory N times the weights.
    Unmeasurable if they are not finite, or if no gradient arrives.
    """
    weights = [p for name, p in net.named_parameters() if p.requires_grad and "weight" in name.rpartition(".")[2]]
    with torch.enable_grad():
        logits = logits_of(net(x.clone()), len(x))
        if not logits.requires_grad or not weights:
            raise Unmeasurable("the logits depend on no weight")
        rows = [
            torch.autograd.grad(of_image, weights, retain_graph=True, allow_unused=True) for of_image in logits.sum(1)
        ]
    kernel = x.new_zeros((len(x), len(x)), dtype=torch.float64)
    for of_weight in zip(*rows, strict=True):
        if of_weight[0] is not None:
            flat = torch.stack(of_weight).flatten(1)
            kernel += (flat @ flat.T).double()
    if not torch.isfinite(kernel).all() or not kernel.trace() > 0:
        raise Unmeasurable("the gradients of the logits are zero, or not finite")
    return kernel
