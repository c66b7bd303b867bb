"""The one-shot estimator: a supernet is trained once, each architecture is scored with its share of the weights."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, final

import numpy as np
import pandas as pd
import torch

from nasgauge.core.errors import UserError, check_seed
from nasgauge.estimators.estimator import Estimates, Trainable
from nasgauge.estimators.oneshot.averaging import averaged
from nasgauge.estimators.oneshot.class_members import StandIns, scoring_request
from nasgauge.estimators.oneshot.controllers import Controller, Judge
from nasgauge.estimators.oneshot.naming import names, path_string
from nasgauge.estimators.oneshot.probes import Probe, undisturbed
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.randomness import sampling_stream
from nasgauge.estimators.oneshot.scoring import Batches, BatchScores, score, validation_batches
from nasgauge.estimators.oneshot.start import Start
from nasgauge.estimators.oneshot.tables import Scored, estimates, recorded
from nasgauge.estimators.oneshot.training_loop import train
from nasgauge.images import ImageData, Split
from nasgauge.nets import (
    NetOptions,
    Path,
    Supernet,
    SupernetOptions,
    check_precision,
    count_parameters,
    device_named,
    supernet,
)
from nasgauge.spaces import Arch, Space

N_CALIBRATION = 4  # batches of training images from which statistics are estimated anew


@final
@dataclass(frozen=True, eq=False)
class OneShot(Trainable):
    """Scores from the weights that all architectures share (Ning et al. 2021, sections 1 and 4.1).

    Everything that decides a number is a field. `net`, `supernet`: the network and how its weights are shared.
    `sampler(space, rng=)`: which architectures each step trains. `protocol`: how. `data`, `split`: images; scores come
    from the validation rows, in their order, in batches of `score_batch_size`, all or the first `n_score_batches`, with
    a `score_shift` each in nine positions, see `validation_batches`.
    `seed`: weights, sampling, order of images. `checkpoint_epochs`: when the weights are kept and scored; the last
    epoch always is. `averages`: also score the mean of the weights of so many last checkpoints (temporal ensemble).
    `post_deiso`: also score the members of an architecture's class (canonical `form`), those for which the supernet has
    weights, and average them. `judged()`: the strings of all that will be requested, where that is known: an
    architecture outside of a restricted space is scored by a member of its class, unless one is requested itself (see
    `StandIns`). `smaller`: parts of the space; where an architecture lies outside of one of them, the member of its
    class that would stand for it there is scored as well, for table MEMBER_SCORES. `probes`: what is recorded while
    training. `settings`, `choices`: numbers, and other settings as text, that distinguish it from others of a study,
    for tables SETTINGS and CHOICES. `checkpoints`: where states are kept (epoch to state); what is there is not trained
    again. `label`: the first part of the names in tables, see `names`. `device`: where the supernet lives, see
    `device_named`. `score_precision`: of scoring, one of nets.PRECISIONS but float64; that of training is `amp` of the
    protocol. `start`: the weights that training starts from, fresh ones if None; epochs are counted from there.
    `given`: the architectures that training samples alone, for table TRAINING_ARCHS.
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
    score_shift: int = 0
    averages: tuple[int, ...] = ()
    post_deiso: bool = False
    form: str | None = None
    judged: Callable[[], Collection[str]] = frozenset
    smaller: tuple[Space, ...] = ()
    probes: tuple[Probe, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    checkpoints: MutableMapping[int, dict[str, Any]] = field(default_factory=dict)
    progress: Callable[[int, int], None] | None = None
    on_epoch: Callable[[Mapping[str, float]], None] | None = None
    device: str = "cpu"
    score_precision: str = "float32"
    start: Start | None = None
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_precision(self.score_precision, self._on, self.label, option="score_precision")
        if self.score_precision == "float64":
            why = "as the weights of a supernet have 32 bits"
            raise UserError(f'{self.label}: score_precision "float64" changes nothing, {why}; write "float32"')
        if self.protocol.amp != "none":
            check_precision(self.protocol.amp, self._on, f"{self.label}, training", option="amp", instead="none")
        check_seed(self.seed, f"{self.label}: seed")
        self.split.check(len(self.data.labels), self.label)
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
        self._calibration()
        stream = self.sampler(self.space, rng=sampling_stream(self.seed))  # errors are raised before training
        if isinstance(stream, Controller):
            stream.timing.check(self.protocol.epochs, self.label)
        self.fresh()
        self._smaller()

    @property
    def _on(self) -> str:
        return device_named(self.device, self.label)

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

    def train(self) -> None:
        """Train the supernet into `checkpoints`; `seed` decides it all, with the weights that it starts from."""
        net, n_before, origin = self.fresh(), 0, ""
        if self.start is not None:
            n_before, origin = self.start.n_epochs, self.start.load(net)
        sampler = self.sampler(self.space, rng=sampling_stream(self.seed, n_before))
        train(
            net, sampler, self.data, self.split, self.protocol, seed=self.seed,
            checkpoints=self.checkpoints, checkpoint_epochs=self.epochs, probes=self.probes, progress=self.progress,
            on_epoch=self.on_epoch, device=self._on, to_str=partial(path_string, self.space), n_before=n_before,
            origin=origin, judge=self.judge(net),
        )  # fmt: skip

    def judge(self, net: Supernet) -> Judge:
        """Scores with the current weights of a supernet, as `estimate` has them; nothing of it is changed."""
        batches = cache(lambda: (self._validation(), self._calibration()))

        def scores(archs: Sequence[Arch]) -> BatchScores:
            images, calibration = batches()
            with undisturbed(net):
                return score(net, archs, images, calibration=calibration, precision=self.score_precision)

        def n_params(archs: Sequence[Arch]) -> np.ndarray:
            with undisturbed(net):
                return np.array([count_parameters(net.standalone(arch)) for arch in archs])

        return Judge(
            accuracy=lambda archs: scores(archs).mean_accuracy(),
            loss=lambda archs: -scores(archs).mean_loss(),
            n_params=n_params,
        )

    def fresh(self) -> Supernet:
        """The supernet before training, drawn from `seed` on the CPU, so that every device gets the same weights."""
        generator = torch.Generator().manual_seed(self.seed)
        net = supernet(self.space, self.net, self.supernet, generator=generator)
        return net.to(self._on, memory_format=torch.channels_last)

    def trained(self, epoch: int) -> Supernet:
        """The supernet as it was after an epoch of `epochs`; UserError where training has not come so far."""
        net = self.fresh()
        net.load_state_dict(self._weights(epoch))
        return net

    def stand_ins(self) -> StandIns:
        """Which member of its class an architecture is scored by."""
        return StandIns(self.fresh(), self.space, self.form, self.judged)

    def history(self) -> dict[str, pd.DataFrame]:
        """What training recorded: tables of RECORDS by name."""
        rows = self._state(self.protocol.epochs)["rows"]
        rows = {**rows, "training_archs": [{"arch": arch} for arch in self.given]}
        every = names(self.label, self.averages, self.post_deiso)
        return recorded(rows, self.settings, self.choices, self.label, self.seed, every)

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """Scores of the last epoch, and as records the scores at every checkpoint, of every batch and class member.

        A score, and every record but that of class members, bears the architecture that was requested, also where a
        member of its class stands for it; table STAND_INS says which.
        Errors: architectures of whose class no member lies in the (restricted) space; those whose loss is not finite at
        the last epoch, and class means with such a member (at earlier epochs they are absent). Costs: seconds of
        scoring an architecture, or all members of its class, at the last epoch, and of training.
        """
        net = self.fresh()
        whole, reasons = scoring_request(
            net, self.space, archs, with_classes=self.post_deiso, form=self.form, judged=self.judged,
            smaller=self._smaller(),
        )  # fmt: skip
        images, calibration = self._validation(), self._calibration()
        found = []
        for stem, epochs in self._versions() if whole.archs else ():
            plain = stem == self.label
            part = whole if plain else whole.alone()
            states = [self._weights(epoch) for epoch in epochs]
            net.load_state_dict(states[0] if plain else averaged(states))
            start = time.perf_counter()
            scores = score(net, part.paths, images, calibration=calibration, precision=self.score_precision)
            seconds = time.perf_counter() - start
            oldest = None if plain else epochs[0]
            found.append(Scored(part, stem, self.seed, epochs[-1], scores, seconds, keeps_batches=plain, oldest=oldest))
        errors = [
            {"estimator": name, "arch": self.space.to_str(arch), "seed": self.seed, "error": reason}
            for arch, reason in reasons.items()
            for name in names(self.label, self.averages, self.post_deiso)
        ]
        last = self.protocol.epochs
        costs = [row for one in found if one.epoch == last for row in one.costs(self.fit_seconds)]
        return estimates(found, errors, costs, last=last)

    def _smaller(self) -> list[StandIns]:
        """Which members a supernet of each of the smaller spaces would score: for these there are weights here too."""
        parts = [
            (supernet(space, self.net, self.supernet, generator=torch.Generator()), space) for space in self.smaller
        ]
        return [StandIns(net, space, self.form, self.judged) for net, space in parts]

    def _versions(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Every set of weights that is scored: the first part of its name, and the epochs that are averaged."""
        for i, epoch in enumerate(self.epochs, start=1):
            yield self.label, (epoch,)
            for n in self.averages:
                if i >= n:
                    yield f"{self.label}_avg{n}", self.epochs[i - n : i]

    def _validation(self) -> Batches:
        return validation_batches(
            self.data, self.split.valid,
            batch_size=self.score_batch_size, n_batches=self.n_score_batches, shift=self.score_shift, device=self._on,
        )  # fmt: skip

    def _calibration(self) -> Batches:
        if self.supernet.bn != "recalibrated":
            return ()
        size = self.score_batch_size
        n_batches = min(N_CALIBRATION, len(self.split.train) // size)
        options = {"n_batches": n_batches, "shift": self.score_shift, "device": self._on, "part": "training"}
        return validation_batches(self.data, self.split.train, batch_size=size, **options)

    def _state(self, epoch: int) -> dict[str, Any]:
        if epoch not in self.checkpoints:
            raise UserError(f"{self.label}, seed {self.seed}: there is no checkpoint of epoch {epoch}; train it first")
        return self.checkpoints[epoch]

    def _weights(self, epoch: int) -> dict[str, torch.Tensor]:
        return self._state(epoch)["weights"]
