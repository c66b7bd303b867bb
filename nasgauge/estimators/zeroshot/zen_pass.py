"""How strongly the features of a Gaussian network change when a Gaussian image is disturbed."""

from collections.abc import Sequence

import torch
from torch import nn

from nasgauge.estimators.zeroshot.features import FeatureWatch
from nasgauge.estimators.zeroshot.functions import NORMS, first_argument, name_of, whereabouts
from nasgauge.estimators.zeroshot.record import Unmeasurable, Zen
from nasgauge.estimators.zeroshot.substitute import swapped
from nasgauge.estimators.zeroshot.weights import Weight, gaussian_state


@torch.no_grad()
def zen_pass(
    net: nn.Module,
    weights: Sequence[Weight],
    x: torch.Tensor,
    *,
    mixture: float,
    repeats: int,
    generator: torch.Generator,
) -> Zen:
    """Feature differences and normalisation variances of the network with fresh weights; of x only the shape counts.

    Weights ~ N(0, 1), biases 0, scales 1, shifts 0; images u, v ~ N(0, 1); f is what enters the last pooling to one
    pixel, behind which no layer sees more than one. `difference` = mean over images and repeats of
    sum |f(u) - f(u + mixture v)|; `variances` are those of f(u), biased, a channel mean each, averaged over repeats.
    Unmeasurable where there is no such pooling, and where a normalisation is none of the batch. The network must be in
    the state of `undisturbed`.
    """
    if not x.is_floating_point():
        raise Unmeasurable(f"the inputs are {x.dtype}, for which there is no Gaussian image")
    differences, variances = [], []
    for _ in range(repeats):
        state = gaussian_state(net, weights, lambda p: normal_like(p, generator))
        u, v = (normal_like(x, generator) for _ in range(2))
        feature, variance = _features(net, state, u, with_variances=True)
        disturbed, _ = _features(net, state, u + mixture * v, with_variances=False)
        differences.append(float((feature - disturbed).abs().flatten(1).sum(1).mean()))
        variances.append(variance)
    mean = torch.tensor(variances, dtype=torch.float64).mean(0)
    return Zen(sum(differences) / repeats, tuple(mean.tolist()))


def normal_like(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """N(0, 1) in the shape, device, dtype and memory layout of x; the layout decides which kernels run."""
    return torch.empty_like(x).copy_(torch.randn(x.shape, generator=generator, device=generator.device))


def _mean_variance(x: torch.Tensor) -> torch.Tensor:
    """Channel mean of the biased variances of x (N, C, ...); two passes, faster than `Tensor.var`."""
    by_channel = x.movedim(1, -1).reshape(-1, x.shape[1])
    return (by_channel - by_channel.mean(0)).square_().mean()


def _features(
    net: nn.Module, state: dict[int, torch.Tensor], x: torch.Tensor, *, with_variances: bool
) -> tuple[torch.Tensor, list[float]]:
    with swapped(net, state), whereabouts(net) as where, _Look(where, with_variances) as look:
        net(x.clone())
    feature = look.last()
    if isinstance(feature, Unmeasurable):
        raise feature
    return feature, torch.stack(look.variances).tolist() if look.variances else []


class _Look(FeatureWatch):
    def __init__(self, where, with_variances: bool) -> None:
        super().__init__()
        self.where, self.with_variances = where, with_variances
        self.variances: list[torch.Tensor] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = name_of(func)
        if name in NORMS:
            if name != "batch_norm":
                raise Unmeasurable(f"{self.where()} applies {name}: variances are those of batch normalisations")
            if self.with_variances:
                self.variances.append(_mean_variance(first_argument(args, kwargs or {})))
        return super().__torch_function__(func, types, args, kwargs)
