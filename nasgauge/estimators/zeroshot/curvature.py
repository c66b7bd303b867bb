"""w . (H g), g the gradient of the loss: by expansion where all calls of a network are known, else derived twice."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from nasgauge.estimators.zeroshot.expansion import NotExpandable, expanded
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.weights import Weight


def curvature(
    net: nn.Module, weights: Sequence[Weight], gradients: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> float:
    """w^T H g over the weights, g = dL/dw held fixed, L the mean cross-entropy of the batch x, y.

    By the expansion where every call of the network's forward is known to it, else by two backward passes, to which it
    is equal up to rounding. Unmeasurable if the result is not finite. RuntimeError if the expansion fails its
    first-order check dL[g] = g.g.
    """
    try:
        value = expanded(net, weights, gradients, x, y)
    except NotExpandable:
        value = _differentiated_twice(net, weights, gradients, x, y)
    if not math.isfinite(value):
        raise Unmeasurable(f"w.Hg is {value}")
    return value


def _differentiated_twice(
    net: nn.Module, weights: Sequence[Weight], gradients: Sequence[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> float:
    parameters = [w.parameter for w in weights]
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):  # the other ways of attention have no second derivative
        loss = F.cross_entropy(logits_of(net(x.clone()), len(x)), y)
        first = torch.autograd.grad(loss, parameters, create_graph=True, allow_unused=True)
        along = sum((g * f).sum() for g, f in zip(gradients, first, strict=True) if f is not None)
        if not (isinstance(along, torch.Tensor) and along.requires_grad):
            return 0.0  # no weight has a gradient, or the loss is linear in all of them
        second = torch.autograd.grad(along, parameters, allow_unused=True)
    pairs = zip(parameters, second, strict=True)
    return float(sum((w.detach() * h).sum().double() for w, h in pairs if h is not None))
