"""Types of the arguments that a program gives, checked once where they come in."""

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, NamedTuple, TypeVar

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.core.remote import RemotePath

F = TypeVar("F", bound=Callable[..., Any])


class Kind(NamedTuple):
    """What an argument may be: a test of a value, and its words in messages."""

    fits: Callable[[Any], bool]
    words: str


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


TEXT = Kind(lambda value: isinstance(value, str), "a text")
NAMES = Kind(
    lambda value: isinstance(value, str) or (_is_list(value) and all(isinstance(one, str) for one in value)),
    "a name or a list of names",
)
LIST = Kind(_is_list, "a list")
DICTIONARY = Kind(lambda value: isinstance(value, Mapping), "a dictionary")
NUMBER = Kind(lambda value: isinstance(value, Real) and not isinstance(value, bool), "a number")
FLAG = Kind(lambda value: isinstance(value, bool), "True or False")
PATH = Kind(lambda value: isinstance(value, str | os.PathLike | RemotePath), "a path")
GENERATOR = Kind(
    lambda value: isinstance(value, np.random.Generator), "a generator, such as numpy.random.default_rng(0)"
)
AXES = Kind(lambda value: hasattr(value, "get_xlim") and hasattr(value, "scatter"), "Matplotlib axes")


def takes(where: str, **kinds: Kind) -> Callable[[F], F]:
    """A decorator: UserError where an argument of the function is not of its kind; its default always is.

    where: the function's name in messages. kinds: by the name of the argument; others are not looked at.

    >>> @takes("half", number=NUMBER)
    ... def half(number, digits=None):
    ...     return number / 2
    >>> half("one")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: half: number is 'one'; give a number
    """

    def decorated(function: F) -> F:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            for name, kind in kinds.items():
                default = signature.parameters[name].default
                if name in given and given[name] is not default and not kind.fits(given[name]):
                    raise UserError(f"{where}: {name} is {given[name]!r:.80}; give {kind.words}")
            return function(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return decorated
