"""Progress of long computations.

A `Progress` is called with (done, total) and may be called from any thread. A `Phases` returns one for each named stage
of a computation, such as "bootstrap draws".
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nasgauge.core.errors import UserError

Progress = Callable[[float, int], None]  # (done, total)
Phases = Callable[[str], Progress]  # name of the stage -> its Progress
_SECONDS = 1.0


def untold(done: float, total: int) -> None:
    """A Progress that is not reported."""


def silent(what: str) -> Progress:
    """A Phases that is not reported."""
    return untold


class Counted:
    """Adds up completed shares of a computation and reports each sum to a Progress."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0.0
        progress(0.0, total)

    def __call__(self, share: float = 1.0) -> None:
        self._done += share
        self._progress(self._done, self._total)


@contextmanager
def reported(n_done: Callable[[], float], total: int, progress: Progress, *, every: float = _SECONDS) -> Iterator[None]:
    """While the block runs, call `progress(n_done(), total)`: at its beginning, every so many seconds, and at its end.

    A look in between that fails, as where an object store does not answer, is left out: the work has its own say.
    """
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            with suppress(UserError):
                progress(n_done(), total)

    progress(n_done(), total)
    reporter = threading.Thread(target=repeat, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()
        progress(n_done(), total)
