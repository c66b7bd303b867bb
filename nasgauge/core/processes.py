"""Work in processes of this machine, each with one thread."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import wait as wait_connections
from typing import Any, final

from nasgauge.core.errors import UserError
from nasgauge.core.threads import THREADS, variables
from nasgauge.core.work import TRIES, Work, set_engine

_OF_THE_TERMINAL = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))
_kept: list["_Worker"] | None = None


def in_processes(work: Work) -> Iterator[Any]:
    """The results of a piece of work as they are done; one whose process dies is done again, see `Work.lost`."""
    queue = deque((item, 1) for item in work.items)
    running: dict[Future, tuple[_Worker, Any, int]] = {}
    _start_tracker()  # before a pool starts it by itself
    with _workers(min(work.n_workers, len(queue))) as workers, variables(dict.fromkeys(THREADS, "1")):
        idle = list(workers)  # children read the variables when they start
        try:
            while queue or running:
                while queue and idle:
                    worker, (item, n) = idle.pop(), queue.popleft()
                    running[worker.submit(work, item)] = worker, item, n
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    worker, item, n = running.pop(future)
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        how = worker.replace()
                        idle.append(worker)
                        if n < TRIES:
                            queue.append((item, n + 1))
                            continue
                        result = work.given_up(item, how)
                    else:
                        idle.append(worker)
                    if queue:  # before the result is used
                        worker, (item, n) = idle.pop(), queue.popleft()
                        running[worker.submit(work, item)] = worker, item, n
                    yield result
        except Exception:
            raise
        except BaseException:  # a signal, or nobody asks for more: what is under way may take minutes
            for worker in workers:
                worker.terminate()
            raise
        finally:
            for worker, *_ in running.values():  # busy with what nobody waits for
                worker.end()


@contextmanager
def kept_processes() -> Iterator[None]:
    """What is done inside is done by the same processes, which have imported and loaded what they need once."""
    global _kept
    if _kept is not None:
        yield
        return
    _kept = []
    try:
        yield
    finally:
        kept, _kept = _kept, None
        for worker in kept:
            worker.end()


@contextmanager
def _workers(n: int) -> Iterator[list["_Worker"]]:
    """So many workers, those that are kept first; unless they are kept, they end with the block."""
    found = (_kept or [])[:n]
    found = [worker if not worker.ended else _Worker() for worker in found]
    found += [_Worker() for _ in range(n - len(found))]
    try:
        yield found
    finally:
        if _kept is None:
            for worker in found:
                worker.end()
        else:
            _kept[: len(found)] = found


@final
@dataclass
class _Worker:
    """A pool of one process, so that it is known of which item it died. The process starts with the first item."""

    pool: ProcessPoolExecutor = field(init=False)
    began: Any = field(init=False)
    process: Any = None
    ended: bool = False

    def __post_init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a forked child would inherit torch's thread pools half alive
        self.began = context.Value("b", 0, lock=False)  # a lock could die with its holder
        self.pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(self.began,))

    def submit(self, work: Work, item: Any) -> Future:
        given = pickle.dumps(work.function)
        try:
            future = self.pool.submit(_call, given, item)
        except BrokenProcessPool:  # it died of something else, between two pieces of work
            self.replace()
            future = self.pool.submit(_call, given, item)
        self.process = next(iter((self.pool._processes or {}).values()), self.process)
        return future

    def replace(self) -> str:
        """Another process in place of the dead one; how that one died.

        UserError where it ended by itself before it could do any work: so would all others.
        """
        began = bool(self.began.value)
        self.pool.shutdown(wait=True, cancel_futures=True)  # its thread has waited for the process then
        code = None if self.process is None else self.process.exitcode
        if not began and code is not None and code >= 0:
            raise UserError(
                f"a worker process ended before its work began (exit code {code}); a script that runs studies needs "
                "`if __name__ == '__main__':` before its first call, or workers='serial'"
            )
        self.__post_init__()
        return _told(code)

    def terminate(self) -> None:
        self.ended = True
        if self.process is not None:  # Python 3.14 has terminate_workers
            self.process.terminate()

    def end(self) -> None:
        self.ended = True
        self.pool.shutdown(wait=True, cancel_futures=True)


def _told(code: int | None) -> str:
    """How a process ended, by its exit code."""
    if code == -signal.SIGKILL:
        return "killed (SIGKILL, out of memory?)"
    return f"killed ({signal.Signals(-code).name})" if code is not None and code < 0 else f"with exit code {code}"


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


def _call(function: bytes, item: Any) -> Any:
    """A piece of work; a function that cannot be loaded here is an error of the work, not the end of the worker."""
    return pickle.loads(function)(item)


def _begin(began: Any) -> None:
    """What a worker does first."""
    began.value = 1
    set_engine("processes")
    follow_parent()


def follow_parent() -> None:
    """End when the parent has ended, instead of waiting for work forever.

    Signals that a terminal sends to both are left to the parent.
    """
    for name in _OF_THE_TERMINAL:
        signal.signal(name, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        wait_connections([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
