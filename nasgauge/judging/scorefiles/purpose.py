"""What a table is read for, which decides between the readings of a dictionary."""

import ast
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from nasgauge.core.errors import UserError
from nasgauge.spaces import SPACES, get_space, is_hash

_N_TRIED = 20  # keys of a dictionary that are compared with the strings of the search spaces


@dataclass(frozen=True)
class Purpose:
    """single: the column that the numbers of a dictionary arch -> number become.

    columns: the columns of which one must be there, where they are known. archs: the architectures that are known.
    """

    single: str
    columns: tuple[str, ...] = ()
    archs: Collection[str] = ()

    def names_archs(self, names: Collection[str]) -> bool:
        """Whether one of the names is an architecture: a known one, or the string of a search space."""
        known = set(self.archs)
        return any(name in known for name in names) or any(is_arch(name) for name in list(names)[:_N_TRIED])


SCORES = Purpose("scores")
TRUTH = Purpose("accuracy", ("accuracy", "value", "accuracy_percent"))


def is_arch(text: str) -> bool:
    """Whether a text has the form of an architecture of any search space, an index, a list or a hash included.

    >>> is_arch("synflow"), is_arch("6111"), is_arch("(0, 1, 2)"), is_arch("conv3x3-bn-relu~0|output~1")
    (False, True, True, True)
    """
    bare = text.strip()
    if re.fullmatch("[0-9]+", bare) or is_hash(bare) or is_listed(bare):
        return True
    return any(is_of(name, bare) for name in SPACES)


def is_listed(text: str) -> bool:
    """Whether a text is a list, tuple, set or dictionary, as Python writes it."""
    if not text.lstrip().startswith(("[", "(", "{")) and "," not in text:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on how to write it
            value = ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return isinstance(value, list | tuple | set | dict)


def is_of(name: str, text: str) -> bool:
    """Whether the space of that name reads the string; what others register may fail in its own ways, and then not."""
    try:
        get_space(name).from_str(text)
    except (UserError, ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return False
    return True
