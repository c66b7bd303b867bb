"""The pieces of work of a study: which there are, in which order, and how one is done."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.core.store import Store, key_of
from nasgauge.core.tables import SCORES, TRUTH, check, empty
from nasgauge.estimators.configs import (
    Place,
    estimator_for,
    family_of,
    is_combination,
    learning_of,
    names_of,
    needs_of,
    supernets_of,
)
from nasgauge.spaces import Space, get_space
from nasgauge.studies.schema import EstimatorSpec, Study, parse
from nasgauge.studies.training_sets import taught


@dataclass(frozen=True)
class Unit:
    """The smallest piece of work: one estimator of the study, one seed, and a few architectures to estimate.

    Without architectures it is the fit of an estimator that must be trained before it can estimate. `level`: units of
    one level need nothing of each other, only what lower ones left.
    """

    estimator: int
    seed: int
    archs: tuple[str, ...]
    key: str
    level: int

    @property
    def part(self) -> str:
        """The table whose part says that this unit is done; it is written last."""
        return "scores" if self.archs else "fits"


def truth_of(study: Study) -> Benchmark:
    """The benchmark reduced to the study's architectures: of each sampled isomorphism class one member, or all.

    UserError: a canonical form that its space lacks, too few classes.
    """
    benchmark = benchmarks.load(study.benchmark).in_classes(study.archs.form)
    rng = np.random.default_rng(study.archs.seed)
    return benchmark.sample_classes(study.archs.n, twins=study.archs.twins, rng=rng)


def units_of(study: Study, benchmark: Benchmark) -> list[Unit]:
    """All pieces of work, in a fixed order. A key hashes the estimator's options, the seed and the architectures."""
    archs = benchmark.archs
    units = []
    for i, (spec, level) in enumerate(zip(study.estimators, _levels(study), strict=True)):
        family = family_of(spec.name)
        for seed in () if family.build is None else spec.seeds or study.seeds:
            if family.trains:
                units.append(Unit(i, seed, (), _fit_key(spec, seed), level=0))
            for start in range(0, len(archs), family.chunk):
                part = tuple(archs[start : start + family.chunk])
                units.append(Unit(i, seed, part, key_of([spec.name, spec.options, seed, part]), level))
    return units


def left(units: list[Unit], store: Store) -> list[Unit]:
    """The pieces of work that are not done."""
    done = {part: store.keys(part) for part in ("scores", "fits")}
    return [u for u in units if u.key not in done[u.part]]


def n_done(units: list[Unit], store: Store) -> float:
    """The pieces of work that are done, a fit under way counting as the share of its epochs that it has trained."""
    open_ = left(units, store)
    notes = [store.folder / "progress" / u.key for u in open_ if not u.archs]
    return len(units) - len(open_) + sum(float(n.read_text(encoding="utf-8") or 0) for n in notes if n.is_file())


def owners(study: Study) -> dict[str, int]:
    """By name in tables, the number of the study's estimator that brings it."""
    return {name: i for i, spec in enumerate(study.estimators) for name in names_of(spec)}


def scores_of(study: Study, store: Store, units: list[Unit]) -> pd.DataFrame:
    """The scores (table SCORES) of these units, and of the combinations of them."""
    scores = check(store.read("scores", [u.key for u in units if u.archs]), SCORES)
    by, there = owners(study), {u.estimator for u in units}
    for i, spec in enumerate(study.estimators):
        if is_combination(spec.name) and there >= {by[need.name] for need in needs_of(spec)}:
            there.add(i)
            scores = pd.concat([scores, family_of(spec.name).combine(scores, spec.options)], ignore_index=True)
    return scores


def do(folder: str, unit: Unit) -> None:
    """One worker's piece of work; the part that says it is done is written last."""
    study, space = _context(folder)
    store = Store.existing(folder)
    estimator = _estimator(folder, unit.estimator, unit.seed)
    trains = family_of(study.estimators[unit.estimator].name).trains
    if not unit.archs or (trains and not estimator.is_trained):  # a checkpoint was removed: trained again from before
        estimator.fit(empty(TRUTH), rng=np.random.default_rng(unit.seed))  # supernets learn from no truth
    if not unit.archs:
        parts = {**estimator.history(), "fits": pd.DataFrame({"estimator": [unit.estimator], "seed": [unit.seed]})}
    else:
        found = estimator.estimate([space.from_str(a) for a in unit.archs])
        parts = {"errors": found.errors, "costs": found.costs, **found.records, "scores": found.scores}
    for table, rows in parts.items():
        store.write(table, unit.key, rows)


def _levels(study: Study) -> list[int]:
    """Of each estimator one more than of those that it needs; a combination is done along with what it combines."""
    by, found = owners(study), []
    for spec in study.estimators:
        below = max((found[by[need.name]] for need in needs_of(spec)), default=0)
        found.append(below if is_combination(spec.name) else below + 1)
    return found


def _fit_key(spec: EstimatorSpec, seed: int) -> str:
    return key_of([spec.name, spec.options, seed])


@lru_cache(maxsize=4)
def _context(folder: str) -> tuple[Study, Space]:
    study = parse(Store.existing(folder).study(), Study, folder)
    return study, get_space(benchmarks.load(study.benchmark).space)


@lru_cache(maxsize=4)
def _judged(folder: str) -> frozenset[str]:
    study, _ = _context(folder)
    return frozenset(truth_of(study).archs)


@lru_cache(maxsize=8)
def _estimator(folder: str, index: int, seed: int) -> Any:
    study, space = _context(folder)
    spec = study.estimators[index]
    learning = learning_of(spec)
    note = Path(folder) / "progress" / _fit_key(spec, seed)

    def progress(done: int, total: int) -> None:
        note.parent.mkdir(exist_ok=True)
        note.write_text(f"{done / total:.4f}", encoding="utf-8")

    place = Place(
        Path(folder) / "checkpoints", progress, supernets_of(study.estimators), _needed(folder, index),
        partial(_judged, folder),
    )  # fmt: skip
    estimator = estimator_for(spec.name, spec.options, space, seed, place)
    if learning is None:
        return estimator
    return taught(estimator, truth_of(study), learning, place.scores)


def _needed(folder: str, index: int) -> pd.DataFrame | None:
    """The scores of the estimators that this one needs the scores of, None if it needs none."""
    study, _ = _context(folder)
    names = {need.name for need in needs_of(study.estimators[index]) if need.scores != "none"}
    if not names:
        return None
    level = _levels(study)[index]
    below = [u for u in units_of(study, truth_of(study)) if u.level < level]
    scores = scores_of(study, Store.existing(folder), below)
    return scores[scores["estimator"].isin(names)].reset_index(drop=True)
