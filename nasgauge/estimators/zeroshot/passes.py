"""Run the passes that are wanted, each once, and gather them in a record."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot.cells_pass import cells_pass
from nasgauge.estimators.zeroshot.correlation_pass import correlation_pass
from nasgauge.estimators.zeroshot.curvature import curvature
from nasgauge.estimators.zeroshot.flow_pass import flow
from nasgauge.estimators.zeroshot.health_pass import health_pass
from nasgauge.estimators.zeroshot.information_pass import information_pass
from nasgauge.estimators.zeroshot.kernels_pass import ntk_pass
from nasgauge.estimators.zeroshot.probe_pass import PROBES, probe_pass
from nasgauge.estimators.zeroshot.record import Layer, Record, Unmeasurable
from nasgauge.estimators.zeroshot.shared_pass import FIELDS, shared_pass
from nasgauge.estimators.zeroshot.substitute import undisturbed
from nasgauge.estimators.zeroshot.weights import Weight, weights_of
from nasgauge.estimators.zeroshot.zen_pass import zen_pass
from nasgauge.nets import unrounded


@dataclass(frozen=True)
class MeasurementContext:
    """What a pass may look at: the quiet network, its weights, the batch, the options, earlier finds."""

    net: nn.Module
    weights: list[Weight] | Unmeasurable
    x: torch.Tensor
    y: torch.Tensor
    seed: int
    zen_mixture: float
    zen_repeats: int
    wanted: frozenset[str]
    found: dict[str, object]

    def read(self) -> list[Weight]:
        """The weights; Unmeasurable if they cannot be read."""
        if isinstance(self.weights, Unmeasurable):
            raise self.weights
        return self.weights


def _shared(s: MeasurementContext) -> dict[str, object]:
    return shared_pass(s.net, s.weights, s.x, s.y, s.wanted & FIELDS, seed=s.seed)


def _curvature(s: MeasurementContext) -> dict[str, object]:
    gradients = s.found["gradients"]
    if isinstance(gradients, Unmeasurable):
        raise gradients
    with unrounded(s.x.device):  # a second derivative of rounded products is off by up to a half
        if gradients.rounded:
            gradients = shared_pass(s.net, s.read(), s.x, s.y, {"gradients"}, seed=s.seed)["gradients"]
        return {"curvature": curvature(s.net, s.read(), gradients.weights, s.x, s.y)}


def _zen(s: MeasurementContext) -> dict[str, object]:
    generator = torch.Generator().manual_seed(s.seed)  # on the CPU, so that every device draws the same
    options = {"mixture": s.zen_mixture, "repeats": s.zen_repeats, "generator": generator}
    with unrounded(s.x.device):  # the two features differ by the mixture, less than what is rounded away elsewhere
        return {"zen": zen_pass(s.net, s.read(), s.x, **options)}


def _probes(s: MeasurementContext) -> dict[str, object]:
    with unrounded(s.x.device):  # few images, so that it costs little
        return probe_pass(s.net, s.x, s.wanted & PROBES, seed=s.seed)


def _ntk(s: MeasurementContext) -> dict[str, object]:
    with unrounded(s.x.device):
        return {"ntk": ntk_pass(s.net, s.x)}


def _of_noise(
    field: str, measured: Callable[[nn.Module, torch.Tensor, torch.Generator], object]
) -> tuple[frozenset[str], Callable[[MeasurementContext], dict[str, object]]]:
    """A stage that looks at Gaussian images of the batch's shape, of its own generator."""

    def run(s: MeasurementContext) -> dict[str, object]:
        if not s.x.is_floating_point():
            raise Unmeasurable(f"the inputs are {s.x.dtype}, for which there is no Gaussian image")
        with unrounded(s.x.device):
            return {field: measured(s.net, s.x, torch.Generator().manual_seed(s.seed))}

    return frozenset({field}), run


# name of the stage -> (fields of the record it can fill, how); in this order
STAGES: dict[str, tuple[frozenset[str], Callable[[MeasurementContext], dict[str, object]]]] = {
    "shared": (FIELDS, _shared),
    "curvature": (frozenset({"curvature"}), _curvature),
    "synflow": (
        frozenset({"synflow"}),
        lambda s: {"synflow": flow(s.net, s.read(), s.x, keep_bn=False)},
    ),
    "synflow_bn": (
        frozenset({"synflow_bn"}),
        lambda s: {"synflow_bn": flow(s.net, s.read(), s.x, keep_bn=True)},
    ),
    "zen": (frozenset({"zen"}), _zen),
    "probes": (PROBES, _probes),
    "cells": _of_noise("cells", cells_pass),
    "health": _of_noise("health", health_pass),
    "information": _of_noise("information", information_pass),
    "channel_correlations": _of_noise("channel_correlations", correlation_pass),
    "ntk": (frozenset({"ntk"}), _ntk),
}
PASSES = frozenset().union(*(fields for fields, _ in STAGES.values())) | {"layers"}


