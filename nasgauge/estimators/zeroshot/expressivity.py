"""Proxies from how differently a network treats different images: sign codes, Jacobians, feature differences."""

import math

import torch

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record, Unmeasurable

_EPS = 1e-5


def relu_logdet(record: Record) -> float:
    """Log-determinant of the sign-code kernel of all ReLUs: log det sum_r K_r, each nn.ReLU counted exactly once.

    K_r[i, j] = units of ReLU r at which images i and j agree. ReLUs on dead branches count too. Range [0, inf), since K
    is a matrix of integers; Unmeasurable where K is singular (two images with one code). Reference: Mellor et al. 2021.
    """
    return logdet(sum(record.codes.kernels))


def naswot(record: Record) -> float:
    """Log-determinant as `relu_logdet`, over the ReLUs alone that the gradient of the loss reaches.

    It differs from `relu_logdet` exactly where a ReLU runs on a branch that never meets the output. Range and errors as
    there; Unmeasurable also where the gradient reaches none. Reference: Mellor et al. 2021 (their code).
    """
    pairs = zip(record.codes.kernels, record.codes.reached, strict=True)
    live = [kernel for kernel, reached in pairs if reached]
    if not live:
        raise Unmeasurable("the gradient reaches no ReLU")
    return logdet(sum(live))


def logdet(kernel: torch.Tensor | int) -> float:
    """log det of an integer positive semi-definite kernel (N, N); Unmeasurable where it is singular.

    An integer determinant is 0 or at least 1, so a logarithm clearly below 0 is rounding on a singular matrix.

    >>> round(logdet(torch.tensor([[2.0, 1.0], [1.0, 2.0]])), 4)
    1.0986
    """
    if isinstance(kernel, int):  # the sum over no ReLU at all
        raise Unmeasurable("the network has no ReLU")
    sign, value = torch.linalg.slogdet(kernel.double())
    if sign <= 0 or not value >= -0.5:
        raise Unmeasurable("the sign-code kernel is singular: images share a code (log-determinant -inf)")
    return float(value)


def jacob_cov(record: Record) -> float:
    """Spread of the correlations between the images' Jacobian rows: -sum_i [log(v_i + e) + 1 / (v_i + e)], e = 1e-5.

    v are the eigenvalues of the correlation matrix of d(sum of logits)/dx, from a symmetric solver, clipped at 0. The
    best value, -N, belongs to uncorrelated rows. Range (-inf, -N + small]. Unmeasurable if a row is constant.
    Reference: Mellor et al. 2020 (first version).
    """
    values = torch.linalg.eigvalsh(correlations(record.jacobian)).clamp(min=0) + _EPS
    return -float((values.log() + 1 / values).sum())


def epe_nas(record: Record) -> float:
    """Correlations of Jacobian rows within classes: sum_c |s_c|, s_c = sum_ij log(|R_c[i, j]| + 1e-5).

    R_c is the correlation matrix of the rows of class c; a class with one image has R_c = [1]. Above 100 classes
    s_c is divided by the class's size and the score is the sum of |s_c - s_d| over ordered pairs of classes present,
    divided by their number. Unmeasurable if a row is constant. Range [0, inf). Reference: Lopes et al. 2021.
    """
    whole = correlations(record.jacobian)
    sums = []
    for c in record.labels.unique():
        mine = (record.labels == c).nonzero().squeeze(1)
        s = (whole[mine][:, mine].abs() + _EPS).log().sum()
        sums.append(s / len(mine) if record.n_classes > 100 else s)
    s = torch.stack(sums)
    if record.n_classes > 100:
        return float((s[:, None] - s).abs().sum() / len(s))
    return float(s.abs().sum())


def correlations(rows: torch.Tensor) -> torch.Tensor:
    """Pearson correlations between the rows (N, D) of a matrix, (N, N) float64; Unmeasurable if a row is constant.

    >>> correlations(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))[0, 1].item()
    -1.0
    """
    rows = rows.double()
    if not torch.isfinite(rows).all():
        raise Unmeasurable("the Jacobian is not finite")
    rows = rows / rows.abs().amax(1, keepdim=True).clamp(
        min=torch.finfo(torch.float64).tiny
    )  # against under- and overflow
    centred = rows - rows.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    constant = (norms <= 1e-10 * rows.norm(dim=1, keepdim=True)).flatten()
    if constant.any():
        raise Unmeasurable(f"the Jacobian of image {int(constant.nonzero()[0])} is constant, it has no correlation")
    centred = centred / norms
    return (centred @ centred.T).clamp(-1, 1)


def zen(record: Record) -> float:
    """Zen-score: log mean ||f(u) - f(u + a v)||_1 + sum_b 1/2 log(mean variance of normalisation b).

    Gaussian weights and images; the variances undo the scale that normalisation removed; residual paths stay, and
    normalisations that see a constant (variance 0) are left out. Unmeasurable if the features do not change. Range: all
    reals. Reference: Lin et al. 2021.
    """
    if not record.zen.difference > 0:
        raise Unmeasurable("the features do not depend on the image")
    return math.log(record.zen.difference) + sum(math.log(v) / 2 for v in record.zen.variances if v > 0)


PROXIES = (
    Proxy("relu_logdet", relu_logdet, frozenset({"codes"}), "mellor2021naswot", "log det of the sign-code kernel"),
    Proxy(
        "naswot",
        naswot,
        frozenset({"codes", "gradients"}),
        "mellor2021naswot",
        "log det of the sign-code kernel, only ReLUs that the gradient reaches",
    ),
    Proxy(
        "jacob_cov", jacob_cov, frozenset({"jacobian"}), "mellor2020jacobcov", "correlation of the images' Jacobians"
    ),
    Proxy("epe_nas", epe_nas, frozenset({"jacobian"}), "lopes2021epenas", "correlation of Jacobians within classes"),
    Proxy("zen", zen, frozenset({"zen"}), "lin2021zennas", "log change of Gaussian features", data_free=True),
)
