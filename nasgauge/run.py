"""The arrow: benchmark, estimators, scores, criteria, report. The one module that knows every room."""

import io
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.comparison import compared
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.errors import UserError, unknown_name
from nasgauge.families import (
    Place,
    check_estimators,
    estimator_for,
    family_of,
    is_combination,
    learning_of,
    needs_of,
    supernets_of,
)
from nasgauge.judging import judge, noise_ceiling
from nasgauge.progress import Progress, reported
from nasgauge.report import Bundle, write
from nasgauge.spaces import get_space
from nasgauge.store import Store, key_of
from nasgauge.study import EstimatorSpec, Study, parse
from nasgauge.tables import ERRORS, RECORDS, SCORES, TRUTH, check, empty
from nasgauge.teaching import taught
from nasgauge.workers import unordered_map


@dataclass(frozen=True)
class Unit:
    """The smallest piece of work: one estimator of the study, one seed, and a few architectures to estimate.

    Without architectures it is the fit of an estimator that must be trained before it can estimate.
    """

    estimator: int
    seed: int
    archs: tuple[str, ...]
    key: str

    @property
    def part(self) -> str:
        """The table whose part says that this unit is done; it is written last."""
        return "scores" if self.archs else "fits"


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
    benchmark = checked_truth_of(study)
    store = Store.open(out, text)
    units = units_of(study, benchmark)
    with reported(partial(n_done, units, store), len(units), progress):
        for phase in (lambda u: not u.archs, lambda u: u.archs):  # what is trained, then what is estimated with it
            todo = [u for u in left(units, store) if phase(u)]
            for _ in unordered_map(partial(_work, str(out)), todo, kind=workers, n_workers=n_workers):
                pass
    bundle = judged(store, study, benchmark, units)
    write(bundle, store.folder / "report.html")
    return bundle


def report(folder: Path) -> dict[str, Bundle]:
    """Render the report of a finished study anew; returns what it shows, under the name ""."""
    return {"": finished(folder)}


def finished(folder: Path) -> Bundle:
    """What the report of a finished study shows, and its report rendered anew."""
    store = Store.existing(folder)
    study = parse(store.study(), Study, str(folder))
    benchmark = truth_of(study)
    units = units_of(study, benchmark)
    n_left = len(left(units, store))
    if n_left:
        raise UserError(
            f"{folder}: {n_left} of {len(units)} pieces of work are not done; `nasgauge run` with this folder resumes"
        )
    bundle = judged(store, study, benchmark, units)
    write(bundle, store.folder / "report.html")
    return bundle


def status(folder: Path) -> Progression:
    """What is done, what failed and why, what is left."""
    store = Store.existing(folder)
    study = parse(store.study(), Study, str(folder))
    units = units_of(study, truth_of(study))
    errors = store.read("errors")
    return Progression(len(units), len(units) - len(left(units, store)), empty(ERRORS) if errors is None else errors)


def checked_truth_of(study: Study) -> Benchmark:
    """The study's truth, once its estimators and criteria are known to be without mistakes."""
    benchmark = truth_of(study)
    check_estimators(study.estimators, get_space(benchmark.space), study.seeds)
    resolve_all(study.criteria)
    for spec in study.estimators:
        learning = learning_of(spec)
        if learning is not None:
            benchmark.split(
                learning.n_fit * (learning.stage + 1), 0, rng=np.random.default_rng(0)
            )  # or there are too few
    return benchmark


def truth_of(study: Study) -> Benchmark:
    """The benchmark reduced to the study's architectures: of each sampled isomorphism class one member, or all."""
    benchmark = benchmarks.load(study.benchmark)
    rng = np.random.default_rng(study.archs.seed)
    return benchmark.sample_classes(study.archs.n, twins=study.archs.twins, rng=rng)


