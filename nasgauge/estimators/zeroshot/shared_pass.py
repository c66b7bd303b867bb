"""One forward pass, one backward pass of the loss and one of the logits' sum: what most proxies live on."""

import math
from collections.abc import Collection, Sequence
from contextlib import ExitStack

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.features import FeatureWatch
from nasgauge.estimators.zeroshot.functions import refuse_scripted
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.random_labels import random_labels
from nasgauge.estimators.zeroshot.record import NO_RESPONSE, Codes, Gradients, Unmeasurable
from nasgauge.estimators.zeroshot.watching import LayerWatch, ReluWatch
from nasgauge.estimators.zeroshot.weights import Weight
from nasgauge.nets import rounding, unrounded

_OF_WEIGHTS = frozenset({"gradients", "fisher", "random_gradients"})
FIELDS = _OF_WEIGHTS | {"codes", "jacobian", "n_relu", "n_patterns", "n_live", "features"}


def shared_pass(
    net: nn.Module,
    weights: Sequence[Weight] | Unmeasurable,
    x: torch.Tensor,
    y: torch.Tensor,
    passes: Collection[str],
    *,
    seed: int = 0,
) -> dict[str, object]:
    """The asked ones of `FIELDS` for a batch x (N, C, H, W), y (N,), and the number of classes. seed: of random labels.

    A field without a value is an Unmeasurable in its place; Unmeasurable is raised if the network gives no logits or
    the loss is not finite. The network must be in the state of `undisturbed`. Memory: the graph of one forward pass,
    freed on return. Where products are rounded to less than the type of x, the Jacobian has a forward pass of its own
    that is not: small eigenvalues of its correlations would be those of the rounding.
    """
    passes = set(passes)
    failed = {}
    if isinstance(weights, Unmeasurable):
        failed = dict.fromkeys(passes & _OF_WEIGHTS, weights)
        weights = []
    if "jacobian" in passes and not x.is_floating_point():
        failed["jacobian"] = Unmeasurable(f"the inputs are {x.dtype}, by which nothing can be differentiated")
    passes -= set(failed)
    apart = passes & {"jacobian"} if x.is_floating_point() and rounding(x) > torch.finfo(x.dtype).eps else set()
    found = _measured(net, weights, x, y, passes - apart, seed) if passes != apart or not apart else {}
    if apart:
        with unrounded(x.device):
            found |= _measured(net, [], x, y, apart, seed)
    return failed | {field: value for field, value in found.items() if field in passes | {"n_classes"}}


def _measured(
    net: nn.Module, weights: Sequence[Weight], x: torch.Tensor, y: torch.Tensor, passes: set[str], seed: int
) -> dict[str, object]:
    backward = bool({"gradients", "fisher"} & passes)
    graph = backward or bool({"jacobian", "n_live", "random_gradients"} & passes)
    x = x.detach().requires_grad_("jacobian" in passes)
    relus = None
    if {"codes", "n_relu", "n_patterns"} & passes:
        relus = ReluWatch(net, len(x), codes="codes" in passes, patterns="n_patterns" in passes)
    layers = LayerWatch(weights, len(x)) if "fisher" in passes else None
    features = FeatureWatch() if "features" in passes else None
    logits = _forward(net, x, (layers, relus, features), graph)
    if layers and layers.overwritten():  # an operation in place has changed an activation: keep copies, once more
        layers, relus = LayerWatch(weights, len(x), copies=True), relus and relus.again()
        logits = _forward(net, x, (layers, relus, features), True)
    loss = F.cross_entropy(logits, y)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise Unmeasurable(f"the loss is {value}")

    found: dict[str, object] = {"n_classes": logits.shape[1]}
    if "n_live" in passes:
        found["n_live"] = _n_live(net, logits, x)
    if features:
        found["features"] = features.last()
    parameters = [w.parameter for w in weights]
    later = {"jacobian", "random_gradients"} & passes
    if backward:
        grads = torch.autograd.grad(loss, parameters, retain_graph=bool(later), allow_unused=True)
        if layers:
            found["fisher"] = layers.sums(grads)
            layers.forget()  # else another backward pass would be added to this one's sums
        found["gradients"] = _gradients(value, parameters, grads)
    if relus:
        relus.forget()
        unread = relus.unread
        found["n_relu"] = unread or relus.n_relu
        found["n_patterns"] = unread or relus.n_patterns
        found["codes"] = unread or Codes(tuple(relus.kernels), tuple(relus.reached) if backward else None)
    if "random_gradients" in passes:
        loss = F.cross_entropy(logits, random_labels(x, logits.shape[1], seed))
        grads = torch.autograd.grad(loss, parameters, retain_graph="jacobian" in passes, allow_unused=True)
        found["random_gradients"] = _gradients(float(loss.detach()), parameters, grads)
    if "jacobian" in passes:
        found["jacobian"] = _jacobian(logits, x)
    return found


def _n_live(net: nn.Module, logits: torch.Tensor, x: torch.Tensor) -> int | Unmeasurable:
    try:
        refuse_scripted(net)
    except Unmeasurable as hidden:
        return hidden.alone()
    return sum(leaf.numel() for leaf in reached(logits) if leaf is not x)


def _gradients(loss: float, parameters: Sequence[nn.Parameter], grads: Sequence[torch.Tensor | None]) -> Gradients:
    filled = tuple(torch.zeros_like(p) if g is None else g for p, g in zip(parameters, grads, strict=True))
    return Gradients(loss, filled, rounding(parameters[0]))


def reached(output: torch.Tensor) -> list[torch.Tensor]:
    """The leaves that require gradients and that `output` was computed from, each once.

    >>> a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    >>> [leaf.shape[0] for leaf in reached((a * 2).sum() + a[0])]
    [2]
    """
    found: dict[int, torch.Tensor] = {}
    seen, left = set(), [output.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        left += [following for following, _ in node.next_functions]
    return list(found.values())


def _forward(
    net: nn.Module, x: torch.Tensor, watches: "Sequence[ReluWatch | LayerWatch | FeatureWatch | None]", graph: bool
) -> torch.Tensor:
    with torch.set_grad_enabled(graph), ExitStack() as stack:
        images = x.clone()  # a network may work on them in place
        for watch in watches:
            if watch:
                stack.enter_context(watch)
        logits = logits_of(net(images), len(x))
    return logits


def _jacobian(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor | Unmeasurable:
    """Rows d(sum of all logits)/dx_n (N, C*H*W). Unmeasurable if they are rounding errors of zeros.

    That is so where every path ends in a normalisation: the sum over a batch of what it gives does not depend on the
    batch. A row times its image says how far the logits owe their size to the image: 0.1 to 10 in ordinary networks.
    """
    nothing = Unmeasurable(NO_RESPONSE)
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
