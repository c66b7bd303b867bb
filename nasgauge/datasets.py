"""Which images? Loaders that return tensors, and seeded splits. Rule: no networks."""

import io
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from nasgauge.crops import CROPS, TEST, TRAIN, VALID, cut
from nasgauge.errors import UserError, check_count, unknown_name

Rows = Callable[[int], np.ndarray]  # of so many images, the numbers of those that are wanted
CIFAR_MEAN = (0.4914, 0.4822, 0.4465)  # per channel of the CIFAR-10 training images, as fractions of 255
CIFAR_STD = (0.2470, 0.2435, 0.2616)
_MAX_CLASSES = 1_000_000
_BATCH_BYTES = 500_000_000  # of an official batch, at most: they have 31 MB
_CIFAR_CLASSES = 10


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


def check_images(images: object, labels: object, n_classes: int, where: str) -> None:
    """UserError unless images are finite floats (n, channels, height, width), labels (n,) int64 in [0, n_classes)."""
    if not isinstance(images, torch.Tensor) or not images.is_floating_point() or images.dim() != 4 or 0 in images.shape:
        raise UserError(f"{where}: the images are {_what(images)}; give a float tensor (n, channels, height, width)")
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        raise UserError(
            f"{where}: the labels are {_what(labels)}; give an int64 tensor, one an image (there are {len(images):,})"
        )
    if not 0 <= int(labels.min()) <= int(labels.max()) < n_classes:
        raise UserError(f"{where} has labels {int(labels.min())} to {int(labels.max())}; n_classes is {n_classes}")
    if not all(bool(torch.isfinite(part).all()) for part in images.split(10_000)):
        raise UserError(f"{where}: an image has a value that is not finite; leave it out")


def _what(value: object) -> str:
    """A few words on what was given in place of a tensor."""
    if isinstance(value, torch.Tensor):
        return f"a tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    return f"of type {type(value).__name__}"


