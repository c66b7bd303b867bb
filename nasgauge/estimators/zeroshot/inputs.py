"""The images that an untrained network is shown."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from nasgauge.core.errors import UserError, check_count, unknown_name

# Images (N, C, H, W) float, standardised, or whatever else a network of one's own takes; labels (N,) int64.
Batch = tuple[torch.Tensor, torch.Tensor]
INPUTS = ("data", "gaussian", "uniform")
_MOST = 10_000_000


def draw_batches(
    images: torch.Tensor, labels: torch.Tensor, *, n_batches: int, batch_size: int, rng: np.random.Generator
) -> list[Batch]:
    """Disjoint batches of a data set, drawn without replacement.

    images (M, C, H, W), labels (M,); UserError if M < n_batches * batch_size.

    >>> rng = np.random.default_rng(0)
    >>> batches = draw_batches(torch.zeros(9, 1, 2, 2), torch.arange(9), n_batches=2, batch_size=4, rng=rng)
    >>> len(batches), batches[0][0].shape
    (2, torch.Size([4, 1, 2, 2]))
    """
    for name, value in (("n_batches", n_batches), ("batch_size", batch_size)):
        check_count(value, name, least=1, most=_MOST)
    if len(labels) != len(images):
        raise UserError(f"{len(images)} images have {len(labels)} labels; give one an image")
    wanted = n_batches * batch_size
    if wanted > len(images):
        raise UserError(
            f"{n_batches} batches of {batch_size} images are required, the data has {len(images)}; choose fewer or "
            "smaller ones"
        )
    chosen = torch.from_numpy(rng.permutation(len(images))[:wanted])
    return [(images[part], labels[part]) for part in chosen.split(batch_size)]


def noise_like(batches: Sequence[Batch], kind: str, *, rng: np.random.Generator) -> list[Batch]:
    """The batches with noise of mean 0 and variance 1, as standardised images have, for images; labels stay.

    `kind`: "data" (nothing is replaced), "gaussian" N(0, 1), or "uniform" U(-sqrt 3, sqrt 3).
    """
    if kind not in INPUTS:
        raise unknown_name("kind of input", kind, INPUTS)
    if kind == "data":
        return list(batches)
    if not all(x.is_floating_point() for x, _ in batches):
        raise UserError(f"inputs = {kind!r}: there is no such noise in place of whole numbers; use inputs = 'data'")
    draw = rng.standard_normal if kind == "gaussian" else lambda shape: rng.uniform(-math.sqrt(3), math.sqrt(3), shape)
    return [(torch.from_numpy(draw(tuple(x.shape))).to(x), y) for x, y in batches]
