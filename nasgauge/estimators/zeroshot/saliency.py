"""Proxies from the weights and their gradients. Layers are what `weights_of` finds; biases and scales never count."""

import torch

from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Record, Unmeasurable


def grad_norm(record: Record) -> float:
    """Sum over layers of the Euclidean norm of the weight gradient: sum_l ||g_l||, with norms added, not squared.

    Range [0, inf). Falls with the batch size. Reference: Abdelfattah et al. 2021.
    """
    return _total(g.norm() for g in record.gradients.weights)


def plain(record: Record) -> float:
    """Minus the sum of gradient times weight: -sum_l g_l . w_l, the sign that Ning et al. 2021, Table A9, imply.

    Range: all reals. A layer followed by batch normalisation contributes 0 up to the normalisation's eps, for the loss
    does not change when its weight is scaled; so only shortcuts and classifier speak. Unmeasurable where products are
    rounded to less than the weights' type and the sum is no greater than 4 r ||g w||, r being their relative rounding.
    Reference: Abdelfattah et al. 2021, who do not negate, as Eq. (1) of Ning et al. does not.
    """
    value = -_total((g * layer.weight).sum() for g, layer in _pairs(record))
    if record.gradients.rounded:
        eps = record.gradients.eps
        noise = 4 * eps * _total((g * layer.weight).square().sum() for g, layer in _pairs(record)) ** 0.5
        if abs(value) <= noise:
            raise Unmeasurable(
                f"the sum is {value:.1g}, and products rounded to {eps:.1g} leave an error of {noise:.1g}"
            )
    return value


def snip(record: Record) -> float:
    """Sum of |gradient times weight|, the loss's sensitivity to masks: sum_l sum |g_l w_l|.

    Range [0, inf); at least |plain|. Reference: Lee et al. 2019.
    """
    return _total((g * layer.weight).abs().sum() for g, layer in _pairs(record))


def grasp(record: Record) -> float:
    """Minus the weights against the Hessian times gradient: -sum_l w_l . (H g)_l, g held fixed.

    Range: all reals. For layers followed by batch normalisation the term is ||g_l||^2 up to the normalisation's eps.
    No temperature, one iteration. Reference: Wang et al. 2020.
    """
    return -record.curvature


def fisher(record: Record) -> float:
    """Channel saliency, each channel counted once for every weight that feeds it.

    sum_l n_l sum_c 1/2 mean_n (sum_hw a dL/da)^2, with a the layer's output and n_l = weights of one output channel;
    over all uses of a layer that is used several times. Unmeasurable with weights that feed no channel (embeddings,
    attention) or layers whose outputs are not one for each image. Range [0, inf). Reference: Turner et al. 2020.
    """
    per_layer = zip(record.layers, record.fisher, strict=True)
    return _total(channels.sum() * (layer.weight.numel() // len(channels)) for layer, channels in per_layer)


def l2_norm(record: Record) -> float:
    """Sum over layers of the weight's Euclidean norm: sum_l ||w_l||. A function of the initialisation alone; range [0,
    inf).

    Reference: Abdelfattah et al. 2021 (their code).
    """
    return _total(layer.weight.norm() for layer in record.layers)


def zico(records: tuple[Record, ...]) -> float:
    """Inverse coefficient of variation of the gradients over batches.

    sum_l log sum_{w: std > 0} mean_b |g_wb| / std_b g_wb, std with divisor B. Weights whose mean absolute gradient is
    below eps^(2/3) of the network's greatest gradient (4e-11 of it in float64, 2e-5 in float32) are left out: theirs is
    a rounding error of zero, as behind a constant channel. Layers without any varying gradient are left out.
    Unmeasurable for fewer than two batches, if no gradient varies, or where products are rounded to less than the
    weights' type (bfloat16, TF32), whose errors are the smallest deviations. Range: all reals.
    Reference: Li et al. 2023.
    """
    if len(records) < 2:
        raise Unmeasurable(f"zico compares gradients of several batches, got {len(records)}")
    if records[0].gradients.rounded:
        eps = records[0].gradients.eps
        raise Unmeasurable(f"products rounded to {eps:.1g} hide how gradients vary; measure zico in float32")
    layers = [torch.stack(of_layer) for of_layer in zip(*(r.gradients.weights for r in records), strict=True)]
    least = torch.finfo(layers[0].dtype).eps ** (2 / 3) * max(g.abs().max() for g in layers)
    terms = []
    for g in layers:  # (B, *weight)
        size, deviation = g.abs().mean(0), g.std(0, correction=0)
        varies = (deviation > 0) & (size > least)
        if varies.any():
            terms.append(float((size[varies] / deviation[varies]).sum().log()))
    if not terms:
        raise Unmeasurable("no gradient varies between the batches")
    return sum(terms)


def _pairs(record: Record):
    return zip(record.gradients.weights, record.layers, strict=True)


def _total(terms) -> float:
    return float(torch.stack(list(terms)).double().sum())  # one transfer from the device


_GRADIENTS = frozenset({"gradients"})
PROXIES = (
    Proxy("grad_norm", grad_norm, _GRADIENTS, "abdelfattah2021zerocost", "summed layer norms of the gradient"),
    Proxy("plain", plain, _GRADIENTS, "abdelfattah2021zerocost", "minus gradient times weight"),
    Proxy("snip", snip, _GRADIENTS, "lee2019snip", "absolute gradient times weight"),
    Proxy("grasp", grasp, frozenset({"curvature"}), "wang2020grasp", "minus weight times Hessian times gradient"),
    Proxy(
        "fisher", fisher, frozenset({"fisher"}), "turner2020blockswap", "squared activation times gradient, by channel"
    ),
    Proxy("l2_norm", l2_norm, frozenset({"layers"}), "abdelfattah2021zerocost", "summed layer norms", data_free=True),
    Proxy("zico", zico, _GRADIENTS, "li2023zico", "gradient mean over deviation across batches", pooled=True),
)
