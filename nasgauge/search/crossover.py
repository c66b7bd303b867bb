"""A child of two architectures."""

from collections.abc import Sequence

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space


def crossed(space: Space, first: Arch, second: Arch, from_first: Sequence[bool]) -> Arch | None:
    """Each entry from the first or from the second parent; None where that is no architecture of the space.

    from_first: of each entry whether it is the first one's. Two encodings of unequal length have no child.

    >>> from nasgauge.spaces import NB201
    >>> crossed(NB201(), (0, 0, 0, 0, 0, 0), (3, 3, 3, 3, 3, 3), [False, True, True, False, True, True])
    (3, 0, 0, 3, 0, 0)
    """
    if len(first) != len(second):
        return None
    child = tuple(a if own else b for a, b, own in zip(first, second, from_first, strict=True))
    try:
        space.validate(child)
    except UserError:
        return None
    return child
