"""What a network calls while it runs: torch's functions by name, be they called by a module or written in a forward.

`torch.overrides.TorchFunctionMode` shows each call. Arithmetic inside a `torch.autograd.Function` or a scripted module
is not shown; the second is refused (`refuse_scripted`).
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.max_pooling import max_pool2d
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.nets import CONVOLUTIONS, avg_pool2d

NORMS = frozenset(("batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm", "local_response_norm"))
GLOBAL_POOLS = frozenset(f"adaptive_avg_pool{n}d" for n in (1, 2, 3))
_RELUS = frozenset(("relu", "relu_", "relu6", "leaky_relu", "leaky_relu_"))
_DROPOUTS = frozenset(
    ("dropout", "dropout_", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "alpha_dropout_", "feature_dropout")
) | frozenset(("feature_dropout_", "feature_alpha_dropout", "feature_alpha_dropout_"))
_STRUCTURE = frozenset(
    "__get__ __set__ dim ndimension size numel stride __len__ is_contiguous is_floating_point "
    "register_hook retain_grad requires_grad_ "
    "zeros ones zeros_like ones_like empty_like full full_like new_zeros new_ones new_full arange linspace tensor "
    "reshape reshape_as view view_as flatten unflatten squeeze unsqueeze permute transpose movedim moveaxis swapaxes t "
    "contiguous clone detach to float double type_as expand expand_as repeat repeat_interleave tile broadcast_to "
    "cat concat concatenate stack hstack vstack split chunk tensor_split unbind narrow select index_select gather "
    "__getitem__ __setitem__ roll flip pad _pad channel_shuffle pixel_shuffle pixel_unshuffle unfold fold interpolate "
    "masked_fill tril triu identity one_hot embedding embedding_bag long int".split()
)
_ARITHMETIC = frozenset(
    "add add_ sub sub_ rsub mul mul_ multiply div div_ true_divide neg sum mean matmul mm bmm addmm baddbmm einsum "
    "tensordot linear bilinear __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ "
    "__truediv__ __itruediv__ __matmul__ __neg__".split()
)
_OTHERS = frozenset(
    "softmax scaled_dot_product_attention multi_head_attention_forward avg_pool1d avg_pool2d avg_pool3d "
    "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d amax".split()
)
NO_ACTIVATION = CONVOLUTIONS | NORMS | GLOBAL_POOLS | _DROPOUTS | _STRUCTURE | _ARITHMETIC | _OTHERS


def name_of(function: Callable) -> str:
    return getattr(function, "__name__", str(function))


def is_relu(function: Callable, args: tuple, kwargs: dict) -> bool:
    """ReLU, ReLU6 (which torch calls hardtanh from 0) and leaky ReLU: what is above zero stays so, all else does not.

    >>> is_relu(F.hardtanh, (torch.zeros(1), 0.0, 6.0), {}), is_relu(F.gelu, (torch.zeros(1),), {})
    (True, False)
    """
    name = name_of(function)
    if name in ("hardtanh", "hardtanh_"):
        return (args[1] if len(args) > 1 else kwargs.get("min_val", -1)) == 0
    return name in _RELUS


def first_argument(args: tuple, kwargs: dict) -> torch.Tensor:
    return args[0] if args else kwargs["input"]


class Quiet(TorchFunctionMode):
    """Dropout off, statistics of the batch at hand and never tracked, ties of max-pooling by rule (`winners`),
    gradients of average pooling as they should be (`avg_pool2d`)."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = name_of(func)
        if name in _DROPOUTS:
            return first_argument(args, kwargs)
        if name in _POOLS:
            x, rest = (
                first_argument(args, kwargs),
                {k: v for k, v in kwargs.items() if k not in ("input", "return_indices")},
            )
            return _POOLS[name](x, *args[1:], **rest)
        if name in _CHANGED and getattr(F, name, None) is func:
            return func(**(_signature(func).bind(*args, **kwargs).arguments | _CHANGED[name]))
        if name == "scaled_dot_product_attention":
            args, kwargs = args[:4], dict(zip(("dropout_p", "is_causal"), args[4:], strict=False)) | kwargs
            kwargs["dropout_p"] = 0.0
        return func(*args, **kwargs)


_signature = cache(inspect.signature)
_CHANGED = {
    "batch_norm": {"running_mean": None, "running_var": None, "training": True},
    "instance_norm": {"running_mean": None, "running_var": None, "use_input_stats": True},
    "multi_head_attention_forward": {"training": False},
    "rrelu": {"training": False},
}


def _max_pool1d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    def of(size, other):
        return (other, size if isinstance(size, int) else size[0])

    stride = kernel_size if stride is None or stride == () else stride
    shape = of(kernel_size, 1), of(stride, 1), of(padding, 0), of(dilation, 1)
    return max_pool2d(x.unsqueeze(-2), *shape, ceil_mode).squeeze(-2)


def _adaptive_max_pool2d(x, output_size):
    if output_size in (1, (1, 1), [1, 1]):
        return max_pool2d(x, tuple(x.shape[-2:]))
    return F.adaptive_max_pool2d(x, output_size)


_POOLS = {
    "max_pool2d": max_pool2d,
    "max_pool1d": _max_pool1d,
    "adaptive_max_pool2d": _adaptive_max_pool2d,
    "avg_pool2d": avg_pool2d,
}


def refuse_scripted(net: nn.Module) -> None:
    """Unmeasurable if a part of the network is scripted or traced: what it calls is not seen."""
    for name, module in net.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise Unmeasurable(f"{called(name, module)} is a scripted module, which cannot be looked into")


def called(name: str, module: nn.Module) -> str:
    """A module as reasons name it."""
    return f"layer {name!r} ({type(module).__name__})" if name else f"the network ({type(module).__name__})"


@contextmanager
def whereabouts(net: nn.Module) -> Iterator[Callable[[], str]]:
    """Within: a function that names the innermost module that is running."""
    running: list[str] = []
    with ExitStack() as stack:
        for name, module in net.named_modules():
            label = called(name, module)
            enter = module.register_forward_pre_hook(lambda m, i, label=label: running.append(label))
            leave = module.register_forward_hook(lambda m, i, o: (running.pop(), None)[1], always_call=True)
            stack.callback(enter.remove)
            stack.callback(leave.remove)
        yield lambda: running[-1] if running else "the network"
