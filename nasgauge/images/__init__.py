"""Images: loaders that return tensors, seeded splits, shifted and mirrored images. Rule: no networks."""

import os
from pathlib import Path

import numpy as np

from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.images.augment import shifted_and_mirrored
from nasgauge.images.cifar import cifar10, cifar100
from nasgauge.images.contract import ImageData, Loader, Split, check_images
from nasgauge.images.crops import CROPS, crops_of
from nasgauge.images.digits import digits
from nasgauge.images.imagenet16 import imagenet16_120
from nasgauge.images.own import own_loader
from nasgauge.images.splits import rotated_splits, splits_of

__all__ = [
    "CROPS",
    "DATASETS",
    "ImageData",
    "Loader",
    "Split",
    "check_images",
    "data_path",
    "load_images",
    "rotated_splits",
    "shifted_and_mirrored",
    "splits_of",
]

DATASETS: Registry[Loader] = Registry(
    "data set",
    {
        "digits": digits,
        "cifar10": cifar10,
        "cifar100": cifar100,
        "imagenet16-120": imagenet16_120,
        "crops": crops_of("crops"),
        "crops-colour": crops_of("crops-colour"),
        "crops-32": crops_of("crops-32"),
        "crops-colour-32": crops_of("crops-colour-32"),
    },
    group="nasgauge.data_set",
    adapt=own_loader,
    takes="a function that returns ImageData, or the pair of images and labels",
)


def load_images(
    name: str, path: str | Path | None = None, *, n: int | None = None, rng: np.random.Generator | None = None
) -> ImageData:
    """The data set of that name, or `n` images of it drawn with `rng` without replacement (only those are decoded).

    `name`: in the spelling of DATASETS or of the data set's authors ("ImageNet16-120"). `path`: its location, for data
    sets that are not shipped; `$NASGAUGE_DATA` in it is replaced by the value of the variable. UserError: unknown name,
    no such files, fewer than `n` images.
    """
    known = dataset_name(name)
    if known not in DATASETS:
        raise unknown_name("data set", name, DATASETS)

    def rows(n_images: int) -> np.ndarray:
        if n is None:
            return np.arange(n_images)
        if n > n_images:
            raise UserError(f"{known}: {n} images are requested, it has {n_images}; use fewer or smaller batches")
        return rng.permutation(n_images)[:n]

    return DATASETS[known](None if path is None else data_path(path), rows)


def data_path(path: str | Path) -> Path:
    """The path with `$NASGAUGE_DATA` replaced; UserError where the variable is needed and not set."""
    text = str(path)
    if "$NASGAUGE_DATA" in text and not os.environ.get("NASGAUGE_DATA"):
        raise UserError(f"{text}: the variable NASGAUGE_DATA is not set; set it to the folder that contains the tables")
    if "\0" in text:
        raise UserError(f"{text!r}: a path cannot contain NUL bytes; remove them")
    return Path(os.path.expandvars(text))
