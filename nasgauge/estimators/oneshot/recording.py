"""From a configuration to what is recorded while its supernet trains."""

from functools import partial

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.landscape_config import LandscapeConfig
from nasgauge.estimators.oneshot.landscape_probe import LandscapeProbe
from nasgauge.estimators.oneshot.naming import path_string
from nasgauge.estimators.oneshot.one_shot import OneShot
from nasgauge.estimators.oneshot.probes import ForgettingProbe, GradientProbe, Probe
from nasgauge.estimators.oneshot.randomness import Purpose, own_stream
from nasgauge.estimators.oneshot.samplers import SAMPLERS
from nasgauge.estimators.oneshot.sampling import given_archs
from nasgauge.estimators.oneshot.supernet_keys import SupernetKeys
from nasgauge.images import ImageData, Split
from nasgauge.nets import Path
from nasgauge.spaces import Space


def probes(config: SupernetKeys, space: Space, data: ImageData, split: Split, seed: int) -> tuple[Probe, ...]:
    """Validation images for forgetting; for gradients, training images and architectures drawn from the seed."""
    found: list[Probe] = []
    name = partial(path_string, space)
    if config.forgetting_epochs:
        x, y = data.images[split.valid], data.labels[split.valid]
        found.append(ForgettingProbe(config.forgetting_epochs, x, y, max_archs=config.n_forgetting_archs, to_str=name))
    if config.gradient_epochs:
        rng = own_stream(seed, Purpose.PROBED_ARCHS)
        archs = [next(SAMPLERS["uniform"](space, rng=rng, live_conv=True))[0] for _ in range(config.n_gradient_archs)]
        rows = split.train[: config.n_gradient_images]
        found.append(GradientProbe(config.gradient_epochs, archs, data.images[rows], data.labels[rows], name))
    if config.landscape is not None:
        found.append(_landscape(config, config.landscape, space, data, split, seed))
    return tuple(found)


def _landscape(
    config: SupernetKeys, wanted: LandscapeConfig, space: Space, data: ImageData, split: Split, seed: int
) -> LandscapeProbe:
    """Surfaces after the last epoch; random architectures and directions are drawn from the seed."""
    listed = given_archs(space, wanted.archs, f"{config.where}, landscape") if wanted.archs else []
    groups: dict[str, list[Path]] = {space.to_str(arch): [arch] for arch in listed}
    if wanted.n_paths is not None:
        rng = own_stream(seed, Purpose.LANDSCAPE_ARCHS)
        groups["mean"] = next(SAMPLERS["uniform"](space, rng=rng, n_samples=wanted.n_paths))
    seeds = own_stream(seed, Purpose.LANDSCAPE_DIRECTIONS).integers(2**63, size=wanted.n_pairs).tolist()
    rows = split.train[: wanted.n_images]
    images, labels = data.images[rows], data.labels[rows]
    last = (config.whole_protocol.epochs,)
    return LandscapeProbe(last, groups, images, labels, seeds, wanted.radius, wanted.n_steps)


def check_landscape(made: OneShot, wanted: LandscapeConfig, where: str) -> None:
    """UserError for more images than there are, and for an architecture without weights."""
    if wanted.n_images > len(made.split.train):
        raise UserError(f"{where}: n_images = {wanted.n_images}, but there are {len(made.split.train)} training images")
    for arch in given_archs(made.space, wanted.archs, where) if wanted.archs else ():
        made.fresh().used(arch)
