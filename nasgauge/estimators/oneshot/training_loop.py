"""The training loop of a supernet: the same for all samplers."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.augment import augmentation
from nasgauge.estimators.oneshot.controllers import Judge
from nasgauge.estimators.oneshot.counted_sampler import CountedSampler
from nasgauge.estimators.oneshot.probes import Probe
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.randomness import epoch_seeds, seeded
from nasgauge.estimators.oneshot.schedule import Schedule
from nasgauge.estimators.oneshot.states import Log, State, Training, describe, last_resumable
from nasgauge.estimators.oneshot.step import Step
from nasgauge.images import ImageData, Split
from nasgauge.nets import Path, Supernet, products


def train(
    net: Supernet,
    sampler: Iterator[list[Path]],
    data: ImageData,
    split: Split,
    protocol: Protocol,
    *,
    seed: int,
    checkpoints: MutableMapping[int, State],
    checkpoint_epochs: Collection[int] = (),
    probes: Sequence[Probe] = (),
    progress: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[Mapping[str, Any]], None] | None = None,
    to_str: Callable[[Path], str] = str,
    device: str | torch.device = "cpu",
    judge: Judge | None = None,
    n_before: int = 0,
    origin: str = "",
) -> None:
    """Train a supernet in place and keep its state in `checkpoints` after the chosen epochs, the last one always.

    A step takes a list of paths from `sampler`, combines the gradients of their losses, and makes one step of SGD (see
    `Protocol` and `Step`). net: freshly initialised. sampler: a fresh generator. split: its training rows are used,
    nothing else. seed: a whole number from 0 that decides the order of the images, augmentation and dropout of every
    epoch. checkpoint_epochs: after so many epochs; 0 is before training. probes: called along the way; they change
    nothing. progress(done, of): after each epoch. on_epoch: gets each new row of the training log. to_str: the string
    of a path in messages. judge: scores of `net` as it is, for a sampler updated during training (a `Controller`); its
    seconds count as training. n_before: epochs that the first weights have been trained for, whose random numbers are
    not used again; origin: identifies these weights, "" for fresh ones.

    Where `checkpoints` holds states of this training already, it goes on from the last one before the first chosen
    epoch that is missing. On the CPU it then ends with the same weights and rows (but for the seconds) as without the
    interruption, bit for bit; `net` and `sampler` must be given as at the beginning.

    UserError: fewer training rows than a step needs; a loss or weight that is not finite (the checkpoints stay as they
    are); a checkpoint of another training. Reference: Guo et al. 2020 (single path); Ning et al. 2021, section 2.1.
    """
    device = torch.device(device)
    wanted = _wanted(checkpoint_epochs, protocol.epochs)
    rows = split.train[: round(protocol.train_share * len(split.train))]
    images, labels = data.images.to(device), data.labels.to(device)
    augment = augmentation(protocol, data.images)
    net = net.to(device, memory_format=torch.channels_last).train()
    step, schedule, counted = Step(net, protocol), Schedule(protocol), CountedSampler(sampler)
    training = Training(
        net, step.optimiser, schedule, counted, describe(net, protocol, data, rows, seed, probes, origin)
    )
    log: Log = {"training_log": [], **{table: [] for table in counted.tables}, **{probe.table: [] for probe in probes}}
    start = last_resumable(checkpoints, wanted)
    if start is not None:
        log = training.restore(checkpoints[start], f"checkpoint of epoch {start}")

    for epoch in range(0 if start is None else start + 1, protocol.epochs + 1):  # in epoch 0 no step is made
        began, probing = time.perf_counter(), 0.0
        seeds = epoch_seeds(seed, n_before + epoch)
        batches = _batches(rows, protocol.batch_size, seeds.order, device) if epoch else []
        augmenting = torch.Generator().manual_seed(seeds.augmentation)
        trained, losses, notes = [], [], [[] for _ in probes]
        with seeded(seeds.dropout, device), products(protocol.amp):
            for n, (seen, paths, shown) in enumerate(_steps(counted, batches, protocol.images)):
                lr = schedule.at(epoch - 1 + seen / len(batches))
                inputs = [(_channels_last(augment(images[part], augmenting)), labels[part]) for part in shown]
                losses.append(step(paths, inputs, lr))
                trained.append(paths)
                before = time.perf_counter()
                for probe, noted in zip(probes, notes, strict=True):
                    noted += probe.after_step(net, epoch, n, len(batches) // len(shown), paths)
                probing += time.perf_counter() - before
        if epoch:
            loss = _mean_loss(losses, trained, epoch, checkpoints, to_str)
            schedule.after_epoch(epoch, loss)
            for table, learned in counted.after_epoch(epoch, judge).items():
                log[table] += [{"seed": seed, "epoch": epoch, **row} for row in learned]
            seconds = time.perf_counter() - began - probing
            row = {"seed": seed, "epoch": epoch, "lr": lr, "train_loss": loss, "train_seconds": seconds}
            log["training_log"].append(row)
            if on_epoch:
                on_epoch(row)
        for probe, noted in zip(probes, notes, strict=True):
            log[probe.table] += [{"seed": seed, "epoch": epoch, **row} for row in probe.after_epoch(net, epoch, noted)]
        if epoch in wanted:
            checkpoints[epoch] = training.state(epoch, log)
        if progress:
            progress(epoch, protocol.epochs)


def _wanted(chosen: Collection[int], epochs: int) -> set[int]:
    outside = [epoch for epoch in chosen if not 0 <= epoch <= epochs]
    if outside:
        raise UserError(f"training: a checkpoint after epoch {outside[0]} of {epochs} is wanted; give 0 to {epochs}")
    return {*chosen, epochs}


def _batches(rows: torch.Tensor, size: int, seed: int, device: torch.device) -> list[torch.Tensor]:
    """An epoch's batches of row numbers, where the images are; a last one that is not full is left out."""
    if len(rows) < size:
        raise UserError(f"training: {len(rows)} training images are less than a batch of {size}; lower batch_size")
    order = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
    return list(order[: len(order) // size * size].to(device).split(size))


def _steps(
    counted: CountedSampler, batches: Sequence[torch.Tensor], images: str
) -> Iterator[tuple[int, list[Path], Sequence[torch.Tensor]]]:
    """An epoch's steps: (batches seen before it, its paths, its batches: one for all or one a path)."""
    seen = 0
    while seen < len(batches):
        n = len(counted.ahead()) if images == "own" else 1
        if n > len(batches):
            raise UserError(
                f"training: {n} architectures per step, each with its own batch, need {n} batches per epoch, there "
                f"are {len(batches)}; lower batch_size"
            )
        if seen + n > len(batches):
            return
        yield seen, counted.take(), batches[seen : seen + n]
        seen += n


def _channels_last(x: torch.Tensor) -> torch.Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _mean_loss(
    losses: Sequence[Sequence[torch.Tensor]],
    trained: Sequence[Sequence[Path]],
    epoch: int,
    kept: Collection[int],
    to_str: Callable[[Path], str],
) -> float:
    """The mean over steps of the mean loss of each one's paths; UserError names the first that is not finite."""
    values = iter(torch.stack([loss for step in losses for loss in step]).tolist())  # one transfer an epoch
    means = []
    for n, paths in enumerate(trained):
        of_step = [next(values) for _ in paths]
        for path, loss in zip(paths, of_step, strict=True):
            if not math.isfinite(loss):
                last = f"the checkpoint of epoch {max(kept)} is kept" if kept else "there is no checkpoint yet"
                raise UserError(
                    f"training: the loss is {loss} in epoch {epoch}, step {n}, architecture {to_str(path)}; {last}; "
                    "lower lr, or set clip or warmup_epochs"
                )
        means.append(sum(of_step) / len(of_step))
    return sum(means) / len(means)
