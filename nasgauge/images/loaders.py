"""A data set of one's own: a function, or images and labels that are there already."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.core.signatures import n_positional
from nasgauge.images.contract import ImageData, Loader, Rows, wanted_rows


def own_loader(thing: Any, name: str) -> Loader | None:
    """The loader that a reference stands for.

    thing: a function without arguments, of a path, or of (path, rows) as `Loader`; the first two give all images. What
    they return, or `thing` itself, is ImageData or a pair of images (n, channels, height, width), floats and
    standardised, and labels (n,), whole numbers from 0, as tensors or arrays. None for anything else.
    """
    if isinstance(thing, ImageData | tuple | list):
        return _rows_of(lambda path: thing, name)
    n = n_positional(thing) if callable(thing) and not isinstance(thing, type) else None
    if n == 0:
        return _rows_of(lambda path: thing(), name)
    if n == 1:
        return _rows_of(thing, name)
    return (lambda path, rows: _data(thing(path, rows), name)) if n == 2 else None


def _rows_of(load: Callable[[Path | None], Any], name: str) -> Loader:
    def loader(path: Path | None, rows: Rows) -> ImageData:
        data = _data(load(path), name)
        wanted = wanted_rows(rows, len(data.labels), data.parts)
        if len(wanted) == len(data.labels) and (wanted == np.arange(len(wanted))).all():
            return data
        chosen = torch.as_tensor(wanted)
        return replace(data, images=data.images[chosen], labels=data.labels[chosen], parts=None)

    return loader


def _tensor(array: np.ndarray, name: str) -> torch.Tensor:
    """The array in any order of its bytes and axes; UserError for one that contains no numbers."""
    if array.dtype.kind not in "fiub":
        raise UserError(f"data set {name!r}: gives an array of dtype {array.dtype}; give arrays of numbers")
    kind = np.float64 if array.dtype.kind == "f" and array.dtype.itemsize > 8 else array.dtype.newbyteorder("=")
    return torch.from_numpy(np.ascontiguousarray(array, kind))


def _data(found: Any, name: str) -> ImageData:
    if isinstance(found, ImageData):
        return found
    if not isinstance(found, tuple | list) or len(found) != 2:
        what = type(found).__name__
        raise UserError(f"data set {name!r}: gives an object of type {what}; return ImageData, or (images, labels)")
    images, labels = (_tensor(part, name) if isinstance(part, np.ndarray) else part for part in found)
    if isinstance(labels, torch.Tensor) and not labels.is_floating_point():
        labels = labels.long()
    if isinstance(images, torch.Tensor) and images.is_floating_point():
        images = images.float()
    is_labels = isinstance(labels, torch.Tensor) and labels.dtype == torch.int64 and labels.numel() > 0
    n_classes = int(labels.max()) + 1 if is_labels else 1  # what is wrong, ImageData says
    return ImageData(name, images, labels, n_classes)
