"""Which parameters of a network count as weights, and which networks cannot be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from nasgauge.estimators.zeroshot.functions import called, refuse_scripted
from nasgauge.estimators.zeroshot.record import Unmeasurable

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CHANNELLED = (*_CONVOLUTIONS, nn.Linear)  # a weight of theirs feeds one channel of their output
SCALES = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.PReLU),
)
_ATTENTION = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
# type -> (its weights, its biases)
_READ: dict[type[nn.Module], tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys((*CHANNELLED, nn.Bilinear), (("weight",), ("bias",))),
    **dict.fromkeys((nn.Embedding, nn.EmbeddingBag), (("weight",), ())),
    nn.MultiheadAttention: (_ATTENTION, ("in_proj_bias", "bias_k", "bias_v")),
}
OTHERS = ("refuse", "count", "omit")
_BIASES = frozenset(name for _, biases in _READ.values() for name in biases)


@dataclass
class Weight:
    """A weight that is trained: its name, the parameter, and the modules that own it (several where it is shared)."""

    name: str
    parameter: nn.Parameter
    modules: list[tuple[str, nn.Module]]


def weights_of(net: nn.Module, others: str = "refuse") -> list[Weight]:
    """The trainable weights of all convolutions (1d to 3d, transposed, grouped), linear and bilinear layers, embeddings
    and attentions, in the order of the modules; one that is shared once.

    Biases of these layers, scales and shifts of normalisations and slopes of PReLUs never count. Unmeasurable if there
    are none, or if a module owns other parameters, for nobody can tell which of them are weights; unless `others` says
    that they count, but for what is called bias ("count"), or that they do not ("omit"). A weight is called after its
    module, or "<module>.<parameter>" if the parameter is not called "weight".
    """
    found: dict[int, Weight] = {}
    for prefix, module in net.named_modules():
        own = {name: p for name, p in module._parameters.items() if p is not None}
        names = _weights_among(own, prefix, module, others)
        for name in names:
            parameter = own[name]
            if not parameter.requires_grad:
                continue
            label = prefix if name == "weight" and prefix else f"{prefix}.{name}".lstrip(".")
            found.setdefault(id(parameter), Weight(label, parameter, [])).modules.append((prefix, module))
    if not found:
        raise Unmeasurable("the network has no weights that are trained")
    return list(found.values())


def _weights_among(own: dict[str, nn.Parameter], prefix: str, module: nn.Module, others: str) -> Sequence[str]:
    if not own or (isinstance(module, SCALES) and set(own) <= {"weight", "bias"}):
        return ()
    for kind, (weights, biases) in _READ.items():
        if isinstance(module, kind) and set(own) <= {*weights, *biases}:
            if not set(own) & set(weights):
                raise Unmeasurable(f"{called(prefix, module)} computes its weight instead of storing it")
            return [name for name in weights if name in own]
    if others == "refuse":
        raise Unmeasurable(
            f"{called(prefix, module)} has parameters of which it is not known which are weights: {', '.join(own)}; "
            "other_parameters = 'count' or 'omit' decides it"
        )
    refuse_scripted(module)
    known = {name for kind, (weights, _) in _READ.items() if isinstance(module, kind) for name in weights}
    scales = {"weight", "bias"} if isinstance(module, SCALES) else set()
    counted = set(own) - scales if others == "count" else set()
    return [name for name in own if name in known or (name in counted and not name.startswith("bias"))]


def gaussian_state(
    net: nn.Module, weights: Sequence[Weight], draw: Callable[[torch.Tensor], torch.Tensor]
) -> dict[int, torch.Tensor]:
    """Fresh values by id: weights from `draw(parameter)`, biases 0, scales 1, shifts 0; anything else stays."""
    drawn = {id(w.parameter) for w in weights}
    fresh: dict[int, torch.Tensor] = {}
    for module in net.modules():
        for name, parameter in module._parameters.items():
            if parameter is None or id(parameter) in fresh:
                continue
            if id(parameter) in drawn:
                fresh[id(parameter)] = draw(parameter)
            elif name in _BIASES:
                fresh[id(parameter)] = torch.zeros_like(parameter)
            elif isinstance(module, SCALES) and not isinstance(module, nn.PReLU):
                fresh[id(parameter)] = torch.ones_like(parameter)
    return fresh
