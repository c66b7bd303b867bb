"""How strongly the features of a Gaussian network change when a Gaussian image is disturbed."""

from contextlib import ExitStack

import torch
from torch import nn
from torch.func import functional_call

from nasgauge.estimators.zeroshot.record import Unmeasurable, Zen


@torch.no_grad()
def zen_pass(net: nn.Module, x: torch.Tensor, *, mixture: float, repeats: int, generator: torch.Generator) -> Zen:
    """Feature differences and normalisation variances of the network with fresh weights; of x only the shape counts.

    Weights ~ N(0, 1), biases 0, scales 1, shifts 0; images u, v ~ N(0, 1); f is what enters the global pooling.
    `difference` = mean over images and repeats of sum |f(u) - f(u + mixture v)|; `variances` are those of f(u),
    biased, a channel mean each, averaged over repeats. The network must be in the state of `undisturbed`.
    """
    differences, variances = [], []
    for _ in range(repeats):
        weights = _gaussian(net, generator)
        u, v = (torch.randn(x.shape, generator=generator, device=generator.device).to(x) for _ in range(2))
        feature, variance = _features(net, weights, u)
        disturbed, _ = _features(net, weights, u + mixture * v)
        differences.append(float((feature - disturbed).abs().flatten(1).sum(1).mean()))
        variances.append(variance)
    mean = torch.tensor(variances, dtype=torch.float64).mean(0)
    return Zen(sum(differences) / repeats, tuple(mean.tolist()))


def _gaussian(net: nn.Module, generator: torch.Generator) -> dict[str, torch.Tensor]:
    fresh = {}
    for prefix, module in net.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if name == "bias":
                value = torch.zeros_like(parameter)
            elif isinstance(module, nn.Conv2d | nn.Linear):
                value = torch.randn(parameter.shape, generator=generator, device=generator.device).to(parameter)
            else:
                value = torch.ones_like(parameter)
            fresh[f"{prefix}.{name}" if prefix else name] = value
    return fresh


def _features(net: nn.Module, weights: dict[str, torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
    features: list[torch.Tensor] = []
    variances: list[torch.Tensor] = []
    with ExitStack() as stack:
        for module in net.modules():
            if isinstance(module, nn.AdaptiveAvgPool2d):
                hook = module.register_forward_pre_hook(lambda m, inputs: features.append(inputs[0]))
                stack.callback(hook.remove)
            elif isinstance(module, nn.BatchNorm2d):
                hook = module.register_forward_pre_hook(
                    lambda m, inputs: variances.append(inputs[0].var((0, 2, 3), correction=0).mean())
                )
                stack.callback(hook.remove)
        functional_call(net, weights, (x,))
    if not features:
        raise Unmeasurable("the network has no global average pooling whose input could be compared")
    return features[-1], torch.stack(variances).tolist() if variances else []
