"""A slice of the paper's supernet on NAS-Bench-201: trained for the seconds left, scored, judged by the real truth.

16 channels, 17 layers, CIFAR-10 from the JPEG copy, de-isomorphic sampling, batch 512 (Ning et al. 2021, appendix D).
A later slice goes on from the checkpoint of an earlier one: weights and the rest apart, so that files stay small.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from card.given import CIFAR, PAPER, TINY
from card.scope import Scope
from nasgauge import benchmarks
from nasgauge.criteria import kendall_tau
from nasgauge.estimators.oneshot import PROTOCOLS, OneShot, Protocol, get_sampler, score, validation_batches
from nasgauge.images import Split, load_images
from nasgauge.judging import judge
from nasgauge.spaces import NB201

PUBLISHED = {200: (0.4639, 0.34778), 400: (0.6141, 0.34985), 600: (0.7296, 0.46440), 800: (0.7410, 0.37668),
             1000: (0.7439, 0.46749)}  # fmt: skip
SOURCE = "Ning et al. 2021, Table A4, de-isomorphic sampling: Kendall's tau and P@top 5% over 6,466 classes"
EVERY = 10  # epochs between checkpoints
RESERVE = 90  # seconds for scoring at the end
NET = replace(PAPER, dropout=0.1)
CRITERIA = ("kendall_tau", {"name": "precision_at_top", "fraction": 0.05})
_APART = ("weights", "rest")


class Enough(Exception):  # noqa: N818 - no mistake: the time is used up
    """The time does not suffice for the epochs to the next checkpoint."""


class Until:
    """Called after each epoch; raises `Enough` after a checkpoint if the epochs to the next one would end too late."""

    def __init__(self, left: Callable[[], float], every: int, start: int) -> None:
        self.left, self.every, self.reached, self.rounds = left, every, start, [time.monotonic()]

    def __call__(self, epoch: int, of: int) -> None:
        self.reached = epoch
        if epoch % self.every == 0:
            self.rounds.append(time.monotonic())
            if epoch < of and self.left() < 1.3 * (self.rounds[-1] - self.rounds[-2]):
                raise Enough


def supernet_slice(scope: Scope) -> dict:
    """Epochs reached, seconds per epoch, criteria by epoch, published values beside them, precision of scoring."""
    start, kept = resumed(scope.resume)
    start, every = start or 0, 1 if scope.tiny else EVERY
    until = Until(lambda: scope.left() - (1 if scope.tiny else RESERVE), every, start)
    estimator = described(scope, kept, until)
    began = time.monotonic()
    with suppress(Enough):
        estimator.train()
    seconds, last = time.monotonic() - began, max(kept)
    write(kept[last], scope.out)
    values, coarse = judged(estimator, scope)
    log = kept[last]["rows"]["training_log"]
    n_epochs = until.reached - start
    return {
        "epochs": last,
        "epochs of this slice": n_epochs,
        "seconds per epoch": seconds / max(1, n_epochs),
        "training_log": [{key: row[key] for key in ("epoch", "lr", "train_loss", "train_seconds")} for row in log],
        "rows": values,
        "precision of scoring": coarse,
        "published": [{"epoch": e, "kendall_tau": t, "precision_at_top": p} for e, (t, p) in PUBLISHED.items()],
        "source": SOURCE,
    }


def described(scope: Scope, kept: dict, until: Until) -> OneShot:
    """The estimator: what is trained and how, and at which epochs it is kept."""
    data = load_images("cifar10", CIFAR, n=100 if scope.tiny else None, rng=np.random.default_rng(0))
    protocol = replace(PROTOCOLS["ning2021"], amp="tf32" if scope.on_card else "none")  # as PyTorch does by itself
    if scope.tiny:
        protocol = Protocol(epochs=2, batch_size=40, schedule="plateau", shift=4, flip=True)
    n = len(data.labels)
    rows = torch.arange(n)
    split = Split(rows[: n * 4 // 5], rows[n * 4 // 5 :], rows[n:])
    epochs = tuple(epoch for epoch in range(0, protocol.epochs + 1, until.every) if epoch >= until.reached)
    return OneShot(
        NB201(), data, split, get_sampler("deiso"), protocol, net=TINY if scope.tiny else NET, seed=20, label="deiso",
        checkpoint_epochs=epochs, checkpoints=kept, progress=until, device=scope.device,
        score_batch_size=10 if scope.tiny else 512,
    )  # fmt: skip


def judged(estimator: OneShot, scope: Scope) -> tuple[list[dict], list[dict]]:
    """Criteria by epoch on 1,000 classes, and Kendall's tau of coarser scoring with float32 on 100 of them."""
    truth = benchmarks.load("nb201").truth
    space = NB201()
    classes = sorted(set(truth["iso_class"]))
    rng = np.random.default_rng(0)
    chosen = [classes[i] for i in rng.permutation(len(classes))[: 20 if scope.tiny else 1000]]
    archs = [space.from_str(text) for text in chosen]
    part = truth[truth["arch"].isin(chosen)]
    size, n_batches = (10, 2) if scope.tiny else (512, 5)
    images = validation_batches(
        estimator.data, estimator.split.valid, batch_size=size, n_batches=n_batches, device=scope.device
    )
    rows = []
    epochs, seconds = sorted(estimator.checkpoints), 0.0
    for epoch in reversed(epochs):  # the last one first, and others for as long as there is time
        wanted = epoch == epochs[-1] or epoch % 50 == 0 or epoch == EVERY or scope.tiny
        if not wanted or scope.left() < 1.3 * seconds:
            continue
        net = estimator.fresh()
        net.load_state_dict(estimator.checkpoints[epoch]["weights"])
        start = time.monotonic()
        found = score(net, archs, images).mean_accuracy()
        seconds = time.monotonic() - start
        table = pd.DataFrame({"estimator": "deiso", "arch": chosen, "seed": 20, "score": found})
        values = judge(table, part, CRITERIA, n_bootstrap=200, rng=np.random.default_rng(0))
        row = {"epoch": epoch, "mean accuracy": float(found.mean()), "seconds of scoring": seconds}
        for value in values.itertuples():
            row |= {
                value.criterion: value.value,
                f"{value.criterion} from": value.lower,
                f"{value.criterion} to": value.upper,
            }
        rows.append(row)
        if epoch == epochs[-1]:
            coarse = rounding(net, archs[:100], images, scope)
    return rows[::-1], coarse


def rounding(net, archs: list, images: list, scope: Scope) -> list[dict]:
    """By precision of scoring: Kendall's tau of the accuracies with those of float32, largest difference, seconds."""
    exact, rows = score(net, archs, images).mean_accuracy(), []
    for precision in ("float32", "tf32", "bfloat16") if scope.on_card else ("float32", "bfloat16"):
        start = time.monotonic()
        found = score(net, archs, images, precision=precision).mean_accuracy()
        rows.append(
            {
                "precision": precision,
                "tau": kendall_tau(found, exact),
                "largest difference": float(np.abs(found - exact).max()),
                "seconds": time.monotonic() - start,
            }
        )
    return rows


def write(state: dict, folder: Path) -> None:
    """A checkpoint as two files."""
    torch.save(state["weights"], folder / "weights.pt")
    torch.save({key: value for key, value in state.items() if key != "weights"}, folder / "rest.pt")


def resumed(folder: Path | None) -> tuple[int | None, dict]:
    """The epoch and the checkpoints to go on from: none, or the one of a folder."""
    if folder is None:
        return None, {}
    weights, rest = (torch.load(folder / f"{name}.pt", weights_only=True) for name in _APART)
    return rest["epoch"], {rest["epoch"]: {**rest, "weights": weights}}
