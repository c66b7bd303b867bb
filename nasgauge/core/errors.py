"""Usage errors, reported in one line: what is wrong, where, and the remedy.

Every package may raise them; only the command line catches them (exit code 2, no traceback).
"""

import difflib
import re
from collections.abc import Iterable
from numbers import Integral

MAX_SEED = 2**53  # beyond it a seed is not the same number in a JSON file and in a table of floats
MAX_DRAWS = 100_000  # of a bootstrap: a percentile of so many is certain to three digits
MAX_NAME_BYTES = 200  # of a name that becomes part of a file's, which may have 255
_WORD, _MESSAGE = 300, 1_500  # characters
_LONG_WORD = re.compile(rf"\S{{{_WORD + 1},}}")


class UserError(Exception):
    """A usage error: what is wrong, where, and what to do instead.

    Whatever the message quotes, it stays one line of printable characters: control characters are escaped, and long
    text is cut in the middle, because the location comes first and the remedy last.

    >>> text = str(UserError(f"s.csv: row 2 holds {'x' * 100_000!r}; give a number\\n"))
    >>> len(text) < 300, text[:20], text[-15:]
    (True, "s.csv: row 2 holds '", 'give a number\\\\n')
    """

    def __init__(self, message: object) -> None:
        super().__init__(one_line(message))


def one_line(text: object) -> str:
    """The text as one printable line of at most 1,500 characters, no word of it longer than 300.

    >>> one_line("a\\nb\\x1b[2J")
    'a\\\\nb\\\\x1b[2J'
    """
    few = _short_words(str(text))  # before its letters are looked at one by one
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in few)
    return _cut(_short_words(line), 1_000, 400, most=_MESSAGE)


def _short_words(text: str) -> str:
    return _LONG_WORD.sub(lambda word: _cut(word[0], _WORD // 3, _WORD // 6), text)


def _cut(text: str, head: int, tail: int, most: int = 0) -> str:
    if len(text) <= max(most, head + tail):
        return text
    return f"{text[:head]} […{len(text) - head - tail:,} characters…] {text[-tail:]}"


def without_torch(error: ModuleNotFoundError, what: str) -> UserError:
    """The error for something that needs PyTorch where it is not installed; any other missing module is raised on."""
    if error.name != "torch":
        raise error
    return UserError(f"{what}: needs PyTorch, which is not installed; pip install 'nasgauge[torch]'")


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that is not in a dictionary; lists the nearest names, or all of them if none is near.

    >>> str(unknown_name("proxy", "sinp", ["snip", "synflow"]))
    "unknown proxy 'sinp'; nearest: snip"
    >>> str(unknown_name("space or benchmark", "nb2", ["nb201", "nb301", "nb201"]))
    "unknown space or benchmark 'nb2'; nearest: nb201, nb301"
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names)}"
    return UserError(f"unknown {kind} {name!r}; {hint}")


def check_count(value: object, what: str, *, least: int, most: int, remedy: str = "") -> int:
    """The whole number `value`; UserError that names the bound where it is none or lies outside [least, most].

    >>> check_count(10**20, "workers", least=1, most=16)
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: workers is 100000000000000000000; give a whole number from 1 to 16
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= value <= most:
        remedy = f" ({remedy})" if remedy else ""
        raise UserError(f"{what} is {value!r}; give a whole number from {least:,} to {most:,}{remedy}")
    return int(value)


def check_seed(value: object, what: str = "seed") -> int:
    """A seed: a whole number from 0 to 2^53; UserError otherwise.

    >>> check_seed(-1)
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: seed is -1; give a whole number from 0 to 9,007,199,254,740,992
    """
    return check_count(value, what, least=0, most=MAX_SEED)


def check_name(name: str, what: str) -> str:
    """A name that may become part of a file's: not empty, printable, at most 200 bytes; UserError otherwise.

    >>> check_name("x" * 300, "estimator")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: estimator: the name has 300 bytes, a file's may have 200; shorten it
    """
    n_bytes = len(name.encode("utf-8", "surrogatepass"))
    if n_bytes > MAX_NAME_BYTES:
        raise UserError(f"{what}: the name has {n_bytes:,} bytes, a file's may have {MAX_NAME_BYTES}; shorten it")
    if not name.strip() or not name.isprintable():
        raise UserError(f"{what}: the name {name!r} is empty or has unprintable characters; choose another one")
    return name
