"""Quantities that several analyses derive from the same tables, computed once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TypeVar

import pandas as pd

T = TypeVar("T")
_FOUND: ContextVar[dict[tuple, tuple] | None] = ContextVar("found", default=None)


@contextmanager
def shared() -> Iterator[None]:
    """Within: a `sharable` function is computed once for the same table objects, which must not change meanwhile.

    Blocks within share with the block around them.

    >>> truth = pd.DataFrame({"arch": ["a"], "seed": 0, "accuracy": 0.5})
    >>> @sharable
    ... def copied(truth: pd.DataFrame) -> pd.DataFrame:
    ...     return truth.copy()
    >>> with shared():
    ...     copied(truth) is copied(truth)
    True
    >>> copied(truth) is copied(truth)
    False
    """
    outer = _FOUND.get()
    token = _FOUND.set({} if outer is None else outer)
    try:
        yield
    finally:
        _FOUND.reset(token)


def sharable(function: Callable[..., T]) -> Callable[..., T]:
    """Decorator for a function of tables whose result is never modified."""

    @wraps(function)
    def shared_call(*tables: pd.DataFrame, **named: pd.DataFrame) -> T:
        found = _FOUND.get()
        if found is None or named:
            return function(*tables, **named)
        key = (function, *map(id, tables))
        if key not in found:
            found[key] = tables, function(*tables)  # the tables are kept, so that their ids stay their own
        return found[key][1]

    return shared_call
