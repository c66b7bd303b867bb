"""The arrow: benchmark, estimators, scores, criteria, report. The one module that knows every room."""

import io
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks import Benchmark
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.progress import Phases, reported, silent
from nasgauge.core.store import Store
from nasgauge.core.tables import ERRORS, RECORDS, check, empty
from nasgauge.core.workers import check_workers, unordered_map
from nasgauge.criteria import DEFAULT_CRITERIA, resolve_all
from nasgauge.estimators.configs import check_estimators, family_of, is_combination, learning_of, names_of, needs_of
from nasgauge.judging import Combined, judge, noise_ceilings, with_failures
from nasgauge.report import Bundle, assembled, write
from nasgauge.spaces import get_space
from nasgauge.studies.costs import expenses
from nasgauge.studies.plan import Unit, do, left, n_done, owners, scores_of, truth_of, units_of
from nasgauge.studies.schema import EstimatorSpec, Study, parse
from nasgauge.studies.training_sets import lessons_of


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
    phases: Phases = silent,
) -> Bundle:
    """Run a study, or what is left of it, in folder `out`; returns what the report shows and writes `report.html`.

    `phases`: gives whom to tell how far the estimating, and then the page, is.
    """
    study = parse(text, Study, where)
    check_workers(workers, n_workers)
    benchmark = checked_truth_of(study)
    store = Store.open(out, text)
    units = units_of(study, benchmark)
    store.plan({part: [u.key for u in units if u.part == part] for part in ("fits", "scores")})
    with reported(partial(n_done, units, store), len(units), phases("estimating")):
        for level in sorted({u.level for u in units}):  # what is trained, what is estimated with it, what needs that
            todo = [u for u in left(units, store) if u.level == level]
            for _ in unordered_map(partial(do, str(out)), todo, kind=workers, n_workers=n_workers):
                pass
    return _told(store, study, benchmark, units, phases)


def report(folder: Path, phases: Phases = silent) -> dict[str, Bundle]:
    """Render the report of a finished study anew; returns what it shows, under the name ""."""
    return {"": finished(folder, phases)}


def finished(folder: Path, phases: Phases = silent) -> Bundle:
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
    return _told(store, study, benchmark, units, phases)


def _told(store: Store, study: Study, benchmark: Benchmark, units: list[Unit], phases: Phases) -> Bundle:
    bundle = judged(store, study, benchmark, units, phases)
    write(bundle, store.folder / "report.html", progress=phases("page"))
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
    for learning in filter(None, map(learning_of, study.estimators)):  # or there are too few to learn from
        n_learned = learning.n_fit * (max(learning.names) + 1)
        benchmark.split(n_learned, 0, rng=np.random.default_rng(0))
        if not learning.signal:
            lessons_of(benchmark, learning)
    return benchmark


def judged(store: Store, study: Study, benchmark: Benchmark, units: list[Unit], phases: Phases = silent) -> Bundle:
    """Scores to values: every criterion with its interval, the noise ceiling, and what the report needs besides."""
    keys = [u.key for u in units if u.archs]
    measured = scores_of(study, store, units)
    errors = store.read("errors", keys)
    scores = with_failures(measured, errors, _combined(study))
    records = recorded(store, units)
    for spec in study.estimators:
        if is_combination(spec.name):
            records = _combined_at_checkpoints(records, spec)
    if benchmark.complexity is not None:
        records["complexity"] = benchmark.complexity
    by = owners(study)
    needs = {name: needs_of(study.estimators[i]) for name, i in by.items()}
    records["expenses"] = expenses(store.read("costs", keys), measured, benchmark.truth, needs, by)
    settings = dict(n_bootstrap=study.n_bootstrap, confidence=study.confidence)
    if study.criteria:
        settings["criteria"] = study.criteria
    values = judge(
        scores, benchmark.truth, missing=study.missing, progress=phases("bootstrap intervals"),
        rng=np.random.default_rng(0), **settings,
    )  # fmt: skip
    ceiling = noise_ceilings(
        scores, benchmark.truth, benchmark.replicates, missing=study.missing,
        same_quantity=benchmark.ceiling_measure is None, progress=phases("noise ceiling"),
        rng=np.random.default_rng(0), **settings,
    )  # fmt: skip
    for name, table in (("values", values), ("ceiling", ceiling)):
        store.write(name, "all", table)
    space = get_space(benchmark.space)
    return assembled(
        title=study.title,
        study=study.model_dump(exclude_defaults=True),
        values=values,
        ceiling=ceiling,
        ceiling_measure=benchmark.ceiling_measure,
        scores=scores,
        errors=errors,
        truth=benchmark.truth,
        space=space,
        provenance=dict(benchmark.provenance),
        environment=store.environment(),
        published=None if study.published is None else published(study.published),
        records=records,
        criteria=study.criteria or DEFAULT_CRITERIA,
        missing=study.missing,
        n_bootstrap=study.n_bootstrap,
        confidence=study.confidence,
        phases=phases,
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


def _combined(study: Study) -> list[Combined]:
    """The study's estimators that are made of the scores of others."""
    found = []
    for spec in study.estimators:
        if is_combination(spec.name):
            needs = needs_of(spec)
            every_seed = any(need.every_seed for need in needs)
            found += [Combined(name, tuple(need.name for need in needs), every_seed) for name in names_of(spec)]
    return found


def _combined_at_checkpoints(records: dict[str, pd.DataFrame], spec: EstimatorSpec) -> dict[str, pd.DataFrame]:
    """A combination also of the scores at every checkpoint where those it combines have some."""
    table = records.get("checkpoint_scores")
    needed = {need.name for need in needs_of(spec)}
    parts = []
    for epoch, rows in () if table is None else table.groupby("epoch"):
        if needed <= set(rows["estimator"]):
            parts.append(family_of(spec.name).combine(rows.drop(columns="epoch"), spec.options).assign(epoch=epoch))
    if not parts:
        return records
    records = {**records, "checkpoint_scores": pd.concat([table, *parts], ignore_index=True)}
    windows = records.get("windows")
    if windows is not None:  # what is made of averages rests on the checkpoints of all of them
        own = windows[windows["estimator"].isin(needed)].groupby("epoch", as_index=False)["oldest"].min()
        made = [own.assign(estimator=name) for name in names_of(spec)]
        records["windows"] = check(pd.concat([windows, *made], ignore_index=True), RECORDS["windows"])
    return records


def published(name: str) -> pd.DataFrame:
    """A shipped table of published values: estimator, criterion, at, value, source."""
    path = _studies() / "published" / f"{name}.csv"
    if not path.is_file():
        raise unknown_name("published table", name, (p.stem for p in path.parent.glob("*.csv")))
    return pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")), comment="#")


def _studies() -> Path:
    return Path(str(resources.files("nasgauge.studies")))
