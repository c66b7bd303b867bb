"""Validation accuracy and loss of a supernet's paths, kept batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.images import N_POSITIONS, ImageData, shifted_evenly
from nasgauge.nets import Path, Supernet, autocast, products

Batches = Sequence[tuple[torch.Tensor, torch.Tensor]]  # images (n, c, h, w) and labels (n,)


@dataclass(frozen=True)
class BatchScores:
    """Of k paths on b batches: `accuracy` (k, b) as fractions, `loss` (k, b) in nats, `n_images` (b,).

    A loss that is not finite comes from logits that are no numbers, of which an accuracy says nothing.
    """

    accuracy: np.ndarray
    loss: np.ndarray
    n_images: np.ndarray

    def mean_accuracy(self) -> np.ndarray:
        """(k,): over all images, rounded to 12 decimals so that equal counts of hits are equal numbers.

        NaN where the loss of any batch is not finite.
        """
        return self._mean(self.accuracy).round(12)

    def mean_loss(self) -> np.ndarray:
        """(k,): mean cross-entropy over all images, `steady`, NaN where that of any batch is not finite."""
        return steady(self._mean(self.loss))

    def _mean(self, values: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(self.loss), values, np.nan) @ self.n_images / self.n_images.sum()


def validation_batches(
    data: ImageData,
    rows: torch.Tensor,
    *,
    batch_size: int,
    n_batches: int | None = None,
    shift: int = 0,
    device: str = "cpu",
    part: Literal["validation", "training"] = "validation",
) -> Batches:
    """The rows of a data set in their order, in batches; the last one may be smaller, unless `n_batches` end before.

    shift: with one, nine times the rows, each image in all positions of `shifted_evenly`, nine of which are in every
    batch. UserError: fewer images than one batch, or than `n_batches` of them; a shift of a whole image.
    """
    height, width = data.images.shape[-2:]
    if shift >= min(height, width):
        raise UserError(f"scoring: score_shift = {shift} moves images of {height}x{width} out of sight; give less")
    turns = [rows] * (N_POSITIONS if shift else 1)
    n, wanted = len(rows) * len(turns), None if n_batches is None else n_batches * batch_size
    if max(wanted or n, batch_size) > n:
        remedy = "raise" if part == "validation" else "lower"
        raise UserError(
            f"scoring: {max(wanted or n, batch_size)} {part} images are wanted ({n_batches or 1} batches of "
            f"{batch_size}), there are {n}; lower score_batch_size or n_score_batches, or {remedy} valid_share"
        )
    images, labels = data.images[rows], torch.cat([data.labels[part] for part in turns])[:wanted]
    images = torch.cat([shifted_evenly(images, shift, i) for i in range(len(turns))]) if shift else images
    images = images[:wanted].to(memory_format=torch.channels_last)
    parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    return [(x.to(device), y.to(device)) for x, y in parts]


@torch.no_grad()
def score(
    net: Supernet,
    paths: Sequence[Path],
    batches: Batches,
    *,
    calibration: Batches = (),
    precision: str = "float32",
) -> BatchScores:
    """Accuracy and loss of every path on every batch, dropout off.

    Normalisations use the batch's own statistics or the running ones, as the supernet was made. `calibration`: batches
    from which each path's running statistics are estimated anew before it is scored. The scores of a path depend on
    nothing but the path and the weights: neither order nor grouping of `paths` changes a bit on the CPU. `precision`:
    see nets.PRECISIONS; the weights stay as they are, so float64 is no other than float32.
    """
    with products(precision), autocast(precision, next(net.parameters()).device):
        return _scored(net, paths, batches, calibration)


def _scored(net: Supernet, paths: Sequence[Path], batches: Batches, calibration: Batches) -> BatchScores:
    net.eval()
    parts = [_each(net, paths, x, y) for x, y in batches] if not calibration else []
    if calibration:
        images = [x for x, _ in calibration]
        rows = []
        for path in paths:
            net.recalibrate(path, images)
            net.eval()
            rows.append([_each(net, [path], x, y) for x, y in batches])
        parts = [
            tuple(np.concatenate(column) for column in zip(*batch, strict=True)) for batch in zip(*rows, strict=True)
        ]
    accuracy, loss = (np.stack(column, axis=1) for column in zip(*parts, strict=True))
    return BatchScores(accuracy, loss, np.array([len(y) for _, y in batches]))


def _each(net: Supernet, paths: Sequence[Path], x: torch.Tensor, y: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    logits = net.each(x, paths).double()  # (k, n, classes)
    hits = (logits.argmax(2) == y).double().mean(1)
    losses = cross_entropy(logits.flatten(0, 1), y.repeat(len(paths)), reduction="none").unflatten(0, logits.shape[:2])
    return hits.cpu().numpy(), losses.mean(1).cpu().numpy()
