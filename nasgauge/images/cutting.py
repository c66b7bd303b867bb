"""How a crop is cut from a picture, turned, scaled, and varied in brightness and contrast. Rule: tensors out.

Each picture is divided into four by four blocks, of which half serve for training, a quarter each for validation and
testing; a crop lies within one block, so that the three sorts see disjoint areas of every picture (where a crop touches
the border of its block, interpolation gives the pixel beyond at most an eighth of the weight).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import grid_sample

from nasgauge.core.errors import UserError

GREY = (0.2125, 0.7154, 0.0721)  # weights of red, green and blue in luminance (ITU-R BT.709)
TRAIN, VALID, TEST = range(3)
N_BLOCKS = 4
SORTS = np.array([[(TRAIN, TEST, TRAIN, VALID)[(row + column) % 4] for column in range(4)] for row in range(4)])
FLATTEST = 0.04  # a crop whose grey values have a smaller standard deviation shows nothing but noise: drawn again
_FINER = 2  # each pixel is the mean of that many by that many samples of the picture


@dataclass(frozen=True)
class CropOptions:
    """`size` in pixels; `colour` or grey; `n_train`, `n_valid`, `n_test`: crops per class in the three sorts of areas.

    `scale`: the side of the area that a crop shows is its size times a number drawn uniformly from this range; it is
    turned by up to `rotation` degrees either way and mirrored with probability one half. Brightness and contrast of a
    crop are removed, in colour those of every channel (mean 0, standard deviation 1), and then changed at random:
    contrast by a factor from exp(-contrast) to exp(contrast), brightness by up to `brightness` either way. `noise`:
    standard deviation of the Gaussian noise that is added to each pixel.
    """

    size: int = 16
    colour: bool = False
    n_train: int = 400
    n_valid: int = 100
    n_test: int = 250
    scale: tuple[float, float] = (1.0, 2.0)
    rotation: float = 30.0
    contrast: float = 0.4
    brightness: float = 0.4
    noise: float = 0.15
    seed: int = 0


def cut_picture(
    picture: np.ndarray, options: CropOptions, seed: list[int]
) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """For each sort of area the crops (n, channels, size, size) and their centres."""
    wanted = {TRAIN: options.n_train, VALID: options.n_valid, TEST: options.n_test}
    whole = torch.from_numpy(picture if options.colour else picture @ np.array(GREY, np.float32)[:, None])
    grey = torch.tensor(GREY) if options.colour else torch.ones(1)
    found = {}
    for sort, n in wanted.items():
        rng = np.random.default_rng([*seed, sort])  # of each sort alone: more crops of one leave the others as they are
        kept, centres = [], []
        while sum(map(len, kept)) < n:
            crops, places = drawn(whole, sort, 2 * n, options, rng)
            contrasts = (crops * grey[:, None, None]).sum(1).std((1, 2))
            kept.append(crops[contrasts >= FLATTEST])
            centres.append(places[contrasts >= FLATTEST])
        found[sort] = _varied(torch.cat(kept)[:n], options, rng), torch.cat(centres)[:n]
    return found


def drawn(
    picture: torch.Tensor, sort: int, n: int, options: CropOptions, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """n crops of blocks of that sort, as the picture shows them, and the pixels in their centres."""
    h, w, _ = picture.shape
    scale = rng.uniform(*options.scale, n)
    angle = np.deg2rad(rng.uniform(-options.rotation, options.rotation, n))
    mirror = rng.choice([-1.0, 1.0], n)
    reach = scale * options.size / 2 * (np.abs(np.cos(angle)) + np.abs(np.sin(angle)))  # half of the bounding square
    block = np.array([h // N_BLOCKS, w // N_BLOCKS])
    if 2 * reach.max() > block.min():
        raise UserError(f"crops: {2 * reach.max():.0f} pixels do not fit into blocks of {block.min()}; smaller crops")
    blocks = np.argwhere(SORTS == sort)[rng.integers((SORTS == sort).sum(), size=n)]
    room = block - 2 * reach[:, None]
    centre = blocks * block + reach[:, None] + rng.uniform(size=(n, 2)) * room  # (n, 2) row, column in pixels
    fine = options.size * _FINER
    steps = (np.arange(fine) + 0.5) / _FINER - options.size / 2
    dy, dx = (scale[:, None, None] * v for v in np.meshgrid(steps, steps, indexing="ij"))
    dx = mirror[:, None, None] * dx
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    y = centre[:, 0, None, None] + cos * dy - sin * dx
    x = centre[:, 1, None, None] + sin * dy + cos * dx
    grid = np.stack([2 * x / w - 1, 2 * y / h - 1], -1).reshape(1, n * fine, fine, 2)  # centres of pixels at i + 1/2
    seen = grid_sample(picture.permute(2, 0, 1)[None], torch.from_numpy(grid).float(), align_corners=False)[0]
    crops = seen.unflatten(1, (n, options.size, _FINER)).unflatten(-1, (options.size, _FINER)).mean((3, 5))
    return crops.transpose(0, 1), torch.from_numpy(centre)


def _varied(crops: torch.Tensor, options: CropOptions, rng: np.random.Generator) -> torch.Tensor:
    """Brightness and contrast removed and drawn anew, noise added; all per crop."""
    n = len(crops)
    std = crops.std((2, 3), keepdim=True).clamp_min(FLATTEST / 4)  # one channel may be flat where the others are not
    crops = (crops - crops.mean((2, 3), keepdim=True)) / std
    contrast = np.exp(rng.uniform(-options.contrast, options.contrast, (n, 1, 1, 1)))
    brightness = rng.uniform(-options.brightness, options.brightness, (n, 1, 1, 1))
    noise = options.noise * rng.standard_normal(crops.shape)
    return (crops * torch.from_numpy(contrast) + torch.from_numpy(brightness + noise)).float()
