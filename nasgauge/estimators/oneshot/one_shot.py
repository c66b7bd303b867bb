"""The one-shot estimator: a supernet is trained once, each architecture is scored with its share of the weights."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import numpy as np
import pandas as pd
import torch

from nasgauge.datasets import ImageData, Split
from nasgauge.errors import UserError
from nasgauge.estimators.estimator import COSTS, Estimates, Estimator
from nasgauge.estimators.oneshot.averaging import averaged
from nasgauge.estimators.oneshot.probes import Probe
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.scoring import Batches, BatchScores, score, validation_batches
from nasgauge.estimators.oneshot.train import train
from nasgauge.nets import NetOptions, Path, Supernet, SupernetOptions, supernet
from nasgauge.spaces import Arch, Space
from nasgauge.tables import CHECKPOINT_SCORES, ERRORS, RECORDS, SCORES, check, empty

N_CALIBRATION = 4  # batches of training images from which statistics are estimated anew


def names(label: str, averages: Sequence[int] = (), post_deiso: bool = False) -> tuple[str, ...]:
    """The estimators of one supernet: accuracy, minus the loss, both with averaged weights, class means.

    >>> names("s", [3], True)
    ('s', 's_loss', 's_avg3', 's_avg3_loss', 's_post_deiso', 's_post_deiso_loss')
    """
    stems = [label, *(f"{label}_avg{n}" for n in averages), *([f"{label}_post_deiso"] if post_deiso else [])]
    return tuple(name for stem in stems for name in (stem, f"{stem}_loss"))


def path_string(space: Space, path: Path) -> str:
    """The space's string of an architecture; of a path whose cells differ, theirs one after the other."""
    cells = path if path and isinstance(path[0], tuple) else (path,)
    return " / ".join(space.to_str(cell) for cell in cells)


