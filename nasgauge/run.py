"""The arrow: benchmark, estimators, scores, criteria, report. The one module that knows every room."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.criteria import resolve_all
from nasgauge.errors import UserError, unknown_name
from nasgauge.families import FAMILIES, check_estimators, estimator_for, is_combination
from nasgauge.judging import judge, noise_ceiling
from nasgauge.report import Bundle, write
from nasgauge.spaces import get_space
from nasgauge.store import Store, key_of
from nasgauge.study import Study, parse
from nasgauge.tables import ERRORS, SCORES, VALUES, check, empty
from nasgauge.workers import unordered_map

Progress = Callable[[int, int], None]
CHUNK = 20  # architectures a part: seconds of work, so that little is lost when a run is ended


@dataclass(frozen=True)
class Unit:
    """The smallest piece of work: one estimator of the study, one seed, a few architectures."""

    estimator: int
    seed: int
    archs: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Progression:
    """What `nasgauge status` shows: units done and left, and the failures so far (table ERRORS)."""

    n_units: int
    n_done: int
    errors: pd.DataFrame


def run(
    text: str,
    out: Path,
    *,
    where: str,
    workers: str = "processes",
    n_workers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Bundle:
    """Run a study, or what is left of it, in folder `out`; returns what the report shows and writes `report.html`."""
    study = parse(text, Study, where)
    benchmark = truth_of(study)
    check_estimators(study.estimators, get_space(benchmark.space), study.seeds[0])
    resolve_all(study.criteria)
    store = Store.open(out, text)
    units = units_of(study, benchmark)
    todo = [u for u in units if u.key not in store.keys("scores")]
    progress(len(units) - len(todo), len(units))
    work = partial(_estimate_unit, str(out))
    for i, _ in enumerate(unordered_map(work, todo, kind=workers, n_workers=n_workers), start=1):
        progress(len(units) - len(todo) + i, len(units))
    bundle = judged(store, study, benchmark, units)
    write(bundle, store.folder / "report.html")
    return bundle


def report(folder: Path) -> Path:
    """Render the report of a finished study anew."""
    store = Store.existing(folder)
    study = parse(store.study(), Study, str(folder))
    benchmark = truth_of(study)
    units = units_of(study, benchmark)
    left = len([u for u in units if u.key not in store.keys("scores")])
    if left:
        raise UserError(
            f"{folder}: {left} of {len(units)} pieces of work are not done; `nasgauge run` with this folder resumes"
        )
    write(judged(store, study, benchmark, units), store.folder / "report.html")
    return store.folder / "report.html"


def status(folder: Path) -> Progression:
    """What is done, what failed and why, what is left."""
    store = Store.existing(folder)
    study = parse(store.study(), Study, str(folder))
    units = units_of(study, truth_of(study))
    done = store.keys("scores")
    errors = store.read("errors")
    return Progression(len(units), sum(u.key in done for u in units), empty(ERRORS) if errors is None else errors)


def truth_of(study: Study) -> Benchmark:
    """The benchmark reduced to the study's architectures: one member of each sampled isomorphism class."""
    benchmark = benchmarks.load(study.benchmark)
    return benchmark.sample_classes(study.archs.n, rng=np.random.default_rng(study.archs.seed))


def units_of(study: Study, benchmark: Benchmark) -> list[Unit]:
    """All pieces of work, in a fixed order. A key hashes the estimator's options, the seed and the architectures."""
    archs = benchmark.archs
    units = []
    for i, spec in enumerate(study.estimators):
        if is_combination(spec.name):
            continue
        for seed in study.seeds:
            for start in range(0, len(archs), CHUNK):
                part = tuple(archs[start : start + CHUNK])
                units.append(Unit(i, seed, part, key_of([spec.name, spec.options, seed, part])))
    return units


def judged(store: Store, study: Study, benchmark: Benchmark, units: list[Unit]) -> Bundle:
    """Scores to values: every criterion with its interval, the noise ceiling, and what the report needs besides."""
    keys = [u.key for u in units]
    scores = check(store.read("scores", keys), SCORES)
    errors = pd.concat([store.read("errors", keys)], ignore_index=True)
    for spec in study.estimators:
        if is_combination(spec.name):
            scores = pd.concat([scores, FAMILIES[spec.name].combine(scores, spec.options)], ignore_index=True)
    settings = dict(n_bootstrap=study.n_bootstrap, confidence=study.confidence)
    if study.criteria:
        settings["criteria"] = study.criteria
    values = judge(scores, benchmark.truth, missing=study.missing, rng=np.random.default_rng(0), **settings)
    ceiling = empty(VALUES)
    if benchmark.replicates is not None:
        ceiling = noise_ceiling(benchmark.replicates, rng=np.random.default_rng(0), **settings)
    for name, table in (("values", values), ("ceiling", ceiling)):
        store.write(name, "all", table)
    return Bundle(
        title=study.title,
        study=study.model_dump(exclude_defaults=True),
        values=values,
        ceiling=ceiling,
        scores=scores,
        errors=errors,
        truth=benchmark.truth,
        space=get_space(benchmark.space),
        provenance=dict(benchmark.provenance),
        environment=store.environment(),
        published=None if study.published is None else published(study.published),
        costs=_costs(store.read("costs", keys)),
    )


def published(name: str) -> pd.DataFrame:
    """A shipped table of published values: estimator, criterion, at, value, source."""
    path = Path(str(resources.files("nasgauge.studies"))) / "published" / f"{name}.csv"
    if not path.is_file():
        raise unknown_name("published table", name, (p.stem for p in path.parent.glob("*.csv")))
    return pd.read_csv(io.StringIO(path.read_text()), comment="#")


def shipped(name: str) -> str | None:
    """The text of the shipped study of that name, None if there is none."""
    path = Path(str(resources.files("nasgauge.studies"))) / f"{name}.toml"
    return path.read_text() if path.is_file() else None


def shipped_names() -> list[str]:
    """The names of the shipped studies."""
    return sorted(p.stem for p in Path(str(resources.files("nasgauge.studies"))).glob("*.toml"))


def _costs(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """Mean seconds of one architecture, an estimator's parts weighted by their architectures."""
    if table is None or table.empty:
        return None
    total = (
        table.assign(seconds=table["arch_seconds"] * table["n"])
        .groupby("estimator", sort=False)[["seconds", "n"]]
        .sum()
    )
    return pd.DataFrame({"estimator": total.index, "seconds_per_arch": (total["seconds"] / total["n"]).to_numpy()})


def _estimate_unit(folder: str, unit: Unit) -> None:
    """One worker's piece of work. `scores` is written last: a unit counts as done when that part is there."""
    _, space = _context(folder)
    estimates = _estimator(folder, unit.estimator, unit.seed).estimate([space.from_str(a) for a in unit.archs])
    store = Store.existing(folder)
    store.write("errors", unit.key, estimates.errors)
    store.write("costs", unit.key, estimates.costs)
    store.write("scores", unit.key, estimates.scores)


@lru_cache(maxsize=4)
def _context(folder: str) -> tuple[Study, Any]:
    study = parse(Store.existing(folder).study(), Study, folder)
    return study, get_space(benchmarks.load(study.benchmark).space)


@lru_cache(maxsize=8)
def _estimator(folder: str, index: int, seed: int) -> Any:
    study, space = _context(folder)
    spec = study.estimators[index]
    return estimator_for(spec.name, spec.options, space, seed)
