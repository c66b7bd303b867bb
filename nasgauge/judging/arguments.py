"""Command-line arguments for the options of a benchmark."""

from collections.abc import Sequence
from typing import Any

from nasgauge.core.errors import UserError

_DIGITS = 18  # of an integer in a table


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """Options of a benchmark from arguments "key=value"; whole numbers become integers, and null becomes None.

    >>> pairs(["dataset=cifar100", "n=null"])
    {'dataset': 'cifar100', 'n': None}
    """
    choices: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--choose {word!r}: write key=value, e.g. dataset=cifar100")
        whole = value.isdecimal() and len(value) <= _DIGITS
        choices[key] = None if value == "null" else int(value) if whole else value
    return choices
