"""Configuration of zero-shot estimators."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, final

from pydantic import Field

from nasgauge.benchmarks import Training
from nasgauge.core.config import Count, Distinct, Label, Options, keys_of
from nasgauge.core.references import short_name
from nasgauge.estimators.configuration import MeasuringConfig
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.estimator import Estimator
from nasgauge.nets.options import NetOptions

DEFAULT = (  # named, so that what is registered later changes neither finished studies nor their costs
    *("grad_norm", "plain", "snip", "grasp", "fisher", "l2_norm", "zico", "synflow", "synflow_bn", "relu_logdet"),
    *("naswot", "jacob_cov", "epe_nas", "zen", "relu", "n_params", "macs", "n_convs", "random"),
)


@final
class ZeroShotConfig(MeasuringConfig):
    """Zero-shot proxies, measured on freshly initialised networks. `proxies`: names or references.

    `data`, `data_path`: the images, those of the ground truth's trainings if absent; `n_batches`, `batch_size`: how
    many of them; `inputs`: "data", or noise in their place; `init`: how weights are drawn; `net`: keys of NetOptions in
    which the networks differ from those of the ground truth. `label`: with one, the estimators are called "proxy
    (label)", so that a study may contain the same proxies twice, with other images or initialisations. `device`: where
    networks live, as for `device_named`; `precision`: a name of nets.PRECISIONS. `other_parameters`: whether parameters
    of no known layer, which networks outside the shipped spaces may have, "count" as weights, or not ("omit");
    "refuse": no scores of weights.
    """

    name: Literal["zeroshot"] = "zeroshot"
    proxies: Annotated[Distinct[str], Field(min_length=1)] = DEFAULT
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
        names = map(short_name, self.proxies)
        return tuple(f"{name} ({self.label})" if self.label else name for name in names)

    def components(self) -> Mapping[str, tuple[str, ...]]:
        return {"proxies": self.proxies, "datasets": () if self.data is None else (self.data,)}

    def files(self, training: Training | None) -> tuple[Path, ...]:
        from nasgauge.estimators.network import image_files

        return image_files(training, self)

    def build(self, context: RunContext) -> Estimator:
        return self.on(*self.drawn(context), self.proxies, context)

    def drawn(self, context: RunContext) -> tuple[Mapping[str, int], Sequence[Any]]:
        """in_channels and n_classes of the images, and the batches drawn from them."""
        from nasgauge.estimators.network import images_of
        from nasgauge.estimators.zeroshot.drawn import batches

        images = images_of(context.training, self)
        return batches(*images, self.n_batches, self.batch_size, context.seed)

    def on(
        self, shape: Mapping[str, int], batches: Sequence[Any], proxies: Sequence[Any], context: RunContext
    ) -> Estimator:
        """The estimator of these proxies (names or objects) on given batches. shape: in_channels, n_classes."""
        from nasgauge.estimators.network import network_options
        from nasgauge.estimators.zeroshot.proxies import get_proxy
        from nasgauge.estimators.zeroshot.zero_shot import ZeroShot
        from nasgauge.nets import check_precision, device_named

        check_precision(self.precision, device_named(self.device, self.where), self.where)
        images = batches[0][0]
        size = images.shape[-2:] if images.dim() == 4 else ()
        net = network_options(context, self.net, shape, f"{self.where}, net", size=size)
        chosen = [get_proxy(proxy) for proxy in proxies]
        return ZeroShot(
            context.space, chosen, batches, net=net, inputs=self.inputs, init=self.init, seed=context.seed,
            label=self.label, device=self.device, precision=self.precision, other_parameters=self.other_parameters,
        )  # fmt: skip

    def departures(self, context: RunContext) -> tuple[str, ...]:
        from nasgauge.estimators.network import data_of, departures

        return departures(context, data_of(self), self.net)
