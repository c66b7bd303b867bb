"""What goes wrong through the user's hand, told in one line: what, where, and the remedy.

Every room may raise these; only the command line catches them (exit code 2, no traceback).
"""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake of the user's that one line can explain: what is wrong, where, and what to do instead."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that is not in a dictionary; lists the nearest names, or all of them if none is near.

    >>> str(unknown_name("proxy", "sinp", ["snip", "synflow"]))
    "unknown proxy 'sinp'; nearest: snip"
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names)}"
    return UserError(f"unknown {kind} {name!r}; {hint}")
