"""Spellings of architectures besides a space's string form, by which columns of files are read."""

import re
from collections.abc import Callable, Collection

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.nb101 import NB101
from nasgauge.spaces.nb101_matrix import is_matrix
from nasgauge.spaces.nb201 import NB201
from nasgauge.spaces.nb201_orders import N_CELLS, ORDERS, from_index, from_operations, listed_operations
from nasgauge.spaces.space import Arch, Space

Reader = Callable[[str], Arch]


def reader(texts: Collection[str], space: Space, order: str | None = None) -> tuple[Reader, str | None]:
    """How a column of strings is read as architectures of the space, and a description where not as its string form.

    Besides the string form: for NAS-Bench-201 the official index, where every string is a whole number, and six
    operations in the stated order, one of `ORDERS`; for NAS-Bench-101 a matrix with operations. The function raises a
    UserError for a string that it cannot read.

    >>> read, spelling = reader(["0", "1"], NB201())
    >>> read("0"), spelling
    ((4, 2, 1, 2, 1, 1), 'official indices of NAS-Bench-201, from 0 to 15,624')
    """
    check_order(order, space)
    if isinstance(space, NB201):
        if texts and all(re.fullmatch("[-+]?[0-9]+", text) for text in texts):
            return from_index, f"official indices of NAS-Bench-201, from 0 to {N_CELLS - 1:,}"
        if any(listed_operations(text) for text in texts):
            return _in_order(space, order), f"operations in the order {order!r} ({ORDERS.get(order or '')})"
    elif isinstance(space, NB101) and any(is_matrix(text) for text in texts):
        return space.from_str, "matrices with operations"
    return space.from_str, None


def check_order(order: str | None, space: Space | None) -> None:
    """UserError for an order of operations that is not in `ORDERS`, or that the space has no use for."""
    if order is None:
        return
    if order not in ORDERS:
        raise unknown_name("order of operations", order, ORDERS)
    if space is None:
        raise UserError(
            f"the order of operations {order!r} needs the search space; name it, space='nb201' (--space nb201)"
        )
    if not isinstance(space, NB201):
        raise UserError(f"the order of operations {order!r} applies to search space 'nb201', not to {space.name!r}")


def _in_order(space: Space, order: str | None) -> Reader:
    def read(text: str) -> Arch:
        tokens = listed_operations(text)
        if tokens is None:
            return space.from_str(text)
        if order is None:
            orders = " or ".join(f"{name} ({stated})" for name, stated in ORDERS.items())
            raise UserError(
                f"arch {text!r}: the order of edges and operations differs between programs; state it with "
                f"--arch-order NAME (in Python, arch_order=NAME): {orders}"
            )
        try:
            return from_operations(tokens, order)
        except UserError as error:
            raise UserError(f"arch {text!r}: {error}") from error

    return read
