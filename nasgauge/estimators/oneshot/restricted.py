"""A search space without some operations."""

from collections.abc import Sequence

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces import Arch, Space

_N_LOOKED_AT = 1_000  # architectures of a restricted space, to see whether any is alive


def restricted(space: Space, without: Sequence[str], where: str) -> Space:
    """The space without some operations; UserError for an unknown one, and where nothing is left that computes."""
    for name in without:
        if name not in space.options:
            raise UserError(f"{where}: {unknown_name('operation', name, space.options)}")
    if not without:
        return space
    rest = space.restrict([name for name in space.options if name not in without])
    ignored = [name for name in without if name in rest.options]  # a space may read no name of a kind as all of them
    if ignored:
        raise UserError(f"{where}: without {', '.join(ignored)} no architecture is left; keep one of them")
    rng = np.random.default_rng(0)
    if rest.operations and not any(_is_connected(rest, rest.sample(rng)) for _ in range(_N_LOOKED_AT)):
        raise UserError(
            f"{where}: without {', '.join(without)} no path leads from input to output; keep another operation"
        )
    return rest


def _is_connected(space: Space, arch: Arch) -> bool:
    """Whether a path leads from input to output: through operations, or through edges that carry none."""
    graphs = space.graphs(arch).values()
    plain = any(not label and i not in g.dead for g in graphs for i, (*_, label) in enumerate(g.edges))
    return plain or sum(space.op_counts(arch, live=True).values()) > 0
