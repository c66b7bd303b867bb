"""What can be seen of a function from outside: how it is called, and what it says of itself."""

import inspect
from collections.abc import Callable
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def n_positional(function: Callable[..., Any]) -> int | None:
    """How many positional arguments a function must be given; None where it does not say, or takes any number.

    >>> n_positional(lambda module, batch, *, width=3: 0.0), n_positional(print)
    (2, None)
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in _POSITIONAL and p.default is p.empty for p in parameters)


def keywords(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters that a function can be given by name, none where it does not say."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def summary(function: Callable[..., Any]) -> str:
    """The first line of a function's docstring without its full stop, "" without one."""
    return ((getattr(function, "__doc__", None) or "").strip().splitlines() or [""])[0].rstrip(".")
