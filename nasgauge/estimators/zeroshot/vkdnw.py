"""VKDNW: how even the eigenvalues of the Fisher information are, and how many layers are trained."""

import torch

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record

_EPS = 1e-10


def vkdnw(record: Record) -> float:
    """Entropy of the deciles of the Fisher information's eigenvalues: -sum_k t_k log(t_k + 1e-10), t = q / sum q.

    q_1 ... q_9 are the deciles from 10% to 90%, of at most 128 eigenvalues, see `information_pass`. Published setting:
    64 Gaussian images, init kaiming_normal (with biases 0, which here are not). Range [0, log 9], 0 where the logits
    depend on none of the parameters. Reference: Tybl & Neumann 2025.
    """
    values = record.information.spectrum
    if not len(values):
        return 0.0
    levels = torch.arange(1, 10, dtype=values.dtype, device=values.device) / 10
    deciles = torch.quantile(values, levels)
    share = deciles / (deciles.sum() + _EPS)
    return max(0.0, -float((share * (share + _EPS).log()).sum()))


def vkdnw_single(record: Record) -> float:
    """Number of trained parameter tensors plus `vkdnw`, which so decides between networks of equally many.

    The number counts weights, biases, scales and shifts, each tensor one. Range [1, inf).
    Reference: Tybl & Neumann 2025.
    """
    return record.information.n_tensors + vkdnw(record)


_INFORMATION = frozenset({"information"})
_TYBL = "tybl2025vkdnw"
PROXIES = (
    Proxy("vkdnw", vkdnw, _INFORMATION, _TYBL, "entropy of the Fisher information's deciles", data_free=True),
    Proxy("vkdnw_single", vkdnw_single, _INFORMATION, _TYBL, "trained tensors plus that entropy", data_free=True),
)
