"""Ground truth: what accuracy does an architecture reach?

A benchmark is a read-only table of accuracies of trained networks, with verified facts and a provenance.
Rule: tables and readers of tables; no torch, no training, no proxies.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial, wraps
from typing import Any

from nasgauge.benchmarks import embedded, imported, nb101, nb201, nb301
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.choices import check_choices
from nasgauge.benchmarks.training import Training
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import n_positional


def _loader(thing: Any, name: str) -> Callable[..., Benchmark] | None:
    """What a reference yields: a Benchmark, or a function that returns one."""
    if isinstance(thing, Benchmark):
        return lambda: thing
    if not callable(thing) or n_positional(thing) != 0:
        return None

    @wraps(thing)
    def load(**choices: Any) -> Benchmark:
        found = thing(**choices)
        if not isinstance(found, Benchmark):
            what = type(found).__name__
            raise UserError(f"benchmark {name!r}: is of type {what}; return a nasgauge.benchmarks.Benchmark")
        return found

    return load


BENCHMARKS: Registry[Callable[..., Benchmark]] = Registry(
    "benchmark",
    {
        "digits-darts": partial(embedded.load, "digits-darts"),
        "digits-nb101": partial(embedded.load, "digits-nb101"),
        "digits-nb101-1shot1": partial(embedded.load, "digits-nb101-1shot1"),
        "digits-nb201": partial(embedded.load, "digits-nb201"),
        "digits-resnet": partial(embedded.load, "digits-resnet"),
        "digits-resnext-a": partial(embedded.load, "digits-resnext-a"),
        "shifted-digits-darts": partial(embedded.load, "shifted-digits-darts"),
        "shifted-digits-darts-nds": partial(embedded.load, "shifted-digits-darts-nds"),
        "shifted-digits-nb101": partial(embedded.load, "shifted-digits-nb101"),
        "shifted-digits-nb201": partial(embedded.load, "shifted-digits-nb201"),
        "shifted-digits-resnext-a": partial(embedded.load, "shifted-digits-resnext-a"),
        "nb101": nb101.load,
        "nb201": nb201.load,
        "nb301": nb301.load,
    },
    group="nasgauge.benchmark",
    adapt=_loader,
    takes="a Benchmark, or a function of options that returns one",
)

# those that sample a larger table, and look given architectures up in it
LOOKED_UP: dict[str, Callable[..., Benchmark]] = {"nb101": nb101.looked_up}


def load(spec: "str | dict[str, Any] | Benchmark", *, holding: Collection[str] | None = None) -> Benchmark:
    """The benchmark of a name, or of a dict with its name and options, e.g. {"name": "nb201", "dataset": "cifar100"}.

    The name may also be that of a .parquet file that `nasgauge bench build` or `nasgauge bench import` wrote.
    holding: architectures to evaluate. A benchmark that by default is a sample of a larger table contains these
    instead, as far as they are in the table; where the sample is specified, `left_out` lists those outside it.

    UserError for an unknown name or option (nearest listed), a value of another type, or missing tables.
    """
    if isinstance(spec, Benchmark):
        return spec
    choices = {"name": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, Mapping) else {}
    name = choices.pop("name", None)
    known(name)
    loader = partial(imported.load, name) if name.endswith(".parquet") else BENCHMARKS[name]
    check_choices(name, loader, choices)
    if holding is not None and name in LOOKED_UP:
        loader = partial(LOOKED_UP[name], holding)
    return loader(**choices)


def known(name: Any) -> None:
    """UserError unless the name is that of a benchmark or of a table."""
    if not isinstance(name, str):
        raise UserError(
            f"benchmark: give its name, such as 'nb201', not {name!r}; in a study also with options, "
            "{name = 'nb201', split = 'test'}"
        )
    if not name.endswith(".parquet") and name not in BENCHMARKS:
        raise unknown_name("benchmark", name, BENCHMARKS)


__all__ = ["BENCHMARKS", "LOOKED_UP", "Benchmark", "Training", "known", "load"]
