"""The tasks of a study: which there are, in which order, and how one is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import final

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.core import references
from nasgauge.core.conditions import conditions
from nasgauge.core.config import Seeds
from nasgauge.core.kept import kept
from nasgauge.core.places import fingerprint
from nasgauge.core.recorded import CHECKPOINT_SCORES
from nasgauge.core.remote import AnyPath
from nasgauge.core.replacing import write_note
from nasgauge.core.store import Store, key_of
from nasgauge.core.tables import SCORES, check, empty
from nasgauge.estimators import (
    CombiningConfig,
    Dependency,
    Estimator,
    EstimatorConfig,
    MeasuringConfig,
    RunContext,
    Trainable,
    supernets_of,
)
from nasgauge.spaces import Space
from nasgauge.studies.devices import title_of
from nasgauge.studies.schema import Study
from nasgauge.studies.training_sets import fitted
from nasgauge.studies.user_tables import numbers_by_arch


@final
@dataclass(frozen=True)
class Task:
    """The smallest task: one estimator of the study, one seed, and a few architectures to estimate.

    Without architectures it is the training of an estimator that must be trained before it can estimate. `level`: tasks
    of one level need nothing of each other, only what lower ones left. `contents`: see `Plan.contents`.
    """

    estimator: int
    seed: int
    archs: tuple[str, ...]
    key: str
    level: int
    contents: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """The table whose part says that this task is done; it is written last."""
        return "scores" if self.archs else "fits"


@final
class Plan:
    """A study with its ground truth: its tasks, and who needs whom. `tasks`: all of them, in a fixed order.

    `study`: with what its keys stand for in the space. `prints`: by path, fingerprints of the user's files as they were
    when the study was run, of those that are gone.
    """

    def __init__(self, study: Study, benchmark: Benchmark, prints: Mapping[str, str] | None = None) -> None:
        here = tuple(config.in_space(benchmark.space) for config in study.estimators)
        self.study = study.model_copy(update={"estimators": here})
        self.benchmark, self.prints = benchmark, prints or {}

    @classmethod
    def of(cls, study: Study, prints: Mapping[str, str] | None = None) -> "Plan":
        """The plan against the study's benchmark, reduced to its architectures; UserError as from `truth_of`."""
        return cls(study, truth_of(study), prints)

    @property
    def space(self) -> Space:
        """The search space of its architectures."""
        return self.benchmark.space

    @cached_property
    def owners(self) -> dict[str, int]:
        """By name in tables, the number of the study's estimator that brings it."""
        return {name: i for i, config in enumerate(self.study.estimators) for name in config.names()}

    @cached_property
    def seeds(self) -> dict[str, Seeds]:
        """By name in tables, the seeds that the estimator is measured with, a combination's those of what it needs."""
        found: dict[str, Seeds] = {}
        for config in self.study.estimators:
            is_measured = isinstance(config, MeasuringConfig)
            own = config.own_seeds(self.study.seeds) if is_measured else config.seeds_of(found)
            found |= dict.fromkeys(config.names(), own)
        return found

    @cached_property
    def dependencies(self) -> dict[str, tuple[Dependency, ...]]:
        """By name in tables, what the estimator needs."""
        return {name: self.study.estimators[i].dependencies() for name, i in self.owners.items()}

    @cached_property
    def tasks(self) -> list[Task]:
        """All tasks. A key hashes the estimator's options, code and files, the seed and the architectures."""
        archs, found = self.benchmark.archs, []
        for i, config in enumerate(self.study.estimators):
            if not isinstance(config, MeasuringConfig):
                continue
            for seed in config.own_seeds(self.study.seeds):
                if config.trains:
                    found.append(Task(i, seed, (), self.key(i, seed), self.first_levels[i], self.contents[i]))
                for start in range(0, len(archs), config.chunk):
                    part = tuple(archs[start : start + config.chunk])
                    found.append(Task(i, seed, part, self.key(i, seed, part), self.levels[i], self.contents[i]))
        return found

    def key(self, index: int, seed: int, archs: tuple[str, ...] = ()) -> str:
        """The key of estimating these architectures with an estimator of that seed; without any, of its training."""
        config, code, contents = self.study.estimators[index], self.codes[index], self.contents[index]
        named = [config.name, config.options, seed, *([archs] if archs else [])]
        return key_of([*named, *contents, *([code] if code else [])])

    @cached_property
    def codes(self) -> list[str]:
        """Of each estimator, a digest of the code that references name: its own, of those it needs, of the benchmark.

        As the files are when it is first computed; "" where there is none.
        """
        training = self.benchmark.training
        truth = references.digest_of([self.study.benchmark, training and training.data])
        found: list[str] = []
        for config in self.study.estimators:
            parts = [truth, config.code, *(found[self.owners[need.name]] for need in config.dependencies())]
            found.append(key_of(parts) if any(parts) else "")
        return found

    @cached_property
    def files(self) -> list[dict[str, str]]:
        """Of each estimator the fingerprints, by path, of the user's files that decide its scores.

        Of a file that is gone, the fingerprint that it had when the study was run.
        """
        own = [config.files(self.benchmark.training) for config in self.study.estimators]
        return [{str(path): self._print_of(path) for path in paths} for paths in own]

    @cached_property
    def contents(self) -> list[tuple[str, ...]]:
        """Of each estimator the fingerprints of the user's files that decide its scores, or those that it needs."""
        found: list[tuple[str, ...]] = []
        for config, own in zip(self.study.estimators, self.files, strict=True):
            needed = (found[self.owners[need.name]] for need in config.dependencies())
            found.append(tuple(dict.fromkeys([*own.values(), *(one for many in needed for one in many)])))
        return found

    def _print_of(self, path: Path) -> str:
        return self.prints[str(path)] if str(path) in self.prints and not path.exists() else fingerprint(path)

    @cached_property
    def devices(self) -> list[str]:
        """Of each estimator the device on which it computes, its own or that of its supernet, as the study names it."""
        supernets, found = supernets_of(self.study.estimators), []
        for config in self.study.estimators:
            parents = (supernets[need.name] for need in config.dependencies() if need.name in supernets)
            found.append(next((one.device for one in (config, *parents) if hasattr(one, "device")), "cpu"))
        return found

    @property
    def context(self) -> RunContext:
        """What surrounds its estimators, for any seed, before there are scores."""
        return RunContext(
            self.space, training=self.benchmark.training, supernets=supernets_of(self.study.estimators),
            judged=lambda: self.benchmark.archs, numbers=partial(numbers_by_arch, self.benchmark),
        )  # fmt: skip

    @cached_property
    def levels(self) -> list[int]:
        """Of each estimator one more than of those that it needs, and than of its own training.

        A combination is done along with what it combines; a training that needs nothing has level 0.
        """
        return [last for _, last in self._both_levels]

    @cached_property
    def first_levels(self) -> list[int]:
        """Of each estimator the level of its training, if it trains weights, otherwise that of its estimates."""
        return [first for first, _ in self._both_levels]

    @cached_property
    def _both_levels(self) -> list[tuple[int, int]]:
        """Of each estimator its first level, by which what it needs is there, and that of its scores.

        Of a supernet whose weights alone are needed the training is enough for another training to begin.
        """
        found: list[tuple[int, int]] = []
        for config in self.study.estimators:
            needs = [(need, self.owners[need.name]) for need in config.dependencies()]
            if isinstance(config, MeasuringConfig) and config.trains:
                below = (found[i][need.scores != "none"] for need, i in needs)
                first = max(below, default=-1) + 1
                found.append((first, first + 1))
                continue
            level = max((found[i][1] for _, i in needs), default=0) + (not isinstance(config, CombiningConfig))
            found.append((level, level))
        return found

    def remaining(self, store: Store) -> list[Task]:
        """The tasks that are not done."""
        done = store.done_in(("scores", "fits"))
        return [task for task in self.tasks if task.key not in done[task.part]]

    def n_done(self, store: Store) -> float:
        """The tasks that are done, a training under way counting as the share of its epochs that it has trained."""
        remaining = self.remaining(store)
        trained = {task.key for task in remaining if not task.archs}
        notes = [note for note in (store.folder / "progress").glob("*") if note.name in trained] if trained else []
        shares = sum(float(note.read_text(encoding="utf-8") or 0) for note in notes)
        return len(self.tasks) - len(remaining) + shares

    def scores(self, store: Store, below: int | None = None) -> pd.DataFrame:
        """The scores (table SCORES) of all tasks, or of those below a level, and of the combinations of them.

        A combination has none where one of those that it combines has none, as all its measurements failed.
        """
        tasks = [t for t in self.tasks if t.archs and (below is None or t.level < below)]
        scores = check(store.read("scores", [t.key for t in tasks]), SCORES)
        there = {t.estimator for t in tasks}
        for i, config in enumerate(self.study.estimators):
            if isinstance(config, CombiningConfig):
                needed = {need.name for need in config.dependencies()}
                if there >= {self.owners[name] for name in needed}:
                    there.add(i)
                    if needed <= set(scores["estimator"].unique()):
                        scores = pd.concat([scores, config.combine(scores)], ignore_index=True)
        return scores


