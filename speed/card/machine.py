"""The machine: card, memory, versions, and the rates against which everything else is held."""

import os
import platform

import torch

from card.scope import Scope
from nasgauge.nets import products


def machine(scope: Scope) -> dict:
    """Names and versions; TFLOP/s of a matrix product by precision, and GB/s of a copy, read and written."""
    cores = len(os.sched_getaffinity(0))
    found = {"cores": cores, "python": platform.python_version(), "torch": torch.__version__, "device": scope.device}
    if scope.on_card:
        card = torch.cuda.get_device_properties(0)
        found |= {
            "card": card.name,
            "memory GiB": round(card.total_memory / 2**30, 1),
            "multiprocessors": card.multi_processor_count,
            "CUDA": torch.version.cuda,
            "cuDNN": torch.backends.cudnn.version(),
        }
    return found | {"tflops": {name: matrix_rate(scope, name) for name in RATES}, "copy GB/s": copy_rate(scope)}


RATES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "tf32": torch.float32,
    "bfloat16": torch.bfloat16,
}


def matrix_rate(scope: Scope, precision: str) -> float | None:
    """TFLOP/s of the product of two square matrices of normal numbers."""
    if precision == "tf32" and not scope.on_card:
        return None
    n = 8192 if scope.on_card else 256
    a, b = (torch.randn(n, n, device=scope.device).to(RATES[precision]) for _ in range(2))
    with products(precision):
        return 2e-12 * n**3 / scope.seconds(lambda: a @ b, 5)


def copy_rate(scope: Scope) -> float:
    """GB/s of a copy within the device's memory, bytes read and written counted."""
    a = torch.empty(2**30 if scope.on_card else 2**24, dtype=torch.uint8, device=scope.device)
    b = torch.empty_like(a)
    return 2e-9 * a.numel() / scope.seconds(lambda: b.copy_(a), 10)