def record_of(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    passes: Collection[str],
    *,
    arch: str = "",
    seed: int = 0,
    zen_mixture: float = 1e-2,
    zen_repeats: int = 1,
    seconds: dict[str, float] | None = None,
    foreign: bool = False,
    other_parameters: str = "refuse",
) -> Record:
    """The record of a network on one batch, x (N, C, H, W) and y (N,) int64; each needed pass runs once.

    The network is left exactly as it was: parameters, buffers, gradients, flags and hooks. Normalisations use the
    batch's own statistics, dropout is off. Weights are those of `weights_of`, which says what `other_parameters` are;
    where they cannot be read, all that needs them fails. A pass that fails (see `as_unmeasurable`) leaves its reason in
    `failures`; the others still run, and nothing is retried in another way. foreign: the network is somebody's own, and
    whatever it raises fails its pass.
    `seconds`: if given, the wall seconds of each stage are added to it.

    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    >>> record = record_of(net, torch.randn(6, 1, 4, 4), torch.arange(6) % 3, {"gradients", "codes"})
    >>> [layer.name for layer in record.layers], record.codes.kernels[0].shape, record.synflow
    (['0', '4'], torch.Size([6, 6]), None)
    """
    unknown = set(passes) - PASSES
    if unknown:
        raise ValueError(f"no such pass: {', '.join(sorted(unknown))}; there are {', '.join(sorted(PASSES))}")
    wanted = frozenset(passes) | ({"gradients"} if "curvature" in passes else set())
    found: dict[str, object] = {}
    weights = _weights(net, other_parameters)
    if isinstance(weights, Unmeasurable):
        found["layers"] = weights
    context = MeasurementContext(net, weights, x, y, seed, zen_mixture, zen_repeats, wanted, found)
    with undisturbed(net):
        for stage, (fields, run) in STAGES.items():
            if not fields & wanted:
                continue
            start = time.perf_counter()
            try:
                with as_unmeasurable(anything=foreign):
                    found.update(run(context))
            except Unmeasurable as failure:
                found.update(dict.fromkeys(fields & wanted, failure.alone()))
            if seconds is not None:
                seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start
    return Record(
        arch=arch,
        seed=seed,
        labels=y,
        n_classes=found.pop("n_classes", None),
        layers=() if isinstance(weights, Unmeasurable) else tuple(Layer(w.name, w.parameter.detach()) for w in weights),
        failures={field: str(value) for field, value in found.items() if isinstance(value, Unmeasurable)},
        **{field: value for field, value in found.items() if not isinstance(value, Unmeasurable)},
    )


def _weights(net: nn.Module, others: str) -> list[Weight] | Unmeasurable:
    try:
        return weights_of(net, others)
    except Unmeasurable as failure:
        return failure.alone()


_OF_NUMBERS = (RuntimeError, TypeError, ValueError, ArithmeticError, IndexError, AssertionError, MemoryError)


@contextmanager
def as_unmeasurable(*, anything: bool = False) -> Iterator[None]:
    """What torch raises on numbers, shapes, types and memory becomes Unmeasurable, with type and message as its reason.

    A mistake of another kind (KeyError, AttributeError, UserError, ...) is one in the program and propagates; with
    `anything` it may be one in somebody's own network, and becomes Unmeasurable too.
    """
    try:
        yield
    except Unmeasurable:
        raise
    except Exception as error:
        if not anything and not isinstance(error, _OF_NUMBERS):
            raise
        raise Unmeasurable(reason(error)) from error


def reason(error: BaseException) -> str:
    """An exception as one line of at most 300 characters: what Unmeasurable says, else type and message.

    >>> reason(TypeError("no such thing")), reason(MemoryError("9 GB"))
    ('TypeError: no such thing', 'out of memory: 9 GB')
    """
    text = " ".join(str(error).split())
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in text:
        text = f"out of memory: {text}"
    elif not isinstance(error, Unmeasurable | UserError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= 300 else text[:297] + "..."
