"""Which space has which network; a space may have none, and be judged, analysed and drawn all the same."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeVar, final

from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.nets import darts, nb101, nb201, nds
from nasgauge.nets.options import NetOptions
from nasgauge.spaces import Arch, NB101OneShot1, NB101OneShot2, NB101OneShot3, NB101OneShot3Chain, Space

T = TypeVar("T")
Build = Callable[[Arch, NetOptions], nn.Module]


@final
@dataclass(frozen=True)
class StandAlone:
    """The stand-alone networks of a space.

    build: (arch, options) -> the network. meaningless: names of the options that change nothing in it, which users are
    told who set them. side_by_side: whether `build` gives `options.replicas` copies of the network in one, and leaves
    the weights to `initialise`, so that it may be called on the meta device. Otherwise it gives one network,
    initialised as it likes by PyTorch's random numbers, which `nets.build` seeds.
    """

    build: Build
    meaningless: tuple[str, ...] = ()
    side_by_side: bool = False

    def __post_init__(self) -> None:
        known = [field.name for field in fields(NetOptions)]
        for name in self.meaningless:
            if name not in known:
                raise unknown_name("option of networks", name, known)


_OF_NB101 = ("skip_dead", "depth_divisor", "auxiliary")
_OF_NDS = ("n_cells", "n_stages", "skip_dead", "auxiliary")


def _ours(build: Build, meaningless: tuple[str, ...]) -> StandAlone:
    return StandAlone(build, meaningless, side_by_side=True)


NETS: Registry[StandAlone | Build] = Registry(  # by the name of the space; a function alone has no meaningless options
    "network",
    {
        "darts": _ours(darts.build, ("skip_dead", "depth_divisor")),  # every node is put out: without `none`, none
        "darts-nds": _ours(darts.build, ("depth_divisor",)),
        "nb101": _ours(nb101.build, _OF_NB101),
        "nb101-1shot1-1": _ours(nb101.of_cells(NB101OneShot1()), _OF_NB101),
        "nb101-1shot1-2": _ours(nb101.of_cells(NB101OneShot2()), _OF_NB101),
        "nb101-1shot1-3": _ours(nb101.of_cells(NB101OneShot3()), _OF_NB101),
        "nb101-1shot1-3-chain": _ours(nb101.of_cells(NB101OneShot3Chain()), _OF_NB101),
        "nb201": _ours(nb201.build, ("depth_divisor", "auxiliary")),
        "nds-resnet": _ours(nds.build_resnet, _OF_NDS),
        "nds-resnext-a": _ours(nds.build_resnext_a, _OF_NDS),
    },
    group="nasgauge.network",
    takes="a StandAlone, or a function of (arch, options)",
)


def stand_alone(space: Space) -> StandAlone:
    """The networks of the space, its own `network` or else those registered; UserError where it has none."""
    found = space.network or entry_of(space, NETS, "nasgauge.nets.NETS")
    return found if isinstance(found, StandAlone) else StandAlone(found)


def entry_of(space: Space, registry: Registry[T], where: str) -> T:
    """What the space has in a registry of networks, called `where` in Python; UserError where it has nothing."""
    if space.name not in registry:
        lacks = "its architectures can be judged, analysed and drawn, but not built or trained"
        if registry is not NETS:
            lacks = "one-shot estimators need a blueprint of the parts that its architectures share"
        raise UserError(
            f"search space {space.name!r} has no {registry.kind}: {lacks}; register one in {where} (or as an entry "
            f"point of the group {registry.group})"
        )
    return registry[space.name]


def check_meaning(space: Space, options: NetOptions, where: str) -> None:
    """UserError, which begins with `where`, for a changed option that means nothing in networks of the space."""
    for name in stand_alone(space).meaningless:
        if getattr(options, name) != getattr(NetOptions, name):
            raise UserError(f"{where}: {name} means nothing in networks of {space.name}; leave it out")
