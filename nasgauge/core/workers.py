"""One `map` over independent work: in this process, in several processes, or on a Ray cluster.

The function must be picklable (defined at the top of a module, or a partial of such). Results are returned as they
complete, in any order. Every worker computes with one thread, so `n_workers` workers use `n_workers` cores.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import wait as wait_connections
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

from nasgauge.core.errors import UserError, check_count, unknown_name

T = TypeVar("T")
R = TypeVar("R")
_PER_CORE = 8  # workers, at most
_SOCKET_ROOM = 28  # letters: below its folder Ray makes sockets, whose paths may have 107
_OF_THE_TERMINAL = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))
_engine = "serial"  # of this process: "processes" or "ray" in their workers
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def unordered_map(
    function: Callable[[T], R], items: Sequence[T], *, kind: str = "processes", n_workers: int | None = None
) -> Iterator[R]:
    """Yield `function(item)` for every item as soon as each is done.

    kind: "serial", "processes" or "ray" (needs the extra of that name). n_workers: default all cores this process may
    use; a Ray cluster that runs already has its own number. An exception in a worker is raised here, and what had not
    begun is dropped. UserError: an unknown kind, fewer than one worker or more than eight per core.
    """
    n = check_workers(kind, n_workers)
    return KINDS[kind](function, items, n) if items else iter(())


def check_workers(kind: str, n_workers: int | None) -> int:
    """The number of workers of a kind; UserError for an unknown kind, fewer than one, or too many.

    There may be eight for each core this process may use: each is a process of its own, with all libraries loaded.
    """
    if kind not in KINDS:
        raise unknown_name("kind of workers", kind, KINDS)
    cores = len(os.sched_getaffinity(0))
    if n_workers is None:
        return cores
    remedy = f"eight for each of this machine's {cores} cores" if n_workers > 1 else "at least one is needed"
    return check_count(n_workers, "number of workers", least=1, most=_PER_CORE * cores, remedy=remedy)


def engine() -> str:
    """The kind of workers that this process is one of; "serial" outside of any."""
    return _engine


def n_threads() -> int:
    """With how many threads numerical libraries compute in this process now."""
    torch = sys.modules.get("torch")
    pools = [pool["num_threads"] for pool in threadpool_info()]
    return max([1, *pools, *([] if torch is None else [torch.get_num_threads()])])


def _serial(function: Callable[[Any], Any], items: Sequence[Any], n_workers: int) -> Iterator[Any]:
    for item in items:
        with one_thread():
            result = function(item)
        yield result


@contextmanager
def one_thread() -> Iterator[None]:
    """Numerical libraries compute with one thread inside, as workers do, so that results are equal to the last bit.

    Libraries that are first imported inside have as many threads afterwards as the environment says.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    torch = sys.modules.get("torch")
    n_torch = None if torch is None else torch.get_num_threads()
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        if torch is not None:
            torch.set_num_threads(1)
        with threadpool_limits(1):
            yield
    finally:
        _restore(before)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(n_torch or _given_threads())


def _given_threads() -> int:
    """How many threads the environment allows a library, all cores of this process where it does not say so."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # a list is by level of nesting
    return int(given) if given.isdecimal() and int(given) else len(os.sched_getaffinity(0))


def _restore(variables: Mapping[str, str | None]) -> None:
    """Set variables of the environment to what they were; None: it was not there."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _processes(function: Callable[[Any], Any], items: Sequence[Any], n_workers: int) -> Iterator[Any]:
    context = multiprocessing.get_context("spawn")  # a forked child would inherit torch's thread pools half alive
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read by the children when they start
    _start_tracker()
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
            "a worker process was killed (out of memory?); run the same command again to resume"
        ) from broken
    except Exception:
        raise
    except BaseException:  # a signal, or nobody asks for more: what is under way may take minutes
        for process in list((pool._processes or {}).values()):  # Python 3.14 has terminate_workers
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _restore(before)


def _start_tracker() -> None:
    """Start the helper process of multiprocessing so that a hang-up, which is the parent's, does not end it."""
    if threading.current_thread() is not threading.main_thread():
        return  # handlers are the main thread's; the helper then starts as it always does
    before = {name: signal.signal(name, signal.SIG_IGN) for name in _OF_THE_TERMINAL}
    try:
        resource_tracker.ensure_running()
    finally:
        for name, handler in before.items():
            if handler is not None:  # set by another language, and not to be set from here
                signal.signal(name, handler)


def _end_with_parent() -> None:
    """A worker ends when its parent has ended, instead of waiting for tasks forever.

    Signals that a terminal sends to both are left to the parent.
    """
    global _engine
    _engine = "processes"
    for name in _OF_THE_TERMINAL:
        signal.signal(name, signal.SIG_IGN)
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
    with _ray_cluster(ray, n_workers) as n_slots:
        remote = ray.remote(num_cpus=1)(_call)  # Ray takes a plain function alone, not a partial
        given, queue = ray.put(function), iter(items)
        pending = [remote.remote(given, item) for item in islice(queue, 2 * n_slots)]
        try:
            while pending:
                done, pending = ray.wait(pending)
                for reference in done:
                    yield ray.get(reference)
                    pending += [remote.remote(given, item) for item in islice(queue, 1)]
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error  # what the function raised, as in every other kind
        except ray.exceptions.RayError as broken:
            raise UserError(
                f"Ray lost a worker ({type(broken).__name__}; out of memory?); run the same command again to resume"
            ) from broken
        finally:
            for reference in pending:
                ray.cancel(reference, force=True)


@contextmanager
def _ray_cluster(ray: Any, n_workers: int) -> Iterator[int]:
    """The number of concurrent tasks.

    On a running Ray cluster (or at $RAY_ADDRESS), its number of processors; else a temporary local cluster with
    `n_workers` processors is started, which leaves no process and no file.
    """
    if ray.is_initialized():
        yield _processors(ray)
        return
    short = gettempdir() if len(gettempdir()) <= _SOCKET_ROOM else "/tmp"
    with TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        try:
            _start_ray(ray, n_workers, folder)
            yield _processors(ray)
        finally:
            ray.shutdown()


def _start_ray(ray: Any, n_workers: int, folder: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if os.environ.get("RAY_ADDRESS"):
            ray.init(**quiet)
        else:
            ray.init("local", num_cpus=n_workers, include_dashboard=False, _temp_dir=folder, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"workers 'ray': Ray could not be reached or started ({error}); try --kind processes"
        ) from error


def _processors(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    global _engine
    _engine = "ray"
    return function(item)


KINDS: dict[str, Callable[[Callable[[Any], Any], Sequence[Any], int], Iterator[Any]]] = {
    "serial": _serial,
    "processes": _processes,
    "ray": _ray,
}
