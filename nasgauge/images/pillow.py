"""Encoded pictures: Pillow where it is installed, and one picture as an array."""

import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nasgauge.core.errors import UserError

_GREY, _COLOUR = ("1", "L", "LA"), ("P", "RGB", "RGBA", "CMYK", "YCbCr")


def pillow(where: object) -> ModuleType:
    """The module PIL.Image; UserError that names the extra where it is not installed."""
    try:
        from PIL import Image  # imported late: an extra
    except ImportError as missing:
        raise UserError(f"{where} needs Pillow, which is not installed; pip install 'nasgauge[cifar]'") from missing
    return Image


def header(file: Path) -> tuple[tuple[int, int], bool]:
    """(height, width) and whether it is in colour, from the beginning of a file; UserError where it is no picture."""
    where = f"{file}:"
    with _opened(file, where) as image:
        return image.size[::-1], _is_colour(image, where)


def picture(source: Path | bytes, size: tuple[int, int], colour: bool, where: object, remedy: str) -> np.ndarray:
    """(height, width, channels) uint8 of an encoded picture of that size (height, width), decoded only then.

    colour: three channels, else one. where: how messages begin. UserError: no picture, another size,
    colour where grey is expected.
    """
    with _opened(source, where, remedy) as image:
        if image.size[::-1] != size:
            wanted = "{1} by {0}".format(*size)
            raise UserError(f"{where} has {image.size} pixels; expected {wanted}; {remedy}")
        if _is_colour(image, where) and not colour:
            raise UserError(f"{where} is in colour, others of the data set are grey; {remedy}")
        try:
            pixels = np.asarray(image.convert("RGB" if colour else "L"))
        except (OSError, ValueError, SyntaxError) as error:
            raise UserError(f"{where} is a damaged picture ({error}); {remedy}") from error
    return pixels if colour else pixels[:, :, None]


def _is_colour(image: Any, where: object) -> bool:
    if image.mode not in (*_GREY, *_COLOUR):
        raise UserError(
            f"{where} has pixels of the kind {image.mode!r}; save it with 8 bits a channel, or give an .npz"
        )
    return image.mode in _COLOUR


def _opened(source: Path | bytes, where: object, remedy: str = "remove it, or give another file") -> Any:
    module = pillow(where)
    try:
        return module.open(io.BytesIO(source) if isinstance(source, bytes) else source)
    except (OSError, ValueError, SyntaxError, TypeError, module.DecompressionBombError) as error:
        raise UserError(f"{where} is not an image ({error}); {remedy}") from error
