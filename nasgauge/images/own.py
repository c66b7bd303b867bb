"""One's own images: standardised by their own training part, whole or a sample of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.core.places import fingerprint
from nasgauge.images.contract import ImageData, Split

PARTS = ("train", "valid", "test")
N_STANDARD = 10_000  # training images that mean and deviation come from, where there are more
_AT_ONCE = 1_000


@final
@dataclass(frozen=True, eq=False)
class Own:
    """Images of a file or folder before they are standardised.

    labels (n,) int64 from 0; parts: rows by part, None where the file has no parts; pixels(rows): (k, channels,
    height, width), uint8 or float.
    """

    path: Path
    labels: np.ndarray
    n_classes: int
    parts: Mapping[str, np.ndarray] | None
    pixels: Callable[[np.ndarray], np.ndarray]

    @property
    def train(self) -> np.ndarray:
        """The rows of the training part, all where there are no parts."""
        return np.arange(len(self.labels)) if self.parts is None else self.parts["train"]

    @cached_property
    def constants(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and deviation by channel, (channels, 1, 1), see `standardised`."""
        return _constants(self)


def labelled(
    path: Path, labels: np.ndarray, n_classes: int | None, parts: Mapping[str, np.ndarray] | None,
    pixels: Callable[[np.ndarray], np.ndarray],
) -> Own:  # fmt: skip
    """The images, once their labels are known to be 0 to n_classes - 1; without n_classes every class must occur."""
    present = np.unique(labels)
    expected = len(present) if n_classes is None else n_classes
    if present[0] < 0 or present[-1] >= expected:
        n = f"n_classes is {n_classes}" if n_classes is not None else f"there are {len(present)} different ones"
        raise UserError(
            f"{path}: labels are {present[0]} to {present[-1]}, and {n}; number the classes from 0 without gaps, or "
            "add n_classes to the file"
        )
    return Own(path, labels, expected, parts, pixels)


def standardised(own: Own, n: int | None, rng: np.random.Generator | None) -> ImageData:
    """All images with their parts, or `n` of the training part drawn with `rng`, without parts.

    (pixel - mean) / deviation by channel, over the pixels of the training part, or of 10,000 of its images drawn with a
    fixed seed where there are more: the same for any sample. UserError: fewer training images than `n`; a channel that
    is constant, or has a value that is not finite.
    """
    train = own.train
    if n is not None and n > len(train):
        raise UserError(
            f"{own.path}: {n} images are requested, it has {len(train)} for training; use fewer or smaller batches"
        )
    rows = np.arange(len(own.labels)) if n is None else train[rng.permutation(len(train))[:n]]
    mean, deviation = own.constants
    images = torch.from_numpy(np.array(own.pixels(rows), dtype=np.float32, order="C"))
    images.sub_(mean).div_(deviation)
    parts = None
    if n is None and own.parts is not None:
        parts = Split(*(torch.from_numpy(own.parts.get(part, np.empty(0, np.int64))) for part in PARTS))
    labels = torch.from_numpy(own.labels[rows])
    return ImageData(own.path.name, images, labels, own.n_classes, parts, fingerprint(own.path))


def _constants(own: Own) -> tuple[torch.Tensor, torch.Tensor]:
    train = own.train
    if len(train) > N_STANDARD:
        train = train[np.random.default_rng(0).permutation(len(train))[:N_STANDARD]]
    total = square = n_pixels = 0
    for start in range(0, len(train), _AT_ONCE):
        part = own.pixels(train[start : start + _AT_ONCE]).astype(np.float64)
        total = total + part.sum((0, 2, 3))
        square = square + (part**2).sum((0, 2, 3))
        n_pixels += part[:, 0].size
    mean = total / n_pixels
    variance = square / n_pixels - mean**2
    for channel, (m, v) in enumerate(zip(mean, variance, strict=True)):
        if not np.isfinite(v):
            raise UserError(f"{own.path}: an image has a value that is not finite; remove it")
        if v <= 1e-12 * max(1.0, m**2):
            raise UserError(f"{own.path}: channel {channel} is {m:g} in every training image; remove the channel")
    return tuple(torch.tensor(values, dtype=torch.float32)[:, None, None] for values in (mean, np.sqrt(variance)))