def truth_of(study: Study) -> Benchmark:
    """The benchmark reduced to the study's architectures: of each sampled isomorphism class one member, or all.

    UserError: a canonical form that its space lacks, too few classes.
    """
    benchmark = benchmarks.load(study.benchmark).in_classes(study.archs.form)
    rng = np.random.default_rng(study.archs.seed)
    return benchmark.sample_classes(study.archs.n, twins=study.archs.twins, rng=rng)


def do(folder: AnyPath, study: Study, task: Task) -> None:
    """A worker's task; the part that says it is done is written last.

    UserError where a file that the study names is not what it was when the task was planned.
    """
    store = Store.existing(folder)
    place = _Place.of(folder, study)
    estimator = _estimator(place, task.estimator, task.seed, task.contents)
    if _plan(place).key(task.estimator, task.seed, task.archs) != task.key or place != _Place.of(folder, study):
        raise references.edited(study.model_dump())
    if isinstance(estimator, Trainable) and not (task.archs and estimator.is_trained):
        estimator.train()  # also where a checkpoint was removed in the meantime: trained again from the one before
    if task.archs:
        space = _plan(place).space
        found = estimator.estimate([space.from_str(arch) for arch in task.archs])
        parts = {"errors": found.errors, "costs": found.costs, **found.records, "scores": found.scores}
    else:
        parts = {**estimator.history(), "fits": pd.DataFrame({"estimator": [task.estimator], "seed": [task.seed]})}
    store.write_task(task.key, parts, conditions(title_of(_plan(place).devices[task.estimator])))


