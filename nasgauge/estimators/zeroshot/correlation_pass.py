"""How far the channels of every feature map are from being a combination of each other."""

from contextlib import ExitStack

import torch
from torch import nn

from nasgauge.estimators.zeroshot.record import ChannelCorrelations, Unmeasurable
from nasgauge.estimators.zeroshot.zen_pass import normal_like

_SAMPLED = 8


@torch.no_grad()
def correlation_pass(net: nn.Module, x: torch.Tensor, generator: torch.Generator) -> ChannelCorrelations:
    """Least eigenvalues of the channels' correlations of one Gaussian image, one for every call of a module.

    All modules count, with those that contain others, whose output is a map (1, C, H, W); of x only the shape counts.
    `least`: of all channels; `sampled`: of 8 random ones (all, if fewer), times C / 8. A constant channel correlates
    with nothing, itself included; eigenvalues that are rounding are 0. Unmeasurable: no such module.
    """
    u = normal_like(x[:1], generator)
    least: list[float] = []
    sampled: list[float] = []

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: object) -> None:
        if not isinstance(output, torch.Tensor) or output.dim() < 3 or not output.is_floating_point():
            return
        rows = output[0].flatten(1)
        eps = torch.finfo(rows.dtype).eps
        chosen = torch.randperm(len(rows), generator=generator, device=generator.device)[:_SAMPLED]
        least.append(least_eigenvalue(rows, eps))
        sampled.append(least_eigenvalue(rows[chosen.to(rows.device)], eps) * len(rows) / len(chosen))

    with ExitStack() as stack:
        for module in net.modules():
            stack.callback(module.register_forward_hook(look).remove)
        net(u.clone())
    if not least:
        raise Unmeasurable("no module of the network puts out a map of channels")
    return ChannelCorrelations(tuple(least), tuple(sampled))


def least_eigenvalue(rows: torch.Tensor, eps: float) -> float:
    """Of the correlation matrix of rows (C, n); eps: relative rounding of their values.

    >>> round(least_eigenvalue(torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]]), 1e-7), 9)
    1.0
    """
    rows = rows.double()
    centred = rows - rows.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    varies = norms > eps ** (2 / 3) * rows.norm(dim=1).max()
    unit = torch.where(varies, centred / norms.clamp(min=torch.finfo(torch.float64).tiny), 0)
    value = float(torch.linalg.eigvalsh(unit @ unit.T)[0])
    return value if abs(value) > len(rows) * eps else 0.0
