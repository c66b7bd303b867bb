"""May a study go on in the folder of another one? Where what is finished there stays valid for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.core.kept import kept, stored
from nasgauge.core.store import Store, key_of
from nasgauge.estimators import MeasuringConfig
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study, Survey

_DECIDING = ("benchmark", "archs", "plugins")  # keys of a study that decide every score, and stand in no task's key


def check_corrected(plan: Plan, folder: Path, tables: Mapping[str, Any]) -> str:
    """In which key a study differs from the one in a folder, "" where in none or where there is no study.

    Tasks are found again by their estimator's options, seed and architectures. UserError where a difference makes
    others of the finished tasks invalid: another ground truth or sample, a supernet whose checkpoints are there with
    other options, an estimator whose finished scores were computed from others with other options.
    """
    if not Store.is_in(folder):
        return ""
    store = Store.existing(folder)
    difference = store.difference(tables)
    if difference and store.tables().keys() & {"estimators", "parts"} != {"estimators"}:
        raise _refused(folder, difference)
    if not difference or not (store.names() or (folder / "checkpoints").exists()):
        return difference
    before = stored(store, Study)
    for key in _DECIDING:
        if _dumped(before, key) != _dumped(plan.study, key):
            raise _refused(folder, difference)
    _check_estimators(Plan(before, plan.benchmark, kept(folder)[1]), plan, store, difference)
    return difference


def check_corrected_survey(survey: Survey, folder: Path, tables: Mapping[str, Any]) -> str:
    """In which key a survey differs from the one in a folder; the studies of its parts are checked by themselves."""
    if not Store.is_in(folder):
        return ""
    store = Store.existing(folder)
    difference = store.difference(tables)
    if difference and "parts" not in store.tables():
        raise _refused(folder, difference)
    return difference


def _dumped(study: Study, key: str) -> Any:
    return study.model_dump(include={key}, exclude_unset=True)


def _check_estimators(before: Plan, now: Plan, store: Store, difference: str) -> None:
    old, new = _standings(before), _standings(now)
    done = set().union(*store.done_in(("scores", "fits")).values())
    for i, config in enumerate(now.study.estimators):
        changed = [name for name in config.names() if name in old and old[name] != new[name]]
        if not changed or not isinstance(config, MeasuringConfig):
            continue
        keys = {task.key for task in now.tasks if task.estimator == i}
        weights = config.trains and list((store.folder / "checkpoints").glob(f"{config.label}-seed*"))
        if weights or (keys & done and config.dependencies()):
            raise _refused(store.folder, difference, f"; finished work of {changed[0]!r} is of the former settings")


def _standings(plan: Plan) -> dict[str, str]:
    """By name in tables, a hash of all that decides its scores: options, and likewise of what it needs."""
    found: dict[str, str] = {}
    for config in plan.study.estimators:
        needs = [[found[need.name], *plan.seeds[need.name]] for need in config.dependencies()]
        own = key_of([config.name, config.options, needs])
        found |= dict.fromkeys(config.names(), own)
    return found


def _refused(folder: Path, difference: str, why: str = "") -> UserError:
    return UserError(
        f"{folder}: contains another study, or this one with other settings ({difference}){why}; choose another folder "
        "with --out"
    )
