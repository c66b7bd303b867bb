"""The images that the estimators of a study look at, loaded once a process."""

import numpy as np
import torch

from nasgauge.core.references import cached_with_code
from nasgauge.images import ImageData, Split, load_images


@cached_with_code(maxsize=2)
def whole(name: str, path: str | None, content: str = "") -> ImageData:
    """The whole data set; content: the fingerprint of one's own, so that a file that has changed is read anew."""
    return load_images(name, path)


def parted(data: ImageData, valid_share: float, split_seed: int | None) -> Split:
    """Training rows first, the last `valid_share` of all for validation; in the file's order, or shuffled.

    Of a data set that states its parts: its training and validation rows, whatever the share and the seed, since any
    other division would validate on areas that were trained on. Without a part for validation the share is that of its
    training rows.
    """
    if data.parts is not None and len(data.parts.valid):
        return data.parts
    among = torch.arange(len(data.labels)) if data.parts is None else data.parts.train
    n = len(among)
    order = np.arange(n) if split_seed is None else np.random.default_rng(split_seed).permutation(n)
    rows = among[torch.from_numpy(order)]
    n_train = round(n * (1 - valid_share))
    return Split(rows[:n_train], rows[n_train:], rows[n:] if data.parts is None else data.parts.test)
