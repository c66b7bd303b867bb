"""What is an architecture?

An architecture is a plain tuple; in tables it is a string. A space knows its encodings, canonical forms, sampling,
mutation, neighbours and restriction. Rule: numpy only, no weights, no accuracy, no files, no torch.
"""

from nasgauge.errors import unknown_name
from nasgauge.spaces.nb201 import NB201
from nasgauge.spaces.space import Arch, Graph, Space

SPACES: dict[str, type[Space]] = {
    "nb201": NB201,
}


def get_space(space: "str | Space") -> Space:
    """The space of that name, or the space itself; an unknown name is an error that lists the nearest ones.

    >>> get_space("nb201").name
    'nb201'
    """
    if isinstance(space, Space):
        return space
    if space not in SPACES:
        raise unknown_name("search space", space, SPACES)
    return SPACES[space]()


__all__ = ["NB201", "SPACES", "Arch", "Graph", "Space", "get_space"]
