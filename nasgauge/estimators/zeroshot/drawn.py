"""The batches that the zero-shot estimators of a study look at, drawn once per process."""

import numpy as np

from nasgauge.core.references import cached_with_code
from nasgauge.estimators.zeroshot.inputs import draw_batches
from nasgauge.images import load_images


@cached_with_code(maxsize=4)
def batches(
    name: str, path: str | None, content: str, n_batches: int, batch_size: int, seed: int
) -> tuple[dict[str, int], tuple]:
    """in_channels and n_classes, and the batches; cached, because every proxy of a study sees the same ones.

    content: the fingerprint of one's own images, so that a file that has changed is read anew.
    """
    rng = np.random.default_rng(seed)
    data = load_images(name, path, n=n_batches * batch_size, rng=rng)
    drawn = draw_batches(data.images, data.labels, n_batches=n_batches, batch_size=batch_size, rng=rng)
    return {"in_channels": data.images.shape[1], "n_classes": data.n_classes}, tuple(drawn)
