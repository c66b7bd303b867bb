"""In which precision does a network compute? What PyTorch decides by global switches, said once and put back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nasgauge.errors import UserError, unknown_name

PRECISIONS = {
    "float64": "64 bits throughout",
    "float32": "32 bits throughout: products of convolutions and matrices too, which PyTorch would round to TF32",
    "tf32": "products of factors rounded to 10 bits of fraction and summed in 32 bits, on accelerators that have it",
    "bfloat16": "forward passes in 16 bits with 7 of fraction where PyTorch deems it safe, weights and sums in 32 bits",
}


def check_precision(precision: str, device: str | torch.device, where: str) -> None:
    """UserError unless `precision` is one of PRECISIONS, and one that the device has; where: begins the message."""
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    if precision == "tf32" and torch.device(device).type != "cuda":
        raise UserError(f'{where}: precision "tf32" is of CUDA devices alone; write precision = "float32" on {device}')


def dtype_of(precision: str) -> torch.dtype:
    """The type of weights and images."""
    return torch.float64 if precision == "float64" else torch.float32


def autocast(precision: str, device: str | torch.device) -> torch.autocast:
    """The context of a forward pass."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def products(precision: str) -> Iterator[None]:
    """Whether float32 products on an accelerator may be rounded to TF32: only if that is the precision.

    Kernels whose result differs from run to run are not chosen. All switches are put back afterwards.
    """
    cudnn, matrices = torch.backends.cudnn, torch.backends.cuda.matmul
    before = _switches()
    cudnn.allow_tf32 = matrices.allow_tf32 = precision == "tf32"
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        cudnn.allow_tf32, matrices.allow_tf32, cudnn.deterministic, cudnn.benchmark = before


def _switches() -> tuple[bool, bool, bool, bool]:
    cudnn, matrices = torch.backends.cudnn, torch.backends.cuda.matmul
    return cudnn.allow_tf32, matrices.allow_tf32, cudnn.deterministic, cudnn.benchmark
