"""An estimator on weights that another one has trained."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, final

import pandas as pd
from pydantic import Field

from nasgauge.benchmarks import Training
from nasgauge.core.config import Count, Distinct
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.recorded import CHECKPOINT_SCORES, STAND_INS
from nasgauge.core.references import short_name
from nasgauge.core.tables import SCORES, check
from nasgauge.estimators.configuration import Dependency, MeasuringConfig
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.estimator import Estimates, Estimator
from nasgauge.spaces import Arch


@final
@dataclass(frozen=True, eq=False)
class Inherited(Estimator):
    """Zero-shot proxies of networks whose weights come from checkpoints of a supernet (Ning et al. 2021, table A11).

    `on(network)`: the estimator that measures the networks `network(arch)`. `networks(epoch)`: the function that gives
    an architecture's network with the weights of that epoch, or raises UserError where there are none for it, which
    is then the architecture's error. `epochs`: ascending; scores are those of the last. `label`: of the supernet; a
    proxy p is called label_p. `stand_ins(archs)`: the strings of those whose network is that of another member of their
    class, each with that member's.
    """

    on: Callable[[Callable[[Arch], Any]], Estimator]
    networks: Callable[[int], Callable[[Arch], Any]]
    epochs: tuple[int, ...]
    label: str
    stand_ins: Callable[[Sequence[Arch]], Mapping[str, str]] = lambda archs: {}

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """Scores, errors and costs at the last epoch; scores of all epochs as a record."""
        archs = list(archs)
        found = {epoch: self.on(self.networks(epoch)).estimate(archs) for epoch in self.epochs}
        last = found[self.epochs[-1]]
        rows = pd.concat([e.scores.assign(epoch=epoch) for epoch, e in found.items()], ignore_index=True)
        records = {"checkpoint_scores": check(self._named(rows), CHECKPOINT_SCORES)}
        members = self.stand_ins(archs)
        names = dict.fromkeys(last.scores["estimator"])
        if members:
            told = [(name, *pair) for name in names for pair in members.items()]
            stand_ins = pd.DataFrame(told, columns=["estimator", "arch", "member"])
            records["stand_ins"] = check(self._named(stand_ins), STAND_INS)
        if "shared_costs" in last.records:
            records["shared_costs"] = self._named(last.records["shared_costs"])
        return Estimates(
            scores=check(self._named(last.scores), SCORES),
            errors=self._named(last.errors),
            costs=self._named(last.costs),
            records=records,
        )

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(estimator=self.label + "_" + table["estimator"])


@final
class InheritedConfig(MeasuringConfig):
    """Zero-shot proxies on the weights of a trained supernet. `of`: its label; `epochs`: which checkpoints.

    `proxies`, `data`, `data_path`, `n_batches`, `batch_size`, `precision`: as for "zeroshot". They are measured on the
    supernet's device.
    """

    name: Literal["inherited"] = "inherited"
    of: str = "oneshot"
    epochs: Distinct[Annotated[int, Field(ge=0)]] = ()
    proxies: Annotated[Distinct[str], Field(min_length=1)] = (
        *("grad_norm", "snip", "synflow", "jacob_cov", "relu_logdet"),
    )
    data: str | None = None
    data_path: str | None = None
    n_batches: Count = 1
    batch_size: Count = 64
    precision: str = "float32"

    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.of}_{short_name(proxy)}" for proxy in self.proxies)

    def components(self) -> Mapping[str, tuple[str, ...]]:
        return {"proxies": self.proxies, "datasets": () if self.data is None else (self.data,)}

    def dependencies(self) -> tuple[Dependency, ...]:
        return (Dependency(self.of, "none"),)

    def files(self, training: Training | None) -> tuple[Path, ...]:
        from nasgauge.estimators.network import image_files

        return image_files(training, self)

    def build(self, context: RunContext) -> Estimator:
        from nasgauge.estimators.network import images_of
        from nasgauge.estimators.zeroshot import ZeroShot, get_proxy
        from nasgauge.estimators.zeroshot.drawn import batches
        from nasgauge.nets import check_precision, device_named

        if self.of not in context.supernets:
            raise unknown_name("supernet (the label of a 'oneshot' above)", self.of, context.supernets)
        parent = context.supernets[self.of].build(context)
        check_precision(self.precision, device_named(parent.device, self.where), self.where)
        images = images_of(context.training, self)
        _, drawn = batches(*images, self.n_batches, self.batch_size, context.seed)
        choose = parent.stand_ins()
        proxies = [get_proxy(name) for name in self.proxies]

        def on(network: Callable[[Arch], Any]) -> Estimator:
            return ZeroShot(
                context.space, proxies, drawn, net=parent.net, seed=context.seed, network=network,
                device=parent.device, precision=self.precision,
            )  # fmt: skip

        def networks(epoch: int) -> Callable[[Arch], Any]:
            net = parent.trained(epoch)
            return lambda arch: net.standalone(choose(arch))

        return Inherited(on, networks, self._epochs(parent.epochs), self.of, choose.chosen)

    def _epochs(self, kept: Sequence[int]) -> tuple[int, ...]:
        """The checkpoints to measure on, the last one always."""
        absent = [e for e in self.epochs if e not in kept]
        if absent:
            raise UserError(f"{self.where}: {self.of!r} keeps no checkpoint of epoch {absent[0]}, only {kept}")
        return tuple(sorted({*self.epochs, kept[-1]}))
