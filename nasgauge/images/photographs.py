"""Which pictures come with a library? Twelve photographs and textures of scikit-image.

They are those whose terms of use scikit-image states, all of them in its wheel, so nothing is downloaded: camera,
chelsea (a cat), coffee, brick, grass, gravel, retina (CC0), astronaut, hubble_deep_field, rocket (public domain),
coins, immunohistochemistry (no known copyright restrictions). Nothing of them is stored here.
"""

from collections.abc import Iterator

import numpy as np

from nasgauge.core.errors import UserError

# the function of skimage.data, rows, columns (of a retina the part without the black surround), the reduction
PICTURES = {
    "astronaut": (slice(None), slice(None), 1),
    "brick": (slice(None), slice(None), 1),
    "camera": (slice(None), slice(None), 1),
    "chelsea": (slice(None), slice(None), 1),
    "coffee": (slice(None), slice(None), 1),
    "coins": (slice(None), slice(None), 1),
    "grass": (slice(None), slice(None), 1),
    "gravel": (slice(None), slice(None), 1),
    "hubble_deep_field": (slice(None), slice(None), 1),
    "immunohistochemistry": (slice(None), slice(None), 1),
    "retina": (slice(200, 1200), slice(200, 1200), 2),
    "rocket": (slice(None), slice(None), 1),
}


def pictures() -> Iterator[np.ndarray]:
    """(height, width, 3), values from 0 to 1; a grey picture has three equal channels."""
    try:
        import skimage.data  # imported late: an extra, and needed by these data sets alone
    except ImportError as missing:
        raise UserError("crops: scikit-image is not installed; pip install 'nasgauge[crops]'") from missing
    for name, (rows, columns, reduction) in PICTURES.items():
        picture = getattr(skimage.data, name)()[rows, columns].astype(np.float32) / 255
        if picture.ndim == 2:
            picture = picture[:, :, None].repeat(3, 2)
        h, w = (side // reduction for side in picture.shape[:2])
        picture = picture[: h * reduction, : w * reduction]
        yield picture.reshape(h, reduction, w, reduction, 3).mean((1, 3))
