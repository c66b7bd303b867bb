"""The kind of a folder that nasgauge wrote, and the progress of its run. Does not import torch."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.store import STUDY, Store
from nasgauge.core.tables import ERRORS, empty

_RECIPE = {"n_seeds", "split", "protocol", "space"}  # keys of a recipe that no study has
_FACTS_BYTES = 10_000_000
_N_NAMES = 5
_BUILT, _IMPORTED = "nasgauge bench build", "nasgauge bench import"


@dataclass(frozen=True)
class Progression:
    """The content of `nasgauge status`. kind: study, survey, bench build or bench import; n_tasks, n_done: number of
    tasks and of completed ones; errors: the failures so far (table ERRORS); tables: complete benchmark tables, each
    with a short description."""

    kind: str
    n_tasks: int
    n_done: int
    errors: pd.DataFrame
    tables: tuple[tuple[Path, str], ...] = ()


def kind_of(folder: Path) -> str:
    """study, survey, bench build or bench import; for any other folder a UserError that describes its content."""
    if not Store.is_in(folder):
        if folder.is_dir() and _benchmarks(folder):
            return "bench import"
        raise UserError(
            f"{folder}: is not a study folder (no {STUDY} in it): {_found(folder)}; name the folder that `nasgauge "
            "run` or `nasgauge bench` wrote"
        )
    keys = set(Store.existing(folder).tables())
    kind = "survey" if "parts" in keys else "study" if "estimators" in keys else "bench build" if keys & _RECIPE else ""
    if not kind:
        raise UserError(f"{folder}: is not a study, survey or recipe; name a folder that nasgauge wrote")
    return kind


def reporter(folder: Path) -> ModuleType:
    """The module that writes the report of the folder, of a study or of a survey; UserError for benchmarks."""
    kind = kind_of(folder)
    if kind.startswith("bench"):
        tables = _benchmarks(folder)
        table = next(iter(tables), folder / "NAME.parquet")
        raise UserError(
            f"{folder}: contains a benchmark of `nasgauge {kind}`, which has no report; evaluate scores against it "
            f"with `nasgauge judge SCORES --benchmark {table}`"
        )
    from nasgauge.studies import run, survey  # late: these import every package

    return survey if kind == "survey" else run


def status(folder: Path) -> Progression:
    """Progress and failures of the run in a folder of a study, a survey or a benchmark."""
    kind = kind_of(folder)
    if kind == "bench import":
        tables = _benchmarks(folder)
        return Progression(kind, len(tables), len(tables), empty(ERRORS), tuple(tables.items()))
    if kind == "survey":
        return _of_survey(folder)
    store = Store.existing(folder)
    n_done, n_tasks = store.progress() or _counted(folder, kind)
    errors = store.read("errors", store.planned("errors"))
    tables = tuple(_benchmarks(folder).items()) if kind == "bench build" else ()
    return Progression(kind, n_tasks, n_done, empty(ERRORS) if errors is None else errors, tables)


def _of_survey(folder: Path) -> Progression:
    parts = [folder / name for name in _part_names(folder)]
    known = [status(part) for part in parts if Store.is_in(part)]
    n_open = len(parts) - len(known)  # not started: they count as one task each
    errors = pd.concat([k.errors for k in known], ignore_index=True) if known else empty(ERRORS)
    return Progression("survey", sum(k.n_tasks for k in known) + n_open, sum(k.n_done for k in known), errors)


def _part_names(folder: Path) -> list[str]:
    """The names of a survey's parts, read without the model of a survey, which takes many imports."""
    parts = Store.existing(folder).tables()["parts"]
    names = [part.get("name") if isinstance(part, dict) else None for part in parts] if isinstance(parts, list) else []
    if not names or not all(isinstance(name, str) and name == Path(name).name for name in names):
        raise UserError(f"{folder}: the parts of the survey have no valid names; run it again in another folder")
    return names


def _counted(folder: Path, kind: str) -> tuple[int, int]:
    """(completed, all) tasks of a folder without a plan, from its study; this imports everything that a run imports."""
    if kind == "bench build":
        from nasgauge.benchmarks.building import build as bench

        return bench.counted(folder)
    from nasgauge.studies.run import Run

    now = Run.load(folder).status()
    return now.n_done, now.n_tasks


def _benchmarks(folder: Path) -> dict[Path, str]:
    """The benchmark tables in the folder that have a facts file, with their descriptions."""
    return {table: what for table in sorted(folder.glob("*.parquet")) if (what := _described(table)) is not None}


def _described(table: Path) -> str | None:
    facts = table.with_suffix(".json")
    if not facts.is_file() or facts.stat().st_size > _FACTS_BYTES:
        return None
    try:
        record: Any = json.loads(facts.read_bytes())
        known = record["facts"]
        origin = f"from {record['source']} by {_IMPORTED}" if "kind" in record else f"by {_BUILT}"
        return f"{known['n_archs']:,} architectures of {record['space']}, {origin}"
    except (ValueError, KeyError, TypeError, RecursionError):  # another JSON file with the name of another table
        return None


def _found(folder: Path) -> str:
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "it is a file"
    names = sorted(path.name for path in folder.iterdir())
    more = f" and {len(names) - _N_NAMES:,} more" if len(names) > _N_NAMES else ""
    return f"it contains {', '.join(map(repr, names[:_N_NAMES]))}{more}" if names else "it is empty"
