"""Work on a Ray cluster: one that runs already, or one of this machine's processors for the time being.

Results of a study are finished parts in its folder, which all nodes must see under the same path.
"""

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.core.threads import one_thread, variables
from nasgauge.core.work import TRIES, Work, set_engine

_SOCKET_ROOM = 28  # letters: below its folder Ray makes sockets, whose paths may have 107
_POLL, _PATIENCE = 5.0, 60.0  # seconds: between two looks at the cluster, and without any processor in it
_NICENESS = "RAY_worker_niceness"
_CARRIED = "NASGAUGE_"  # variables of the environment that begin so are the driver's on every node


def on_ray(work: Work) -> Iterator[Any]:
    """The results of a piece of work as they are done; one whose worker or node dies is done again, see `Work.lost`."""
    with on_cluster(work.n_workers, work.address) as ray:
        _check_resources(ray, work)
        remote = ray.remote(_call)
        given = ray.put(ray.cloudpickle.dumps(work.function))
        carried = {name: value for name, value in os.environ.items() if name.startswith(_CARRIED)}
        queue, pending = deque((item, 1) for item in work.items), {}
        try:
            while queue or pending:
                while queue and len(pending) < 2 * _processors(ray):
                    item, n = queue.popleft()
                    needs = work.resources(item)
                    options = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "max_retries": 0}
                    pending[remote.options(**options).remote(given, item, carried)] = item, n
                for reference in _done(ray, pending):
                    item, n = pending.pop(reference)
                    try:
                        result = ray.get(reference)
                    except ray.exceptions.RayTaskError as error:
                        raise error.cause from error  # what the function raised, as in every other kind
                    except ray.exceptions.RayError as broken:
                        if n < TRIES:
                            queue.append((item, n + 1))
                            continue
                        result = work.given_up(item, f"with Ray's {type(broken).__name__}")
                    yield result
        finally:
            for reference in pending:
                ray.cancel(reference, force=True)


def _done(ray: Any, pending: Mapping[Any, Any]) -> list[Any]:
    """Those that are done, at least one; UserError where no processor was left for a minute."""
    alone = None
    while True:
        done, _ = ray.wait(list(pending), num_returns=1, timeout=_POLL)
        if done:
            return done
        if ray.cluster_resources().get("CPU", 0) >= 1:
            alone = None
        else:
            alone = alone or time.monotonic()
            if time.monotonic() - alone > _PATIENCE:
                raise UserError("Ray: no node with a processor is left; start one and run the same command to resume")


def _check_resources(ray: Any, work: Work) -> None:
    """UserError for work that the cluster could never begin."""
    needed = max((work.resources(item).gpus for item in work.items), default=0.0)
    there = ray.cluster_resources().get("GPU", 0.0)
    if needed > there:
        raise UserError(
            f"Ray: the work needs {needed:g} accelerator of a node, the cluster has {there:g}; start nodes that have "
            'some, or write device = "cpu"'
        )


@contextmanager
def on_cluster(n_workers: int, address: str | None) -> Iterator[Any]:
    """A Ray to work on; yields its module.

    One that this program has begun before, the one at the address or at $RAY_ADDRESS; else a temporary local cluster
    with `n_workers` processors is started, which leaves no process and no file.
    """
    try:
        import ray
    except ImportError as missing:
        raise UserError("workers 'ray': Ray is not installed; pip install 'nasgauge[ray]'") from missing
    if ray.is_initialized():
        yield ray
        return
    short = gettempdir() if len(gettempdir()) <= _SOCKET_ROOM else "/tmp"
    with TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        try:
            with _handlers_kept():
                _start(ray, n_workers, address or os.environ.get("RAY_ADDRESS"), folder)
            yield ray
        finally:
            ray.shutdown()


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray sets a handler for SIGTERM; ours stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:  # set by another language, and not to be set from here
            signal.signal(signal.SIGTERM, before)


def _start(ray: Any, n_workers: int, address: str | None, folder: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address, **quiet)
        else:
            with variables({_NICENESS: os.environ.get(_NICENESS, "0")}):  # Ray's own default is 15
                ray.init("local", num_cpus=n_workers, include_dashboard=False, _temp_dir=folder, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        remedy = "start it with `ray start`, or correct --address" if address else "try --kind processes"
        raise UserError(f"workers 'ray': Ray could not be reached or started ({error}); {remedy}") from error


def _processors(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _call(function: bytes, item: Any, carried: Mapping[str, str]) -> Any:
    """A worker's piece of work; the function is unpickled once the driver's variables are there."""
    set_engine("ray")
    os.environ.update(carried)
    with one_thread():
        return pickle.loads(function)(item)
