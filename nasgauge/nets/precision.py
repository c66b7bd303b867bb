"""In which precision does a network compute? What PyTorch decides by global switches, said once and put back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nasgauge.core.errors import UserError, unknown_name

PRECISIONS = {
    "float64": "64 bits throughout",
    "float32": "32 bits throughout: products of convolutions and matrices too, which PyTorch would round to TF32",
    "tf32": "products of factors rounded to 10 bits of fraction and summed in 32 bits, on accelerators that have it",
    "bfloat16": "forward passes in 16 bits with 7 of fraction where PyTorch deems it safe, weights and sums in 32 bits",
}
_TF32 = 2.0**-10  # relative rounding of a factor


def check_precision(
    precision: str, device: str | torch.device, where: str, *, option: str = "precision", instead: str = "float32"
) -> None:
    """UserError unless `precision` is one of PRECISIONS, and one that the device has.

    where: begins the message; option: what sets the precision; instead: its value that every device has.
    """
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    if precision == "tf32" and torch.device(device).type != "cuda":
        raise UserError(
            f'{where}: {option} "tf32" needs a CUDA device, and device is "{device}"; write {option} = "{instead}"'
        )


def dtype_of(precision: str) -> torch.dtype:
    """The type of weights and images."""
    return torch.float64 if precision == "float64" else torch.float32


def autocast(precision: str, device: str | torch.device) -> torch.autocast:
    """The context of a forward pass."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bfloat16")


def rounding(x: torch.Tensor) -> float:
    """Relative rounding of products of tensors like x, of floating point, at this place of the program.

    Eps of the type of x (2e-16, 1e-7), or of the narrower one in which autocast (8e-3) or TF32 (1e-3) computes here.

    >>> with autocast("bfloat16", "cpu"):
    ...     rounding(torch.ones(1)), rounding(torch.ones(1, dtype=torch.float64))
    (0.0078125, 2.220446049250313e-16)
    """
    own, kind = torch.finfo(x.dtype).eps, x.device.type
    if x.dtype == torch.float64:
        return own
    if torch.is_autocast_enabled(kind):
        return max(own, torch.finfo(torch.get_autocast_dtype(kind)).eps)
    tf32 = kind == "cuda" and (torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32)
    return max(own, _TF32) if tf32 else own


@contextmanager
def unrounded(device: str | torch.device) -> Iterator[None]:
    """Within: products in the type of their factors, whatever the precision around; for differences of near equals."""
    with products("float32"), autocast("float32", device):
        yield


@contextmanager
def products(precision: str) -> Iterator[None]:
    """Whether float32 products on an accelerator may be rounded to TF32: only if that is the precision.

    Kernels of cuDNN whose result differs from run to run are not chosen. All switches are put back afterwards.
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
