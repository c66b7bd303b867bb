"""The arrow: benchmark, estimators, scores, criteria, report."""

from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self, final

import pandas as pd

from nasgauge.core import terminal
from nasgauge.core.config import parse, tables_of
from nasgauge.core.errors import UserError
from nasgauge.core.kept import keep, kept, stored
from nasgauge.core.progress import Phases, reported, silent
from nasgauge.core.remote import AnyPath, absolute, shared
from nasgauge.core.store import Store
from nasgauge.core.tables import ERRORS, empty
from nasgauge.core.workers import check_workers, session, unordered_map
from nasgauge.report import Bundle, Evaluation, check_figures, write
from nasgauge.studies.checks import checked
from nasgauge.studies.conditions import check_resumed
from nasgauge.studies.corrected import check_corrected
from nasgauge.studies.judged import judged
from nasgauge.studies.lost import options_of, without_lost
from nasgauge.studies.plan import Plan, do
from nasgauge.studies.schema import Study

_LOOK = 15.0  # seconds between two looks at the progress below a URL, where every listing is paid for


@final
@dataclass(frozen=True)
class Progression:
    """What `nasgauge status` shows: tasks in all and complete, and the failures so far (table ERRORS)."""

    n_tasks: int
    n_done: int
    errors: pd.DataFrame


@final
class Run:
    """A study in its folder: what is done of it, and once all is, its tables and its report.

    `Run.load(folder)` gives it again later; `run` makes one. `study`, `folder`, `plan`: its parts.
    """

    def __init__(self, study: Study, store: Store, prints: Mapping[str, str] | None = None) -> None:
        self.study, self._store, self._prints = study, store, prints

    @classmethod
    def load(cls, folder: AnyPath | str) -> Self:
        """The run that lies in a folder; UserError where there is none."""
        store = Store.existing(folder)
        return cls(stored(store, Study), store, kept(store.folder)[1])

    @property
    def folder(self) -> AnyPath:
        """Where it lies."""
        return self._store.folder

    @cached_property
    def plan(self) -> Plan:
        """Its tasks, and the benchmark reduced to its architectures."""
        return Plan.of(self.study, self._prints)

    def status(self) -> Progression:
        """What is done, what failed and why, what is left."""
        there = self._store.keys("errors")
        errors = self._store.read("errors", [task.key for task in self.plan.tasks if task.key in there])
        n_tasks = len(self.plan.tasks)
        n_done = n_tasks - len(self.plan.remaining(self._store))
        return Progression(n_tasks, n_done, empty(ERRORS) if errors is None else errors)

    def execute(
        self,
        *,
        workers: str = "processes",
        n_workers: int | None = None,
        address: str | None = None,
        phases: Phases = silent,
    ) -> Self:
        """Do what remains, level by level: what is trained, what is estimated with it, what needs those scores."""
        plan, store = self.plan, self._store
        store.plan({part: [task.key for task in plan.tasks if task.part == part] for part in ("fits", "scores")})
        options = {"kind": workers, "n_workers": n_workers, "address": address, **options_of(plan, store)}
        work = partial(do, absolute(self.folder), self.study)  # a worker may have begun elsewhere
        looks = {} if isinstance(self.folder, Path) else {"every": _LOOK}
        following = reported(partial(plan.n_done, store), len(plan.tasks), phases("estimating"), **looks)
        with following, session(workers, n_workers, address) if plan.remaining(store) else nullcontext():
            for level in sorted({task.level for task in plan.tasks}):
                remaining = [task for task in plan.remaining(store) if task.level == level]
                for _ in unordered_map(work, without_lost(plan, store, remaining), **options):
                    pass
        return self

    def bundle(self, phases: Phases = silent) -> Bundle:
        """What the report shows, computed at the first call; UserError while tasks remain."""
        if "_bundle" not in vars(self):
            n_left = len(self.plan.remaining(self._store))
            if n_left:
                raise UserError(
                    f"{self.folder}: {n_left} of {len(self.plan.tasks)} tasks remain; `nasgauge run` with this folder "
                    "resumes"
                )
            self._bundle = judged(self.plan, self._store, phases)
        return self._bundle

    def report(self, path: AnyPath | None = None, phases: Phases = silent) -> AnyPath:
        """Render the report, `report.html` in the folder if no other path is given; returns the path."""
        target = path or self.folder / "report.html"
        write(self.bundle(phases), target, progress=phases("page"))
        return target

    def evaluation(self) -> Evaluation:
        """What can be asked of it in a program: comparisons, drawings, tables for papers."""
        study = self.study
        settings = {"missing": study.missing, "n_bootstrap": study.n_bootstrap, "confidence": study.confidence}
        return Evaluation.of_bundle(self.bundle(), settings)

    @property
    def scores(self) -> pd.DataFrame:
        """Table SCORES."""
        return self.bundle().scores

    @property
    def values(self) -> pd.DataFrame:
        """Table VALUES: every criterion of every estimator, with its interval."""
        return self.bundle().values

    @property
    def records(self) -> dict[str, pd.DataFrame]:
        """What estimators recorded besides scores: tables of RECORDS, COMPLEXITY and EXPENSES by name."""
        return dict(self.bundle().records)

    @property
    def truth(self) -> pd.DataFrame:
        """Table TRUTH of the study's architectures."""
        return self.plan.benchmark.truth


