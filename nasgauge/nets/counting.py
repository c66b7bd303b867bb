"""Parameters and multiply-accumulates of a network, counted on shapes alone."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


@dataclass(frozen=True)
class Complexity:
    """`n_params`: trainable parameters. `macs`: multiply-accumulates for one image by the rules of `count`."""

    n_params: int
    macs: int


def count(net: nn.Module, image: tuple[int, ...], *, dtype: torch.dtype | None = None) -> Complexity:
    """Complexity of a network for one image of shape (channels, height, width), or whatever else it is given.

    Convolutions, linear layers, products of matrices and attention: torch's flop counter, halved. Beyond them, the
    convention of the tables that this package reads, be it a module or a function that is called: normalisation 2 an
    element with scale and shift (1 without), ReLU and any other activation 1 an element, average pooling the kernel
    area an output element; an adaptive pool is charged the widest window it may need, input // output + 1. Max-pooling
    compares and neither multiplies nor adds: it is charged nothing. NotImplementedError for recurrent layers, which the
    flop counter does not see. dtype: of the image, that of the parameters if absent.
    """
    extra = _Extra()
    counter = _Flops()
    with counter, sdpa_kernel(SDPBackend.MATH), extra:  # the counter knows no other
        _of_one_image(net, image, dtype)
    return Complexity(n_params=count_parameters(net), macs=counter.total // 2 + extra.total)


def count_convolutions(net: nn.Module, image: tuple[int, ...], *, dtype: torch.dtype | None = None) -> int:
    """How often a network calls a convolution (1d to 3d, transposed too) for one image, as a module or a function.

    >>> conv = nn.Conv1d(2, 2, 1)
    >>> count_convolutions(nn.Sequential(conv, nn.ReLU(), conv, nn.Flatten(), nn.Linear(6, 2)), (2, 3))
    2
    """
    watch = _Convolutions()
    with watch:
        _of_one_image(net, image, dtype)
    return watch.total


@torch.no_grad()
def _of_one_image(net: nn.Module, image: tuple[int, ...], dtype: torch.dtype | None) -> None:
    """The network of an image of zeros, in evaluation mode; it is left as it was."""
    if any(isinstance(module, torch.jit.ScriptModule) for module in net.modules()):
        raise NotImplementedError("what a scripted or traced module calls is not counted")
    like = next(net.parameters(), torch.empty(0))  # on the meta device nothing is computed, on a real one one image
    with _evaluating(net):
        net(torch.zeros(1, *image, device=like.device, dtype=dtype or like.dtype))


@contextmanager
def _evaluating(net: nn.Module) -> Iterator[None]:
    was_training = [(m, m.training) for m in net.modules()]
    try:
        net.eval()
        yield
    finally:
        for module, flag in was_training:
            module.training = flag


def count_parameters(net: nn.Module) -> int:
    """Trainable parameters; one that is shared counts once."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


CONVOLUTIONS = frozenset(f"conv{way}{n}d" for way in ("", "_transpose") for n in (1, 2, 3))
_NORMS = frozenset(("batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm"))
_ACTIVATIONS = frozenset(
    "relu relu_ relu6 leaky_relu leaky_relu_ prelu rrelu hardtanh hardtanh_ gelu silu elu elu_ selu celu mish "
    "hardswish hardsigmoid sigmoid sigmoid_ tanh tanh_ softplus softsign logsigmoid threshold".split()
)
_POOLS = frozenset(f"avg_pool{n}d" for n in (1, 2, 3))
_ADAPTIVE_POOLS = frozenset(f"adaptive_avg_pool{n}d" for n in (1, 2, 3))
_RECURRENT = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu"))


class _Flops(TorchDispatchMode):
    """Floating-point operations by torch's formulas, as its FlopCounterMode counts them.

    That one imports torch's compiler, which takes longer than a small study.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler to keep it away from here

    def __torch_dispatch__(self, func: Any, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        operation = func._overloadpacket
        if operation not in flop_registry and func is not torch.ops.prim.device.default:
            with self:
                output = func.decompose(*args, **kwargs)
                if output is not NotImplemented:
                    return output
        output = func(*args, **kwargs)
        if operation in flop_registry:
            self.total += flop_registry[operation](*args, **kwargs, out_val=output)
        return output


class _Convolutions(TorchFunctionMode):
    """Convolutions that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        self.total += getattr(func, "__name__", "") in CONVOLUTIONS
        return func(*args, **(kwargs or {}))


class _Extra(TorchFunctionMode):
    """What the flop counter leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(self, func: Callable, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name in _RECURRENT:
            raise NotImplementedError(f"multiply-accumulates of {name} are not counted")
        if name in _NORMS:
            scaled = kwargs.get("weight") is not None or any(isinstance(a, nn.Parameter) for a in args[1:])
            self.total += output.numel() * (2 if scaled else 1)
        elif name in _ACTIVATIONS:
            self.total += output.numel()
        elif name in _POOLS:
            n, kernel = int(name[-2]), args[1] if len(args) > 1 else kwargs["kernel_size"]
            sides = (kernel,) if isinstance(kernel, int) else tuple(kernel)
            self.total += output.numel() * math.prod(sides * (n // len(sides)))
        elif name in _ADAPTIVE_POOLS:
            n = int(name[-2])
            before = (args[0] if args else kwargs["input"]).shape[-n:]
            self.total += output.numel() * math.prod(a // b + 1 for a, b in zip(before, output.shape[-n:], strict=True))
        return output
