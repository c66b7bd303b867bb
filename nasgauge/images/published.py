"""What published data sets of small colour pictures have in common, whatever the layout of their files."""

from dataclasses import dataclass

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.images.contract import ImageData

Three = tuple[float, float, float]


@dataclass(frozen=True)
class Published:
    """A published data set of square colour pictures, in one of its layouts.

    `name`, `title`: as a study writes it, and as messages do. `side`: of a picture, in pixels. `mean`, `std`: of red,
    green and blue, as fractions of 255. `labels`: the least and the greatest label in the files; `n_classes`: how many
    classes are kept, from the least label on. `batches`: the pickles of the official archive with the training images;
    `key`: of their labels. `folder`, `archive`: of these files within the archive, and the archive's name
    without its ending. `column`: of the labels in the public Parquet
    release, None if there is none.
    """

    name: str
    title: str
    side: int
    mean: Three
    std: Three
    labels: tuple[int, int]
    n_classes: int
    batches: tuple[str, ...]
    key: str
    folder: str
    archive: str
    column: str | None = None

    def checked_labels(self, found: object, where: object) -> np.ndarray:
        """Labels (n,) int64 as the file numbers them; UserError unless they are whole numbers of its classes."""
        values = np.asarray(found)
        if values.dtype.kind not in "iu" or values.ndim != 1 or not len(values):
            raise UserError(f"{where}: the labels are not a list of integers; download the file again")
        least, greatest = self.labels
        if values.min() < least or values.max() > greatest:
            raise UserError(
                f"{where}: labels are {values.min()} to {values.max()}; {self.title} has {least} to {greatest}; "
                f"give the files of {self.title}"
            )
        return values.astype(np.int64)

    def kept(self, labels: np.ndarray) -> np.ndarray:
        """Of labels as the file numbers them, (n,) bool: whether the class is among those that are kept."""
        return labels < self.labels[0] + self.n_classes

    def data(self, pixels: np.ndarray, labels: np.ndarray) -> ImageData:
        """The data set of pixels (n, 3, side, side) uint8 and labels (n,) as the file numbers them, all of them kept.

        In place, since a float32 copy of ImageNet16-120 has 466 MB.
        """
        images = torch.from_numpy(pixels).float()
        mean, std = (torch.tensor(v)[:, None, None] for v in (self.mean, self.std))
        images.div_(255).sub_(mean).div_(std)
        return ImageData(self.name, images, torch.from_numpy(labels - self.labels[0]), self.n_classes)