@dataclass(frozen=True)
class ImageData:
    """Images (n, channels, height, width), standardised; labels (n,) int64 from 0; the number of classes.

    `parts`: which rows are for training, validation and testing, where the data set itself says so; None: any rows may
    serve for anything. UserError: images or labels of another type or shape, not finite, or of a class that there is
    not; parts that are no rows of the images.
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    n_classes: int
    parts: Split | None = None

    def __post_init__(self) -> None:
        where = f"data set {self.name!r}"
        check_count(self.n_classes, f"{where}: n_classes", least=1, most=_MAX_CLASSES)
        check_images(self.images, self.labels, self.n_classes, where)
        if self.parts is not None:
            self.parts.check(len(self.labels), where)


def load_images(
    name: str, path: str | Path | None = None, *, n: int | None = None, rng: np.random.Generator | None = None
) -> ImageData:
    """The data set of that name, or `n` images of it drawn with `rng` without replacement (only those are decoded).

    `path`: where it lies, for data sets that are not shipped; `$NASGAUGE_DATA` in it is replaced by the variable's
    value. UserError: unknown name, no such files, fewer than `n` images.
    """
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)

    def rows(n_images: int) -> np.ndarray:
        if n is None:
            return np.arange(n_images)
        if n > n_images:
            raise UserError(f"{name}: {n} images are wanted, it has {n_images}; ask for fewer or smaller batches")
        return rng.permutation(n_images)[:n]

    return DATASETS[name](None if path is None else data_path(path), rows)


def data_path(path: str | Path) -> Path:
    """The path with `$NASGAUGE_DATA` replaced; UserError where the variable is needed and not set."""
    text = str(path)
    if "$NASGAUGE_DATA" in text and not os.environ.get("NASGAUGE_DATA"):
        raise UserError(f"{text}: the variable NASGAUGE_DATA is not set; set it to the folder that holds the tables")
    if "\0" in text:
        raise UserError(f"{text!r}: a path has no zero bytes; remove them")
    return Path(os.path.expandvars(text))


def rotated_splits(n: int, n_train: int, n_valid: int, n_seeds: int, *, shuffle_seed: int = 0) -> list[Split]:
    """One split a seed from one shuffled circle of n images, turned on by n / n_seeds each time.

    So every image is in the test part of about equally many seeds. Test images: the n - n_train - n_valid that remain.
    """
    circle = torch.from_numpy(np.random.default_rng(shuffle_seed).permutation(n))
    splits = []
    for seed in range(n_seeds):
        turned = circle.roll(-round(seed * n / n_seeds))
        splits.append(Split(turned[:n_train], turned[n_train : n_train + n_valid], turned[n_train + n_valid :]))
    return splits


def splits_of(data: ImageData, n_train: int, n_valid: int, n_seeds: int, *, shuffle_seed: int = 0) -> list[Split]:
    """One split a seed: rotated ones (`rotated_splits`) of all images, or within the parts that the data set states.

    Then the training images rotate among those for training, likewise the validation images, and every seed is tested
    on all test images. UserError: fewer images than are wanted, or none left for the test.
    """
    if data.parts is None:
        if n_train + n_valid >= len(data.labels):
            raise UserError(f"n_train + n_valid leaves no test image of {data.name}'s {len(data.labels)}")
        return rotated_splits(len(data.labels), n_train, n_valid, n_seeds, shuffle_seed=shuffle_seed)
    chosen = []
    for key, rows, n in (("n_train", data.parts.train, n_train), ("n_valid", data.parts.valid, n_valid)):
        if n > len(rows):
            raise UserError(f"{key} = {n} is more than {data.name} has for this, {len(rows)}")
        turns = rotated_splits(len(rows), n, 0, n_seeds, shuffle_seed=shuffle_seed)
        chosen.append([rows[turn.train] for turn in turns])
    return [Split(train, valid, data.parts.test) for train, valid in zip(*chosen, strict=True)]


def _digits(path: Path | None, rows: Rows) -> ImageData:
    """scikit-learn's digits: 1,797 images of 8x8 pixels in ten classes (Alpaydin & Kaynak 1998, UCI)."""
    if path is not None:
        raise UserError(f"digits: the data set is shipped; leave out the path {path}")
    from sklearn.datasets import load_digits  # imported late: slow, and needed by this loader alone

    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32)[:, None]
    images = (images - images.mean()) / images.std()
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    keep = torch.from_numpy(rows(len(labels)))
    return ImageData("digits", images[keep], labels[keep], 10)


def _cifar10(path: Path | None, rows: Rows) -> ImageData:
    """CIFAR-10's training images (Krizhevsky 2009): the folder of the official Python batches, or a Parquet file.

    The Parquet schema is that of the public release: `img` (struct of bytes, path) and `label`.
    """
    if path is None or not path.exists():
        raise UserError(f"cifar10: {path} does not exist; give the folder of the official batches or the Parquet file")
    if path.is_dir() and (path / "data_batch_1").is_file():
        images, labels = _official_batches([path / f"data_batch_{i}" for i in range(1, 6)])
        keep = rows(len(labels))
        images, labels = images[keep], labels[keep]
    else:
        files = sorted(path.glob("train-*.parquet")) if path.is_dir() else [path]
        if not files:
            raise UserError(f"cifar10: {path} holds neither data_batch_1..5 nor train-*.parquet")
        images, labels = _parquet_images(files, rows)
    mean, std = (torch.tensor(v)[:, None, None] for v in (CIFAR_MEAN, CIFAR_STD))
    standard = (torch.from_numpy(images).float() / 255 - mean) / std
    return ImageData("cifar10", standard, torch.from_numpy(labels), 10)


