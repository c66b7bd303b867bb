"""The images that the estimators of a study look at, loaded once a process."""

import numpy as np
import torch

from nasgauge.core.references import cached_with_code
from nasgauge.images import ImageData, Split, load_images


@cached_with_code(maxsize=2)
def whole(name: str, path: str | None) -> ImageData:
    """The whole data set."""
    return load_images(name, path)


def parted(data: ImageData, valid_share: float, split_seed: int | None) -> Split:
    """Training rows first, the last `valid_share` of all for validation; in the file's order, or shuffled.

    Of a data set that states its parts: its training and validation rows, whatever the share and the seed, since any
    other division would validate on areas that were trained on.
    """
    if data.parts is not None:
        return data.parts
    n = len(data.labels)
    order = np.arange(n) if split_seed is None else np.random.default_rng(split_seed).permutation(n)
    rows = torch.from_numpy(order)
    n_train = round(n * (1 - valid_share))
    return Split(rows[:n_train], rows[n_train:], rows[n:])
