"""AZ-NAS: what Gaussian images keep of their dimensions from block to block, and what gradients keep of their size."""

from itertools import pairwise

import torch

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record

_EPS = 1e-8


def az_expressivity(record: Record) -> float:
    """Entropies of the blocks' channel spectra, summed: sum_b E_b, E = -sum_c p_c log(p_c + 1e-8), p = v / sum v.

    v are the eigenvalues of the covariance of a block's channels over images and positions, E = 0 where nothing varies
    (-inf in the authors' code). Blocks as in `blocks_of`: stem, cells and reductions of NAS-Bench-201. Published
    setting: 64 Gaussian images, init kaiming_normal. Range [0, inf). Reference: Lee & Ham 2024.
    """
    return sum(_entropies(record))


def az_progressivity(record: Record) -> float:
    """The least growth of the entropy E_b of `az_expressivity` from a block to the next: min_b (E_b+1 - E_b).

    Range: all reals. Reference: Lee & Ham 2024.
    """
    entropies = _entropies(record)
    return min(after - before for before, after in pairwise(entropies))


def az_trainability(record: Record) -> float:
    """How near to 1 blocks keep the size of gradients: mean_b of 2 - s_b - 1 / (s_b + 1e-6).

    s_b is the largest singular value of the mean of g v', with random signs v at the block's output and g = v' d out /
    d in at its input. Range [2 - 1e6, 1e-6], the least for blocks that no gradient crosses, and for those that are
    the identity (-inf in the authors' code, which is not a score). Reference: Lee & Ham 2024.
    """
    sizes = [0.0 if s is None else s for s in record.cells.transfers]
    return sum(2 - s - 1 / (s + 1e-6) for s in sizes) / len(sizes)


def _entropies(record: Record) -> list[float]:
    return [_entropy(values) for values in record.cells.spectra]


def _entropy(values: torch.Tensor) -> float:
    total = values.sum()
    if total == 0:
        return 0.0
    p = values / total
    return -float((p * (p + _EPS).log()).sum())


_CELLS = frozenset({"cells"})
_LEE = "lee2024aznas"
PROXIES = (
    Proxy("az_expressivity", az_expressivity, _CELLS, _LEE, "summed entropy of the blocks' spectra", data_free=True),
    Proxy("az_progressivity", az_progressivity, _CELLS, _LEE, "least growth of that entropy", data_free=True),
    Proxy("az_trainability", az_trainability, _CELLS, _LEE, "gradients that blocks keep in size", data_free=True),
)
