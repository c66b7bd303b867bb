"""Lists as users write them, where one name or one function stands for a list of one, and as sentences name them."""

from collections.abc import Collection, Iterable, Sequence
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


def enumerated(names: Sequence[str], most: int = 6) -> str:
    """Names for a sentence, at least one; of more than `most` the first ones, and how many there are besides.

    >>> enumerated(["a"]), enumerated(["a", "b", "c"]), enumerated(["a", "b", "c", "d"], most=3)
    ('a', 'a, b and c', 'a, b and 2 more')
    """
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
