"""What a publication of a study cites: the tool, and the sources of all that the study uses, as BibTeX."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasgauge import benchmarks
from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import embedded
from nasgauge.benchmarks.files import read_facts
from nasgauge.core import about
from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.kept import stored
from nasgauge.core.recorded import RECORDS
from nasgauge.core.store import Store
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.studies import folders
from nasgauge.studies.listing import keys_in, listing, references
from nasgauge.studies.schema import Study, Survey

Use = tuple[str, str]  # a category of `nasgauge list`, and a name in it
_PUBLISHED = {"nb101": "nb101", "nb201": "nb201", "nb301": "darts"}  # spaces of the tables that are not shipped
_ALWAYS = {  # of every evaluation
    "efron1979bootstrap": "bootstrap intervals",
    "spearman1910": "noise ceiling",
    "ning2021evaluating": "criteria and analyses",
}


def bibtex(folder: Path | None = None) -> str:
    """The BibTeX entry of the tool, and those of all that the study or survey in a folder uses.

    Before each entry a line says what it is cited for. What has no shipped entry is named at the end. UserError: the
    folder is of something else.
    """
    if folder is None:
        return about.bibtex()
    sources, unknown = cited(folder)
    known = references()
    entries = [f"% {', '.join(sources[key])}\n{known[key]}" for key in sorted(sources)]
    notes = [f"% no entry is shipped for {what}" for what in unknown]
    return "\n".join([about.bibtex(), *entries, *notes])


def cited(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """By BibTeX key what it is cited for, and the components without a shipped entry, of a folder's study or survey."""
    parts = _studies(folder)
    uses = dict.fromkeys(use for study, _ in parts for use in of_study(study))
    sources, unknown = sourced(uses)
    for name in dict.fromkeys(name for _, store in parts for name in _analyses(store)):
        for key in keys_in(ANALYSES[name].compute.__doc__):
            sources.setdefault(key, []).append(f"analysis {name}")
    return sources, unknown


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


def _studies(folder: Path) -> list[tuple[Study, Store]]:
    """The studies in a folder, with where their tables are."""
    folders.reporter(folder)  # UserError for anything else
    store = Store.existing(folder)
    if folders.kind_of(folder) == "study":
        return [(stored(store, Study), store)]
    studies = stored(store, Survey).studies()
    return [(study, Store(folder / name)) for name, study in studies.items()]


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


def _analyses(store: Store) -> list[str]:
    """The analyses for which the folder has what they need."""
    there = {"complexity", "expenses"} | {name for name in RECORDS if store.keys(name)}
    return [name for name, analysis in ANALYSES.items() if set(analysis.needs) <= there]
