"""Words of one-shot estimators, of proxies on their weights, and of ensembles of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn

from nasgauge.core.errors import UserError, check_name, unknown_name
from nasgauge.estimators import Estimator, Inherited
from nasgauge.estimators.batches import batches, parted, whole
from nasgauge.estimators.context import Family, Need, Place
from nasgauge.estimators.network import network_options
from nasgauge.estimators.oneshot import (
    OPTIONAL,
    PROTOCOLS,
    SAMPLERS,
    ForgettingProbe,
    GradientProbe,
    OneShot,
    Probe,
    Protocol,
    get_sampler,
    names,
    path_string,
    per_cell,
)
from nasgauge.estimators.oneshot.tensorboard import tensorboard_logger
from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.images import ImageData, Split
from nasgauge.nets import NetOptions, Path, SupernetOptions, check_precision, device_named, supernet
from nasgauge.spaces import Arch, Space
from nasgauge.studies.schema import Options, options_for

_N_LOOKED_AT = 1_000  # architectures of a restricted space, to see whether any is alive


@dataclass(frozen=True)
class OneShotWords:
    """One-shot: a supernet is trained, architectures are scored with its weights. `label`: its name in tables.

    `sampler`, `sampler_options`: which architectures a step trains; `share_topology`: all cells alike in training;
    `without`: operations that the supernet lacks. `protocol`: one of PROTOCOLS, `training`: its keys to change,
    `epochs` likewise. `net`, `supernet`: the keys of NetOptions and SupernetOptions. `data`, `data_path`: images, of
    which the last `valid_share` validate, in the file's order or shuffled by `split_seed` (a data set that states its
    own parts, such as "crops", keeps them). `checkpoints`: epochs whose weights are kept and scored.
    `score_batch_size`, `n_score_batches`: of the validation images. `averages`: numbers of checkpoints whose weights
    are averaged. `post_deiso`: also average the scores over an isomorphism class. `form`: the canonical form of these
    classes, and of those that a supernet `without` operations judges by another member. `forgetting_epochs`,
    `gradient_epochs`: when to record the forgetting of `n_forgetting_archs` architectures, and gradients of
    `n_gradient_archs` architectures on `n_gradient_images` training images. `tensorboard`: folder for its logs.
    `device`: where the supernet lives, as for `device_named`; `score_precision`: of scoring, a name of
    nets.PRECISIONS but "float64" (that of training is `amp` of the protocol).
    """

    label: str = "oneshot"
    sampler: str = "uniform"
    sampler_options: Options | None = None
    share_topology: bool = True
    without: Sequence[str] = ()
    protocol: str = "digits"
    training: Options | None = None
    epochs: int | None = None
    net: Options | None = None
    supernet: Options | None = None
    data: str = "digits"
    data_path: str | None = None
    valid_share: float = 0.2
    split_seed: int | None = None
    checkpoints: Sequence[int] = ()
    score_batch_size: int = 128
    n_score_batches: int | None = None
    averages: Sequence[int] = ()
    post_deiso: bool = False
    form: str | None = None
    forgetting_epochs: Sequence[int] = ()
    gradient_epochs: Sequence[int] = ()
    n_forgetting_archs: int = 20
    n_gradient_archs: int = 12
    n_gradient_images: int = 256
    tensorboard: str | None = None
    device: str = "cpu"
    score_precision: str = "float32"


@dataclass(frozen=True)
class InheritedWords:
    """Zero-shot proxies on the weights of a trained supernet. `of`: its label; `epochs`: which checkpoints.

    `proxies`, `data`, `data_path`, `n_batches`, `batch_size`, `precision`: as for "zeroshot". They are measured on the
    supernet's device.
    """

    of: str = "oneshot"
    epochs: Sequence[int] = ()
    proxies: Sequence[str] = ("grad_norm", "snip", "synflow", "jacob_cov", "relu_logdet")
    data: str = "digits"
    data_path: str | None = None
    n_batches: int = 1
    batch_size: int = 64
    precision: str = "float32"


@dataclass(frozen=True)
class EnsembleWords:
    """Scores averaged over the seeds of an estimator of the same study, e.g. over several supernets. `of`: its name."""

    of: str = "oneshot"


def _build(options: Options, space: Space, seed: int, place: Place) -> OneShot:
    words: OneShotWords = options_for(OneShotWords, options, "estimator 'oneshot'")
    where = f"estimator {words.label!r}"
    if "/" in check_name(words.label, where):
        raise UserError(f"{where}: the label is part of a folder's name; leave out the '/'")
    device = device_named(words.device, where)
    check_precision(words.score_precision, device, where, option="score_precision")
    data = whole(words.data, words.data_path)
    split = parted(data, words.valid_share, words.split_seed, where)
    shape = {"in_channels": data.images.shape[1], "n_classes": data.n_classes}
    net = network_options(space, words.net, shape, f"{where}, net", trained=True)
    shared = options_for(SupernetOptions, words.supernet or {}, f"{where}, supernet")
    protocol = _protocol(words, where)
    _check(words, space, protocol, where)
    space = _restricted(space, words.without, where)
    stream = partial(_stream, words, _n_streams(words, space, net, shared))
    first_step = next(stream(space, rng=np.random.default_rng(0)))  # not of `seed`: all seeds share their settings
    return OneShot(
        space, data, split, stream, protocol, net=net, supernet=shared, seed=seed, label=words.label,
        checkpoint_epochs=tuple(words.checkpoints), score_batch_size=words.score_batch_size,
        n_score_batches=words.n_score_batches, averages=tuple(words.averages), post_deiso=words.post_deiso,
        form=words.form, judged=place.judged, probes=_probes(words, space, data, split, seed),
        settings=_settings(protocol, net, len(first_step)), checkpoints=place.checkpoints(words.label, seed),
        progress=place.progress, on_epoch=_logger(words, seed), device=words.device,
        score_precision=words.score_precision,
    )  # fmt: skip


def _restricted(space: Space, without: Sequence[str], where: str) -> Space:
    for name in without:
        if name not in space.options:
            raise unknown_name("operation", name, space.options)
    if not without:
        return space
    rest = space.restrict([name for name in space.options if name not in without])
    rng = np.random.default_rng(0)
    if not any(sum(rest.op_counts(rest.sample(rng), live=True).values()) for _ in range(_N_LOOKED_AT)):
        raise UserError(
            f"{where}: without {', '.join(without)} no path leads from input to output; keep another operation"
        )
    return rest


def _protocol(words: OneShotWords, where: str) -> Protocol:
    """The protocol of that name, with the keys that are changed; "none" is None, which no file can hold."""
    if words.protocol not in PROTOCOLS:
        raise unknown_name("protocol", words.protocol, PROTOCOLS)
    changed = dict(words.training or {})
    if words.epochs is not None:
        if "epochs" in changed:
            raise UserError(f"{where}: epochs stands in training too; remove one of the two")
        changed["epochs"] = words.epochs
    changed |= {name: None for name in OPTIONAL & changed.keys() if changed[name] == "none"}
    return options_for(Protocol, vars(PROTOCOLS[words.protocol]) | changed, f"{where}, training")


def _check(words: OneShotWords, space: Space, protocol: Protocol, where: str) -> None:
    """UserError for words that say nothing beside the others."""
    if words.form is not None:
        if words.form not in space.forms:
            raise unknown_name(f"canonical form of {space.name}", words.form, space.forms)
        if not (words.post_deiso or words.without):
            raise UserError(
                f"{where}: form = {words.form!r}, but no class is asked for; set post_deiso, or leave it out"
            )
    for epochs, first, options in (
        ("forgetting_epochs", 1, ("n_forgetting_archs",)),
        ("gradient_epochs", 0, ("n_gradient_archs", "n_gradient_images")),
    ):
        chosen = getattr(words, epochs)
        outside = [epoch for epoch in chosen if not first <= epoch <= protocol.epochs]
        if outside:
            raise UserError(f"{where}: {epochs} holds {outside[0]}; give {first} to {protocol.epochs}")
        for name in options:
            if not chosen and getattr(words, name) != getattr(OneShotWords, name):
                raise UserError(f"{where}: {name} says nothing without {epochs}; give these, or leave it out")


def _settings(protocol: Protocol, net: NetOptions, n_samples: int) -> dict[str, float]:
    """The numbers that studies like to vary; n_samples: architectures that a step trains."""
    chosen = {name: getattr(protocol, name) for name in ("epochs", "lr", "batch_size", "train_share", "weight_decay")}
    chosen |= {"channels": net.channels, "n_cells": net.n_cells, "n_samples": n_samples}
    return {name: float(value) for name, value in chosen.items()}


def _n_streams(words: OneShotWords, space: Space, net: NetOptions, shared: SupernetOptions) -> int | None:
    """How many cells of the supernet have an architecture of their own; None: all have the same."""
    return None if words.share_topology else supernet(space, net, shared, generator=torch.Generator()).n_cells


def _stream(
    words: OneShotWords, n_streams: int | None, space: Space, *, rng: np.random.Generator
) -> Iterator[list[Path]]:
    sampler, options = get_sampler(words.sampler), words.sampler_options or {}
    if n_streams is None:
        return sampler(space, rng=rng, **options)
    return per_cell([sampler(space, rng=child, **options) for child in rng.spawn(n_streams)])


def _probes(words: OneShotWords, space: Space, data: ImageData, split: Split, seed: int) -> tuple[Probe, ...]:
    """Validation images for forgetting; for gradients, training images and architectures drawn from the seed."""
    probes: list[Probe] = []
    name = partial(path_string, space)
    if words.forgetting_epochs:
        x, y = data.images[split.valid], data.labels[split.valid]
        probes.append(
            ForgettingProbe(tuple(words.forgetting_epochs), x, y, max_archs=words.n_forgetting_archs, to_str=name)
        )
    if words.gradient_epochs:
        rng = np.random.default_rng([seed, 1])
        archs = [next(SAMPLERS["uniform"](space, rng=rng, live_conv=True))[0] for _ in range(words.n_gradient_archs)]
        rows = split.train[: words.n_gradient_images]
        probes.append(GradientProbe(tuple(words.gradient_epochs), archs, data.images[rows], data.labels[rows], name))
    return tuple(probes)


def _logger(words: OneShotWords, seed: int) -> Callable[[Mapping[str, float]], None] | None:
    if words.tensorboard is None:
        return None
    return tensorboard_logger(f"{words.tensorboard}/{words.label}-seed{seed}")


def _inherited(options: Options, space: Space, seed: int, place: Place) -> Estimator:
    where = "estimator 'inherited'"
    words: InheritedWords = options_for(InheritedWords, options, where)
    if words.of not in place.supernets:
        raise unknown_name("supernet (the label of a 'oneshot' above)", words.of, place.supernets)
    parent = _build(place.supernets[words.of], space, seed, place)
    check_precision(words.precision, device_named(parent.device, where), where)
    _, drawn = batches(words.data, words.data_path, words.n_batches, words.batch_size, seed)

    def on(network: Callable[[Arch], nn.Module]) -> Estimator:
        return ZeroShot(
            space, tuple(words.proxies), drawn, net=parent.net, seed=seed, network=network, device=parent.device,
            precision=words.precision,
        )  # fmt: skip

    choose = parent.stand_ins()

    def networks(epoch: int) -> Callable[[Arch], nn.Module]:
        net = parent.trained(epoch)
        return lambda arch: net.standalone(choose(arch))

    return Inherited(on, networks, _epochs(words, parent.epochs), words.of, choose.told)


def _epochs(words: InheritedWords, kept: Sequence[int]) -> tuple[int, ...]:
    """The checkpoints to measure on, the last one always."""
    absent = [e for e in words.epochs if e not in kept]
    if absent:
        raise UserError(f"estimator 'inherited': {words.of!r} keeps no checkpoint of epoch {absent[0]}, only {kept}")
    return tuple(sorted({*words.epochs, kept[-1]}))


def _ensemble(scores: pd.DataFrame, options: Options) -> pd.DataFrame:
    words: EnsembleWords = options_for(EnsembleWords, options, "estimator 'ensemble'")
    part = scores[scores["estimator"] == words.of]
    wide = part.pivot(index="arch", columns="seed", values="score").dropna()  # scored by every seed
    rows = {"estimator": f"{words.of}_ensemble", "arch": wide.index, "seed": 0, "score": wide.mean(axis=1).round(12)}
    return pd.DataFrame(rows).reset_index(drop=True)


ONESHOT = Family(OneShotWords, lambda w: names(w.label, w.averages, w.post_deiso), build=_build, trains=True, chunk=500)
INHERITED = Family(
    InheritedWords, lambda w: [f"{w.of}_{p}" for p in w.proxies], build=_inherited, needs=lambda w: [Need(w.of, "none")]
)
ENSEMBLE = Family(
    EnsembleWords, lambda w: (f"{w.of}_ensemble",), combine=_ensemble, needs=lambda w: [Need(w.of, every_seed=True)]
)
