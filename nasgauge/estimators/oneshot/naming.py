"""What the tables call the estimators of a supernet, and its paths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasgauge.spaces import Space

if TYPE_CHECKING:
    from nasgauge.nets import Path

POST_DEISO = "_post_deiso"


def pair(stem: str) -> tuple[str, str]:
    """The two estimators of one set of weights: accuracy, minus the loss.

    >>> pair("s")
    ('s', 's_loss')
    """
    return stem, f"{stem}_loss"


def names(label: str, averages: Sequence[int] = (), post_deiso: bool = False) -> tuple[str, ...]:
    """The estimators of one supernet: accuracy, minus the loss, both with averaged weights, class means.

    >>> names("s", [3], True)
    ('s', 's_loss', 's_avg3', 's_avg3_loss', 's_post_deiso', 's_post_deiso_loss')
    """
    stems = [label, *(f"{label}_avg{n}" for n in averages), *([label + POST_DEISO] if post_deiso else [])]
    return tuple(name for stem in stems for name in pair(stem))


def kinds(label: str, averages: Sequence[int] = (), post_deiso: bool = False) -> dict[str, str]:
    """By name what each estimator of one supernet scores; "main": accuracy with the weights as they are.

    >>> kinds("s_120", [3])
    {'s_120': 'main', 's_120_loss': 'loss', 's_120_avg3': 'avg3', 's_120_avg3_loss': 'avg3_loss'}
    """
    return {name: name[len(label) + 1 :] or "main" for name in names(label, averages, post_deiso)}


def path_string(space: Space, path: "Path") -> str:
    """The space's string of an architecture; of a path whose cells differ, theirs one after the other."""
    cells = path if path and isinstance(path[0], tuple) else (path,)
    return " / ".join(space.to_str(cell) for cell in cells)
