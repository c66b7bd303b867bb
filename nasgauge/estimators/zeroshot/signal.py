"""Proxies from how signals and gradients pass an untrained network: no label, no training, none of them a size.

They are the terms of `estimators.cwi`, and proxies of their own. Each is measured with weights as they are drawn;
He-normal ones (`init = "kaiming_normal"`) are those for which the definitions are meant.
"""

import math

import torch
from scipy.special import digamma

from nasgauge.estimators.zeroshot.expressivity import correlations
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import NO_FEATURES, NO_GRADIENT, NO_RESPONSE, Record, Unmeasurable

_EPS = 1e-5  # added to eigenvalues of correlations, as in `jacob_cov`
_THRESHOLD = 0.5  # cosine from which on a block has an identity path
_FLOOR = -5.0  # of the embedding spectrum, nats


def jacobian_whiteness(record: Record) -> float:
    """How close the images' input gradients are to white noise: -log max(J / W, 1).

    J = sum_i log(v_i + 1e-5) over the eigenvalues v of the correlation matrix of the N rows d(sum of logits)/dx, and
    W = sum_{i=1}^{N-1} [psi((D - i) / 2) - psi(D / 2)] what J is expected to be for N rows of white noise of D + 1
    entries (psi: digamma; a row's mean is taken away, hence D). Both are negative. Range (-inf, 0]: 0 for gradients as
    white as noise or whiter, -log k for k times its log-determinant; -inf where the logits depend on no image.
    Unchanged when images are permuted and when logits are scaled. Unmeasurable where a row is constant, where the sum
    over the batch is (every path ends in a normalisation), and for more images than D. Reference: Mellor et al. 2020
    (the correlations).
    """
    n, d = record.jacobian.shape
    if n < 2:
        raise Unmeasurable("the correlation of input gradients needs two images at least")
    if n > d - 1:
        raise Unmeasurable(
            f"{n} images of {d} values: the correlations of their gradients are singular; use fewer images"
        )
    found = float((torch.linalg.eigvalsh(correlations(record.jacobian)).clamp(min=0) + _EPS).log().sum())
    return -math.log(max(found / white_noise(n, d - 1), 1.0))


def white_noise(n: int, d: int) -> float:
    """Expected log-determinant of the correlation matrix of n rows of white noise with d degrees of freedom each.

    >>> round(white_noise(2, 100), 6) == round(float(digamma(49.5) - digamma(50)), 6)
    True
    """
    return sum(float(digamma((d - i) / 2) - digamma(d / 2)) for i in range(1, n))


def identity_path(record: Record) -> float:
    """Whether a gradient passes the blocks unchanged: 1 if the mean cosine between a random probe v of +1 and -1 at the
    output of a block and v^T d(out)/d(in) exceeds 1/2, or if there is one block at most; else 0.

    The mean is taken over images of noise and over all blocks that give an output of the shape of their input
    (`blocks.BlockWatch`). For cells of sums, such as those of NAS-Bench-201, it is 1 exactly where skip connections
    alone lead from input to output. Range {0, 1}; 0 where nothing arrives. Reference: He et al. 2016.
    """
    cosines = record.identity.cosines
    return 1.0 if len(cosines) <= 1 or sum(cosines) / len(cosines) > _THRESHOLD else 0.0


def receptive_field_entropy(record: Record) -> float:
    """How evenly the middle of the last feature map sees the image: -sum_p q_p log q_p - log(pixels).

    q = |df/dx|^2, summed over channels and noise images and normalised over the pixels p, f being the channels of the
    middle position before the last pooling with random signs. Range (-inf, 0]: 0 for a uniform field, -log(pixels) for
    one pixel, -inf where no pixel is seen; f may be scaled. Unmeasurable without a pooling to one pixel.
    Reference: Luo et al. 2016 (the effective receptive field).
    """
    share = record.receptive_field.flatten() / record.receptive_field.sum()
    return float(torch.special.entr(share).sum()) - math.log(len(share))


def embedding_spectrum(record: Record) -> float:
    """How evenly images spread over directions before the last pooling: mean_i log(v_i / sum v) + log(N - 1), from -5.

    v_2..v_N are the eigenvalues of the centred Gram matrix of the N images' features (all channels and pixels), without
    the one that is 0 by centring. Range [-5, 0]: 0 for equal distances between all images, -5 also for equal features.
    Unchanged when images are permuted and features scaled. Unmeasurable for fewer than three images, and without a
    pooling to one pixel. Reference: Roy & Vetterli 2007 (the effective rank).
    """
    features = record.features.flatten(1).double()
    if len(features) < 3:
        raise Unmeasurable("a spectrum of embeddings needs three images at least")
    if not torch.isfinite(features).all():
        raise Unmeasurable("the features are not finite")
    centred = features - features.mean(0)
    values = torch.linalg.eigvalsh(centred @ centred.T)[1:].clamp(min=0)
    if not values.sum() > 0:
        return _FLOOR
    logs = (values / values.sum()).clamp(min=torch.finfo(torch.float64).tiny).log()
    return min(max(float(logs.mean()) + math.log(len(values)), _FLOOR), 0.0)


def gradient_flatness(record: Record) -> float:
    """Minus the mean over layers of the log mean squared weight gradient for random labels: -mean_l log mean g_l^2.

    The loss is the mean cross-entropy with a label for each image that depends on nothing but its content and the seed.
    Layers whose gradient is exactly zero are not part of the function (dead branches) and left out; -inf where no layer
    has a gradient. Range: all reals, and -inf. Reference: Abdelfattah et al. 2021 (the gradient's norm).
    """
    sizes = torch.stack([g.double().square().mean() for g in record.random_gradients.weights])
    if not torch.isfinite(sizes).all():
        raise Unmeasurable("a gradient is not finite")
    sizes = sizes[sizes > 0]
    if not len(sizes):
        raise Unmeasurable(NO_GRADIENT)
    return -float(sizes.log().mean())


PROXIES = (
    Proxy(
        "jacobian_whiteness", jacobian_whiteness, frozenset({"jacobian"}), "mellor2020jacobcov",
        "closeness of the images' input gradients to white noise", worst=frozenset({NO_RESPONSE}),
    ),
    Proxy(
        "identity_path", identity_path, frozenset({"identity"}), "he2016identity",
        "1 if gradients pass the blocks unchanged, else 0", data_free=True,
    ),
    Proxy(
        "receptive_field_entropy", receptive_field_entropy, frozenset({"receptive_field"}), "luo2016receptive",
        "entropy of the effective receptive field", data_free=True, worst=frozenset({NO_FEATURES}),
    ),
    Proxy(
        "embedding_spectrum", embedding_spectrum, frozenset({"features"}), "roy2007effective",
        "mean log eigenvalue of the last features' Gram matrix",
    ),
    Proxy(
        "gradient_flatness", gradient_flatness, frozenset({"random_gradients"}), "abdelfattah2021zerocost",
        "minus the mean log squared gradient for random labels", worst=frozenset({NO_GRADIENT}),
    ),
)  # fmt: skip
