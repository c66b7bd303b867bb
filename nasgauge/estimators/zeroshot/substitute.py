"""Look into a network without leaving a trace."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd


@contextmanager
def undisturbed(net: nn.Module) -> Iterator[None]:
    """Within: batch statistics, nothing tracked, dropout off; afterwards all flags are as before."""
    modules = list(net.modules())
    training = [m.training for m in modules]
    norms = [m for m in modules if isinstance(m, _BatchNorm)]
    tracking = [m.track_running_stats for m in norms]
    try:
        for m in modules:
            m.training = not isinstance(m, _DropoutNd)
        for m in norms:
            m.track_running_stats = False
        yield
    finally:
        for m, flag in zip(modules, training, strict=True):
            m.training = flag
        for m, flag in zip(norms, tracking, strict=True):
            m.track_running_stats = flag


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
