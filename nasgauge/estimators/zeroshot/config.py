"""Configuration of zero-shot estimators."""

from typing import Annotated, Literal, final

from pydantic import Field

from nasgauge.core.config import Count, Distinct, Label, Options, keys_of
from nasgauge.estimators.configuration import MeasuringConfig
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.estimator import Estimator
from nasgauge.nets.options import NetOptions


def _all_proxies() -> tuple[str, ...]:
    from nasgauge.estimators.zeroshot.proxies import PROXIES

    return tuple(PROXIES)


@final
class ZeroShotConfig(MeasuringConfig):
    """Zero-shot proxies, measured on freshly initialised networks. `proxies`: names, all if absent.

    `data`, `data_path`: the images, those of the ground truth's trainings if absent; `n_batches`, `batch_size`: how
    many; `inputs`: "data", or noise in their place; `init`: how weights are drawn; `net`: keys of NetOptions in which
    the networks differ from those of the ground truth. `label`: with one, the estimators are called "proxy (label)", so
    that a study may hold the same proxies twice, with other images or initialisations. `device`: where networks live,
    as for `device_named`; `precision`: a name of nets.PRECISIONS. `other_parameters`: whether parameters of no known
    layer, which networks of one's own may have, "count" as weights, or not ("omit"); "refuse": no scores of weights.
    """

    name: Literal["zeroshot"] = "zeroshot"
    proxies: Annotated[Distinct[str], Field(min_length=1)] = Field(default_factory=_all_proxies)
    data: str | None = None
    data_path: str | None = None
    n_batches: Count = 1
    batch_size: Count = 64
    inputs: str = "data"
    init: str = "default"
    net: Annotated[Options, keys_of(NetOptions)] = {}
    label: Label | Literal[""] = ""
    device: str = "cpu"
    precision: str = "float32"
    other_parameters: Literal["refuse", "count", "omit"] = "refuse"

    def names(self) -> tuple[str, ...]:
        return tuple(f"{name} ({self.label})" if self.label else name for name in self.proxies)

    def build(self, context: RunContext) -> Estimator:
        from nasgauge.estimators.network import images_of, network_options
        from nasgauge.estimators.zeroshot.drawn import batches
        from nasgauge.estimators.zeroshot.zero_shot import ZeroShot
        from nasgauge.nets import check_precision, device_named

        check_precision(self.precision, device_named(self.device, self.where), self.where)
        images = images_of(context, self.data, self.data_path)
        shape, drawn = batches(*images, self.n_batches, self.batch_size, context.seed)
        net = network_options(context, self.net, shape, f"{self.where}, net")
        return ZeroShot(
            context.space, self.proxies, drawn, net=net, inputs=self.inputs, init=self.init, seed=context.seed,
            label=self.label, device=self.device, precision=self.precision, other_parameters=self.other_parameters,
        )  # fmt: skip

    def departures(self, context: RunContext) -> tuple[str, ...]:
        from nasgauge.estimators.network import departures

        return departures(context, self.data, self.net)
