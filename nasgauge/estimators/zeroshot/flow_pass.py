"""The synaptic flow: how much of an all-ones image reaches the logits through absolute weights, layer by layer."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.substitute import substituted


def flow(net: nn.Module, modules: Sequence[nn.Module], shape: Sequence[int], *, keep_bn: bool) -> tuple[float, ...]:
    """Sum |w dR/dw| for each weighted layer, R = sum of the logits of one all-ones image of `shape` (C, H, W).

    Weights and biases are replaced by their absolute values, in float64. Without `keep_bn` normalisation is left out;
    all is then non-negative and the layer's sum equals <dR/dz, z - bias> for its output z, so no weight gradient is
    needed. With it (statistics of that one image, absolute scale and shift) the terms have signs and are taken by
    weight. Zero for a layer that no flow crosses.
    """
    taps: dict[int, list[torch.Tensor]] = {id(m): [] for m in modules}
    stand_ins = {
        nn.Conv2d: lambda m: _Absolute(m, taps[id(m)], by_weight=keep_bn),
        nn.Linear: lambda m: _Absolute(m, taps[id(m)], by_weight=keep_bn),
        nn.BatchNorm2d: _AbsoluteNorm if keep_bn else lambda m: nn.Identity(),
    }
    ones = torch.ones(1, *shape, dtype=torch.float64, device=modules[0].weight.device)
    with torch.enable_grad(), substituted(net, stand_ins):
        total = net(ones.requires_grad_()).sum()
        flat = [(index, t) for index, m in enumerate(modules) for t in taps[id(m)]]
        gradients = torch.autograd.grad(total, [t for _, t in flat], allow_unused=True)
    terms = [0.0] * len(modules)
    for (index, tap), gradient in zip(flat, gradients, strict=True):
        if gradient is not None:
            terms[index] += float((tap.detach() * gradient).abs().sum())
    return tuple(terms)


class _Absolute(nn.Module):
    """The layer with absolute weights in float64; it notes its output before the bias, or its weight."""

    def __init__(self, module: nn.Module, taps: list[torch.Tensor], *, by_weight: bool) -> None:
        super().__init__()
        self.held, self.taps, self.by_weight = [module], taps, by_weight
        self.absolute = module.weight.detach().double().abs().requires_grad_(by_weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (module,) = self.held
        z = (
            F.linear(x, self.absolute)
            if isinstance(module, nn.Linear)
            else module._conv_forward(x, self.absolute, None)
        )
        if self.by_weight:
            if not self.taps:
                self.taps.append(self.absolute)
        else:
            self.taps.append(
                z if z.requires_grad else z.requires_grad_()
            )  # cut off from the image: starts its own graph
        if module.bias is None:
            return z
        bias = module.bias.detach().double().abs()
        return z + (bias if z.dim() == 2 else bias[:, None, None])


class _AbsoluteNorm(nn.Module):
    """Batch normalisation with absolute scale and shift in float64, statistics of the one image."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.eps = norm.eps
        self.scale = None if norm.weight is None else norm.weight.detach().double().abs()
        self.shift = None if norm.bias is None else norm.bias.detach().double().abs()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x[0, 0].numel() == 1:
            raise Unmeasurable("normalisation over one image needs more than one pixel")
        return F.batch_norm(x, None, None, self.scale, self.shift, training=True, eps=self.eps)
