"""The same estimators on several benchmarks: each a study in a folder of its own, and one page over all of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w

from nasgauge.core.progress import Phases, silent
from nasgauge.core.store import STUDY, Store
from nasgauge.core.tables import CONTESTS, ERRORS, check, empty
from nasgauge.judging import contest
from nasgauge.report import Bundle, write_survey
from nasgauge.studies import run as running
from nasgauge.studies.run import Progression
from nasgauge.studies.schema import Study, Survey, parse


@dataclass(frozen=True)
class Outcome:
    """What a survey found. `bundles`: by part; `contests`: table CONTESTS, who wins on which part."""

    title: str
    bundles: dict[str, Bundle]
    contests: pd.DataFrame


def run(
    text: str,
    out: Path,
    *,
    where: str,
    workers: str = "processes",
    n_workers: int | None = None,
    phases: Phases = silent,
) -> Outcome:
    """Run the study of every part, or what is left of it, in a folder below `out`; writes `report.html` there.

    Mistakes in any of the studies are told before the first one starts.
    """
    survey = parse(text, Survey, where)
    studies = survey.studies()
    for study in studies.values():
        running.checked_truth_of(study)
    Store.open(out, text)
    bundles = {}
    for i, (name, study) in enumerate(studies.items()):
        bundles[name] = running.run(
            as_toml(study), out / name, where=f"{where}, {name}", workers=workers, n_workers=n_workers,
            phases=_part_of(phases, name, i, len(studies)),
        )  # fmt: skip
    return _told(survey, bundles, out)


def report(folder: Path, phases: Phases = silent) -> dict[str, Bundle]:
    """Render the reports of a finished survey anew; returns what they show, by part."""
    survey = parse(Store.existing(folder).study(), Survey, str(folder))
    names = list(survey.studies())
    bundles = {
        name: running.finished(folder / name, _part_of(phases, name, i, len(names))) for i, name in enumerate(names)
    }
    _told(survey, bundles, folder)
    return bundles


def status(folder: Path) -> Progression:
    """What is done, what failed and why, what is left, over all parts; those not begun count as one piece each."""
    survey = parse(Store.existing(folder).study(), Survey, str(folder))
    known = [running.status(folder / name) for name in survey.studies() if (folder / name / STUDY).is_file()]
    n_open = len(survey.studies()) - len(known)
    errors = pd.concat([k.errors for k in known], ignore_index=True) if known else empty(ERRORS)
    return Progression(sum(k.n_units for k in known) + n_open, sum(k.n_done for k in known), errors)


def as_toml(study: Study) -> str:
    """The study as the text of a TOML file, which reads back as an equal study.

    >>> study = Study(title="t", benchmark="b", estimators=[{"name": "zeroshot", "proxies": ["snip"]}])
    >>> parse(as_toml(study), Study, "text") == study
    True
    """
    return tomli_w.dumps(study.model_dump(exclude_defaults=True, exclude_none=True))


def _told(survey: Survey, bundles: dict[str, Bundle], out: Path) -> Outcome:
    """The contest on every part, stored, and the page over all."""
    tables = []
    for name, bundle in bundles.items():
        table = contest(
            bundle.scores, bundle.truth, survey.criterion, n_bootstrap=survey.n_bootstrap, confidence=survey.confidence,
            missing=survey.missing, rng=np.random.default_rng(0),
        )  # fmt: skip
        tables.append(table.assign(part=name))
    contests = check(pd.concat(tables, ignore_index=True), CONTESTS)
    Store.existing(out).write("contests", "all", contests)
    write_survey(survey.title, bundles, contests, out / "report.html")
    return Outcome(survey.title, bundles, contests)


def _part_of(phases: Phases, name: str, i: int, n: int) -> Phases:
    return lambda what: phases(f"{name} ({i + 1} of {n}), {what}")
