"""What can be chosen about a network, or a supernet, apart from its architecture."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from nasgauge.core.config import Count, Distinct, options
from nasgauge.core.errors import UserError, unknown_name


@options
class NetOptions:
    """Size and treatment of a stand-alone network; the defaults are NAS-Bench-201's CIFAR-10 network.

    `channels`: channels of the first stage, doubled by every later one. `n_cells`: cells per stage. `n_stages`: stages,
    with a residual reduction between two. `in_channels`, `n_classes`: of the images. `bn_affine`: learned scale and
    shift of the normalisations inside the cells (stem, reductions and head always have them); `bn_track`: their running
    statistics. `conv_bias`: a bias in the
    cells' convolutions. `dropout`: probability before the classifier. `skip_dead`: leave out edges that no path from
    input to output crosses (exact while `bn_affine` and `conv_bias` are off, as a dead convolution then gives zero).
    `replicas`: that many independent copies of the network side by side in the channels, as grouped convolutions.
    `depth_divisor`: where an architecture states depths (nds), d stands for d / depth_divisor blocks, rounded up.
    `auxiliary`: a second classifier after the last reduction cell (networks of DARTS cells only).
    """

    channels: Count = 16
    n_cells: Count = 5
    n_stages: Count = 3
    in_channels: Count = 3
    n_classes: Count = 10
    bn_affine: bool = True
    bn_track: bool = True
    conv_bias: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    skip_dead: bool = False
    replicas: Count = 1
    depth_divisor: Count = 1
    auxiliary: bool = False


@options
class SupernetOptions:
    """What only a supernet has.

    `bn`: "batch", normalisation by the statistics of the batch at hand, in training and in scoring; "tracked", running
    statistics to which whatever path is trained contributes; "recalibrated", the same, but estimated again for each
    architecture before it is scored (`Supernet.recalibrate`). `linear_transformers`: operations after which stands a
    1x1 convolution without bias, normalisation or activation ("skip_connect": in its place; Laube & Zell 2021; cells of
    NAS-Bench-201 only). `picking`: where widths vary, which channels of the widest layer a path uses (`nets.resized`):
    "ordinal"; "l1" (nds); "shuffled", "interpolated", or "disabled", which is "ordinal" and a mistake unless one number
    of vertices feeds the output (nb101). `path_dropout`: rate at which operations of a cell are dropped in training,
    for each image by itself, more in later cells (`nets.sharing.PathDropout`; spaces of cells only). `operations_on`:
    an operation has weights on each edge ("edge"), or all edges into a node share them ("node"; cells of NAS-Bench-201
    only). `kernels`: "own", or "shared": a 1x1 convolution is the centre of the 3x3 convolution in its place after a
    learned transform of that kernel, which begins as the identity, with one normalisation for both (Cai et al. 2020,
    who crop before they transform; cells of NAS-Bench-201 only). `bn_per_source`: where edges share an operation, its
    normalisations have a scale, a shift and statistics for each source node (Luo et al. 2018; cells of NAS-Bench-201
    only).
    """

    bn: Literal["batch", "tracked", "recalibrated"] = "batch"
    linear_transformers: Distinct[str] = ()
    picking: str = "ordinal"
    path_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    operations_on: Literal["edge", "node"] = "edge"
    kernels: Literal["own", "shared"] = "own"
    bn_per_source: bool = False


_OF_CELLS = ("path_dropout",)
_OF_NB201 = ("operations_on", "kernels", "bn_per_source")


def only_nb201(name: str, s: SupernetOptions, *, cells: bool = True) -> None:
    """UserError for an option of NAS-Bench-201's supernet alone; without `cells` also for one of cells alone."""
    for option in _OF_NB201 if cells else (*_OF_CELLS, *_OF_NB201):
        if getattr(s, option) != getattr(SupernetOptions, option):
            served = "cells of NAS-Bench-201" if option in _OF_NB201 else "search spaces of cells"
            raise UserError(f"supernet: {option} is of {served} alone, and {name} has none; leave it out")


def only_ordinal(name: str, s: SupernetOptions) -> None:
    """UserError if a channel selection rule is asked for in a space without varying widths."""
    picking(name, s, ("ordinal",))


def picking(name: str, s: SupernetOptions, known: Collection[str]) -> str:
    """The rule asked for; UserError if the space has none of that name."""
    if s.picking not in known:
        raise unknown_name(f"channel selection rule of {name}", s.picking, known)
    return s.picking


def no_transformers(name: str, s: SupernetOptions) -> None:
    """UserError if linear transformers are asked for where there are none."""
    if s.linear_transformers:
        raise UserError(f"supernet: {name} has no linear transformers; leave linear_transformers empty")