@final
@dataclass(frozen=True)
class _Place:
    """A study in its folder; by the folder, the keys and the code referred to, what is loaded is found again."""

    folder: AnyPath
    study: Study
    content: str

    @classmethod
    def of(cls, folder: AnyPath, study: Study) -> "_Place":
        code = references.digest_of(study.model_dump(exclude={"criteria"}))
        return cls(folder, study, key_of([code, study.model_dump(mode="json", exclude={"criteria"})]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and (self.folder, self.content) == (other.folder, other.content)

    def __hash__(self) -> int:
        return hash((self.folder, self.content))


@lru_cache(maxsize=4)
def _truth(place: _Place) -> Benchmark:
    return truth_of(place.study)


def _plan(place: _Place) -> Plan:
    """The plan with keys of what the user's files contain now."""
    return Plan(place.study, _truth(place), kept(place.folder)[1])


@lru_cache(maxsize=8)
def _estimator(place: _Place, index: int, seed: int, contents: tuple[str, ...]) -> Estimator:
    """The estimator with that seed, fitted if it is a learner; once per worker, as long as its files stay."""
    plan = _plan(place)
    config = place.study.estimators[index]
    note = place.folder / "progress" / plan.key(index, seed)

    def progress(done: int, total: int) -> None:
        write_note(note, f"{done / total:.4f}")

    context = RunContext(
        space=plan.space,
        seed=seed,
        training=plan.benchmark.training,
        folder=place.folder / "checkpoints",
        progress=progress,
        supernets=supernets_of(place.study.estimators),
        codes={config.label: plan.codes[i] for i, config in enumerate(place.study.estimators) if _trains(config)},
        scores=_needed(plan, Store.existing(place.folder), index),
        seeds=plan.seeds,
        checkpoint_scores=_needed_at_checkpoints(plan, Store.existing(place.folder), index),
        judged=partial(_judged, place),
        numbers=partial(numbers_by_arch, plan.benchmark),
    )
    estimator, chosen = config.build(context), config.training_set(seed)
    return estimator if chosen is None else fitted(estimator, plan.benchmark, chosen, seed, context.scores)


def _trains(config: EstimatorConfig) -> bool:
    return isinstance(config, MeasuringConfig) and config.trains


def _judged(place: _Place) -> frozenset[str]:
    return frozenset(_plan(place).benchmark.archs)


def _needed(plan: Plan, store: Store, index: int) -> pd.DataFrame | None:
    """The scores of the estimators that this one needs the scores of, None if it needs none."""
    names = {need.name for need in plan.study.estimators[index].dependencies() if need.scores != "none"}
    if not names:
        return None
    scores = plan.scores(store, below=plan.first_levels[index])
    return scores[scores["estimator"].isin(names)].reset_index(drop=True)


def _needed_at_checkpoints(plan: Plan, store: Store, index: int) -> pd.DataFrame | None:
    """The scores of the supernets of which this one needs those of a certain epoch, None if there are none."""
    names = {n.name for n in plan.study.estimators[index].dependencies() if n.scores != "none" and n.epoch is not None}
    if not names:
        return None
    owners = {plan.owners[name] for name in names}
    there = store.keys("checkpoint_scores")  # none of a task whose losses are all not finite
    table = store.read("checkpoint_scores", [t.key for t in plan.tasks if t.estimator in owners and t.key in there])
    table = check(empty(CHECKPOINT_SCORES) if table is None else table, CHECKPOINT_SCORES)
    return table[table["estimator"].isin(names)].reset_index(drop=True)
