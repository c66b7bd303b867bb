"""SWAP: how many different patterns the ReLU units show over the images of a batch."""

import math

from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record

_PENG = "peng2024swap"


def swap(record: Record) -> float:
    """Number of different sample-wise activation patterns: |{(sign a_u(x_1), ..., sign a_u(x_N)) : u a ReLU unit}|.

    Over the units of all ReLUs together; linear_regions counts the other way round. Range 1 ... 2^N, so that few images
    saturate. Published setting: 16 images, Gaussian weights (init gaussian), mean of 32 initialisations; here one an
    estimator's seed. Reference: Peng et al. 2024.
    """
    return float(record.n_patterns)


def regularised_swap(mu: float, sigma: float) -> Proxy:
    """`swap` times exp(-(p - mu)^2 / sigma), p thousands of parameters: a proxy for sizes about mu.

    The constants are the user's, in thousands of parameters and their square, as in the authors' code, which has no
    defaults. UserError unless sigma > 0. Reference: Peng et al. 2024.

    >>> regularised_swap(1500, 1e6).name
    'swap_regularised'
    """
    if not (math.isfinite(mu) and math.isfinite(sigma) and sigma > 0):
        raise UserError(f"regularised_swap: mu = {mu}, sigma = {sigma}; give finite numbers, sigma above 0")

    def swap_regularised(record: Record) -> float:
        return record.n_patterns * math.exp(-((record.counts.n_params / 1000 - mu) ** 2) / sigma)

    needs = frozenset({"n_patterns", "counts"})
    return Proxy("swap_regularised", swap_regularised, needs, _PENG, "patterns of ReLU units, about a size")


PROXIES = (Proxy("swap", swap, frozenset({"n_patterns"}), _PENG, "different patterns of ReLU units over images"),)
