"""The network and the images of an estimator: those of the ground truth's trainings, but for what a study changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from nasgauge.benchmarks import Training
from nasgauge.core.config import Options, parsed
from nasgauge.core.errors import UserError
from nasgauge.core.places import Place, expanded, fingerprint, names_a_file
from nasgauge.core.references import shortened
from nasgauge.estimators.context import RunContext
from nasgauge.nets.options import NetOptions

DEFAULT_DATA = "digits"  # where it is not known what the ground truth was trained on
_TREATMENT = {"skip_dead"}  # how a network is computed, not which: each estimator decides for itself


class OfImages(Protocol):
    """A configuration with images: their name or path, where a data set with a name lies, and where paths start."""

    data: str | None
    data_path: str | None
    place: Place


def images_of(training: Training | None, config: OfImages) -> tuple[str, str | None, str]:
    """The data set's name or path, where one with a name lies, and the fingerprint of one's own files ("" of others).

    Those of the configuration, else those of the ground truth's trainings.
    """
    path = None if config.data_path is None else config.place.started(config.data_path)
    data = data_of(config)
    if data is None:
        data = DEFAULT_DATA if training is None else training.data
        path = path if training is None or path is not None else training.data_path
    own = own_images(data)
    return data, path, "" if own is None else fingerprint(own)


def image_files(training: Training | None, config: OfImages) -> tuple[Path, ...]:
    """One's own file or folder of images that the configuration measures on; none of a data set with a name."""
    data = data_of(config) or (DEFAULT_DATA if training is None else training.data)
    own = own_images(data)
    return () if own is None else (own,)


def data_of(config: OfImages) -> str | None:
    """The name that is given, or the located path of one's own data; None where nothing is given."""
    given = config.data
    return str(config.place.located(given)) if given is not None and names_a_file(given) else given


def own_images(data: str) -> Path | None:
    """The file or folder, where `data` is one and not a name."""
    return Path(expanded(data)) if names_a_file(data) else None


def network_options(
    context: RunContext, given: Options, images: Mapping[str, int], where: str, *, trained: bool = False,
    size: Sequence[int] = (),
) -> NetOptions:  # fmt: skip
    """The options of the networks: the ground truth's, changed by `given`. images: in_channels and n_classes.

    Whether dead edges are left out is not the ground truth's: it saves its trainings time, and proxies see them.

    trained: of a supernet, whose own options decide on running statistics. size: height and width of the images.
    UserError, which begins with `where`: an option that means nothing here, or that does not fit the images.
    """
    from nasgauge.nets import check_meaning, check_size  # late: needs torch

    if trained and "bn_track" in given:
        raise UserError(f"{where}: bn_track is decided by bn of a supernet; set supernet = {{ bn = ... }} instead")
    net = parsed({**images, **_of_truth(context, trained), **given}, NetOptions, where)
    check_meaning(context.space, net, where)
    if net.in_channels != images["in_channels"]:
        raise UserError(f"{where}: in_channels = {net.in_channels}, but the images have {images['in_channels']}")
    if net.n_classes < images["n_classes"]:
        raise UserError(f"{where}: n_classes = {net.n_classes}, but the images have {images['n_classes']} classes")
    if size:
        check_size(context.space, net, size, where)
    return net


def departures(context: RunContext, data: str | None, given: Options) -> tuple[str, ...]:
    """What differs from the trainings of the ground truth, a phrase each; none where these are not known.

    >>> from nasgauge.benchmarks import Training
    >>> from nasgauge.spaces import NB201
    >>> context = RunContext(NB201(), training=Training("digits", net={"channels": 8}))
    >>> departures(context, "digits", {"channels": 16, "n_cells": 5})
    ('channels = 16 (ground truth: 8)',)
    """
    if context.training is None:
        return ()
    truth = NetOptions(**context.training.net)
    found = [
        f"{name} = {value} (ground truth: {getattr(truth, name)})"
        for name, value in given.items()
        if value != getattr(truth, name) and name not in _TREATMENT
    ]
    if data not in (None, context.training.data):
        found.insert(0, f"data = {shortened(data)} (ground truth: {shortened(context.training.data)})")
    return tuple(found)


def _of_truth(context: RunContext, trained: bool) -> Options:
    if context.training is None:
        return {}
    decided = _TREATMENT | ({"bn_track"} if trained else set())
    return {name: value for name, value in context.training.net.items() if name not in decided}
