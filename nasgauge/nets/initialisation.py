"""How fresh weights are drawn: from explicit generators, module by module, alike for a replica and a network alone."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.nets.sharing import KernelTransform

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


def emptied(net: nn.Module, device: torch.device) -> nn.Module:
    """A network of the meta device with memory on another one, whose content is not defined.

    As `Module.to_empty`, which for tensors of the meta device imports torch's compiler: longer than a small study.
    """
    return net._apply(lambda tensor: torch.empty(tensor.shape, dtype=tensor.dtype, device=device))


_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
_NORMS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
)
_STATED = (*_NORMS, KernelTransform)  # not drawn


@torch.no_grad()
def initialise(
    net: nn.Module, generators: Sequence[torch.Generator], init: str = "default", *, partly: bool = False
) -> None:
    """Draw all weights anew, in module order; replica i of a grouped network from `generators[i]` alone.

    Convolutions and linear layers follow `init`; their biases are U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
    Normalisations get scale one, shift zero and fresh statistics, transforms of kernels are the identity. Parameters of
    anything else are a UserError, or with `partly` left as they are.
    """
    if init not in INITS:
        raise unknown_name("initialisation", init, INITS)
    for name, module in net.named_modules():
        if isinstance(module, _LAYERS):
            fan_in = module.weight[0].numel()
            for parameter, draw in ((module.weight, INITS[init]), (module.bias, _default)):
                if parameter is None:
                    continue
                for part, generator in zip(parameter.chunk(len(generators)), generators, strict=True):
                    draw(part, fan_in, generator)
        elif isinstance(module, _STATED):
            module.reset_parameters()
        elif not partly and (module._parameters or module._buffers):
            raise UserError(
                f"layer {name!r} ({type(module).__name__}) has parameters or buffers of which it is not known how they "
                "are drawn; register the network with side_by_side=False, so that it initialises itself"
            )


@contextmanager
def drawn_from(generator: torch.Generator) -> Iterator[None]:
    """Within: random numbers of PyTorch on the CPU are the generator's, which goes on from there afterwards; those of
    NumPy and Python follow its seed. Global states are put back.

    >>> generator = torch.Generator().manual_seed(7)
    >>> with drawn_from(generator):
    ...     first = torch.rand(2)
    >>> both = torch.rand(4, generator=torch.Generator().manual_seed(7))
    >>> torch.equal(torch.cat([first, torch.rand(2, generator=generator)]), both)
    True
    """
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    torch.set_rng_state(generator.get_state())
    np.random.seed(generator.initial_seed() % 2**32)
    random.seed(generator.initial_seed())
    try:
        yield
        generator.set_state(torch.get_rng_state())
    finally:
        torch.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])
