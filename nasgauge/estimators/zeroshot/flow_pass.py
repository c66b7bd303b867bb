"""The synaptic flow: how much of an all-ones image reaches the logits through absolute weights, layer by layer."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.functions import NORMS, first_argument, name_of
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.substitute import swapped
from nasgauge.estimators.zeroshot.weights import Weight


def flow(net: nn.Module, weights: Sequence[Weight], x: torch.Tensor, *, keep_bn: bool) -> tuple[float, ...]:
    """Sum |w dR/dw| for each weight, R = sum of the logits of one all-ones image of the shape of those in x (N, ...).

    All parameters are replaced by their absolute values, in float64. Without `keep_bn` every normalisation is left out;
    activations stay. With it, batch normalisation has the statistics of that one image, and what is rounding is made
    zero, where its sign would else decide which ReLU lets the flow through: a pixel that is away from its channel's
    mean by no more than eps^(2/3) of the root mean square is set on the mean, and a sum below eps^(2/3) of the absolute
    logits is 0. Zero for a layer that no flow crosses. Unmeasurable for networks whose input is no real numbers.
    """
    if not x.is_floating_point():
        raise Unmeasurable(f"the inputs are {x.dtype}, for which there is no image of ones")
    state = {id(p): p.detach().double().abs() for p in net.parameters()}
    wanted = [state[id(w.parameter)].requires_grad_() for w in weights]
    state |= {id(b): b.double() for b in net.buffers() if b.is_floating_point()}
    ones = x.new_ones((1, *x.shape[1:]), dtype=torch.float64)
    with torch.enable_grad(), swapped(net, state), _NormsKept() if keep_bn else _NormsLeftOut():
        logits = logits_of(net(ones), 1)
        total, size = logits.sum(), float(logits.detach().abs().sum())
    if not total.requires_grad:
        return (0.0,) * len(wanted)
    gradients = torch.autograd.grad(total, wanted, allow_unused=True)
    pairs = zip(wanted, gradients, strict=True)
    terms = [0.0 if g is None else float((w.detach() * g).abs().sum()) for w, g in pairs]
    if keep_bn:  # what a normalisation takes away is left as a rounding error
        least = torch.finfo(torch.float64).eps ** (2 / 3) * size
        terms = [term if term > least else 0.0 for term in terms]
    return tuple(terms)


class _NormsLeftOut(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        if name_of(func) in NORMS:
            return first_argument(args, kwargs or {})
        return func(*args, **(kwargs or {}))


class _NormsKept(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if name_of(func) != "batch_norm":
            return func(*args, **kwargs)
        x = first_argument(args, kwargs)
        if x[0, 0].numel() * len(x) == 1:
            raise Unmeasurable("normalisation over one image needs more than one pixel")
        shift = args[4] if len(args) > 4 else kwargs.get("bias")
        return _on_the_mean(x.detach(), func(*args, **kwargs), shift)


def _on_the_mean(x: torch.Tensor, y: torch.Tensor, shift: torch.Tensor | None) -> torch.Tensor:
    """y, normalised x (N, C, ...), but the value of the mean where x is on it; gradients as they are."""
    others = [0, *range(2, x.dim())]
    mean = x.mean(others, keepdim=True)
    tolerance = torch.finfo(x.dtype).eps ** (2 / 3) * x.square().mean(others, keepdim=True).sqrt()
    target = torch.zeros_like(mean) if shift is None else shift.detach().reshape(mean.shape)
    return y + ((x - mean).abs() <= tolerance) * (target - y.detach())
