"""The network and the images of an estimator: those of the ground truth's trainings, but for what a study changes."""

from collections.abc import Mapping

from nasgauge.core.config import Options, parsed
from nasgauge.core.errors import UserError
from nasgauge.core.references import shortened
from nasgauge.estimators.context import RunContext
from nasgauge.nets.options import NetOptions

DEFAULT_DATA = "digits"  # where it is not known what the ground truth was trained on
_TREATMENT = {"skip_dead"}  # how a network is computed, not which: each estimator decides for itself


def images_of(context: RunContext, data: str | None, data_path: str | None) -> tuple[str, str | None]:
    """The name and the path of the data set: those given, else those of the ground truth."""
    if data is not None:
        return data, data_path
    if context.training is None:
        return DEFAULT_DATA, data_path
    return context.training.data, data_path or context.training.data_path


def network_options(
    context: RunContext, given: Options, images: Mapping[str, int], where: str, *, trained: bool = False
) -> NetOptions:
    """The options of the networks: the ground truth's, changed by `given`. images: in_channels and n_classes.

    Whether dead edges are left out is not the ground truth's: it saves its trainings time, and proxies see them.

    trained: of a supernet, whose own options decide on running statistics. UserError, which begins with `where`: an
    option that means nothing here, or that does not fit the images.
    """
    from nasgauge.nets import check_meaning  # late: needs torch

    if trained and "bn_track" in given:
        raise UserError(f"{where}: bn_track is decided by bn of a supernet; set supernet = {{ bn = ... }} instead")
    net = parsed({**images, **_of_truth(context, trained), **given}, NetOptions, where)
    check_meaning(context.space, net, where)
    if net.in_channels != images["in_channels"]:
        raise UserError(f"{where}: in_channels = {net.in_channels}, but the images have {images['in_channels']}")
    if net.n_classes < images["n_classes"]:
        raise UserError(f"{where}: n_classes = {net.n_classes}, but the images have {images['n_classes']} classes")
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
