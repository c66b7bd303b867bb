"""Estimators on a space, for one or several seeds: what a study configures, for use in a program."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, final

import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.arguments import LIST, PATH, takes
from nasgauge.core.config import parsed
from nasgauge.core.errors import UserError
from nasgauge.core.lists import listed
from nasgauge.core.tables import SCORES, check
from nasgauge.estimators import COSTS, Estimates, Estimator, EstimatorConfig, RunContext
from nasgauge.interface.named import of_whom
from nasgauge.judging import with_failures
from nasgauge.spaces import Arch, Space

Archs = str | Iterable[Sequence[int] | str]


class OnSpace(ABC):
    """An estimator on a search space, once for every seed. Subclasses say what a study's keys mean in Python.

    space: its name, the space, or a benchmark or its name; the network and images of a benchmark's trainings are the
    defaults, and its architectures are estimated where no others are named. seeds: of weights, batches and noise.
    """

    def __init__(
        self, space: str | Space | Benchmark, kind: type[EstimatorConfig], options: Mapping[str, Any],
        seeds: Sequence[int], folder: Path | str | None = None,
    ) -> None:  # fmt: skip
        self.space, self.benchmark = of_whom(space)
        given = {key: value for key, value in options.items() if value is not None}
        self.config = parsed({"seeds": seeds, **given}, kind, type(self).__name__)
        self._folder = None if folder is None else Path(folder)
        self._built = [self._of_seed(seed) for seed in self.config.seeds]

    def estimate(self, archs: Archs | None = None) -> Estimates:
        """Scores (table SCORES), errors (ERRORS) and costs (COSTS) of architectures, tuples or strings of the space.

        A failed measurement is a row whose score is NaN, with the reason in `errors`. Costs are the mean over seeds.
        archs: those of the benchmark if absent. UserError: what is no architecture of the space, with its place.
        """
        wanted = self._archs(archs)
        found = [estimator.estimate(wanted) for estimator in self._ready()]
        records = {
            name: pd.concat([one.records[name] for one in found], ignore_index=True) for name in found[0].records
        }
        errors = pd.concat([one.errors for one in found], ignore_index=True)
        return Estimates(
            scores=with_failures(pd.concat([one.scores for one in found], ignore_index=True), errors),
            errors=errors,
            costs=_mean_costs([one.costs for one in found]),
            records=records,
        )

    def scores(self, archs: Archs | None = None) -> pd.DataFrame:
        """Table SCORES of architectures, as `estimate`."""
        return self.estimate(archs).scores

    @abstractmethod
    def _of_seed(self, seed: int) -> Estimator:
        """The estimator of one seed."""

    def _ready(self) -> Sequence[Estimator]:
        """The estimators, able to estimate; UserError where that needs another step first."""
        return self._built

    def _context(self, seed: int, **more: Any) -> RunContext:
        training = None if self.benchmark is None else self.benchmark.training
        return RunContext(self.space, seed=seed, training=training, folder=self._folder, **more)

    def _archs(self, archs: Archs | None) -> list[Arch]:
        if archs is None:
            if self.benchmark is None:
                raise UserError(
                    f"{type(self).__name__}: name the architectures, or give a benchmark in place of the space"
                )
            return [self.space.from_str(arch) for arch in self.benchmark.archs]
        where = type(self).__name__
        given = listed(archs, f"{where}: archs", "architectures, as strings or tuples")
        try:
            return [self.space.checked(arch) for arch in given]
        except UserError as error:
            raise UserError(f"{where}: {error}") from error


@final
class ZeroShot(OnSpace):
    """Zero-shot proxies, measured on freshly initialised networks.

    proxies: one or a list of names, `Proxy` objects or functions of (module, batch). batches: pairs of standardised
    images (N, C, H, W) and labels (N,), in place of `data`, `n_batches` and `batch_size`; the number of classes is then
    that of the labels unless net = {"n_classes": ...}. The other keys are those of a study: data, data_path, n_batches,
    batch_size, inputs, init, net, label, device, precision, other_parameters.

    >>> ZeroShot("digits-nb201", ["n_params"]).scores([(3, 1, 1, 1, 1, 3)])["score"].tolist()
    [1346.0]
    """

    @takes("ZeroShot", seeds=LIST)
    def __init__(
        self,
        space: str | Space | Benchmark,
        proxies: Any,
        *,
        batches: Sequence[Any] | None = None,
        data: str | None = None,
        data_path: str | None = None,
        n_batches: int | None = None,
        batch_size: int | None = None,
        inputs: Literal["data", "gaussian", "uniform"] | None = None,
        init: str | None = None,
        net: Mapping[str, Any] | None = None,
        label: str | None = None,
        device: str | None = None,
        precision: str | None = None,
        other_parameters: Literal["refuse", "count", "omit"] | None = None,
        seeds: Sequence[int] = (0,),
    ) -> None:
        from nasgauge.estimators.zeroshot.config import ZeroShotConfig

        self._proxies, self._batches = listed(proxies, "ZeroShot: proxies", "proxies"), batches
        options = {"data": data, "data_path": data_path, "n_batches": n_batches, "batch_size": batch_size}
        options |= {"inputs": inputs, "init": init, "net": net, "label": label, "device": device}
        super().__init__(
            space, ZeroShotConfig, {**options, "precision": precision, "other_parameters": other_parameters}, seeds
        )

    def _of_seed(self, seed: int) -> Estimator:
        context = self._context(seed)
        if self._batches is None:
            shape, batches = self.config.drawn(context)
        else:
            shape, batches = _shape(self._batches), self._batches
        return self.config.on(shape, batches, self._proxies, context)


@final
class OneShot(OnSpace):
    """A supernet whose weights all architectures share; `train` it, then `estimate`.

    options: the keys of a study's one-shot estimator, e.g. epochs, sampler, data, net, checkpoints. folder: where
    checkpoints are kept, from which a training that was ended is resumed; in memory if absent.
    """

    @takes("OneShot", seeds=LIST, folder=PATH)
    def __init__(
        self, space: str | Space | Benchmark, *, seeds: Sequence[int] = (0,), folder: Path | str | None = None,
        progress: Callable[[int, int], None] | None = None, **options: Any,
    ) -> None:  # fmt: skip
        from nasgauge.estimators.oneshot.config import OneShotConfig

        self._progress = progress
        super().__init__(space, OneShotConfig, options, seeds, folder)

    def train(self) -> Self:
        """Train the supernet of every seed, or what is left of it; returns the estimator."""
        for estimator in self._built:
            if not estimator.is_trained:
                estimator.train()
        return self

    @property
    def is_trained(self) -> bool:
        """Whether all seeds are trained."""
        return all(estimator.is_trained for estimator in self._built)

    def history(self) -> dict[str, pd.DataFrame]:
        """What training recorded, tables of `core.recorded.RECORDS` by name."""
        found = [estimator.history() for estimator in self._built]
        return {name: pd.concat([one[name] for one in found], ignore_index=True) for name in found[0]}

    def _of_seed(self, seed: int) -> Estimator:
        return self.config.build(self._context(seed, progress=self._progress))

    def _ready(self) -> Sequence[Estimator]:
        if not self.is_trained:
            raise UserError("OneShot: the supernet is not trained; call train() first")
        return self._built


@final
class Predictor(OnSpace):
    """A model that learns from the accuracies of a few architectures; `fit` it, then `estimate`.

    encoder, loss: names of ENCODERS and LOSSES. features: table SCORES of other estimators, whose scores it reads in
    addition to the architecture. options: epochs, batch_size, lr, device, label.

    >>> from nasgauge.interface.named import load_benchmark
    >>> bench = load_benchmark("digits-nb201")
    >>> forest = Predictor(bench, encoder="random_forest").fit(bench.only(bench.archs[:50]))
    >>> forest.scores(bench.archs[50:52])["seed"].tolist()
    [0, 0]
    """

    @takes("Predictor", seeds=LIST)
    def __init__(
        self, space: str | Space | Benchmark, *, encoder: str = "gates", features: pd.DataFrame | None = None,
        seeds: Sequence[int] = (0,), **options: Any,
    ) -> None:  # fmt: skip
        from nasgauge.estimators.predictors.config import PredictorConfig

        table = None if features is None else check(features, SCORES, where="Predictor: features")
        names = None if table is None else list(table["estimator"].unique())
        self._features = None if table is None else table.dropna(subset="score", ignore_index=True)  # as in a study
        self._fitted = []
        label = options.pop("label", None) or encoder
        super().__init__(
            space, PredictorConfig, {"encoder": encoder, "features": names, "label": label, **options}, seeds
        )

    def fit(self, truth: Benchmark | pd.DataFrame) -> Self:
        """Learn from a ground truth (a benchmark or table TRUTH); returns the estimator.

        Of table TRUTH, arch and accuracy are required. What it learned before is forgotten.
        """
        table = truth.truth if isinstance(truth, Benchmark) else truth
        if not isinstance(table, pd.DataFrame) or not {"arch", "accuracy"} <= set(table):
            given = f"columns {', '.join(map(str, table))}" if isinstance(table, pd.DataFrame) else type(table).__name__
            raise UserError(f"Predictor: fit() needs a benchmark, or a table with arch and accuracy, not {given}")
        self._fitted = [estimator.fit(table) for estimator in self._built]
        return self

    def _of_seed(self, seed: int) -> Estimator:
        return self.config.build(self._context(seed, scores=self._features))

    def _ready(self) -> Sequence[Estimator]:
        if not self._fitted:
            raise UserError("Predictor: it has learned from nothing yet; call fit() first")
        return self._fitted


def _shape(batches: Sequence[Any]) -> dict[str, int]:
    """in_channels and n_classes of given batches; whatever is no batch is left for the estimator to refuse."""
    try:
        return {
            "in_channels": int(batches[0][0].shape[1]),
            "n_classes": 1 + max(int(labels.max()) for _, labels in batches),
        }
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(
            "ZeroShot: batches must be pairs of images (N, C, H, W) and labels (N,), both tensors; "
            f"{type(error).__name__}: {error}"
        ) from error


def _mean_costs(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Table COSTS, the mean over seeds of what is a time, the first seed's counts."""
    costs = pd.concat(tables, ignore_index=True)
    times = [c.name for c in COSTS.columns if c.dtype == "float" and c.name in costs]
    means = costs.groupby("estimator", sort=False)[times].mean()
    first = costs.drop_duplicates("estimator").drop(columns=times)
    return first.merge(means, left_on="estimator", right_index=True)[list(costs.columns)].reset_index(drop=True)
