"""The last feature map of a network: what its global average pooling is given."""

import torch
from torch.overrides import TorchFunctionMode

from nasgauge.estimators.zeroshot.functions import CONVOLUTIONS, GLOBAL_POOLS, first_argument, name_of
from nasgauge.estimators.zeroshot.record import Unmeasurable


class FeatureWatch(TorchFunctionMode):
    """Keeps what enters the last pooling to one pixel, behind which no layer sees more than one."""

    def __init__(self) -> None:
        super().__init__()
        self.feature: torch.Tensor | None = None

    def last(self, *, graph: bool = False) -> torch.Tensor | Unmeasurable:
        """(N, C, ...), detached unless its graph is wanted; Unmeasurable where there is no such pooling."""
        if self.feature is None:
            return Unmeasurable("the network ends in no global average pooling whose input could be compared")
        return self.feature if graph else self.feature.detach()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = name_of(func)
        if name in CONVOLUTIONS or name == "linear":
            x = first_argument(args, kwargs)
            if (x[0, 0].numel() if name != "linear" else x[0].numel() // x.shape[-1]) > 1:
                self.feature = None  # the pooling was none of the whole network
        output = func(*args, **kwargs)
        if name in GLOBAL_POOLS or name == "mean":
            x = first_argument(args, kwargs)
            if x.dim() > 2 and output.numel() == x.shape[0] * x.shape[1]:
                self.feature = x
        return output
