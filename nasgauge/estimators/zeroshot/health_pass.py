"""The dimensions that layers use of Gaussian images, and how evenly gradients of random labels are spread."""

from contextlib import ExitStack

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Health, Unmeasurable
from nasgauge.estimators.zeroshot.weights import CHANNELLED
from nasgauge.estimators.zeroshot.zen_pass import normal_like

_EPS = 1e-10


def health_pass(net: nn.Module, x: torch.Tensor, generator: torch.Generator) -> Health:
    """Participation ratios and gradient health for Gaussian images with random labels; of x only the shape counts.

    `dimensions`: of each output of a convolution or linear layer, (tr C)^2 / tr C^2 with C the covariance of its
    channels over images and positions plus 1e-10. `spread`: of each trained parameter, the deviation of the entries of
    its gradient (divisor n) over their greatest absolute value plus 1e-10; 0 where no gradient arrives, or rounding
    errors of zero alone: below eps^(2/3) of the network's greatest. Unmeasurable: no such layer, a loss that is not
    finite.
    """
    u = normal_like(x, generator)
    dimensions: list[float] = []

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        rows = output.detach() if isinstance(module, nn.Linear) else output.detach().movedim(1, -1)
        dimensions.append(participation_ratio(rows.flatten(0, -2)))

    with ExitStack() as stack, torch.enable_grad():
        for module in net.modules():
            if isinstance(module, CHANNELLED):
                stack.callback(module.register_forward_hook(look).remove)
        logits = logits_of(net(u.clone()), len(u))
        labels = torch.randint(logits.shape[1], (len(u),), generator=generator, device=generator.device)
        loss = F.cross_entropy(logits, labels.to(u.device))
        if not dimensions:
            raise Unmeasurable("the network calls no convolution and no linear layer")
        if not torch.isfinite(loss):
            raise Unmeasurable(f"the loss of Gaussian images is {float(loss.detach())}")
        trained = [p for p in net.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, trained, allow_unused=True) if loss.requires_grad else [None]
    return Health(tuple(dimensions), tuple(_spread(gradients)))


def participation_ratio(rows: torch.Tensor) -> float:
    """(sum v)^2 / sum v^2 of the eigenvalues v of the covariance of rows (n, C) plus 1e-10, from 1 to C.

    >>> participation_ratio(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    2.0
    """
    centred = rows - rows.mean(0)
    covariance = (centred.T @ centred).double() / len(rows)
    covariance += _EPS * torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    return float(covariance.trace().square() / covariance.square().sum())


def _spread(gradients) -> list[float]:
    there = [g.detach() for g in gradients if g is not None]
    if not there:
        return [0.0 for _ in gradients]
    least = torch.finfo(there[0].dtype).eps ** (2 / 3) * max(float(g.abs().max()) for g in there)
    spread = []
    for g in gradients:
        greatest = 0.0 if g is None else float(g.abs().max())
        spread.append(float(g.std(correction=0)) / (greatest + _EPS) if greatest > least else 0.0)
    return spread
