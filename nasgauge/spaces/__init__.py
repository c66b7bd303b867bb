"""What is an architecture?

An architecture is a plain tuple; in tables it is a string. A space knows its encodings, canonical forms, sampling,
mutation, neighbours and restriction. Rule: numpy only, no weights, no accuracy, no files, no torch.
"""

from collections.abc import Callable
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import n_positional
from nasgauge.spaces.choices import ChoiceSpace, ListedSpace
from nasgauge.spaces.darts import Darts, DartsNDS
from nasgauge.spaces.nb101 import NB101
from nasgauge.spaces.nb101_matrix import is_hash, module_hash
from nasgauge.spaces.nb101_oneshot import NB101OneShot1, NB101OneShot2, NB101OneShot3, NB101OneShot3Chain
from nasgauge.spaces.nb201 import NB201
from nasgauge.spaces.nb201_orders import ORDERS
from nasgauge.spaces.nds import NDSResNet, NDSResNeXtA, ResidualStage, StagedSpace
from nasgauge.spaces.parts import SpacePart, choices_of, groups_named, in_groups, option_words
from nasgauge.spaces.properties import is_connected, n_convolutions, properties
from nasgauge.spaces.space import Arch, Graph, Operation, Space
from nasgauge.spaces.spellings import check_order, reader


def _space(thing: Any, name: str) -> Callable[[], Space] | None:
    """What a reference yields: a Space, a class of them, or a function that makes one."""
    if isinstance(thing, Space):
        return lambda: thing
    if isinstance(thing, type):
        return thing if issubclass(thing, Space) else None
    return thing if callable(thing) and n_positional(thing) == 0 else None


SPACES: Registry[Callable[[], Space] | Space] = Registry(
    "search space",
    {
        "darts": Darts,
        "darts-nds": DartsNDS,
        "nb101": NB101,
        "nb101-1shot1-1": NB101OneShot1,
        "nb101-1shot1-2": NB101OneShot2,
        "nb101-1shot1-3": NB101OneShot3,
        "nb101-1shot1-3-chain": NB101OneShot3Chain,
        "nb201": NB201,
        "nds-resnet": NDSResNet,
        "nds-resnext-a": NDSResNeXtA,
    },
    group="nasgauge.space",
    adapt=_space,
    takes="a Space, a class derived from it, or a function without arguments that returns one",
)


def get_space(space: "str | Space") -> Space:
    """The space of that name, or the space itself; an unknown name is an error that lists the nearest ones.

    >>> get_space("nb201").name
    'nb201'
    """
    found = space if isinstance(space, Space) else SPACES.find(space)
    found = found if isinstance(found, Space) else found()
    if not isinstance(found, Space):
        raise UserError(f"search space {space!r}: is of type {type(found).__name__}; return a nasgauge.spaces.Space")
    return found


__all__ = [
    "NB101",
    "NB201",
    "ORDERS",
    "SPACES",
    "Arch",
    "ChoiceSpace",
    "Darts",
    "DartsNDS",
    "Graph",
    "ListedSpace",
    "NB101OneShot1",
    "NB101OneShot2",
    "NB101OneShot3",
    "NB101OneShot3Chain",
    "NDSResNeXtA",
    "NDSResNet",
    "Operation",
    "ResidualStage",
    "Space",
    "SpacePart",
    "StagedSpace",
    "check_order",
    "choices_of",
    "get_space",
    "groups_named",
    "in_groups",
    "is_connected",
    "is_hash",
    "module_hash",
    "n_convolutions",
    "option_words",
    "properties",
    "reader",
]
