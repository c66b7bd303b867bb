"""InTrain: geometric capacity of the activations times health of the gradients."""

import math

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record


def intrain(record: Record) -> float:
    """Intrinsic trainability g (1 + o) / log(L + 1), g = sum_l log PR_l, o = sum_i min(1, h_i).

    PR_l is the participation ratio of the channels of layer l, h_i the deviation of the gradient of parameter i over
    its greatest entry, L the number of layer outputs, of Gaussian images with random labels. The paper's text leaves
    open what a layer is, and no code is public: here the outputs of convolutions and linear layers; parameters are all
    that are trained, scales and shifts too. Constant outputs have PR = C, by the 1e-10 that the paper adds. Published
    setting: 64 images of 64 x 64; here of the size of the batch's. Range [0, inf). Reference: Zhou et al. 2026.
    """
    capacity = sum(math.log(dimension) for dimension in record.health.dimensions)
    resilience = sum(min(1.0, spread) for spread in record.health.spread)
    return capacity * (1 + resilience) / math.log(len(record.health.dimensions) + 1)


PROXIES = (
    Proxy(
        "intrain",
        intrain,
        frozenset({"health"}),
        "zhou2026intrain",
        "dimensions of activations times spread of gradients",
        data_free=True,
    ),
)
