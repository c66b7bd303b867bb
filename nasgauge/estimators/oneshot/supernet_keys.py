"""The keys of estimators that train supernets."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from nasgauge.benchmarks import Training
from nasgauge.core.config import Config, Count, Distinct, Label, Options, Seed, keys_of, parsed
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.estimators.configuration import Dependency, MeasuringConfig
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.oneshot.landscape_config import LandscapeConfig
from nasgauge.estimators.oneshot.naming import kinds, names
from nasgauge.estimators.oneshot.origins import Epoch, StartConfig, TopConfig
from nasgauge.estimators.oneshot.protocol import OPTIONAL, PROTOCOLS, Protocol
from nasgauge.nets.options import NetOptions, SupernetOptions


def _without_none(table: Options) -> Options:
    """The keys of a protocol as Python has them: "none" is None, which no TOML file can hold."""
    return {name: None if value == "none" and name in OPTIONAL else value for name, value in table.items()}


_check_training = keys_of(Protocol).func


def _training_keys(table: Options) -> Options:
    _check_training(_without_none(table))
    return table


class _Recorded(Config):
    """What is recorded while a supernet trains, as part of its configuration.

    `forgetting_epochs`: when to record forgetting; `n_forgetting_archs`: number of architectures. `gradient_epochs`:
    when to record gradients; `n_gradient_archs`: number of architectures; `n_gradient_images`: number of training
    images. `landscape`: the loss around the trained weights. `tensorboard`: folder for its logs.
    """

    forgetting_epochs: Distinct[Count] = ()
    gradient_epochs: Distinct[Epoch] = ()
    n_forgetting_archs: Count = 20
    n_gradient_archs: Count = 12
    n_gradient_images: Count = 256
    landscape: LandscapeConfig | None = None
    tensorboard: str | None = None


class SupernetKeys(MeasuringConfig, _Recorded):
    """A supernet is trained, architectures are scored with its weights. `label`: its name in tables.

    `sampler`, `sampler_options`: the architectures of a training step; `share_topology`: all cells alike in training;
    `without`: operations that the supernet lacks; `also_without`: lists of operations: where an architecture uses one
    of a list, the member of its class that a supernet without them scores is scored as well (analysis `pruning`).
    `protocol`: one of PROTOCOLS; `training`: its keys to change; `epochs`: in place of its number. `net`: keys of
    NetOptions in which the network differs from the ground truth's; `supernet`: keys of SupernetOptions. `data`,
    `data_path`: images, those of the ground truth if absent; `valid_share`: the share of them, the last ones, that
    validates (a data set that states its own parts, such as "crops", keeps them); `split_seed`: shuffles them before,
    in the file's order if absent. `checkpoints`: epochs whose weights are kept and scored. `score_batch_size`,
    `n_score_batches`: of the validation images; `score_shift`: pixels by which each of them is also scored shifted, in
    nine positions, where a ground truth tests shifted images. `averages`: numbers of checkpoints whose weights are
    averaged. `post_deiso`: also average the scores over an isomorphism class.
    `form`: the canonical form of these classes, and of those that a supernet `without` operations judges by another
    member. `device`: where the supernet lives, as for `device_named`; `score_precision`: of scoring, a name of
    nets.PRECISIONS but "float64" (that of training is `amp` of the protocol). `start`: weights of another supernet
    above, in place of fresh ones. `top`: the architectures that `sampler` is given as `archs`, those that another
    estimator above ranks best.

    What is recorded while it trains: see `_Recorded`.
    """

    chunk: ClassVar[int] = 500
    trains: ClassVar[bool] = True

    label: Label
    sampler: str = "uniform"
    sampler_options: Options = {}
    share_topology: bool = True
    without: Distinct[str] = ()
    also_without: Distinct[Annotated[Distinct[str], Field(min_length=1)]] = ()
    protocol: str = "digits"
    training: Annotated[Options, AfterValidator(_training_keys)] = {}
    epochs: Count | None = None
    net: Annotated[Options, keys_of(NetOptions)] = {}
    supernet: Annotated[Options, keys_of(SupernetOptions)] = {}
    data: str | None = None
    data_path: str | None = None
    valid_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    split_seed: Seed | None = None
    checkpoints: Distinct[Epoch] = ()
    score_batch_size: Count = 128
    n_score_batches: Count | None = None
    score_shift: Annotated[int, Field(ge=0)] = 0
    averages: Distinct[Annotated[int, Field(ge=2)]] = ()
    post_deiso: bool = False
    form: str | None = None
    device: str = "cpu"
    score_precision: str = "float32"
    start: StartConfig | None = None
    top: TopConfig | None = None
    _schedule: Protocol = PrivateAttr()

    @property
    def where(self) -> str:
        return f"estimator {self.label!r}"

    @property
    def whole_protocol(self) -> Protocol:
        """The protocol of that name with the keys that are changed."""
        return self._schedule

    def trained_for(self, epochs: int, changed: Mapping[str, Any]) -> Self:
        """The same with another number of epochs, and with other values of some keys, which are not checked."""
        other = self.model_copy(update=dict(changed))
        other._schedule = replace(self._schedule, epochs=epochs)
        return other

    def names(self) -> tuple[str, ...]:
        return names(self.label, self.averages, self.post_deiso)

    def kinds(self) -> Mapping[str, str]:
        return kinds(self.label, self.averages, self.post_deiso)

    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(taken.dependency() for taken in (self.start, self.top) if taken is not None)

    @model_validator(mode="after")
    def _checked(self) -> Self:
        """The keys that only together can be wrong."""
        if self.top is not None and "archs" in self.sampler_options:
            raise UserError("top chooses the archs of the sampler, which stand in sampler_options too; remove one")
        if self.top is not None and self.without:
            raise UserError("top chooses among all architectures, also those with operations of without; remove one")
        if self.protocol not in PROTOCOLS:
            raise unknown_name("protocol", self.protocol, PROTOCOLS)
        if self.epochs is not None and "epochs" in self.training:
            raise UserError("epochs stands in training too; remove one of the two")
        changed = _without_none(self.training) | ({} if self.epochs is None else {"epochs": self.epochs})
        self._schedule = parsed(vars(PROTOCOLS[self.protocol]) | changed, Protocol, "training")
        last = self._schedule.epochs
        if self.form is not None and not (self.post_deiso or self.without or self.also_without):
            raise UserError(
                f"form = {self.form!r} has no effect without post_deiso or without; set one of them, or leave form out"
            )
        for epochs, options in (
            ("forgetting_epochs", ("n_forgetting_archs",)),
            ("gradient_epochs", ("n_gradient_archs", "n_gradient_images")),
            ("checkpoints", ()),
        ):
            outside = [epoch for epoch in getattr(self, epochs) if epoch > last]
            if outside:
                raise UserError(f"{epochs} holds {outside[0]}; training ends with epoch {last}")
            for name in options:
                if not getattr(self, epochs) and name in self.model_fields_set:
                    raise UserError(f"{name} has no effect without {epochs}; give these, or leave it out")
        return self

    def components(self) -> Mapping[str, tuple[str, ...]]:
        data = () if self.data is None else (self.data,)
        return {"samplers": (self.sampler,), "protocols": (self.protocol,), "datasets": data}

    def files(self, training: Training | None) -> tuple[Path, ...]:
        from nasgauge.estimators.network import image_files

        return image_files(training, self)

    def departures(self, context: RunContext) -> tuple[str, ...]:
        from nasgauge.estimators.network import data_of, departures

        truth = None if context.training is None else context.training.shift
        shifts = {"training.shift": self.whole_protocol.shift, "score_shift": self.score_shift}
        other = [f"{key} = {ours} (ground truth: {truth})" for key, ours in shifts.items() if truth not in (None, ours)]
        return (*departures(context, data_of(self), self.net), *other)
