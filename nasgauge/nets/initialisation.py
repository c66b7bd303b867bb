"""How fresh weights are drawn: from explicit generators, module by module, alike for a replica and a network alone."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

from nasgauge.core.errors import unknown_name

Draw = Callable[[torch.Tensor, int, torch.Generator], None]


def _default(weight: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
    bound = 1 / math.sqrt(fan_in)  # what kaiming_uniform with a = sqrt(5) amounts to, PyTorch's own choice
    weight.uniform_(-bound, bound, generator=generator)


def _kaiming_normal(weight: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
    weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)


def _gaussian(weight: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
    weight.normal_(0, 1, generator=generator)


INITS: dict[str, Draw] = {
    "default": _default,  # U(-1/sqrt(fan_in), 1/sqrt(fan_in)); PyTorch's own
    "kaiming_normal": _kaiming_normal,  # N(0, 2/fan_in); He et al. 2015
    "gaussian": _gaussian,  # N(0, 1); as Zen-NAS draws, Lin et al. 2021
}


@torch.no_grad()
def initialise(net: nn.Module, generators: Sequence[torch.Generator], init: str = "default") -> None:
    """Draw all weights anew, in module order; replica i of a grouped network from `generators[i]` alone.

    Convolutions and linear layers follow `init`; their biases are U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
    Normalisations get scale one, shift zero and fresh statistics.
    """
    if init not in INITS:
        raise unknown_name("initialisation", init, INITS)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            for parameter, draw in ((module.weight, INITS[init]), (module.bias, _default)):
                if parameter is None:
                    continue
                for part, generator in zip(parameter.chunk(len(generators)), generators, strict=True):
                    draw(part, fan_in, generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
