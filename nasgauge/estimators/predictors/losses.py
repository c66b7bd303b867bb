"""What a model is trained to do: order architectures, or name their accuracy."""

from collections.abc import Callable
from typing import Any

import torch

from nasgauge.core.registry import Registry
from nasgauge.core.signatures import n_positional

MARGIN = 0.1

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # scores (n,), accuracies (n,) -> a number to minimise


def hinge(score: torch.Tensor, accuracy: torch.Tensor) -> torch.Tensor:
    """Mean over the pairs with different accuracies of max(0, 0.1 - (s_i - s_j)), i the better one.

    0 without such a pair. Reference: ning2020surgery, Sec. 5.1; margin of ning2020gates.

    >>> round(hinge(torch.tensor([0.3, 0.25]), torch.tensor([0.9, 0.8])).item(), 6)
    0.05
    """
    better = accuracy[:, None] > accuracy  # (n, n)
    gap = (score[:, None] - score)[better]
    return (MARGIN - gap).clamp(min=0).sum() / max(1, len(gap))


def mse(score: torch.Tensor, accuracy: torch.Tensor) -> torch.Tensor:
    """Mean squared error. Models are trained on accuracies less their mean and divided by their standard deviation."""
    return ((score - accuracy) ** 2).mean()


def listmle(score: torch.Tensor, accuracy: torch.Tensor) -> torch.Tensor:
    """Minus the mean log-probability of the true order under the Plackett-Luce model with these scores.

    Equal accuracies keep the order in which they come. Reference: xia2008listmle.

    >>> round(listmle(torch.zeros(2), torch.tensor([0.9, 0.8])).item(), 4)
    0.3466
    """
    ordered = score[torch.argsort(accuracy, descending=True, stable=True)]
    rest = torch.logcumsumexp(ordered.flip(0), 0).flip(0)
    return (rest - ordered).mean()


def _loss(thing: Any, name: str) -> Loss | None:
    """What a reference yields: a function of (scores, accuracies)."""
    return thing if callable(thing) and n_positional(thing) == 2 else None


LOSSES: Registry[Loss] = Registry(
    "loss",
    {"hinge": hinge, "mse": mse, "listmle": listmle},
    group="nasgauge.loss",
    adapt=_loss,
    takes="a function of (scores, accuracies), both (n,), that returns a number to minimise",
)
