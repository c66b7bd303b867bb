"""How good is an architecture really?

A benchmark is a read-only table of trained accuracies with declared facts and a provenance that says which truth it is.
Rule: tables and readers of tables; no torch, no training, no proxies.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from nasgauge.benchmarks import embedded, imported, nb101, nb201, nb301
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.choices import check_choices
from nasgauge.errors import UserError, unknown_name

BENCHMARKS: dict[str, Callable[..., Benchmark]] = {
    "digits-darts": partial(embedded.load, "digits-darts"),
    "digits-nb101": partial(embedded.load, "digits-nb101"),
    "digits-nb101-1shot1": partial(embedded.load, "digits-nb101-1shot1"),
    "digits-nb201": partial(embedded.load, "digits-nb201"),
    "digits-resnet": partial(embedded.load, "digits-resnet"),
    "digits-resnext-a": partial(embedded.load, "digits-resnext-a"),
    "nb101": nb101.load,
    "nb201": nb201.load,
    "nb301": nb301.load,
}


def load(spec: "str | dict[str, Any] | Benchmark") -> Benchmark:
    """The benchmark of a name, or of a dict with its name and choices, e.g. {"name": "nb201", "dataset": "cifar100"}.

    The name may also be that of a .parquet file that `nasgauge bench build` or `nasgauge bench import` wrote.
    UserError for an unknown name or choice (nearest listed), a value of another type, or tables that are not there.
    """
    if isinstance(spec, Benchmark):
        return spec
    choices = {"name": spec} if isinstance(spec, str) else dict(spec) if isinstance(spec, Mapping) else {}
    name = choices.pop("name", None)
    if not isinstance(name, str):
        raise UserError("benchmark: give its name, or its name and choices such as {name = 'nb201', split = 'test'}")
    loader = partial(imported.load, name) if name.endswith(".parquet") else BENCHMARKS.get(name)
    if loader is None:
        raise unknown_name("benchmark", name, BENCHMARKS)
    check_choices(name, loader, choices)
    return loader(**choices)


__all__ = ["BENCHMARKS", "Benchmark", "load"]
