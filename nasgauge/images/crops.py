"""Which small images show the world, and come with a library? Crops of scikit-image's photographs and textures.

A class is one of the twelve pictures (`photographs`); how they are cut: `cutting`.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from nasgauge.core.errors import UserError
from nasgauge.images.contract import ImageData, Loader, Rows, Split, wanted_rows
from nasgauge.images.cutting import TEST, TRAIN, VALID, CropOptions, cut_picture
from nasgauge.images.photographs import pictures

CROPS = {
    "crops": CropOptions(),
    "crops-colour": CropOptions(colour=True),
    "crops-32": CropOptions(size=32, scale=(1.0, 1.5)),
    "crops-colour-32": CropOptions(size=32, scale=(1.0, 1.5), colour=True),
}


@dataclass(frozen=True)
class Cut:
    """Images (n, channels, size, size), labels (n,), and which sort of area each shows (n,); training images first.

    Within a sort the classes take turns. `centres`: of each image the row and column of its picture's pixel, (n, 2).
    """

    images: torch.Tensor
    labels: torch.Tensor
    sorts: torch.Tensor
    centres: torch.Tensor


def cut(options: CropOptions) -> Cut:
    """The crops of all pictures, the same ones for the same options.

    UserError: scikit-image is not installed, or a crop does not fit into the blocks of a picture.
    """
    made = [cut_picture(picture, options, [options.seed, i]) for i, picture in enumerate(pictures())]
    parts = []
    for sort in (TRAIN, VALID, TEST):
        images, centres = (torch.stack([m[sort][k] for m in made], 1).flatten(0, 1) for k in (0, 1))
        labels = torch.arange(len(made)).repeat(len(images) // len(made))
        parts.append((images, labels, torch.full_like(labels, sort), centres))
    return Cut(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def crops_of(name: str) -> Loader:
    """The loader of the crops of that name in CROPS."""

    def load(path: Path | None, rows: Rows) -> ImageData:
        if path is not None:
            raise UserError(f"{name}: the data set is shipped; leave out the path {path}")
        made = cut(CROPS[name])
        parts = Split(*(torch.nonzero(made.sorts == sort).flatten() for sort in (TRAIN, VALID, TEST)))
        keep = torch.from_numpy(wanted_rows(rows, len(made.labels), parts))
        whole = len(keep) == len(made.labels)
        return ImageData(
            name, made.images[keep], made.labels[keep], int(made.labels.max()) + 1, parts if whole else None
        )

    options = CROPS[name]
    load.__doc__ = (
        f"Crops of twelve photographs and textures of scikit-image, a class each: {options.size}x{options.size} "
        f"pixels, {'colour' if options.colour else 'grey'}, training and test from disjoint areas."
    )
    return load
