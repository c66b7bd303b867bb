"""The images that the estimators of a study look at, loaded once a process."""

from functools import lru_cache

import numpy as np
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot import draw_batches
from nasgauge.images import ImageData, Split, load_images


@lru_cache(maxsize=4)
def batches(name: str, path: str | None, n_batches: int, batch_size: int, seed: int) -> tuple[tuple[int, int], tuple]:
    """(channels, classes) and the batches; cached, because every proxy of a study sees the same ones."""
    rng = np.random.default_rng(seed)
    data = load_images(name, path, n=n_batches * batch_size, rng=rng)
    drawn = draw_batches(data.images, data.labels, n_batches=n_batches, batch_size=batch_size, rng=rng)
    return (data.images.shape[1], data.n_classes), tuple(drawn)


@lru_cache(maxsize=2)
def whole(name: str, path: str | None) -> ImageData:
    """The whole data set."""
    return load_images(name, path)


def parted(data: ImageData, valid_share: float, split_seed: int | None, where: str) -> Split:
    """Training rows first, the last `valid_share` of all for validation; in the file's order, or shuffled.

    Of a data set that states its parts: its training and validation rows, whatever the share and the seed, since any
    other division would validate on areas that were trained on.
    """
    if not 0 < valid_share < 1:
        raise UserError(f"{where}: valid_share = {valid_share}; give a fraction between 0 and 1, such as 0.2")
    if data.parts is not None:
        return data.parts
    n = len(data.labels)
    order = np.arange(n) if split_seed is None else np.random.default_rng(split_seed).permutation(n)
    rows = torch.from_numpy(order)
    n_train = round(n * (1 - valid_share))
    return Split(rows[:n_train], rows[n_train:], rows[n:])
