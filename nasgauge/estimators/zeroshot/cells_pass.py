"""What blocks make of Gaussian images: the spectra of their features, and how gradients cross them."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.chain import block_outputs
from nasgauge.estimators.zeroshot.record import Cells, Unmeasurable
from nasgauge.estimators.zeroshot.zen_pass import normal_like


def cells_pass(net: nn.Module, x: torch.Tensor, generator: torch.Generator) -> Cells:
    """Spectra and transfers of the blocks for Gaussian images; of x (N, C, H, W) only the shape counts.

    `spectra[b]`: eigenvalues (C,) of the covariance of block b's channels over images and positions, float64, zeros
    where they vary by rounding only. `transfers[b]`: for random signs v at the output of block b + 1 and g = v' d out /
    d in at its input, the largest singular value of the mean over images and positions of g v'; where the block reduces
    the map, neighbouring positions of g count as channels, with zeros beyond the border. None: g = v, the block is the
    identity. Unmeasurable: fewer than two blocks with features, or features that are not finite.
    """
    u = normal_like(x, generator).requires_grad_()
    with torch.enable_grad():
        features = block_outputs(net, u)
        if not all(torch.isfinite(f).all() for f in features):
            raise Unmeasurable("the features of a block are not finite")
        transfers = tuple(_transfer(f_in, f_out, generator) for f_in, f_out in pairwise(features))
    return Cells(tuple(_spectrum(f.detach()) for f in features), transfers)


def _spectrum(feature: torch.Tensor) -> torch.Tensor:
    rows = _by_position(feature)
    centred = rows - rows.mean(0)
    values = torch.linalg.eigvalsh((centred.T @ centred).double() / len(rows)).clamp(min=0)
    rounding = torch.finfo(feature.dtype).eps ** (4 / 3) * rows.square().mean(0).sum()
    return values if values.sum() > rounding else torch.zeros_like(values)


def _transfer(f_in: torch.Tensor, f_out: torch.Tensor, generator: torch.Generator) -> float | None:
    signs = torch.randint(2, f_out.shape, generator=generator, device=generator.device) * 2 - 1
    v = torch.empty_like(f_out).copy_(signs)
    if not (f_in.requires_grad and f_out.requires_grad):
        return 0.0
    (g,) = torch.autograd.grad(f_out, f_in, v, retain_graph=True, allow_unused=True)
    if g is None:
        return 0.0
    if torch.equal(g, v):
        return None
    g = _as_channels(g, f_out.shape[2:])
    mean = _by_position(g).T @ _by_position(v) / (v.numel() // v.shape[1])
    return float(torch.linalg.matrix_norm(mean.double(), 2))


def _as_channels(g: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """(N, C, H, W) to (N, C s s', *size): the positions that make one of the output."""
    if len(size) != g.dim() - 2 or any(small > large for small, large in zip(size, g.shape[2:], strict=True)):
        raise Unmeasurable(f"a block makes a map of {tuple(size)} out of {tuple(g.shape[2:])}")
    strides = [-(-large // small) for small, large in zip(size, g.shape[2:], strict=True)]
    missing = [small * stride - large for small, stride, large in zip(size, strides, g.shape[2:], strict=True)]
    g = F.pad(g, [part for more in reversed(missing) for part in (0, more)])
    for axis, stride in enumerate(strides):  # (N, C, ..., s H', ...) to (N, s C, ..., H', ...)
        g = g.unflatten(2 + axis, (-1, stride)).movedim(3 + axis, 2).flatten(1, 2)
    return g


def _by_position(feature: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) to (N H W, C)."""
    return feature.movedim(1, -1).reshape(-1, feature.shape[1])
