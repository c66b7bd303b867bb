"""Look into a network without leaving a trace."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from nasgauge.estimators.zeroshot.functions import Quiet


@contextmanager
def undisturbed(net: nn.Module) -> Iterator[None]:
    """Within: `Quiet`, whatever modules or functions ask for; afterwards all flags and buffers are as before."""
    modules = list(net.modules())
    changed = [(m, "training", not isinstance(m, _DropoutNd)) for m in modules]
    changed += [(m, "track_running_stats", False) for m in modules if isinstance(m, _BatchNorm)]
    changed += [(m, "dropout", 0.0) for m in modules if isinstance(m, nn.RNNBase | nn.MultiheadAttention)]
    before = [(m, name, getattr(m, name)) for m, name, _ in changed]
    buffers = [(b, b._version, b.clone()) for b in net.buffers()]
    try:
        for m, name, value in changed:
            setattr(m, name, value)
        with Quiet():
            yield
    finally:
        for m, name, value in before:
            setattr(m, name, value)
        with torch.no_grad():
            for buffer, version, value in buffers:
                if buffer._version != version:
                    buffer.copy_(value)


@contextmanager
def substituted(
    net: nn.Module, stand_ins: Mapping[type[nn.Module], Callable[[nn.Module], nn.Module]]
) -> Iterator[None]:
    """Within: each descendant of exactly a listed type is replaced by `stand_ins[type](it)`; afterwards it is back."""
    replaced: list[tuple[nn.Module, str, nn.Module]] = []
    made: dict[int, nn.Module] = {}  # one stand-in for a module that is used in several places
    try:
        for parent in list(net.modules()):
            for name, child in parent._modules.items():
                if child is None or type(child) not in stand_ins:
                    continue
                if id(child) not in made:
                    made[id(child)] = stand_ins[type(child)](child)
                replaced.append((parent, name, child))
        for parent, name, child in replaced:
            parent._modules[name] = made[id(child)]
        yield
    finally:
        for parent, name, child in replaced:
            parent._modules[name] = child


@contextmanager
def swapped(net: nn.Module, values: Mapping[int, torch.Tensor]) -> Iterator[None]:
    """Within: parameters and buffers have other values, {id(tensor): its value}; afterwards they are back."""
    replaced: list[tuple[dict, str, torch.Tensor]] = []
    try:
        for module in net.modules():
            for held in (module._parameters, module._buffers):
                for name, tensor in held.items():
                    if id(tensor) in values:
                        replaced.append((held, name, tensor))
                        held[name] = values[id(tensor)]
        yield
    finally:
        for held, name, tensor in replaced:
            held[name] = tensor
