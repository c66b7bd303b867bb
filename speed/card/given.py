"""Images, architectures and networks of the measurements."""

from functools import lru_cache

import numpy as np
import pandas as pd

from card.scope import Scope
from nasgauge.estimators.zeroshot import ZeroShot, draw_batches
from nasgauge.images import ImageData, load_images
from nasgauge.nets import NetOptions
from nasgauge.spaces import Arch, get_space

CIFAR = "$NASGAUGE_DATA/cifar10/train-00000-of-00001.parquet"
FAMILIES = ("nb101", "nb201", "nds-resnet", "nds-resnext-a", "darts")
PAPER = NetOptions(channels=16, n_cells=5, n_stages=3, bn_affine=False, skip_dead=True)
TINY = NetOptions(channels=4, n_cells=1, n_stages=2, bn_affine=False, skip_dead=True)
SMALL = {  # by space, so that the CPU can follow
    "nb101": NetOptions(channels=8, n_cells=1, n_stages=3, bn_affine=False),
    "nb201": NetOptions(channels=8, n_cells=1, n_stages=3, bn_affine=False, skip_dead=True),
    "nds-resnet": NetOptions(channels=8, bn_affine=False, depth_divisor=8),
    "nds-resnext-a": NetOptions(channels=8, bn_affine=False, depth_divisor=8),
    "darts": NetOptions(channels=4, n_cells=1, n_stages=2, bn_affine=False),
}
EXACT = ("n_params", "macs", "n_convs", "random")  # counted, the same everywhere


def net_of(scope: Scope) -> NetOptions:
    """The paper's network on NAS-Bench-201, or the smallest."""
    return TINY if scope.tiny else PAPER


def archs_of(name: str, n: int, seed: int = 0) -> list[Arch]:
    """`n` random architectures of a space, each once."""
    space, rng = get_space(name), np.random.default_rng(seed)
    found: dict[Arch, None] = {}
    while len(found) < n:
        found[space.sample(rng)] = None
    return list(found)


@lru_cache(maxsize=2)
def images(n: int) -> ImageData:
    """So many random training images of CIFAR-10."""
    return load_images("cifar10", CIFAR, n=n, rng=np.random.default_rng(0))


def zero_shot(
    name: str, net: NetOptions, proxies: tuple[str, ...], *, n_batches: int, batch_size: int, **options: str
) -> ZeroShot:
    """The estimator on drawn batches of CIFAR-10."""
    data = images(n_batches * batch_size)
    rng = np.random.default_rng(0)
    drawn = draw_batches(data.images, data.labels, n_batches=n_batches, batch_size=batch_size, rng=rng)
    return ZeroShot(get_space(name), proxies, drawn, net, **options)


def wide(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores by architecture and proxy."""
    return scores.pivot(index="arch", columns="estimator", values="score")
