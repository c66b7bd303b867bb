"""How good is an architecture really?

A benchmark is a read-only table of trained accuracies with declared facts and a provenance that says which truth it is.
Rule: tables and readers of tables; no torch, no training, no proxies.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from nasgauge.benchmarks import embedded, nb101, nb201, nb301
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.errors import UserError, unknown_name

BENCHMARKS: dict[str, Callable[..., Benchmark]] = {
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

    UserError for an unknown name (nearest listed), an unknown choice, or tables that are not there.
    """
    if isinstance(spec, Benchmark):
        return spec
    choices = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = choices.pop("name", None)
    if name not in BENCHMARKS:
        raise unknown_name("benchmark", name, BENCHMARKS)
    try:
        return BENCHMARKS[name](**choices)
    except TypeError as error:
        raise UserError(f"benchmark {name!r}: unknown choice ({error})") from error


__all__ = ["BENCHMARKS", "Benchmark", "load"]
