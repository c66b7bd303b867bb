"""How the truth is made: an architecture is trained from scratch, several seeds side by side.

The seeds of one architecture are the replicas of one grouped network: each has its own weights, its own split, its own
batch order, and their losses are summed, so that plain SGD trains every one exactly as if it were alone. A network
without replicas is trained for one seed at a time.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad

from nasgauge.benchmarks.building.protocol import Protocol
from nasgauge.core.errors import UserError, check_seed
from nasgauge.images import ImageData, Split, shifted_and_mirrored
from nasgauge.nets import NetOptions, build, products, quicken, zero_init_residual
from nasgauge.spaces import Arch, Space


@dataclass(frozen=True)
class Outcome:
    """What one training reached: accuracies as fractions, losses as mean cross-entropy in nats."""

    valid_accuracy: float
    valid_loss: float
    test_accuracy: float
    test_loss: float


@products("float32")
def train(
    space: Space,
    arch: Arch,
    options: NetOptions,
    protocol: Protocol,
    data: ImageData,
    splits: list[Split],
    seeds: list[int],
    *,
    device: str = "cpu",
) -> list[Outcome]:
    """Train one architecture once per seed, on `splits[i]` with weights and order from `seeds[i]`; one outcome a seed.

    A seed's outcome does not depend on the other seeds in the call (up to float rounding). All splits must train on
    equally many images. `device`: a device of torch; weights, order and augmentation are drawn on the CPU. All is
    computed in float32: convolutions on an accelerator too, whose products PyTorch would round to TF32. UserError: a
    seed or a split that is none, fewer training images than a batch.
    """
    _check(protocol, data, splits, seeds)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    net = quicken(build(space, arch, options, generators=generators, device=device))
    if protocol.zero_init_residual:
        net = zero_init_residual(net)
    if all(p.dim() < 5 for p in net.parameters()):  # for volumes there is no such layout
        net = net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(
        net.parameters(), protocol.lr, protocol.momentum, weight_decay=protocol.weight_decay, nesterov=protocol.nesterov
    )
    n_train = len(splits[0].train)
    n_steps = n_train // protocol.batch_size
    images, labels = data.images.to(device), data.labels.to(device)
    for epoch in range(protocol.epochs):
        order = torch.stack(
            [s.train[torch.randperm(n_train, generator=g)] for s, g in zip(splits, generators, strict=True)]
        ).to(device)
        for step in range(n_steps):
            for group in optimiser.param_groups:
                group["lr"] = protocol.lr * _schedule(epoch + step / n_steps, protocol)
            rows = order[:, step * protocol.batch_size : (step + 1) * protocol.batch_size]  # (r, b)
            moved = [
                shifted_and_mirrored(images[i], protocol.shift, protocol.flip, g)
                for i, g in zip(rows, generators, strict=True)
            ]
            x = torch.stack(moved, 1)
            logits = _logits(net, _side_by_side(x), len(seeds) * options.n_classes)
            logits = logits.unflatten(1, (len(seeds), -1))  # (b, r, classes)
            loss = len(seeds) * cross_entropy(
                logits.flatten(0, 1), labels[rows.T].flatten(), label_smoothing=protocol.label_smoothing
            )  # mean over (b, r), times r: the sum of the seeds' mean losses
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    n_logits = len(seeds) * options.n_classes
    valid = _evaluate(net, images, labels, [s.valid for s in splits], protocol, n_logits)
    test = _evaluate(net, images, labels, [s.test for s in splits], protocol, n_logits)
    return [Outcome(*v, *t) for v, t in zip(valid, test, strict=True)]


def _check(protocol: Protocol, data: ImageData, splits: list[Split], seeds: list[int]) -> None:
    if not seeds or len(splits) != len(seeds):
        raise UserError(f"training: {len(splits)} splits and {len(seeds)} seeds; give each seed its split")
    for seed in seeds:
        check_seed(seed, "training: seed")
    for split in splits:
        split.check(len(data.labels), "training")
    sizes = sorted({len(split.train) for split in splits})
    if len(sizes) > 1 or sizes[0] < protocol.batch_size:
        raise UserError(
            f"training: splits of {', '.join(map(str, sizes))} training images, batch_size {protocol.batch_size}; all "
            "splits must have equally many, a batch at least"
        )


def _schedule(epoch: float, p: Protocol) -> float:
    """Fraction of the base learning rate at a (fractional) epoch: linear warm-up, then half a cosine to zero."""
    if epoch < p.warmup_epochs:
        return (epoch + 1e-3) / p.warmup_epochs
    progress = (epoch - p.warmup_epochs) / (p.epochs - p.warmup_epochs)
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * progress))))


def _side_by_side(x: torch.Tensor) -> torch.Tensor:
    """(b, r, c, h, w) to (b, r*c, h, w) in channels-last order."""
    return x.flatten(1, 2).contiguous(memory_format=torch.channels_last)


def _logits(net: nn.Module, x: torch.Tensor, width: int) -> torch.Tensor:
    """(n, width); ValueError for anything else, which only a network of somebody's own gives."""
    logits = net(x)
    if not isinstance(logits, torch.Tensor) or logits.shape != (len(x), width):
        shape = f"a tensor {tuple(logits.shape)}" if isinstance(logits, torch.Tensor) else f"a {type(logits).__name__}"
        raise ValueError(f"it gives {shape}, where logits ({len(x)}, {width}) are needed")
    return logits


@torch.no_grad()
def _evaluate(
    net: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    rows: list[torch.Tensor],
    protocol: Protocol,
    n_logits: int,
    batch: int = 256,
) -> list[tuple[float, float]]:
    """Accuracy and mean cross-entropy of every replica on its own rows, with running statistics.

    Each image is judged in the (2 shift + 1)^2 positions that training may have moved it to, or in every
    `test_stride`-th along both axes.
    """
    net.eval()
    index = torch.stack(rows).to(images.device)  # (r, n)
    hits = losses = torch.zeros(len(rows), dtype=torch.float64)
    height, width = images.shape[-2:]
    moved = pad(images, (protocol.shift,) * 4)
    starts = range(0, 2 * protocol.shift + 1, protocol.test_stride)
    corners = [(dy, dx) for dy in starts for dx in starts]
    for dy, dx in corners:
        view = moved[..., dy : dy + height, dx : dx + width]
        for part in index.split(batch, dim=1):  # (r, b)
            logits = _logits(net, _side_by_side(view[part].transpose(0, 1)), n_logits)
            logits = logits.unflatten(1, (len(rows), -1)).transpose(0, 1)
            truth = labels[part]
            loss = cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none").unflatten(0, part.shape)
            hits = hits + (logits.argmax(2) == truth).sum(1).cpu()
            losses = losses + loss.double().sum(1).cpu()
    net.train()
    n = index.shape[1] * len(corners)
    return [((h / n).item(), (e / n).item()) for h, e in zip(hits, losses, strict=True)]
