"""Where the files of a published data set lie: the folder of its official archive, or its Parquet release."""

import os
from pathlib import Path

from nasgauge.core.errors import UserError
from nasgauge.images.batches import read_batches
from nasgauge.images.contract import ImageData, Rows
from nasgauge.images.parquet import read_parquet
from nasgauge.images.published import Published


def load(published: Published, path: Path | None, rows: Rows) -> ImageData:
    """The training images of `rows` from the folder of the official pickles, a Parquet file, or a folder of these.

    A folder with both is read as the official archive. UserError: no path, nothing there, or files of another content.
    """
    if path is None:
        raise UserError(f"{published.name}: is not shipped; set data_path to {_wanted(published)}")
    if not os.path.exists(path):
        raise UserError(f"{published.name}: {path} does not exist; set data_path to {_wanted(published)}")
    if os.path.isfile(path / published.batches[0]):
        pixels, labels = read_batches([path / name for name in published.batches], published)
        keep = rows(len(labels))
        return published.data(pixels[keep], labels[keep])
    files = sorted(path.glob("train-*.parquet")) if path.is_dir() else [path]
    if published.column is None or not files or not all(map(os.path.isfile, files)):
        raise UserError(
            f"{published.name}: {path} contains neither {published.batches[0]} nor supported Parquet files "
            f"train-*.parquet; set data_path to {_wanted(published)}"
        )
    return published.data(*read_parquet(files, published, rows))


def _wanted(published: Published) -> str:
    first, last = published.batches[0], published.batches[-1]
    names = first if first == last else f"{first} to {last}"
    folder = f"the folder with {names} of the official {published.title} archive"
    return folder if published.column is None else f"{folder}, or to the Parquet file or folder of the public release"
