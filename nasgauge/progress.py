"""How far is it? Told once a second while the work itself is done elsewhere."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[float, int], None]  # (done, total)
_SECONDS = 1.0


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
