"""Independent computations in copies of this process, which begin with all that it has in memory.

Unlike the workers of `core.workers` they import and load nothing, take functions and arguments that cannot be pickled,
and need no `__main__` that can be imported; only results travel. They must not use torch, whose thread pools a copy has
half alive.
"""

import gc
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from nasgauge.core.errors import UserError
from nasgauge.core.processes import follow_parent
from nasgauge.core.threads import one_thread

T = TypeVar("T")
R = TypeVar("R")
_given: tuple[Callable[[Any], Any], Sequence[Any]] | None = None  # to this process, if it is a copy


def n_copies() -> int:
    """How many processes compute at once: one for each core this process may use; one where it cannot be copied.

    A copy makes no copies of itself. Elsewhere than on Linux system libraries do not survive copying, nor do the
    threads of Ray where it was imported.
    """
    alone = _given is not None or sys.platform != "linux" or "ray" in sys.modules
    return 1 if alone else len(os.sched_getaffinity(0))


def in_copies(function: Callable[[T], R], items: Sequence[T], *, n: int | None = None) -> Iterator[R]:
    """`function(item)` of every item, in the order of items, computed by n processes (None: `n_copies()`).

    Each computes with one thread, so that results are the same for every n; with one, or one item, it is this process
    that computes. An exception is raised here as if the function had been called here, and what others compute then is
    abandoned, as at an interrupt. UserError: a process is killed.
    """
    n = min(n_copies() if n is None else n, len(items))
    with one_thread():
        if n <= 1:
            yield from map(function, items)
            return
        with _pool(n, function, items) as pool:
            with warnings.catch_warnings():  # Python 3.12 warns of threads, such as the one that shows progress
                warnings.simplefilter("ignore", DeprecationWarning)
                futures = [pool.submit(_computed, i) for i in range(len(items))]
            try:
                for future in futures:
                    yield future.result()
            except BrokenProcessPool as error:
                raise UserError(
                    "a process that computed a part of it was killed (out of memory?); run the command again, on one "
                    "core (`taskset -c 0 nasgauge ...`) it needs the least memory"
                ) from error


@contextmanager
def _pool(n: int, function: Callable[[T], R], items: Sequence[T]) -> Iterator[ProcessPoolExecutor]:
    """Processes that know the function and its items; they end with the block, at once if it ends early."""
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(n, mp_context=context, initializer=_begin, initargs=(function, items))
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    global _given
    _given = function, items
    gc.freeze()  # what the parent has stays, and need not be looked through again
    follow_parent()


def _computed(i: int) -> Any:
    function, items = _given
    return function(items[i])
