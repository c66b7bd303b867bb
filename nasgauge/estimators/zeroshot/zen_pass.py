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
        u, v = (_normal_like(x, generator) for _ in range(2))
        feature, variance = _features(net, weights, u, with_variances=True)
        disturbed, _ = _features(net, weights, u + mixture * v, with_variances=False)
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
                value = _normal_like(parameter, generator)
            else:
                value = torch.ones_like(parameter)
            fresh[f"{prefix}.{name}" if prefix else name] = value
    return fresh


def _normal_like(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """N(0, 1) in the shape, device, dtype and memory layout of x; the layout decides which kernels run."""
    return torch.empty_like(x).copy_(torch.randn(x.shape, generator=generator, device=generator.device))


def _mean_variance(x: torch.Tensor) -> torch.Tensor:
    """Channel mean of the biased variances of x (N, C, H, W); two passes, faster than `Tensor.var`."""
    by_channel = x.movedim(1, -1).reshape(-1, x.shape[1])
    return (by_channel - by_channel.mean(0)).square_().mean()


def _features(
    net: nn.Module, weights: dict[str, torch.Tensor], x: torch.Tensor, *, with_variances: bool
) -> tuple[torch.Tensor, list[float]]:
    features: list[torch.Tensor] = []
    variances: list[torch.Tensor] = []
    with ExitStack() as stack:
        for module in net.modules():
            if isinstance(module, nn.AdaptiveAvgPool2d):
                hook = module.register_forward_pre_hook(lambda m, inputs: features.append(inputs[0]))
                stack.callback(hook.remove)
            elif with_variances and isinstance(module, nn.BatchNorm2d):
                hook = module.register_forward_pre_hook(lambda m, inputs: variances.append(_mean_variance(inputs[0])))
                stack.callback(hook.remove)
        functional_call(net, weights, (x,))
    if not features:
        raise Unmeasurable("the network has no global average pooling whose input could be compared")
    return features[-1], torch.stack(variances).tolist() if variances else []
