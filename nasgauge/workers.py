"""One `map` over independent work: in this process, in several processes, or on a Ray cluster.

The function must be picklable (defined at the top of a module, or a partial of such). Results come back as they are
done, in any order. Every worker computes with one thread, so `n_workers` workers use `n_workers` cores.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_connections
from typing import Any, TypeVar

from nasgauge.errors import UserError, unknown_name

T = TypeVar("T")
R = TypeVar("R")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def unordered_map(
    function: Callable[[T], R], items: Sequence[T], *, kind: str = "processes", n_workers: int | None = None
) -> Iterator[R]:
    """Yield `function(item)` for every item as soon as each is done.

    kind: "serial", "processes" or "ray" (needs the extra of that name). n_workers: default all cores this process may
    use. An exception in a worker is raised here, and what had not begun is dropped.
    """
    if kind not in KINDS:
        raise unknown_name("kind of workers", kind, KINDS)
    n = n_workers if n_workers is not None else len(os.sched_getaffinity(0))
    if n < 1:
        raise UserError(f"workers: at least one is needed, got {n}")
    return KINDS[kind](function, items, n)


def _serial(function: Callable[[Any], Any], items: Sequence[Any], n_workers: int) -> Iterator[Any]:
    return map(function, items)


def _processes(function: Callable[[Any], Any], items: Sequence[Any], n_workers: int) -> Iterator[Any]:
    context = multiprocessing.get_context("spawn")  # a forked child would inherit torch's thread pools half alive
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read by the children when they start
    pool = ProcessPoolExecutor(min(n_workers, max(1, len(items))), mp_context=context, initializer=_end_with_parent)
    try:
        queue = iter(items)
        pending = {pool.submit(function, item) for _, item in zip(range(2 * n_workers), queue, strict=False)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
                pending |= {pool.submit(function, item) for _, item in zip(range(1), queue, strict=False)}
    except BrokenProcessPool as broken:
        raise UserError(
            "a worker process was ended from outside (out of memory?); run the same command again to resume"
        ) from broken
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def _end_with_parent() -> None:
    """A worker whose parent was killed ends too, instead of waiting for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        wait_connections([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _ray(function: Callable[[Any], Any], items: Sequence[Any], n_workers: int) -> Iterator[Any]:
    try:
        import ray
    except ImportError as missing:
        raise UserError("workers 'ray': Ray is not installed; pip install 'nasgauge[ray]'") from missing
    if not ray.is_initialized():
        ray.init(num_cpus=n_workers, include_dashboard=False, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(function)
    pending = [remote.remote(item) for item in items]
    while pending:
        done, pending = ray.wait(pending)
        yield from ray.get(done)


KINDS: dict[str, Callable[[Callable[[Any], Any], Sequence[Any], int], Iterator[Any]]] = {
    "serial": _serial,
    "processes": _processes,
    "ray": _ray,
}