def run(
    study: Study,
    out: AnyPath | str,
    *,
    text: str | None = None,
    folder: Path | None = None,
    workers: str = "processes",
    n_workers: int | None = None,
    address: str | None = None,
    strict: bool = False,
    phases: Phases = silent,
    tell: Callable[[str], None] = terminal.tell,
) -> Run:
    """Run a study, or what remains of it, in folder `out`.

    text: of the study's file, kept in the folder; folder: where that file lies, see `run_text`. workers, n_workers,
    address: see `unordered_map`. phases: gives whom to
    report progress to. Under other versions or devices than those of the tasks that are done it goes on, and tells so;
    strict: it is refused. UserError for a mistake in the study before any work is done and anything is written.
    """
    check_workers(workers, n_workers, address)
    out = shared(out, workers)
    plan = checked(study)
    tables = study.model_dump(exclude_unset=True) if text is None else tables_of(text, str(out))
    difference = check_corrected(plan, out, tables)
    made = Run(study, Store.open(out, tables, text, folder, replaces=True))
    made.plan = plan
    if difference:
        tell(f"{out}: goes on with the study as it is now ({difference}); finished tasks that are its own are kept")
    check_resumed(plan, made._store, tell, strict=strict)
    _keep(plan, made.folder)
    return made.execute(workers=workers, n_workers=n_workers, address=address, phases=phases)


def run_text(text: str, out: AnyPath | str, *, where: str, folder: Path | None = None, **options: Any) -> Run:
    """Run the study of a TOML text, see `run`.

    where: its name in messages; folder: of its file, where its relative paths start (the current one if None).
    """
    return run(parse(text, Study, where, folder), out, text=text, folder=folder, **options)


def report(folder: AnyPath | str, phases: Phases = silent, *, figures: Collection[str] = ()) -> dict[str, Bundle]:
    """Render the report of a finished study; returns what it shows, under the name "".

    figures: names of those that will be drawn of it; UserError before any work for an unknown one, and before the page
    is drawn for one whose input the study has not recorded.
    """
    found = Run.load(folder)
    check_figures(figures)
    bundle = found.bundle(phases)
    check_figures(figures, bundle)
    found.report(phases=phases)
    return {"": bundle}


def _keep(plan: Plan, folder: AnyPath) -> None:
    """Record what the user's files contain, and copies of tables, so that the folder is read without them."""
    configs = plan.study.estimators
    prints = {path: content for files in plan.files for path, content in files.items()}
    if prints:
        tables = {text: config.place.located(text) for config in configs for text in config.tables()}
        keep(folder, configs[0].place, prints, tables)