def _parquet_images(files: list[Path], rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    import pandas as pd  # imported late: needed by this loader alone
    import pyarrow as pa

    try:
        table = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{files[0]}: cannot be read as Parquet ({error}); download it again") from error
    absent = {"img", "label"} - set(table.columns)
    if absent:
        raise UserError(f"{files[0]}: column {sorted(absent)[0]!r} is missing; expected img (bytes, path) and label")
    labels = _cifar_labels(table["label"].to_numpy(), files[0])
    keep = rows(len(table))
    pictures = [_picture(table["img"].iloc[row], f"{files[0]}: row {row + 1}") for row in keep]
    return np.stack(pictures).transpose(0, 3, 1, 2), labels[keep]


def _picture(cell: object, where: str) -> np.ndarray:
    """(32, 32, 3) bytes of an encoded picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(cell["bytes"])) as image:
            if image.size != (32, 32):  # before it is decoded
                raise UserError(f"{where}: a picture of {image.size} pixels; CIFAR-10 has 32 by 32")
            return np.asarray(image.convert("RGB"))
    except (TypeError, LookupError, OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
        raise UserError(f"{where}: column 'img' is no picture ({error}); download the file again") from error


def _cifar_labels(labels: object, where: object) -> np.ndarray:
    found = np.asarray(labels)
    if found.dtype.kind not in "iu" or found.ndim != 1 or not len(found):
        raise UserError(f"{where}: the labels are no list of whole numbers; download the file again")
    if found.min() < 0 or found.max() >= _CIFAR_CLASSES:
        raise UserError(f"{where}: labels are {found.min()} to {found.max()}; CIFAR-10 has ten classes, 0 to 9")
    return found.astype(np.int64)


class _NumpyOnly(pickle.Unpickler):
    """Reads the official batches, which hold one array and lists; whatever else a pickle asks for is refused."""

    _ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): __import__("_codecs").encode,
    }

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"asks for {module}.{name}")
        return self._ALLOWED[module, name]


_WRONG = (  # what a damaged or made-up pickle leads the reader into
    *(pickle.UnpicklingError, LookupError, ValueError, EOFError, OSError, TypeError, AttributeError),
    *(OverflowError, MemoryError, RecursionError, ImportError),
)


def _official_batches(files: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = [], []
    for file in files:
        try:
            if file.stat().st_size > _BATCH_BYTES:
                raise ValueError(f"{file.stat().st_size:,} bytes")
            with file.open("rb") as handle:
                batch = _NumpyOnly(handle, encoding="latin1").load()
            pixels = batch["data"]
            if (
                not isinstance(pixels, np.ndarray)
                or pixels.dtype != np.uint8
                or pixels.ndim != 2
                or pixels.shape[1] != 3072
            ):
                raise ValueError(f"data is {_array(pixels)}, not (n, 3072) of uint8")
            found = _cifar_labels(batch["labels"], file)
            if len(found) != len(pixels):
                raise ValueError(f"{len(pixels):,} images and {len(found):,} labels")
        except _WRONG as error:
            raise UserError(f"{file}: is no official CIFAR-10 batch ({error})") from error
        images.append(pixels.reshape(-1, 3, 32, 32))
        labels.append(found)
    return np.concatenate(images), np.concatenate(labels)


def _array(value: object) -> str:
    return f"{value.shape} of {value.dtype}" if isinstance(value, np.ndarray) else f"of type {type(value).__name__}"


def _crops_of(name: str) -> Callable[[Path | None, Rows], ImageData]:
    def load(path: Path | None, rows: Rows) -> ImageData:
        made = cut(CROPS[name])
        keep = torch.from_numpy(rows(len(made.labels)))
        sorts = made.sorts[keep]
        parts = Split(*(torch.nonzero(sorts == sort).flatten() for sort in (TRAIN, VALID, TEST)))
        return ImageData(name, made.images[keep], made.labels[keep], int(made.labels.max()) + 1, parts)

    options = CROPS[name]
    load.__doc__ = (
        f"Crops of twelve photographs and textures of scikit-image, a class each: {options.size}x{options.size} "
        f"pixels, {'colour' if options.colour else 'grey'}, training and test from disjoint areas."
    )
    return load


DATASETS: dict[str, Callable[[Path | None, Rows], ImageData]] = {
    "digits": _digits,
    "cifar10": _cifar10,
    **{name: _crops_of(name) for name in CROPS},
}
