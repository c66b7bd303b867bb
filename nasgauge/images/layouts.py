"""Where the files of a published data set lie: its official archive, packed or not, or one of its other releases."""

import os
import re
from pathlib import Path

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.images.batches import read_archive, read_batches, read_npz_batches
from nasgauge.images.by_class import read_folder
from nasgauge.images.contract import ImageData, Rows
from nasgauge.images.parquet import read_parquet
from nasgauge.images.published import Published

_NUMBERED = re.compile(r"-\d+-of-(\d+)\.parquet$")
_BATCH = re.compile(r"train_data_batch_(\d+)\.npz")
_TAR = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def load(published: Published, path: Path | None, rows: Rows) -> ImageData:
    """The training images of `rows`, from the first of these that is there.

    The folder of the official pickles, or the folder around it (as torchvision has it); the official archive, or a
    folder with it; .npz files of the same arrays; Parquet files; pictures in a folder a class, under `train` if there
    are parts. UserError: no path, nothing there, or files of another content.
    """
    if path is None:
        raise UserError(f"{published.name}: is not shipped; set data_path to {_wanted(published)}")
    if not os.path.exists(path):
        raise UserError(f"{published.name}: {path} does not exist; set data_path to {_wanted(published)}")
    for folder in (path, path / published.folder):
        if os.path.isfile(folder / published.batches[0]):
            return _chosen(published, rows, *read_batches([folder / name for name in published.batches], published))
    archive = _archive(published, path)
    if archive is not None:
        return _chosen(published, rows, *read_archive(archive, published))
    arrays = _arrays(published, path)
    if arrays:
        return _chosen(published, rows, *read_npz_batches(arrays, published))
    if _has_parquet(published, path):
        files = sorted(path.glob("train-*.parquet")) if path.is_dir() else [path]
        _check_complete(files)
        return published.data(*read_parquet(files, published, rows))
    if path.is_dir() and any(each.is_dir() and not each.name.startswith(".") for each in path.iterdir()):
        return _pictures(published, path, rows)
    raise UserError(
        f"{published.name}: {path} contains neither {published.batches[0]} nor supported Parquet files "
        f"train-*.parquet, .npz files or folders of pictures; set data_path to {_wanted(published)}"
    )


def _chosen(published: Published, rows: Rows, pixels: np.ndarray, labels: np.ndarray) -> ImageData:
    keep = rows(len(labels))
    return published.data(pixels[keep], labels[keep])


def _archive(published: Published, path: Path) -> Path | None:
    """The official archive: the path itself, or the one of its name in the folder."""
    if os.path.isfile(path):
        return path if path.name.lower().endswith(_TAR) else None
    names = [f"{published.archive}{end}" for end in _TAR]
    return next((path / name for name in names if os.path.isfile(path / name)), None)


def _arrays(published: Published, path: Path) -> list[Path]:
    """Files of arrays: the path itself, or train_data.npz, or train_data_batch_1.npz and so on in the folder.

    UserError: batches of which one is missing, or which lie beside the file of them all.
    """
    if os.path.isfile(path):
        return [path] if path.suffix.lower() == ".npz" else []
    whole = path / "train_data.npz"
    numbered = {int(match[1]): file for file in path.glob("*.npz") if (match := _BATCH.fullmatch(file.name))}
    if whole.is_file():
        if numbered:
            raise UserError(f"{path}: has {whole.name} and batches of it; remove one of the two forms")
        return [whole]
    official = len(published.batches) if published.batches[0].startswith("train_data_batch") else 0
    expected = range(1, 1 + max([official, *numbered]))
    absent = [number for number in expected if number not in numbered]
    if numbered and absent:
        raise UserError(f"{path}: train_data_batch_{absent[0]}.npz is missing; give all {len(expected)} batches")
    return [numbered[number] for number in expected] if numbered else []


def _check_complete(files: list[Path]) -> None:
    """UserError where the names of Parquet files, train-00000-of-00002 and so on, promise more than there are."""
    for file in files:
        named = _NUMBERED.search(file.name)
        if named and int(named[1]) > len(files):
            raise UserError(
                f"{file}: is one of {int(named[1])} files, found: {len(files)}; give the folder with all of them"
            )


def _has_parquet(published: Published, path: Path) -> bool:
    if published.column is None:
        return False
    return any(map(os.path.isfile, path.glob("train-*.parquet"))) if path.is_dir() else os.path.isfile(path)


def _pictures(published: Published, path: Path, rows: Rows) -> ImageData:
    """Pictures in a folder a class, whose names in alphabetical order are the labels, as in the archives of CIFAR."""
    own = read_folder(path)
    if own.n_classes != published.n_classes:
        raise UserError(
            f"{path}: has {own.n_classes} folders of classes, {published.title} has {published.n_classes}; for other "
            f'data leave data_path out and set data = "{path}/"'
        )
    keep = own.train[rows(len(own.train))]
    pixels = own.pixels(keep)
    if pixels.shape[1:] != (3, published.side, published.side):
        raise UserError(
            f"{path}: pictures are (channels, height, width) = {pixels.shape[1:]}, those of {published.title} have 3 "
            f"channels and {published.side} pixels a side; give the pictures of {published.title}"
        )
    return published.data(pixels, own.labels[keep] + published.labels[0])


def _wanted(published: Published) -> str:
    first, last = published.batches[0], published.batches[-1]
    names = first if first == last else f"{first} to {last}"
    folder = f"the folder with {names} of the official {published.title} archive, the archive itself"
    return folder if published.column is None else f"{folder}, or the Parquet file or folder of the public release"
