"""One `map` over independent work: in this process, in several processes, or on a Ray cluster.

The function must be picklable (defined at the top of a module, or a partial of such). Results are returned as they
complete, in any order. Every worker computes with one thread, so `n_workers` workers use `n_workers` cores.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from nasgauge.core.cluster import on_cluster, on_ray
from nasgauge.core.errors import UserError, check_count, unknown_name
from nasgauge.core.processes import in_processes, kept_processes
from nasgauge.core.threads import one_thread
from nasgauge.core.work import Resources, Work

__all__ = ["BUILDING", "KINDS", "SCORING", "TRAINING", "Resources", "check_workers", "on", "session", "unordered_map"]

T = TypeVar("T")
R = TypeVar("R")
_PER_CORE = 8  # workers, at most
TRAINING = Resources(gpus=1.0)  # of a supernet, on an accelerator
SCORING = Resources(gpus=0.25)  # of a few architectures: kernels run for a sixth of the time (docs/scale.md)
BUILDING = Resources(gpus=0.25)  # an architecture from scratch, all seeds side by side


def on(device: str, resources: Resources) -> Resources:
    """What a piece of work occupies on that device, as a study names it: on the CPU no accelerator."""
    return Resources(resources.cpus) if device == "cpu" else resources


def unordered_map(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    kind: str = "processes",
    n_workers: int | None = None,
    address: str | None = None,
    resources: Callable[[T], Resources] = lambda item: Resources(),
    lost: Callable[[T, str], R] | None = None,
) -> Iterator[R]:
    """Yield `function(item)` for every item as soon as each is done.

    kind: "serial", "processes" or "ray" (needs the extra of that name). n_workers: default all cores this process may
    use; a Ray cluster that runs already, at `address` or $RAY_ADDRESS, has its own number. resources: what an item
    occupies of it. An exception in a worker is raised here, and what had not begun is dropped. An item whose worker (or
    node) dies is done again; the third time `lost(item, reason)`, computed here, takes the place of its result, or
    UserError if None. UserError: an unknown kind, an address without Ray, fewer than one worker or more than eight per
    core.
    """
    n = check_workers(kind, n_workers, address)
    return KINDS[kind](Work(function, items, n, address, resources, lost)) if items else iter(())


@contextmanager
def session(kind: str, n_workers: int | None = None, address: str | None = None) -> Iterator[None]:
    """What is done inside has the same workers: processes, or a Ray cluster, are started once."""
    n = check_workers(kind, n_workers, address)
    with on_cluster(n, address) if kind == "ray" else kept_processes() if kind == "processes" else nullcontext():
        yield


def check_workers(kind: str, n_workers: int | None, address: str | None = None) -> int:
    """The number of workers of a kind; UserError for an unknown kind, fewer than one, too many, an address without Ray.

    There may be eight for each core this process may use: each is a process of its own, with all libraries loaded.
    """
    if kind not in KINDS:
        raise unknown_name("kind of workers", kind, KINDS)
    if address is not None and kind != "ray":
        raise UserError(f"address {address!r} is of a Ray cluster, and workers are {kind!r}; add --kind ray")
    cores = len(os.sched_getaffinity(0))
    if n_workers is None:
        return cores
    remedy = f"eight for each of this machine's {cores} cores" if n_workers > 1 else "at least one is needed"
    return check_count(n_workers, "number of workers", least=1, most=_PER_CORE * cores, remedy=remedy)


def _serial(work: Work) -> Iterator[Any]:
    for item in work.items:
        with one_thread():
            result = work.function(item)
        yield result


KINDS: dict[str, Callable[[Work], Iterator[Any]]] = {"serial": _serial, "processes": in_processes, "ray": on_ray}