@final
@dataclass(frozen=True, eq=False)
class OneShot(Estimator):
    """Scores from the weights that all architectures share (Ning et al. 2021, sections 1 and 4.1).

    Everything that decides a number is a field. `net`, `supernet`: the network and how its weights are shared.
    `sampler(space, rng=)`: which architectures each step trains. `protocol`: how. `data`, `split`: images; scores come
    from the validation rows, in their order, in batches of `score_batch_size`, all or the first `n_score_batches`.
    `seed`: weights, sampling, order of images. `checkpoint_epochs`: when the weights are kept and scored; the last
    epoch always is. `averages`: also score the mean of the weights of so many last checkpoints (temporal ensemble).
    `post_deiso`: also score all members of an architecture's class (canonical `form`) and average them. `probes`: what
    is recorded while training. `settings`: numbers that tell it from others of a study, for table SETTINGS.
    `checkpoints`: where states are kept (epoch to state); what is there is not trained again. `label`: the first part
    of the names in tables, see `names`.
    """

    space: Space
    data: ImageData
    split: Split
    sampler: Callable[..., Iterator[list[Path]]]
    protocol: Protocol
    net: NetOptions = field(default_factory=NetOptions)
    supernet: SupernetOptions = field(default_factory=SupernetOptions)
    seed: int = 0
    label: str = "oneshot"
    checkpoint_epochs: tuple[int, ...] = ()
    score_batch_size: int = 128
    n_score_batches: int | None = None
    averages: tuple[int, ...] = ()
    post_deiso: bool = False
    form: str | None = None
    probes: tuple[Probe, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    checkpoints: MutableMapping[int, dict[str, Any]] = field(default_factory=dict)
    progress: Callable[[int, int], None] | None = None
    on_epoch: Callable[[Mapping[str, float]], None] | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        epochs = self.epochs
        if epochs[0] < 0 or epochs[-1] > self.protocol.epochs:
            raise UserError(
                f"{self.label}: checkpoints at epochs {epochs[0]} to {epochs[-1]} are wanted of {self.protocol.epochs} "
                "epochs of training"
            )
        short = [n for n in self.averages if not 2 <= n <= len(epochs)]
        if short:
            raise UserError(f"{self.label}: an average over {short[0]} checkpoints; give 2 to {len(epochs)}")
        self._validation()
        self.sampler(
            self.space, rng=np.random.default_rng(self.seed)
        )  # as all these: mistakes are told before training
        self.fresh()

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs after which the supernet is scored, ascending."""
        return tuple(sorted({*self.checkpoint_epochs, self.protocol.epochs}))

    @property
    def is_trained(self) -> bool:
        """Whether every checkpoint that is scored is there."""
        return set(self.epochs) <= set(self.checkpoints)

    @property
    def fit_seconds(self) -> float:
        """Wall seconds that training took, probes not counted."""
        log = self._state(self.protocol.epochs)["rows"]["training_log"]
        return float(sum(row["train_seconds"] for row in log))

    def fit(self, seen: pd.DataFrame, *, rng: np.random.Generator) -> "OneShot":
        """Itself with a trained supernet in `checkpoints`. Nothing of the truth is looked at; `seed` decides it all."""
        train(
            self.fresh(), self.sampler(self.space, rng=np.random.default_rng(self.seed)), self.data, self.split,
            self.protocol, seed=self.seed, checkpoints=self.checkpoints, checkpoint_epochs=self.epochs,
            probes=self.probes, progress=self.progress, on_epoch=self.on_epoch, device=self.device,
            to_str=partial(path_string, self.space),
        )  # fmt: skip
        return self

    def fresh(self) -> Supernet:
        """The supernet before training, drawn from `seed` on the CPU, so that every device gets the same weights."""
        generator = torch.Generator().manual_seed(self.seed)
        net = supernet(self.space, self.net, self.supernet, generator=generator)
        return net.to(self.device, memory_format=torch.channels_last)

    def trained(self, epoch: int) -> Supernet:
        """The supernet as it was after an epoch of `epochs`; UserError where training has not come so far."""
        net = self.fresh()
        net.load_state_dict(self._weights(epoch))
        return net

    def history(self) -> dict[str, pd.DataFrame]:
        """What training recorded: tables of RECORDS by name."""
        recorded = self._state(self.protocol.epochs)["rows"]
        tables = {
            n: pd.DataFrame(rows).assign(estimator=self.label, seed=self.seed) for n, rows in recorded.items() if rows
        }
        if self.settings:
            every = [
                (n, s, v) for n in names(self.label, self.averages, self.post_deiso) for s, v in self.settings.items()
            ]
            tables["settings"] = pd.DataFrame(every, columns=["estimator", "setting", "value"])
        return {name: check(table, RECORDS[name]) for name, table in tables.items()}

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """Scores of the last epoch, and as records the scores at every checkpoint, of every batch and class member.

        Architectures with operations that the (restricted) space lacks stand in `errors`. Costs: seconds
        of scoring an architecture at the last epoch, and of training.
        """
        net = self.fresh()
        found, errors = self._servable(net, archs)
        records: dict[str, list[pd.DataFrame]] = {}
        costs = []
        for stem, epoch, weights in self._versions() if found else ():
            net.load_state_dict(weights)
            start = time.perf_counter()
            for name, table in self._scored(net, stem, epoch, found):
                records.setdefault(name, []).append(table)
            if epoch == self.protocol.epochs:
                seconds = (time.perf_counter() - start) / len(found)
                stems = [stem, *([f"{stem}_post_deiso"] if self.post_deiso and stem == self.label else [])]
                costs += [
                    {"estimator": n, "arch_seconds": seconds, "n": len(found), "fit_seconds": self.fit_seconds}
                    for s in stems
                    for n in (s, f"{s}_loss")
                ]
        tables = {name: check(pd.concat(parts, ignore_index=True), RECORDS[name]) for name, parts in records.items()}
        at_checkpoints = tables.get("checkpoint_scores", empty(CHECKPOINT_SCORES))
        last = at_checkpoints[at_checkpoints["epoch"] == self.protocol.epochs].drop(columns="epoch")
        return Estimates(
            scores=check(last.reset_index(drop=True), SCORES),
            errors=check(pd.DataFrame(errors), ERRORS) if errors else empty(ERRORS),
            costs=check(pd.DataFrame(costs), COSTS) if costs else empty(COSTS),
            records=tables,
        )

    def _versions(self) -> Iterator[tuple[str, int, dict[str, torch.Tensor]]]:
        """Every set of weights that is scored: (first part of the name, epoch, weights)."""
        for i, epoch in enumerate(self.epochs):
            yield self.label, epoch, self._weights(epoch)
            for n in self.averages:
                if i + 1 >= n:
                    yield (
                        f"{self.label}_avg{n}",
                        epoch,
                        averaged([self._weights(e) for e in self.epochs[i + 1 - n : i + 1]]),
                    )

    def _scored(self, net: Supernet, stem: str, epoch: int, found: list[Arch]) -> Iterator[tuple[str, pd.DataFrame]]:
        """The record tables of one set of weights."""
        plain = stem == self.label
        classes = {a: self._members(net, a) for a in found} if plain and self.post_deiso else {}
        paths = list(dict.fromkeys([*found, *(m for members in classes.values() for m in members)]))
        scores = score(net, paths, self._validation(), calibration=self._calibration())
        row = {arch: i for i, arch in enumerate(paths)}
        each = {stem: scores.mean_accuracy(), f"{stem}_loss": -scores.mean_loss()}
        chosen = [row[a] for a in found]
        yield "checkpoint_scores", self._table(each, epoch, found, chosen)
        if plain:
            yield "batch_scores", self._batch_table(scores, epoch, found, chosen)
        if classes:
            groups = [[row[m] for m in members] for members in classes.values()]
            means = {
                name.replace(stem, f"{stem}_post_deiso", 1): np.array([values[g].mean() for g in groups]).round(12)
                for name, values in each.items()
            }
            yield "checkpoint_scores", self._table(means, epoch, found, list(range(len(found))))
            members = list(dict.fromkeys(m for part in classes.values() for m in part))
            table = self._table(each, epoch, members, [row[m] for m in members])
            owner = {self.space.to_str(m): self.space.to_str(self.space.canonical(m, self.form)) for m in members}
            yield "class_scores", table.assign(iso_class=table["arch"].map(owner))

    def _table(self, each: Mapping[str, np.ndarray], epoch: int, archs: list[Arch], rows: list[int]) -> pd.DataFrame:
        texts = [self.space.to_str(a) for a in archs]
        parts = [
            pd.DataFrame({"estimator": n, "arch": texts, "seed": self.seed, "epoch": epoch, "score": values[rows]})
            for n, values in each.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def _batch_table(self, scores: BatchScores, epoch: int, archs: list[Arch], rows: list[int]) -> pd.DataFrame:
        n_batches = len(scores.n_images)
        return pd.DataFrame(
            {
                "estimator": self.label,
                "arch": np.repeat([self.space.to_str(a) for a in archs], n_batches),
                "seed": self.seed,
                "epoch": epoch,
                "batch": np.tile(np.arange(n_batches), len(archs)),
                "n_images": np.tile(scores.n_images, len(archs)),
                "accuracy": scores.accuracy[rows].ravel(),
                "loss": scores.loss[rows].ravel(),
            }
        )

    def _servable(self, net: Supernet, archs: Iterable[Arch]) -> tuple[list[Arch], list[dict[str, Any]]]:
        """The architectures that the supernet has weights for, each once, and error rows for the others."""
        found, errors = [], []
        for arch in dict.fromkeys(archs):
            try:
                net.used(arch)
                found.append(arch)
            except UserError as reason:
                row = {"arch": self.space.to_str(arch), "seed": self.seed, "error": str(reason)}
                errors += [{"estimator": n, **row} for n in names(self.label, self.averages, self.post_deiso)]
        return found, errors

    def _members(self, net: Supernet, arch: Arch) -> list[Arch]:
        return self._servable(net, self.space.members(arch, self.form))[0]

    def _validation(self) -> Batches:
        return validation_batches(
            self.data, self.split.valid,
            batch_size=self.score_batch_size, n_batches=self.n_score_batches, device=self.device,
        )  # fmt: skip

    def _calibration(self) -> Batches:
        if self.supernet.bn != "recalibrated":
            return ()
        size = self.score_batch_size
        n_batches = min(N_CALIBRATION, len(self.split.train) // size)
        return validation_batches(self.data, self.split.train, batch_size=size, n_batches=n_batches, device=self.device)

    def _state(self, epoch: int) -> dict[str, Any]:
        if epoch not in self.checkpoints:
            raise UserError(
                f"{self.label}, seed {self.seed}: there is no checkpoint of epoch {epoch}; train it first (fit)"
            )
        return self.checkpoints[epoch]

    def _weights(self, epoch: int) -> dict[str, torch.Tensor]:
        return self._state(epoch)["weights"]
