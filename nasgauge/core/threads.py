"""One thread per piece of work, whatever does it, so that results are equal to the last bit."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from threadpoolctl import threadpool_info, threadpool_limits

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def one_thread() -> Iterator[None]:
    """Numerical libraries compute with one thread inside.

    Libraries that are first imported inside have as many threads afterwards as the environment says.
    """
    torch = sys.modules.get("torch")
    n_torch = None if torch is None else torch.get_num_threads()
    try:
        with variables(dict.fromkeys(THREADS, "1")):
            if torch is not None:
                torch.set_num_threads(1)
            with threadpool_limits(1):
                yield
    finally:
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(n_torch or given_threads())


def n_threads() -> int:
    """With how many threads numerical libraries compute in this process now."""
    torch = sys.modules.get("torch")
    pools = [pool["num_threads"] for pool in threadpool_info()]
    return max([1, *pools, *([] if torch is None else [torch.get_num_threads()])])


def given_threads() -> int:
    """How many threads the environment allows a library, all cores of this process where it does not say so."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # a list is by level of nesting
    return int(given) if given.isdecimal() and int(given) else len(os.sched_getaffinity(0))


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of the environment inside the block, which children that start there inherit."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
