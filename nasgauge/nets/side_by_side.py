"""One part applied to the values of several paths in one call: their images one after the other, as one batch.

What a part does to an image depends on no other image, except in normalisation by the statistics of the batch; that is
done path by path.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def side_by_side(
    part: nn.Module, args: tuple[int, ...], inputs: Sequence[Sequence[torch.Tensor]]
) -> list[torch.Tensor]:
    """part(*inputs[i], *args) for every i, in one call for all whose images have equal shapes and channels.

    Inputs are images (n, c, h, w), or vectors (channels to be used, transforms of a kernel); what gives such vectors is
    called for each.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for i, given in enumerate(inputs):
        key = tuple([x.shape if _is_images(x) else id(x) for x in given])
        alike.setdefault(key if any(map(_is_images, given)) else (i,), []).append(i)
    outputs: dict[int, torch.Tensor] = {}
    for members in alike.values():
        outputs.update(zip(members, _together(part, args, [inputs[i] for i in members]), strict=True))
    return [outputs[i] for i in range(len(inputs))]


def _is_images(x: torch.Tensor) -> bool:
    return x.dim() == 4


def _together(part: nn.Module, args: tuple[int, ...], inputs: Sequence[Sequence[torch.Tensor]]) -> list[torch.Tensor]:
    if len(inputs) == 1:
        return [part(*inputs[0], *args)]
    columns = zip(*inputs, strict=True)
    joined = [torch.cat(column) if _is_images(column[0]) else column[0] for column in columns]
    with _PathByPath(len(inputs)):
        return list(part(*joined, *args).chunk(len(inputs)))


class _PathByPath(TorchFunctionMode):
    """Normalisation by the batch's statistics sees a batch of `n_paths` batches one after the other as so many."""

    def __init__(self, n_paths: int) -> None:
        super().__init__()
        self.n_paths = n_paths

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is not F.batch_norm:
            return func(*args, **(kwargs or {}))
        return self._normalised(*args, **(kwargs or {}))

    def _normalised(
        self, x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    ) -> torch.Tensor:
        if not training:
            return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
        paths = x.unflatten(0, (self.n_paths, -1))  # (k, n, c, h, w)
        variance, mean = torch.var_mean(paths.float() if x.dtype.itemsize < 4 else paths, (1, 3, 4), correction=0)
        scale = (variance + eps).rsqrt()  # (k, c)
        if weight is not None:
            scale = scale * weight
        shift = -mean * scale if bias is None else bias - mean * scale
        wide = (slice(None), None, slice(None), None, None)
        return torch.addcmul(shift[wide], paths, scale[wide]).flatten(0, 1).to(x.dtype)