def units_of(study: Study, benchmark: Benchmark) -> list[Unit]:
    """All pieces of work, in a fixed order. A key hashes the estimator's options, the seed and the architectures."""
    archs = benchmark.archs
    units = []
    for i, spec in enumerate(study.estimators):
        family = family_of(spec.name)
        for seed in () if family.build is None else spec.seeds or study.seeds:
            if family.trains:
                units.append(Unit(i, seed, (), _fit_key(spec, seed)))
            for start in range(0, len(archs), family.chunk):
                part = tuple(archs[start : start + family.chunk])
                units.append(Unit(i, seed, part, key_of([spec.name, spec.options, seed, part])))
    return units


def left(units: list[Unit], store: Store) -> list[Unit]:
    """The pieces of work that are not done."""
    done = {part: store.keys(part) for part in ("scores", "fits")}
    return [u for u in units if u.key not in done[u.part]]


def n_done(units: list[Unit], store: Store) -> float:
    """The pieces of work that are done, a fit under way counting as the share of its epochs that it has trained."""
    open_ = left(units, store)
    notes = [store.folder / "progress" / u.key for u in open_ if not u.archs]
    return len(units) - len(open_) + sum(float(n.read_text() or 0) for n in notes if n.is_file())


def judged(store: Store, study: Study, benchmark: Benchmark, units: list[Unit]) -> Bundle:
    """Scores to values: every criterion with its interval, the noise ceiling, and what the report needs besides."""
    keys = [u.key for u in units if u.archs]
    scores = check(store.read("scores", keys), SCORES)
    errors = store.read("errors", keys)
    records = recorded(store, units)
    for spec in study.estimators:
        if is_combination(spec.name):
            scores = pd.concat([scores, family_of(spec.name).combine(scores, spec.options)], ignore_index=True)
            records = _combined_at_checkpoints(records, spec)
    settings = dict(n_bootstrap=study.n_bootstrap, confidence=study.confidence)
    if study.criteria:
        settings["criteria"] = study.criteria
    values = judge(scores, benchmark.truth, missing=study.missing, rng=np.random.default_rng(0), **settings)
    ceiling = noise_ceiling(benchmark.replicates, rng=np.random.default_rng(0), **settings)
    for name, table in (("values", values), ("ceiling", ceiling)):
        store.write(name, "all", table)
    space = get_space(benchmark.space)
    comparison = compared(scores, benchmark.truth, space, study.criteria or DEFAULT_CRITERIA, missing=study.missing,
                          n_bootstrap=study.n_bootstrap, confidence=study.confidence)  # fmt: skip
    return Bundle(
        title=study.title,
        study=study.model_dump(exclude_defaults=True),
        values=values,
        ceiling=ceiling,
        scores=scores,
        errors=errors,
        truth=benchmark.truth,
        space=space,
        provenance=dict(benchmark.provenance),
        environment=store.environment(),
        published=None if study.published is None else published(study.published),
        costs=_costs(store.read("costs", keys), len(benchmark.archs)),
        records=records if benchmark.complexity is None else {**records, "complexity": benchmark.complexity},
        **comparison,
    )


def recorded(store: Store, units: list[Unit]) -> dict[str, pd.DataFrame]:
    """The tables of RECORDS that estimators wrote beside their scores, each over all units that have a part of it."""
    tables = {}
    for name, spec in RECORDS.items():
        there = store.keys(name)
        keys = [u.key for u in units if u.key in there]
        if keys:
            rows = store.read(name, keys).drop_duplicates()  # the settings of an estimator are those of all its seeds
            tables[name] = check(rows.reset_index(drop=True), spec)
    return tables


def _combined_at_checkpoints(records: dict[str, pd.DataFrame], spec: EstimatorSpec) -> dict[str, pd.DataFrame]:
    """A combination also of the scores at every checkpoint where those it combines have some."""
    table = records.get("checkpoint_scores")
    needed = set(needs_of(spec))
    parts = []
    for epoch, rows in () if table is None else table.groupby("epoch"):
        if needed <= set(rows["estimator"]):
            parts.append(family_of(spec.name).combine(rows.drop(columns="epoch"), spec.options).assign(epoch=epoch))
    return {**records, "checkpoint_scores": pd.concat([table, *parts], ignore_index=True)} if parts else records


