"""Independent pieces of work, and what becomes of one whose worker dies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from nasgauge.core.errors import UserError

TRIES = 3  # workers that a piece of work may cost
_engine = "serial"  # of this process


@final
@dataclass(frozen=True)
class Resources:
    """What a piece of work occupies of a Ray cluster: processors, and accelerators, of which it may share one."""

    cpus: float = 1.0
    gpus: float = 0.0


@final
@dataclass(frozen=True)
class Work:
    """A function over items. `resources(item)`: what one occupies; `lost(item, reason)`: its result where TRIES workers
    died of it, None: that is an error. `address`: of a Ray cluster."""

    function: Callable[[Any], Any]
    items: Sequence[Any]
    n_workers: int
    address: str | None = None
    resources: Callable[[Any], Resources] = lambda item: Resources()
    lost: Callable[[Any, str], Any] | None = None

    def given_up(self, item: Any, how: str) -> Any:
        """The result of an item of which TRIES workers died, how the last one did; UserError where there is none."""
        reason = f"{TRIES} workers in a row died of it, the last one {how}"
        if self.lost is None:
            raise UserError(f"a task was given up: {reason}; run the same command again to resume")
        return self.lost(item, reason)


def engine() -> str:
    """The kind of workers that this process is one of; "serial" outside of any."""
    return _engine


def set_engine(kind: str) -> None:
    """Declare this process a worker of that kind."""
    global _engine
    _engine = kind
