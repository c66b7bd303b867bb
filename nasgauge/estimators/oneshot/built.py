"""From a configuration to a one-shot estimator."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch

from nasgauge.core.config import Options, parsed
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.images import parted, whole
from nasgauge.estimators.network import images_of, network_options
from nasgauge.estimators.oneshot.one_shot import OneShot
from nasgauge.estimators.oneshot.origins import StartConfig, check_epoch
from nasgauge.estimators.oneshot.recording import check_landscape, probes
from nasgauge.estimators.oneshot.restricted import restricted
from nasgauge.estimators.oneshot.samplers import Sampler, get_sampler, per_cell
from nasgauge.estimators.oneshot.sampling import given_archs
from nasgauge.estimators.oneshot.settings import choices, numbers
from nasgauge.estimators.oneshot.start import Start
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys
from nasgauge.estimators.oneshot.tensorboard import tensorboard_logger
from nasgauge.images import ImageData
from nasgauge.nets import NetOptions, Path, SupernetOptions, check_precision, device_named, supernet
from nasgauge.spaces import Space


def built(config: SupernetKeys, context: RunContext) -> OneShot:
    """The estimator; UserError for what does not fit the space or the images."""
    where, space, seed = config.where, context.space, context.seed
    device = device_named(config.device, where)
    check_precision(config.score_precision, device, where, option="score_precision")
    images = images_of(context.training, config)
    data = whole(*images)
    split = parted(data, config.valid_share, config.split_seed)
    shape = {"in_channels": data.images.shape[1], "n_classes": data.n_classes}
    net = network_options(context, config.net, shape, f"{where}, net", trained=True, size=data.images.shape[-2:])
    shared = parsed(config.supernet, SupernetOptions, f"{where}, supernet")
    protocol = config.whole_protocol
    if config.form is not None and config.form not in space.forms:
        raise unknown_name(f"canonical form of {space.name}", config.form, space.forms)
    space = restricted(space, config.without, where)
    smaller = tuple(restricted(space, lost, f"{where}, also_without") for lost in config.also_without)
    drawn = get_sampler(config.sampler)  # once, so that all seeds and steps are drawn by the same code
    options, archs = config.sampler_options, _top(config, drawn, context)
    n_topologies = _n_topologies(config, space, net, shared)
    if config.top is not None:  # any one, as long as there are no scores, to find mistakes before there is work
        options = {**options, "archs": archs or [space.to_str(space.sample(np.random.default_rng(0)))]}
    sampler = partial(_sampler, drawn, options, n_topologies)
    first_step = next(sampler(space, rng=np.random.default_rng(0)))  # not of `seed`: all seeds share their settings
    described = choices(
        config, net, shared, drawn, data=images[0], fingerprint=images[2], form=config.form or space.forms[0]
    )
    if config.top is not None and archs is None:
        sampler = partial(_not_scored_yet, f"{where}, top: there are no scores of {config.top.of!r} yet; run a study")
    start = _start(config.start, context, where)
    made = OneShot(
        space, data, split, sampler, protocol, net=net, supernet=shared, seed=seed, label=config.label,
        checkpoint_epochs=config.checkpoints, score_batch_size=config.score_batch_size,
        n_score_batches=config.n_score_batches, score_shift=config.score_shift, averages=config.averages,
        post_deiso=config.post_deiso,
        form=config.form, judged=context.judged, smaller=smaller, probes=probes(config, space, data, split, seed),
        settings=numbers(protocol, net, len(first_step)), choices=described,
        checkpoints=context.checkpoints(_apart(config.label, data)),
        progress=context.progress, on_epoch=_logger(config, seed), device=config.device,
        score_precision=config.score_precision, start=start,
        given=_alone(config, space, archs),
    )  # fmt: skip
    if start is not None:
        start.check(made.fresh(), where)
    if config.landscape is not None:
        check_landscape(made, config.landscape, f"{where}, landscape")
    return made


def _start(config: StartConfig | None, context: RunContext, where: str) -> Start | None:
    """Where a supernet of this context starts; UserError for an unknown label or an epoch that is not kept."""
    if config is None:
        return None
    if config.of not in context.supernets:
        known = unknown_name("supernet (the label of a 'oneshot' above)", config.of, context.supernets)
        raise UserError(f"{where}, start: {known}")
    parent = context.supernets[config.of].build(context)
    if not isinstance(parent, OneShot):
        raise UserError(f"{where}, start: {config.of!r} is not one supernet; name a 'oneshot' above")
    epoch = parent.epochs[-1] if config.epoch is None else config.epoch
    check_epoch(epoch, parent.epochs, config.of, f"{where}, start")
    return Start(parent, epoch)


def _top(config: SupernetKeys, sampler: Sampler, context: RunContext) -> list[str] | None:
    """The architectures that the sampler is given; None where there is no choice by score, or no score yet."""
    if config.top is None:
        return None
    if "archs" not in inspect.signature(sampler.function).parameters:
        raise UserError(
            f"{config.where}: sampler {config.sampler!r} takes no archs from top; choose 'subset' or 'mixture'"
        )
    config.top.check(context, config.where)
    return config.top.archs(context, config.where)


def _alone(config: SupernetKeys, space: Space, top: Sequence[str] | None) -> tuple[str, ...]:
    """The architectures that are sampled alone, by score or as listed; none where others are sampled too."""
    if config.sampler != "subset" or (config.top is not None and top is None):  # not scored yet
        return ()
    listed = config.sampler_options.get("archs", ()) if top is None else top
    return tuple(dict.fromkeys(space.to_str(arch) for arch in given_archs(space, listed, config.where)))


def _not_scored_yet(reason: str, space: Space, *, rng: np.random.Generator) -> Iterator[list[Path]]:
    """A sampler that cannot draw."""
    raise UserError(reason)
    yield


def _apart(label: str, data: ImageData) -> str:
    """The label of its checkpoints, apart for each content of the user's own data."""
    return f"{label}-{data.fingerprint}" if data.fingerprint else label


def _n_topologies(config: SupernetKeys, space: Space, net: NetOptions, shared: SupernetOptions) -> int | None:
    """How many cells of the supernet have an architecture of their own; None: all have the same."""
    return None if config.share_topology else supernet(space, net, shared, generator=torch.Generator()).n_cells


def _sampler(
    sampler: Sampler, options: Options, n_topologies: int | None, space: Space, *, rng: np.random.Generator
) -> Iterator[list[Path]]:
    if n_topologies is None:
        return sampler(space, rng=rng, **options)
    return per_cell([sampler(space, rng=child, **options) for child in rng.spawn(n_topologies)])


def _logger(config: SupernetKeys, seed: int) -> Callable[[Mapping[str, float]], None] | None:
    if config.tensorboard is None:
        return None
    is_url = "://" in config.tensorboard
    folder = config.tensorboard if is_url else config.place.located(config.tensorboard)
    return tensorboard_logger(f"{folder}/{config.label}-seed{seed}")
