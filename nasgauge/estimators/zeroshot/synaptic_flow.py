"""Proxies from the flow of an all-ones image through absolute weights; no data."""

import math

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record


def synflow(record: Record) -> float:
    """Synaptic flow on a log scale: log(1 + sum_l sum |w dR/dw|), normalisation left out, float64.

    The sum reaches 1e60, so a logarithm is taken; it is monotone, and 0 exactly where no flow crosses the network.
    In a ReLU chain without bias every layer's term equals R. Range [0, inf). Reference: Tanaka et al. 2020.
    """
    return math.log1p(math.fsum(record.synflow))


def synflow_bn(record: Record) -> float:
    """Synaptic flow with batch normalisation kept (statistics of the all-ones image): log(1 + sum_l sum |w dR/dw|).

    Range [0, inf). Reference: Tanaka et al. 2020; kept normalisation as in Abdelfattah et al. 2021 (their code).
    """
    return math.log1p(math.fsum(record.synflow_bn))


PROXIES = (
    Proxy("synflow", synflow, frozenset({"synflow"}), "tanaka2020synflow", "log synaptic flow", data_free=True),
    Proxy(
        "synflow_bn",
        synflow_bn,
        frozenset({"synflow_bn"}),
        "abdelfattah2021zerocost",
        "log synaptic flow with normalisation kept",
        data_free=True,
    ),
)
