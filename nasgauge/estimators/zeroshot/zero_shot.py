"""The zero-shot estimator: freshly drawn networks, measured once for all proxies."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import pandas as pd
import torch

from nasgauge.core.errors import UserError, check_seed, unknown_name
from nasgauge.core.tables import ERRORS, SCORES, check, empty
from nasgauge.estimators.estimator import COSTS, SHARED_COSTS, Estimates, Estimator
from nasgauge.estimators.zeroshot.inputs import INPUTS, Batch, noise_like
from nasgauge.estimators.zeroshot.passes import STAGES, as_unmeasurable, reason, record_of
from nasgauge.estimators.zeroshot.proxies import get_proxy
from nasgauge.estimators.zeroshot.proxy import Proxy
from nasgauge.estimators.zeroshot.record import Counts, Record, Unmeasurable
from nasgauge.estimators.zeroshot.view import FIELDS
from nasgauge.estimators.zeroshot.weights import OTHERS
from nasgauge.images import check_images
from nasgauge.nets import (
    INITS,
    NetOptions,
    autocast,
    build,
    check_precision,
    count,
    count_convolutions,
    count_parameters,
    device_named,
    drawn_from,
    dtype_of,
    products,
    stand_alone,
)
from nasgauge.spaces import Arch, Space, n_convolutions


@final
@dataclass(frozen=True, eq=False)
class ZeroShot(Estimator):
    """Scores of untrained networks, all proxies from shared passes.

    Everything that decides a number is a field. `proxies`: names of `PROXIES`, references, Proxy objects or functions
    (see `as_proxy`). `batches`: images (N, C, H, W) standardised and labels (N,); a score is the mean over the batches
    (the paper takes 5), the network's weights being the same for all. `inputs`: "data", or noise in the images' place
    ("gaussian", "uniform"). `init`: one of nets.INITS. `seed`: every network is drawn from a generator seeded with
    `seed` alone, so that architectures share random numbers for as long as their modules agree in order and shape (the
    stem always); noise and the Gaussian networks of zen come from the same seed. Fixed: loss mean cross-entropy,
    normalisation by batch statistics, dropout off, no gradient accumulation. `zen_mixture`, `zen_repeats`: see
    `zen_pass`. `channels_last`: memory layout, which changes scores by rounding only; None: whichever is faster, so on
    the CPU alone. `device`: where the network lives, see `device_named`. `precision`: a name of nets.PRECISIONS; grasp,
    jacob_cov, epe_nas and zen are measured in 32 bits at least, synflow in 64, whatever it is. `network`: gives an
    architecture's network, instead of `net` and `init`, for weights that were trained; it is measured as it is, and
    moved. Whatever it raises, or its network, is the reason of missing scores; so it is for a space whose network
    initialises itself, and both may take other images than (N, C, H, W). `label`: with one, estimators are called
    "proxy (label)" in the tables. `other_parameters`: of modules of one's own, which may be weights or not ("refuse":
    no scores of weights; "count", "omit": see `weights_of`).

    >>> from nasgauge.spaces import NB201
    >>> batch = (torch.linspace(-1, 1, 4 * 64).sin().reshape(4, 1, 8, 8), torch.tensor([0, 1, 2, 0]))
    >>> net = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    >>> found = ZeroShot(NB201(), ["relu", "n_params"], [batch], net).estimate([(3, 1, 1, 1, 1, 3)])
    >>> found.scores["score"].tolist()
    [3.0, 115.0]
    """

    space: Space
    proxies: Sequence[str | Proxy | Callable[..., object]]
    batches: Sequence[Batch]
    net: NetOptions = field(default_factory=NetOptions)
    inputs: str = "data"
    init: str = "default"
    seed: int = 0
    zen_mixture: float = 1e-2
    zen_repeats: int = 1
    channels_last: bool | None = None
    device: str = "cpu"
    precision: str = "float32"
    network: Callable[[Arch], torch.nn.Module] | None = None
    label: str = ""
    other_parameters: str = "refuse"

    def __post_init__(self) -> None:
        check_precision(self.precision, device_named(self.device, "zero-shot"), "zero-shot")
        check_seed(self.seed, "zero-shot: seed")
        proxies = self._proxies()
        names = [p.name for p in proxies]
        if len(set(names)) != len(names):
            raise UserError(f"zero-shot: a proxy is named twice in {', '.join(names)}; name each once")
        for proxy in proxies:
            for need in sorted(proxy.needs - FIELDS):
                raise UserError(f"zero-shot: proxy {proxy.name!r}: {unknown_name('pass', need, FIELDS)}")
        if self.inputs not in INPUTS:
            raise unknown_name("kind of input", self.inputs, INPUTS)
        if self.other_parameters not in OTHERS:
            raise unknown_name("treatment of other parameters", self.other_parameters, OTHERS)
        if self.init not in INITS:
            raise unknown_name("initialisation", self.init, INITS)
        if self.net.replicas != 1:
            raise UserError(f"zero-shot: a network has one replica, not {self.net.replicas}; leave replicas at 1")
        self._check_batches()
        if "zico" in names and len(self.batches) < 2:
            raise UserError("zico compares the gradients of several batches; give n_batches >= 2")

    def _check_batches(self) -> None:
        if not self.batches:
            raise UserError("zero-shot: no batch of images; give at least one")
        for number, batch in enumerate(self.batches, start=1):
            place = f"zero-shot: batch {number}"
            if not isinstance(batch, tuple | list) or len(batch) != 2:
                raise UserError(f"{place} is of type {type(batch).__name__}; give a pair of images and labels")
            check_images(*batch, self.net.n_classes, place, any_kind=self._is_foreign)
            if batch[0].shape[1] != self.net.in_channels:
                rest = "..." if self._is_foreign else "H, W"
                raise UserError(
                    f"{place} has shape {tuple(batch[0].shape)}; expected (N, {self.net.in_channels}, {rest})"
                )

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """One score an architecture and proxy, or its reason in `errors`; architectures given twice are measured once.

        Serial and without global state: the result for an architecture depends on nothing but it and the fields.
        `costs` charges a proxy alone: building the network, and in full each stage that it needs; record `shared_costs`
        has these by name ("build", "counts", stages), so that several proxies can be charged once. An architecture that
        `network` has none for (it raises UserError) has errors, and no part in costs; without any other, costs are
        empty. A pass that fails, and a proxy that raises anything or gives no finite number, is an error of the proxies
        concerned. A function of the network is charged for building it and for its run, one of a record for the passes.
        """
        with products(self.precision):
            return self._measured(archs)

    def _measured(self, archs: Iterable[Arch]) -> Estimates:
        proxies = self._proxies()
        batches = self._prepared()
        scores, errors = [], []
        own: defaultdict[str, float] = defaultdict(float)  # seconds by proxy
        done: defaultdict[str, float] = defaultdict(float)  # seconds by part of the work, which proxies share
        n = 0
        for arch in dict.fromkeys(archs):
            text = self.space.to_str(arch)
            spent: dict[str, float] = {}
            net = records = None  # what was measured is let go before another network is built
            try:
                net = self._built(arch, spent)
                with as_unmeasurable(anything=self._is_foreign):
                    records = self._records(arch, net, proxies, batches, spent)
            except (UserError, Unmeasurable) as lacking:
                if isinstance(lacking, UserError):
                    raise  # a mistake in the options, not an architecture that the weights do not serve
                failed = {"arch": text, "seed": self.seed, "error": str(lacking)}
                errors += [{"estimator": self._called(proxy), **failed} for proxy in proxies]
                continue
            n += 1
            for proxy in proxies:
                start = time.perf_counter()
                row = {"estimator": self._called(proxy), "arch": text, "seed": self.seed}
                try:
                    scores.append(row | {"score": self._score(proxy, net, batches, records)})
                except (Exception, SystemExit) as failure:  # noqa: BLE001 - a proxy may be anybody's, and fail in any way
                    errors.append(row | {"error": reason(failure)})
                own[proxy.name] += time.perf_counter() - start
            for work, seconds in spent.items():
                done[work] += seconds
        costs, shared = [], []
        for proxy in proxies if n else ():
            works = {work: done[work] / n for work in _works(proxy)}
            row = {"estimator": self._called(proxy), "n": n}
            costs.append(row | {"arch_seconds": own[proxy.name] / n + sum(works.values())})
            shared += [row | {"work": work, "arch_seconds": seconds} for work, seconds in works.items()]
        return Estimates(
            scores=check(pd.DataFrame(scores), SCORES) if scores else empty(SCORES),
            errors=check(pd.DataFrame(errors), ERRORS) if errors else empty(ERRORS),
            costs=check(pd.DataFrame(costs), COSTS) if costs else empty(COSTS),
            records={"shared_costs": check(pd.DataFrame(shared), SHARED_COSTS) if shared else empty(SHARED_COSTS)},
        )

    def _score(self, proxy: Proxy, net: torch.nn.Module, batches: list[Batch], records: list[Record]) -> float:
        if proxy.reads == "record":
            return proxy(records)
        with autocast(self.precision, batches[0][0].device):
            return proxy.of_network(net, batches, self.seed)

    def _proxies(self) -> list[Proxy]:
        return [get_proxy(p) for p in self.proxies]

    @property
    def _is_foreign(self) -> bool:
        """Whether the networks are somebody's own, which may raise anything and take anything for an image."""
        return self.network is not None or not stand_alone(self.space).side_by_side

    @property
    def _is_channels_last(self) -> bool:
        if self.channels_last is None:
            return device_named(self.device, "zero-shot") == "cpu"
        return self.channels_last

    def _called(self, proxy: Proxy) -> str:
        return f"{proxy.name} ({self.label})" if self.label else proxy.name

    def _prepared(self) -> list[Batch]:
        device = device_named(self.device, "zero-shot")
        noisy = noise_like(self.batches, self.inputs, rng=np.random.default_rng(self.seed))
        return [(self._laid_out(x, device), y.to(device)) for x, y in noisy]

    def _laid_out(self, x: torch.Tensor, device: str) -> torch.Tensor:
        is_last = self._is_channels_last and x.dim() == 4
        layout = torch.channels_last if is_last else torch.contiguous_format
        dtype = dtype_of(self.precision) if x.is_floating_point() else x.dtype
        return x.to(device, dtype, memory_format=layout)

    def _built(self, arch: Arch, spent: dict[str, float]) -> torch.nn.Module:
        start = time.perf_counter()
        generator = torch.Generator().manual_seed(
            self.seed
        )  # drawn on the CPU, so that every device gets the same weights
        with as_unmeasurable(anything=self._is_foreign):
            if self.network is None:
                net = build(self.space, arch, self.net, generators=[generator], init=self.init)
            else:
                with drawn_from(generator):
                    net = self.network(arch)
            has_volumes = any(p.dim() == 5 for p in net.parameters())  # for which there is no such layout
            layout = torch.channels_last if self._is_channels_last and not has_volumes else torch.contiguous_format
            net = net.to(device_named(self.device, "zero-shot"), dtype_of(self.precision), memory_format=layout)
        spent["build"] = time.perf_counter() - start
        return net

    def _records(
        self,
        arch: Arch,
        net: torch.nn.Module,
        proxies: list[Proxy],
        batches: list[Batch],
        spent: dict[str, float],
    ) -> list[Record]:
        """One record a batch; what needs no data is measured with the first batch only."""
        everything = frozenset().union(*(p.needs for p in proxies))
        with_data = frozenset().union(*(p.needs for p in proxies if not p.data_free))
        text = self.space.to_str(arch)
        records = []
        for i, (x, y) in enumerate(batches):
            passes = (everything if i == 0 else with_data) - {"counts"}
            if i and not passes:
                break
            with autocast(self.precision, x.device):
                record = record_of(
                    net, x, y, passes, arch=text, seed=self.seed, seconds=spent,
                    zen_mixture=self.zen_mixture, zen_repeats=self.zen_repeats, foreign=self._is_foreign,
                    other_parameters=self.other_parameters,
                )  # fmt: skip
            records.append(record)
        if "counts" in everything:
            start = time.perf_counter()
            counts = self._counts(arch, net, batches[0][0])
            records = [replace(record, counts=counts) for record in records]
            spent["counts"] = time.perf_counter() - start
        return records

    def _counts(self, arch: Arch, net: torch.nn.Module, x: torch.Tensor) -> Counts:
        image = {"image": tuple(x.shape[1:]), "dtype": None if x.is_floating_point() else x.dtype}
        macs = self._counted(lambda: count(net, **image).macs)
        if self.space.operations:
            return Counts(count_parameters(net), macs, n_convolutions(self.space, arch))
        return Counts(count_parameters(net), macs, self._counted(lambda: count_convolutions(net, **image)))

    def _counted(self, number: Callable[[], int]) -> int | Unmeasurable:
        try:
            with as_unmeasurable(anything=self._is_foreign):
                return number()
        except Unmeasurable as failure:
            return failure.alone()


def _works(proxy: Proxy) -> list[str]:
    """The parts of the work for an architecture that the proxy needs and may share with others."""
    if proxy.reads == "network":
        return ["build"]
    if not proxy.needs:
        return []
    stages = [stage for stage, (fields, _) in STAGES.items() if fields & proxy.needs]
    if "curvature" in proxy.needs and "shared" not in stages:
        stages.append("shared")
    return ["build", *(["counts"] if "counts" in proxy.needs else []), *stages]
