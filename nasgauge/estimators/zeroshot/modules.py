"""Proxies of any networks: modules by name, without a search space."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from nasgauge.core.errors import UserError, check_seed
from nasgauge.core.lists import listed
from nasgauge.estimators.estimator import Estimates
from nasgauge.estimators.zeroshot.inputs import Batch, draw_batches
from nasgauge.estimators.zeroshot.proxies import PROXIES
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.zero_shot import ZeroShot
from nasgauge.nets import NetOptions
from nasgauge.spaces import Arch, ListedSpace

_BATCH_SIZE = 64


def measure(
    modules: Mapping[str, nn.Module | Callable[[], nn.Module]],
    images: Any = None,
    labels: Any = None,
    *,
    proxies: str | Sequence[str | Proxy] | None = None,
    batches: Sequence[Batch] | None = None,
    n_batches: int = 1,
    batch_size: int | None = None,
    other_parameters: Literal["refuse", "count", "omit"] = "refuse",
    seed: int = 0,
    device: str = "cpu",
    precision: str = "float32",
) -> Estimates:
    """Zero-shot scores of any networks, by name: `scores` (table SCORES, arch = the name), `errors` and `costs`.

    modules: a module is measured as it is, on a copy; a function without arguments builds one, with PyTorch's, NumPy's
    and Python's random numbers seeded with `seed`, when its turn comes, so that one network is in memory at a time. It
    gives logits (images, classes), or an output with an entry or attribute `logits`. images: tensor or array (M, C, H,
    W) standardised, or what else the networks take: sequences (M, C, L), vectors (M, F), volumes, int64 tokens (M, L);
    labels: whole numbers (M,) from 0. Of these, `n_batches` disjoint batches are drawn with `seed`, of `batch_size`
    each: if absent as many as there are, at most 64. batches: pairs of images and labels in their place, as they are.
    proxies: names of PROXIES, Proxy objects or functions (default: all that need one batch only). other_parameters:
    whether parameters that belong to no known layer (class tokens, position tables, recurrent layers) "count" as
    weights or not ("omit"); "refuse": networks that have some have no scores of weights. `seed`, `device`, `precision`:
    as in `ZeroShot`, by which everything is measured.

    Whatever cannot be built, counted or measured is missing in `scores`, and has its reason in `errors`. UserError: no
    modules, names that are not distinct printable text, values of another kind, images or labels that do not fit.

    >>> nets = {"linear": nn.Sequential(nn.Flatten(), nn.Linear(8, 2)), "conv": lambda: nn.Conv1d(2, 2, 4)}
    >>> found = measure(nets, torch.linspace(-1, 1, 48).reshape(6, 2, 4), torch.arange(6) % 2, proxies=["n_params"])
    >>> found.scores[["arch", "score"]].values.tolist()
    [['linear', 18.0], ['conv', 18.0]]
    """
    check_seed(seed, "measure: seed")
    networks = _networks(modules)
    space = ListedSpace("modules", networks)
    chosen = (
        [p for p in PROXIES.values() if not p.pooled]
        if proxies is None
        else listed(proxies, "measure: proxies", "proxies")
    )
    pairs = _batches(images, labels, batches, n_batches, batch_size, seed)
    shape = pairs[0][0].shape
    options = NetOptions(
        in_channels=shape[1] if len(shape) > 1 else 1, n_classes=max(1, *(int(y.max()) + 1 for _, y in pairs))
    )
    estimator = ZeroShot(
        space, chosen, pairs, options, seed=seed, device=device, precision=precision,
        other_parameters=other_parameters,
        network=lambda arch: _made(networks[space.to_str(arch)]),
    )  # fmt: skip
    archs: list[Arch] = list(space.enumerate())
    return estimator.estimate(archs)


def _networks(modules: object) -> Mapping[str, nn.Module | Callable[[], nn.Module]]:
    if not isinstance(modules, Mapping) or not modules:
        raise UserError(f"measure: modules is {modules!r:.80}; give a dictionary of names to modules, one at least")
    for name, value in modules.items():
        if not isinstance(value, nn.Module) and not callable(value):
            raise UserError(
                f"measure: {name!r:.80} is of type {type(value).__name__}; give a torch.nn.Module, or a function "
                "without arguments that builds one"
            )
        if not isinstance(name, str):
            raise UserError(f"measure: {name!r:.80} is not a name; give text")
    return modules


def _made(value: nn.Module | Callable[[], nn.Module]) -> nn.Module:
    net = copy.deepcopy(value) if isinstance(value, nn.Module) else value()
    if not isinstance(net, nn.Module):
        raise Unmeasurable(f"its function returns {type(net).__name__}; a torch.nn.Module is needed")
    return net


def _batches(
    images: Any, labels: Any, batches: Sequence[Batch] | None, n_batches: int, batch_size: int | None, seed: int
) -> Sequence[Batch]:
    if batches is not None:
        if images is not None or labels is not None:
            raise UserError("measure: both images and batches are given; give images and labels, or batches")
        pairs = list(batches)
        if not pairs or not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
            raise UserError("measure: batches must be pairs of images and labels, one at least")
        return [(_tensor(x, "images"), _tensor(y, "labels", whole=True)) for x, y in pairs]
    if images is None or labels is None:
        raise UserError("measure: no images; give images and labels, or batches = [(images, labels), ...]")
    x, y = _tensor(images, "images"), _tensor(labels, "labels", whole=True)
    if batch_size is None:
        batch_size = max(
            1, min(_BATCH_SIZE, len(x) // n_batches if isinstance(n_batches, int) and n_batches > 0 else 1)
        )
    return draw_batches(x, y, n_batches=n_batches, batch_size=batch_size, rng=np.random.default_rng(seed))


def _tensor(values: Any, what: str, *, whole: bool = False) -> torch.Tensor:
    """Values as a tensor with rows; whole numbers of any type as int64."""
    try:
        tensor = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"measure: {what} are of type {type(values).__name__}; give a tensor or an array ({error})"
        ) from error
    if not tensor.dim() or not len(tensor):
        raise UserError(
            f"measure: {what} of shape {tuple(tensor.shape)}; give at least one, the first dimension is theirs"
        )
    is_whole = not tensor.is_floating_point() and not tensor.is_complex() and tensor.dtype != torch.bool
    if whole and not is_whole:
        raise UserError(f"measure: {what} are {str(tensor.dtype).removeprefix('torch.')}; give whole numbers from 0")
    return tensor.long() if whole else tensor
