"""MeCo: the least eigenvalue of the correlation between the channels of each feature map of one image."""

import math

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record


def meco(record: Record) -> float:
    """Least eigenvalues of the channels' Pearson correlations, summed over the maps of one Gaussian image.

    sum_m v_min(corr(A_m)), A_m (C, H W) the output of module m. As in the authors' code every module counts, so that a
    block and its last layer are counted both; maps with fewer positions than channels give 0. Normalisations have the
    statistics of the one image. Published setting: PyTorch's initialisation, one image (CIFAR-10 in their script for
    NAS-Bench-201, random in the paper; here random). Range [0, inf). Reference: Jiang et al. 2023.
    """
    return math.fsum(record.channel_correlations.least)


def meco_opt(record: Record) -> float:
    """`meco` with 8 random channels of each map (all, if fewer), whose least eigenvalue counts C / 8 times.

    Range [0, inf). Reference: Jiang et al. 2023.
    """
    return math.fsum(record.channel_correlations.sampled)


_CORRELATIONS = frozenset({"channel_correlations"})
PROXIES = (
    Proxy("meco", meco, _CORRELATIONS, "jiang2023meco", "least eigenvalues of channel correlations", data_free=True),
    Proxy("meco_opt", meco_opt, _CORRELATIONS, "jiang2023meco", "the same of 8 channels", data_free=True),
)
