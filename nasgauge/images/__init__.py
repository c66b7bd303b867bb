"""Images: loaders that return tensors, seeded splits, shifted and mirrored images. Rule: no networks."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.places import expanded as data_path
from nasgauge.core.places import fingerprint, names_a_file
from nasgauge.core.registry import Registry
from nasgauge.images.arrays import read_npz
from nasgauge.images.augment import N_POSITIONS, shifted_and_mirrored, shifted_evenly
from nasgauge.images.by_class import read_folder
from nasgauge.images.cifar import cifar10, cifar100
from nasgauge.images.contract import ImageData, Loader, Split, check_images
from nasgauge.images.crops import CROPS, crops_of
from nasgauge.images.digits import digits
from nasgauge.images.imagenet16 import imagenet16_120
from nasgauge.images.loaders import own_loader
from nasgauge.images.own import Own, standardised
from nasgauge.images.splits import rotated_splits, splits_of

__all__ = [
    "CROPS",
    "DATASETS",
    "N_POSITIONS",
    "ImageData",
    "Loader",
    "Split",
    "check_images",
    "data_path",
    "load_images",
    "rotated_splits",
    "shifted_and_mirrored",
    "shifted_evenly",
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
    """The data set of that name or path, or `n` images of it drawn with `rng` without replacement.

    `name`: in the spelling of DATASETS or of the data set's authors ("ImageNet16-120"), or the path of an .npz file or
    of a folder of pictures by class (docs/data.md); of one's own data with parts, `n` are drawn from the training
    part. `path`: the location of data sets that have a name and are not shipped; `$NASGAUGE_DATA` in it is replaced by
    the value of the variable. UserError: unknown name, no such files, fewer than `n` images.
    """
    if names_a_file(name):
        if path is not None:
            raise UserError(f"data = {name!r} is a path already; leave data_path out")
        place = Path(data_path(name))
        return standardised(_own(place, fingerprint(place)), n, rng)
    known = dataset_name(name)
    if known not in DATASETS:
        raise UserError(f"{unknown_name('data set', name, DATASETS)} (a folder is written with a slash: ./{name})")

    def rows(n_images: int) -> np.ndarray:
        if n is None:
            return np.arange(n_images)
        if n > n_images:
            raise UserError(f"{known}: {n} images are requested, it has {n_images}; use fewer or smaller batches")
        return rng.permutation(n_images)[:n]

    return DATASETS[known](None if path is None else Path(data_path(path)), rows)


@lru_cache(maxsize=1)
def _own(path: Path, content: str) -> Own:
    """One's own images; content: the fingerprint, so that a file that has changed is read anew."""
    if path.is_dir():
        for title, file in (("CIFAR-10", "data_batch_1"), ("CIFAR-100", "train"), ("ImageNet16", "train_data_batch_1")):
            if (path / file).is_file():
                raise UserError(
                    f"{path}: is an archive of {title}; write its name as data, and the folder as data_path"
                )
        return read_folder(path)
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    raise UserError(f"{path}: is not a data set; give an .npz file, or a folder of pictures by class (docs/data.md)")
