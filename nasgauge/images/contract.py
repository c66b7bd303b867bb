"""What a data set of images is: standardised tensors, labels from 0, and where it says so, its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nasgauge.core.errors import UserError, check_count

Rows = Callable[[int], np.ndarray]  # of so many images, the numbers of those that are wanted
_MAX_CLASSES = 1_000_000


@dataclass(frozen=True)
class Split:
    """Row numbers of the training, validation and test images."""

    train: torch.Tensor
    valid: torch.Tensor
    test: torch.Tensor

    def check(self, n: int, where: str) -> None:
        """UserError where a part is no vector of whole numbers below `n`."""
        for part in ("train", "valid", "test"):
            rows = getattr(self, part)
            if not isinstance(rows, torch.Tensor) or rows.dtype != torch.int64 or rows.dim() != 1:
                raise UserError(f"{where}: the {part} rows of a split are {_what(rows)}; give an int64 vector of rows")
            if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < n:
                raise UserError(f"{where}: the {part} rows of a split lie outside 0 to {n - 1}; there are {n:,} images")


def check_images(images: object, labels: object, n_classes: int, where: str, *, any_kind: bool = False) -> None:
    """UserError unless images are finite floats (n, channels, height, width), labels (n,) int64 in [0, n_classes).

    any_kind: of images, sequences (n, channels, length), vectors (n, features), volumes and whole numbers (n, length),
    as networks of one's own may take them.
    """
    fits = isinstance(images, torch.Tensor) and 0 not in images.shape
    if any_kind and not (fits and images.dim() > 1 and (images.is_floating_point() or images.dtype == torch.int64)):
        raise UserError(
            f"{where}: the images are {_what(images)}; give a float tensor (n, channels, ...), or int64 ones"
        )
    if not any_kind and not (fits and images.dim() == 4 and images.is_floating_point()):
        raise UserError(f"{where}: the images are {_what(images)}; give a float tensor (n, channels, height, width)")
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        raise UserError(
            f"{where}: the labels are {_what(labels)}; give an int64 tensor, one label per image (there are "
            f"{len(images):,})"
        )
    if not 0 <= int(labels.min()) <= int(labels.max()) < n_classes:
        raise UserError(f"{where} has labels {int(labels.min())} to {int(labels.max())}; n_classes is {n_classes}")
    if not all(bool(torch.isfinite(part).all()) for part in images.split(10_000)):
        raise UserError(f"{where}: an image has a value that is not finite; remove it")


def _what(value: object) -> str:
    """A few words on what was given in place of a tensor."""
    if isinstance(value, torch.Tensor):
        return f"a tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    return f"of type {type(value).__name__}"


@dataclass(frozen=True)
class ImageData:
    """Images (n, channels, height, width), standardised; labels (n,) int64 from 0; the number of classes.

    `parts`: which rows are for training, validation and testing, where the data set itself says so; None: any rows may
    serve for anything. `fingerprint`: of the content of one's own file or folder, "" for data sets with a name. A part
    for validation or for testing may be empty, and images for it are then taken from those for training, or not to be
    had. UserError: images or labels of another type or shape, not finite, or of a class that there is
    not; parts that are no rows of the images.
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    n_classes: int
    parts: Split | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        where = f"data set {self.name!r}"
        check_count(self.n_classes, f"{where}: n_classes", least=1, most=_MAX_CLASSES)
        check_images(self.images, self.labels, self.n_classes, where)
        if self.parts is not None:
            self.parts.check(len(self.labels), where)


def wanted_rows(rows: Rows, n: int, parts: Split | None) -> np.ndarray:
    """Row numbers of those of `n` images that are wanted: all, or some of the training part where there are parts."""
    everything = np.arange(n)
    train = everything if parts is None else parts.train.numpy()
    chosen = rows(len(train))
    is_all = len(chosen) == len(train) and (chosen == everything[: len(train)]).all()
    return everything if is_all else train[chosen]


# `path`: where the files lie, None where no path was given; the images of `rows` alone are decoded.
Loader = Callable[[Path | None, Rows], ImageData]
