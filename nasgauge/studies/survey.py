"""The same estimators on several benchmarks: each a study in a folder of its own, and one page over all of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core import terminal
from nasgauge.core.config import parse, tables_of
from nasgauge.core.kept import keep, stored
from nasgauge.core.progress import Phases, silent
from nasgauge.core.remote import AnyPath, path_of, shared
from nasgauge.core.store import Store
from nasgauge.core.tables import CONTESTS, ERRORS, check, empty
from nasgauge.core.workers import session
from nasgauge.judging import contest
from nasgauge.report import Bundle, check_figures, write_survey
from nasgauge.studies import run as running
from nasgauge.studies.checks import checked
from nasgauge.studies.conditions import check_resumed
from nasgauge.studies.corrected import check_corrected, check_corrected_survey
from nasgauge.studies.run import Progression, Run
from nasgauge.studies.schema import Survey


@final
@dataclass(frozen=True)
class Outcome:
    """What a survey found. `bundles`: by part; `contests`: table CONTESTS, which estimator wins on which part."""

    title: str
    bundles: dict[str, Bundle]
    contests: pd.DataFrame


def run(
    survey: Survey,
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
) -> Outcome:
    """Run the study of every part, or what remains of it, in a folder below `out`; writes `report.html` there.

    text, folder, strict: the survey's file and where it lies, and conditions of finished tasks, as for a study.
    UserError for a mistake in any of the studies before the first one starts.
    """
    out = shared(out, workers)
    studies = survey.studies()
    plans = {name: checked(study) for name, study in studies.items()}
    tables = survey.model_dump(exclude_unset=True) if text is None else tables_of(text, str(out))
    difference = check_corrected_survey(survey, out, tables)
    for name, study in studies.items():
        check_corrected(plans[name], out / name, study.model_dump(exclude_unset=True))
    keep(Store.open(out, tables, text, folder, replaces=True).folder, survey.place, {}, {})
    if difference:
        tell(f"{out}: goes on with the survey as it is now ({difference}); finished tasks that are its own are kept")
    for name, plan in plans.items():
        if Store.is_in(out / name):
            check_resumed(plan, Store.existing(out / name), tell, strict=strict)
    bundles = {}
    with session(workers, n_workers, address):
        for i, (name, study) in enumerate(studies.items()):
            told = _part_of(phases, name, i, len(studies))
            options = {"workers": workers, "n_workers": n_workers, "address": address, "phases": told, "tell": _nobody}
            made = running.run(study, out / name, **options)
            made.report(phases=told)
            bundles[name] = made.bundle()
    return _written(Outcome(survey.title, bundles, _contests(survey, bundles)), out)


def run_text(text: str, out: AnyPath | str, *, where: str, folder: Path | None = None, **options: Any) -> Outcome:
    """Run the survey of a TOML text, see `run`.

    where: its name in messages; folder: of its file, where its relative paths start (the current one if None).
    """
    return run(parse(text, Survey, where, folder), out, text=text, folder=folder, **options)


def report(folder: AnyPath | str, phases: Phases = silent, *, figures: Collection[str] = ()) -> dict[str, Bundle]:
    """Render the reports of a finished survey; returns what they show, by part. figures: as for a study."""
    folder = path_of(folder)
    survey = _stored(folder)
    check_figures(figures)
    parts = {name: Run.load(folder / name) for name in survey.studies()}
    told = {name: _part_of(phases, name, i, len(parts)) for i, name in enumerate(parts)}
    bundles = {name: part.bundle(told[name]) for name, part in parts.items()}
    for bundle in bundles.values():
        check_figures(figures, bundle)
    for name, part in parts.items():
        part.report(phases=told[name])
    _written(Outcome(survey.title, bundles, _contests(survey, bundles)), folder)
    return bundles


def load(folder: AnyPath | str) -> Outcome:
    """What a finished survey found; nothing is written. UserError while tasks of a part remain."""
    folder = path_of(folder)
    survey = _stored(folder)
    bundles = {name: Run.load(folder / name).bundle() for name in survey.studies()}
    return Outcome(survey.title, bundles, _contests(survey, bundles))


def status(folder: Path) -> Progression:
    """What is done, what failed and why, what remains, over all parts; those not begun count as one task each."""
    names = list(_stored(folder).studies())
    known = [Run.load(folder / name).status() for name in names if Store.is_in(folder / name)]
    n_open = len(names) - len(known)
    errors = pd.concat([k.errors for k in known], ignore_index=True) if known else empty(ERRORS)
    return Progression(sum(k.n_tasks for k in known) + n_open, sum(k.n_done for k in known), errors)


def names(folder: Path) -> list[str]:
    """The names of a survey's parts, which are those of their folders."""
    return list(_stored(folder).studies())


def _stored(folder: Path) -> Survey:
    return stored(Store.existing(folder), Survey)


def _contests(survey: Survey, bundles: dict[str, Bundle]) -> pd.DataFrame:
    tables = []
    for name, bundle in bundles.items():
        table = contest(
            bundle.scores, bundle.truth, survey.criterion, n_bootstrap=survey.n_bootstrap, confidence=survey.confidence,
            missing=survey.missing, rng=np.random.default_rng(0),
        )  # fmt: skip
        tables.append(table.assign(part=name))
    return check(pd.concat(tables, ignore_index=True), CONTESTS)


def _written(found: Outcome, out: AnyPath) -> Outcome:
    Store.existing(out).write("contests", "all", found.contests)
    write_survey(found.title, found.bundles, found.contests, out / "report.html")
    return found


def _nobody(sentence: str) -> None:
    """Nothing is told twice."""


def _part_of(phases: Phases, name: str, i: int, n: int) -> Phases:
    return lambda what: phases(f"{name} ({i + 1} of {n}), {what}")
