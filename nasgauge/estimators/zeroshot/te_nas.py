"""TE-NAS: the condition of the neural tangent kernel, and the number of linear regions that images lie in."""

import math

import torch

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record, Unmeasurable


def ntk_condition(record: Record) -> float:
    """Minus the log condition number of the neural tangent kernel: -log(v_max / v_min), v its eigenvalues.

    The authors rank by the condition number, ascending; the logarithm changes no rank. The kernel has one backward pass
    an image, with batch statistics: see `ntk_pass`. Unmeasurable where the kernel is singular to rounding. Their
    setting: 72 images, PyTorch's initialisation (the names that their script gives to `init_model` are none of its
    own, so that it changes nothing), networks of 3 channels and 1 cell per stage. Range (-inf, 0].
    Reference: Chen et al. 2021.
    """
    values = torch.linalg.eigvalsh(record.ntk)
    least, greatest = float(values[0]), float(values[-1])
    eps = torch.finfo(record.layers[0].weight.dtype if record.layers else torch.float32).eps
    if not least > len(values) * eps * greatest:
        raise Unmeasurable(f"the neural tangent kernel is singular (eigenvalues from {least:.1g} to {greatest:.1g})")
    return -math.log(greatest / least)


def linear_regions(record: Record) -> float:
    """How many different ReLU codes the images of the batch have, each a region in which the network is linear.

    sum_i 1 / #{j: the codes of i and j agree in every unit}. Range 1 ... N, and N as soon as the network is of some
    size. The authors count on networks of one channel without reductions, for 3,000 images of 3 x 3 pixels, which does
    not exist for other networks; later comparisons count as here, with 64 Gaussian images. Reference: Chen et al. 2021.
    """
    kernel = sum(record.codes.kernels)
    if isinstance(kernel, int):
        raise Unmeasurable("the network has no ReLU")
    return float((1 / (kernel == kernel.diagonal()).sum(1).double()).sum())


PROXIES = (
    Proxy("ntk_condition", ntk_condition, frozenset({"ntk"}), "chen2021tenas", "condition of the NTK"),
    Proxy("linear_regions", linear_regions, frozenset({"codes"}), "chen2021tenas", "distinct ReLU codes of images"),
)