def published(name: str) -> pd.DataFrame:
    """A shipped table of published values: estimator, criterion, at, value, source."""
    path = _studies() / "published" / f"{name}.csv"
    if not path.is_file():
        raise unknown_name("published table", name, (p.stem for p in path.parent.glob("*.csv")))
    return pd.read_csv(io.StringIO(path.read_text()), comment="#")


def shipped(name: str) -> str | None:
    """The text of the shipped study of that name, None if there is none."""
    path = _studies() / f"{name}.toml"
    return path.read_text() if path.is_file() else None


def shipped_names() -> list[str]:
    """The names of the shipped studies, those of the papers' scale below "paper/"."""
    return sorted(str(p.relative_to(_studies()).with_suffix("")) for p in _studies().rglob("*.toml"))


def _studies() -> Path:
    return Path(str(resources.files("nasgauge.studies")))


def _costs(table: pd.DataFrame | None, n_archs: int) -> pd.DataFrame | None:
    """Mean seconds of one architecture, an estimator's parts weighted by their architectures.

    What an estimator was trained for (mean over its seeds) is shared out among all n_archs architectures.
    """
    if table is None or table.empty:
        return None
    each = table.assign(seconds=table["arch_seconds"] * table["n"])
    total = each.groupby("estimator", sort=False)[["seconds", "n"]].sum()
    seconds = total["seconds"] / total["n"]
    if "fit_seconds" in table:
        seconds += table.groupby("estimator", sort=False)["fit_seconds"].mean().fillna(0) / n_archs
    return pd.DataFrame({"estimator": total.index, "seconds_per_arch": seconds.to_numpy()})


def _work(folder: str, unit: Unit) -> None:
    """One worker's piece of work; the part that says it is done is written last."""
    study, space = _context(folder)
    store = Store.existing(folder)
    estimator = _estimator(folder, unit.estimator, unit.seed)
    trains = family_of(study.estimators[unit.estimator].name).trains
    if not unit.archs or (trains and not estimator.is_trained):  # a checkpoint was removed: trained again from before
        estimator.fit(empty(TRUTH), rng=np.random.default_rng(unit.seed))  # studies' estimators learn from no truth
    if not unit.archs:
        parts = {**estimator.history(), "fits": pd.DataFrame({"estimator": [unit.estimator], "seed": [unit.seed]})}
    else:
        found = estimator.estimate([space.from_str(a) for a in unit.archs])
        parts = {"errors": found.errors, "costs": found.costs, **found.records, "scores": found.scores}
    for table, rows in parts.items():
        store.write(table, unit.key, rows)


def _fit_key(spec: EstimatorSpec, seed: int) -> str:
    return key_of([spec.name, spec.options, seed])


@lru_cache(maxsize=4)
def _context(folder: str) -> tuple[Study, Any]:
    study = parse(Store.existing(folder).study(), Study, folder)
    return study, get_space(benchmarks.load(study.benchmark).space)


@lru_cache(maxsize=8)
def _estimator(folder: str, index: int, seed: int) -> Any:
    study, space = _context(folder)
    spec = study.estimators[index]
    learning = learning_of(spec)
    note = Path(folder) / "progress" / _fit_key(spec, seed)

    def progress(done: int, total: int) -> None:
        note.parent.mkdir(exist_ok=True)
        note.write_text(f"{done / total:.4f}")

    place = Place(Path(folder) / "checkpoints", progress, supernets_of(study.estimators))
    estimator = estimator_for(spec.name, spec.options, space, seed, place)
    if learning is None:
        return estimator
    return taught(estimator, truth_of(study), learning, seed=seed)
