"""The components of a study, by category of `nasgauge list`, and the sources that they are cited by."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge import benchmarks
from nasgauge.benchmarks import embedded
from nasgauge.benchmarks.files import read_facts
from nasgauge.core.dataset_names import dataset_name
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.studies.listing import listing
from nasgauge.studies.schema import Study

Use = tuple[str, str]  # a category of `nasgauge list`, and a name in it
_PUBLISHED = {"nb101": "nb101", "nb201": "nb201", "nb301": "darts"}  # spaces of the tables that are not shipped
_ALWAYS = {  # of every evaluation
    "efron1979bootstrap": "bootstrap intervals",
    "spearman1910": "noise ceiling",
    "ning2021evaluating": "criteria and analyses",
}


def of_study(study: Study, space: str | None = None) -> Iterator[Use]:
    """The components of a study, by category. space: of its benchmark, where it is known."""
    yield from _of_benchmark(study.benchmark, space)
    for bound in resolve_all(study.criteria or DEFAULT_CRITERIA):
        yield "criteria", bound.name.partition("(")[0]
    yield from (("searches", name) for name in study.searches)
    for config in study.estimators:
        yield "estimators", config.name
        for category, names in config.components().items():
            yield from ((category, name) for name in names)


def sourced(uses: Mapping[Use, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """By BibTeX key what it is cited for, and the components of other packages, whose sources are not known here."""
    sources: dict[str, list[str]] = {key: [what] for key, what in _ALWAYS.items()}
    known = {(category, e.name): e.reference for category, entries in listing().items() for e in entries}
    unknown = []
    for use in uses:
        what = f"{_SINGULAR[use[0]]} {use[1]}"
        if use not in known:
            unknown.append(what)
        elif known[use]:
            sources.setdefault(known[use], []).append(what)
    return sources, unknown


_SINGULAR = {
    "spaces": "space", "benchmarks": "benchmark", "datasets": "data set", "estimators": "estimator",
    "proxies": "proxy", "samplers": "sampler", "protocols": "protocol", "encoders": "encoder", "losses": "loss",
    "searches": "search", "criteria": "criterion", "files": "files of",
}  # fmt: skip


def _of_benchmark(spec: Any, space: str | None) -> Iterator[Use]:
    choices = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = choices.get("name")
    benchmarks.known(name)
    if name in _PUBLISHED:
        data = dataset_name(str(choices.get("dataset", "cifar10")))
        yield from (("benchmarks", name), ("spaces", choices.get("view", _PUBLISHED[name])))
        yield "datasets", "cifar10" if data.startswith("cifar10-") else data
    elif name.endswith(".parquet"):  # of `bench build` or `bench import`
        record = read_facts(Path(name).with_suffix(".json"), ("space", "facts"))
        yield "spaces", record["space"]
        if "kind" in record:
            yield "files", str(record["kind"])
        if record.get("training"):
            yield "datasets", str(record["training"]["data"])
    elif any(entry.name == name for entry in listing("benchmarks")["benchmarks"]):
        yield from (("benchmarks", name), ("spaces", embedded.record(name)["space"]))
    else:  # of another package
        yield from (("benchmarks", name), ("spaces", space or benchmarks.load(spec).space.name))
