"""Lists as users write them: one name or one function stands for a list of one."""

from collections.abc import Collection, Iterable
from typing import Any

from nasgauge.core.errors import UserError

Names = str | Collection[str]


def listed(given: Any, what: str, example: str = "names") -> tuple[Any, ...]:
    """A text or a function as a tuple of one, any other iterable as a tuple, read once; UserError otherwise.

    what: the argument in messages. example: what its list consists of.

    >>> listed("mine", "lower_is_better"), listed(["a", "b"], "lower_is_better"), listed((), "lower_is_better")
    (('mine',), ('a', 'b'), ())
    """
    if isinstance(given, str) or callable(given):
        return (given,)
    if not isinstance(given, Iterable):
        raise UserError(f"{what} is {given!r}; give a list of {example}, or leave it out")
    return tuple(given)


def listed_if_given(given: Any, what: str, example: str = "names") -> tuple[Any, ...] | None:
    """As `listed`, but None where nothing is given, which stands for all.

    >>> listed_if_given(None, "only") is None, listed_if_given("values", "only")
    (True, ('values',))
    """
    return None if given is None else listed(given, what, example)
