"""How far is it? What work tells while it is under way, and how often.

A `Progress` is called with (done, total) and may be called from any thread. A `Phases` gives one for each stage of the
work by its name, such as "bootstrap draws"; who does the work calls it, who shows it decides how.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[float, int], None]  # (done, total)
Phases = Callable[[str], Progress]  # what is being counted -> whom to tell
_SECONDS = 1.0


def untold(done: float, total: int) -> None:
    """A Progress that nobody is told of."""


def silent(what: str) -> Progress:
    """A Phases that nobody is told of."""
    return untold


class Counted:
    """Adds up shares of the work that are done, and tells a Progress after each."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0.0
        progress(0.0, total)

    def __call__(self, share: float = 1.0) -> None:
        self._done += share
        self._progress(self._done, self._total)


@contextmanager
def reported(n_done: Callable[[], float], total: int, progress: Progress) -> Iterator[None]:
    """While the block runs, call `progress(n_done(), total)`: at its beginning, every second, and at its end."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_SECONDS):
            progress(n_done(), total)

    progress(n_done(), total)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        progress(n_done(), total)
