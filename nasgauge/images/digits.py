"""The images that come with scikit-learn."""

from pathlib import Path

import torch

from nasgauge.core.errors import UserError
from nasgauge.images.contract import ImageData, Rows


def digits(path: Path | None, rows: Rows) -> ImageData:
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
