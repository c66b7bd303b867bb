"""One forward pass, one backward pass of the loss and one of the logits' sum: what most proxies live on."""

import math
from collections.abc import Collection, Sequence
from contextlib import ExitStack

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import Codes, Gradients, Unmeasurable
from nasgauge.estimators.zeroshot.watching import LayerWatch, ReluWatch
from nasgauge.estimators.zeroshot.weights import Weight
from nasgauge.nets import rounding, unrounded

FIELDS = frozenset({"gradients", "fisher", "codes", "jacobian", "n_relu", "n_patterns"})


def shared_pass(
    net: nn.Module, weights: Sequence[Weight] | Unmeasurable, x: torch.Tensor, y: torch.Tensor, passes: Collection[str]
) -> dict[str, object]:
    """The asked ones of `FIELDS` for a batch x (N, C, H, W), y (N,), and the number of classes.

    A field without a value is an Unmeasurable in its place; Unmeasurable is raised if the network gives no logits or
    the loss is not finite. The network must be in the state of `undisturbed`. Memory: the graph of one forward pass,
    freed on return. Where products are rounded to less than the type of x, the Jacobian has a forward pass of its own
    that is not: small eigenvalues of its correlations would be those of the rounding.
    """
    passes = set(passes)
    failed = {}
    if isinstance(weights, Unmeasurable):
        failed = dict.fromkeys(passes & {"gradients", "fisher"}, weights)
        weights = []
    if "jacobian" in passes and not x.is_floating_point():
        failed["jacobian"] = Unmeasurable(f"the inputs are {x.dtype}, by which nothing can be differentiated")
    passes -= set(failed)
    apart = passes & {"jacobian"} if x.is_floating_point() and rounding(x) > torch.finfo(x.dtype).eps else set()
    found = _measured(net, weights, x, y, passes - apart) if passes != apart or not apart else {}
    if apart:
        with unrounded(x.device):
            found |= _measured(net, [], x, y, apart)
    return failed | {field: value for field, value in found.items() if field in passes | {"n_classes"}}


def _measured(
    net: nn.Module, weights: Sequence[Weight], x: torch.Tensor, y: torch.Tensor, passes: set[str]
) -> dict[str, object]:
    backward = bool({"gradients", "fisher"} & passes)
    x = x.detach().requires_grad_("jacobian" in passes)
    relus = None
    if {"codes", "n_relu", "n_patterns"} & passes:
        relus = ReluWatch(net, len(x), codes="codes" in passes, patterns="n_patterns" in passes)
    layers = LayerWatch(weights, len(x)) if "fisher" in passes else None
    logits = _forward(net, x, relus, layers, backward or "jacobian" in passes)
    if layers and layers.overwritten():  # an operation in place has changed an activation: keep copies, once more
        layers, relus = LayerWatch(weights, len(x), copies=True), relus and relus.again()
        logits = _forward(net, x, relus, layers, True)
    loss = F.cross_entropy(logits, y)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise Unmeasurable(f"the loss is {value}")

    found: dict[str, object] = {"n_classes": logits.shape[1]}
    if backward:
        parameters = [w.parameter for w in weights]
        grads = torch.autograd.grad(loss, parameters, retain_graph="jacobian" in passes, allow_unused=True)
        if layers:
            found["fisher"] = layers.sums(grads)
            layers.forget()  # else the second backward pass would be added to the first one's sums
        grads = tuple(torch.zeros_like(p) if g is None else g for p, g in zip(parameters, grads, strict=True))
        found["gradients"] = Gradients(value, grads, rounding(parameters[0]))
    if relus:
        relus.forget()
        unread = relus.unread
        found["n_relu"] = unread or relus.n_relu
        found["n_patterns"] = unread or relus.n_patterns
        found["codes"] = unread or Codes(tuple(relus.kernels), tuple(relus.reached) if backward else None)
    if "jacobian" in passes:
        found["jacobian"] = _jacobian(logits, x)
    return found


def _forward(
    net: nn.Module, x: torch.Tensor, relus: "ReluWatch | None", layers: "LayerWatch | None", graph: bool
) -> torch.Tensor:
    with torch.set_grad_enabled(graph), ExitStack() as stack:
        images = x.clone()  # a network may work on them in place
        for watch in (layers, relus):
            if watch:
                stack.enter_context(watch)
        logits = logits_of(net(images), len(x))
    return logits


def _jacobian(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor | Unmeasurable:
    """Rows d(sum of all logits)/dx_n (N, C*H*W). Unmeasurable if they are rounding errors of zeros.

    That is so where every path ends in a normalisation: the sum over a batch of what it gives does not depend on the
    batch. A row times its image says how far the logits owe their size to the image: 0.1 to 10 in ordinary networks.
    """
    nothing = Unmeasurable("the logits do not depend on the images")
    if not logits.requires_grad:
        return nothing
    (gradient,) = torch.autograd.grad(logits.sum(), x, allow_unused=True)
    if gradient is None:
        return nothing
    rows = gradient.flatten(1).double()
    reach = (rows.norm(dim=1) * x.detach().flatten(1).double().norm(dim=1)).max()
    if reach <= torch.finfo(x.dtype).eps ** 0.5 * logits.detach().abs().sum(1).max():
        return Unmeasurable("the sum of the logits does not depend on the images, but for rounding")
    return rows
