"""Other spellings of NAS-Bench-201 cells: the official index, and operations in a stated order.

Dong & Yang, "NAS-Bench-201", ICLR 2020; Mehta et al., "NAS-Bench-Suite", ICLR 2022 (the order of NASLib).
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.nb201 import EDGES, NB201, OPS
from nasgauge.spaces.space import Arch

N_CELLS = len(OPS) ** len(EDGES)
_SEED = 88  # with which the authors shuffled the cells before they numbered them
_TOKENS = re.compile(r"[|~,\s]+")
_MOST = 300  # characters of a list of operations


@dataclass(frozen=True)
class Order:
    """The order of edges (source, target) in a list of operations, and that of the operations' numbers."""

    edges: tuple[tuple[int, int], ...]
    ops: tuple[str, ...]

    def __str__(self) -> str:
        numbers = ", ".join(f"{i} {op}" for i, op in enumerate(self.ops))
        return f"edges {', '.join(f'{s}-{t}' for s, t in self.edges)}; {numbers}"


ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "official": Order(EDGES, OPS),
        "naslib": Order(
            ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)),
            ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"),
        ),
    }
)


@cache
def official_order() -> tuple[Arch, ...]:
    """The 15,625 cells by their official index: in lexicographic order, shuffled by Python's generator of seed 88.

    >>> NB201().to_str(official_order()[0])
    '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|'
    """
    archs = list(NB201().enumerate())
    random.Random(_SEED).shuffle(archs)
    return tuple(archs)


def from_index(text: str) -> Arch:
    """The cell of an official index; UserError outside 0 to 15,624."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) >= N_CELLS:
        raise UserError(f"{text[:20]} is not an index of NAS-Bench-201; these are 0 to {N_CELLS - 1:,}")
    return official_order()[int(text)]


def listed_operations(text: str) -> list[str] | None:
    """The six operations, names or numbers, of a list or tuple, or joined by '|', '~' or commas; None for others.

    >>> listed_operations("(3, 1, 0, 2, 4, 0)"), listed_operations("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    (['3', '1', '0', '2', '4', '0'], None)
    """
    if len(text) > _MOST or "+" in text:
        return None
    bare = text.strip()
    if bare[:1] + bare[-1:] in ("()", "[]"):
        bare = bare[1:-1]
    tokens = [token.strip("'\"") for token in _TOKENS.split(bare) if token]
    known = len(tokens) == len(EDGES) and all(token in OPS or re.fullmatch("[0-9]", token) for token in tokens)
    return tokens if known else None


def from_operations(tokens: list[str], order: str) -> Arch:
    """The cell of six operations, all names or all numbers, in one of `ORDERS`; UserError otherwise.

    >>> from_operations(["2", "0", "1", "1", "4", "0"], "naslib")
    (3, 1, 0, 0, 4, 1)
    """
    if order not in ORDERS:
        raise unknown_name("order of operations", order, ORDERS)
    stated = ORDERS[order]
    if any(token in OPS for token in tokens):
        names = tokens
    else:
        absent = [token for token in tokens if int(token) >= len(OPS)]
        if absent:
            raise UserError(f"operation {absent[0]} is not one of 0 to {len(OPS) - 1}")
        names = [stated.ops[int(token)] for token in tokens]
    by_edge = dict(zip(stated.edges, names, strict=True))
    for name in names:
        if name not in OPS:
            raise UserError(f"operation {name!r} is a number among names; write all names or all numbers")
    return tuple(OPS.index(by_edge[edge]) for edge in EDGES)
