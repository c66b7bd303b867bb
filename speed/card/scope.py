"""What every part is given: where it runs, how large, and until when."""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from card.service import enter


@dataclass(frozen=True)
class Scope:
    """device: of the networks. tiny: the smallest sizes that still pass through everything, for tests. n_workers: how
    many processes there may be. deadline: of `time.monotonic`, when the whole run should end. out: folder for files.
    resume: folder with the checkpoint of an earlier slice of training, None for none. pool: worker processes, served by
    CUDA's multi-process service where there is one: served, the variables with which they are, {} where there is none.
    """

    device: str
    tiny: bool
    n_workers: int
    deadline: float
    out: Path
    resume: Path | None
    pool: ProcessPoolExecutor
    served: Mapping[str, str]

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    @property
    def on_card(self) -> bool:
        return self.device != "cpu"

    def seconds(self, function: Callable[[], object], repeats: int = 1) -> float:
        """Mean seconds of a call, once the device has done its work; the first call is not counted."""
        function()
        self.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        self.wait()
        return (time.perf_counter() - start) / repeats

    def once(self, function: Callable[[], object]) -> float:
        """Seconds of one call that has been made before."""
        start = time.perf_counter()
        function()
        self.wait()
        return time.perf_counter() - start

    def wait(self) -> None:
        """Until the device has done its work."""
        if self.on_card:
            torch.cuda.synchronize()

    def peak_gib(self, function: Callable[[], object]) -> float | None:
        """Memory that PyTorch holds at most during a call, GiB; None on the CPU."""
        if not self.on_card:
            return None
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        function()
        self.wait()
        return torch.cuda.max_memory_allocated() / 2**30


def pool_of(n_workers: int, served: Mapping[str, str]) -> ProcessPoolExecutor:
    """Processes of one thread each. served: variables of the multi-process service, {} without it."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(n_workers, mp_context=context, initializer=enter, initargs=(served,))
