"""Public Parquet releases: a column of encoded pictures and one of labels; the pictures that are wanted are decoded."""

from pathlib import Path

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.images.contract import Rows
from nasgauge.images.pillow import picture
from nasgauge.images.published import Published


def read_parquet(files: list[Path], published: Published, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (k, 3, side, side) uint8 and labels (k,) int64 of the k images that `rows` wants.

    The columns: `img`, a struct of bytes (an encoded picture) and path, and the labels. UserError: a file that cannot
    be read, an absent column, a label that there is not, or a picture of another size.
    """
    import pandas as pd  # imported late: needed by this loader alone
    import pyarrow as pa

    try:
        table = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{files[0]}: cannot be read as Parquet ({error}); download it again") from error
    absent = {"img", published.column} - set(table.columns)
    if absent:
        raise UserError(
            f"{files[0]}: column {sorted(absent)[0]!r} is missing; {published.title} has img (bytes, path) and "
            f"{published.column}; give its Parquet file"
        )
    labels = published.checked_labels(table[published.column].to_numpy(), files[0])
    keep = rows(len(table))
    pictures = [_picture(table["img"].iloc[row], published, f"{files[0]}: row {row + 1}") for row in keep]
    return np.stack(pictures).transpose(0, 3, 1, 2), labels[keep]


def _picture(cell: object, published: Published, where: str) -> np.ndarray:
    """(side, side, 3) uint8 of an encoded picture."""
    try:
        content = bytes(cell["bytes"])
    except (TypeError, LookupError) as error:
        raise UserError(f"{where}: column 'img' is not an image ({error}); download the file again") from error
    size = published.side, published.side
    return picture(content, size, True, f"{where}: column 'img'", "download the file again")
