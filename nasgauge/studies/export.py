"""All tables of a finished study or survey as files under readable names, with a page that lists their columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.progress import Phases, silent
from nasgauge.core.recorded import RECORDS
from nasgauge.core.remote import AnyPath
from nasgauge.core.replacing import write_atomically
from nasgauge.core.store import ENVIRONMENT, STUDY, STUDY_JSON, Store
from nasgauge.core.tables import CEILING, COMPLEXITY, CONTEST, CONTESTS, ERRORS, EXPENSES, SCORES, TRUTH, VALUES, Table
from nasgauge.estimators import COSTS, SHARED_COSTS
from nasgauge.report import computed
from nasgauge.studies import folders, survey
from nasgauge.studies.run import Run

FORMATS = ("csv", "parquet")
_WHAT = {
    "scores": "what every estimator measured, those combined from others included",
    "errors": "the reasons of failed measurements",
    "truth": "the ground truth of the study's architectures",
    "replicates": "the trainings behind the noise ceiling, where the ground truth is a mean",
    "values": "every criterion of every estimator, with its bootstrap interval",
    "ceiling": "the noise ceiling of every estimator",
    "contest": "comparison of the estimators by the first criterion, with paired differences",
    "connected": "the values over connected architectures alone",
    "published": "values of the literature",
    "complexity": "sizes of the networks of the ground truth",
    "expenses": "what every estimator costs, with the cost of all that it needs",
    "costs": "seconds of every task",
    "shared_costs": "seconds of the work that estimators of one entry share",
    "fits": "completed trainings of supernets, by number of the estimator in the study",
    "contests": "which estimator is best on which part",
}
_SPECS = {
    **RECORDS, "scores": SCORES, "errors": ERRORS, "truth": TRUTH, "replicates": TRUTH, "values": VALUES,
    "ceiling": CEILING, "contest": CONTEST, "connected": VALUES, "complexity": COMPLEXITY, "expenses": EXPENSES,
    "costs": COSTS, "shared_costs": SHARED_COSTS, "contests": CONTESTS,
}  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Exported:
    """One table: the name of its file without ending, what it says, and its columns where they are declared."""

    name: str
    what: str
    table: pd.DataFrame
    spec: Table | None = None


def export(folder: AnyPath, out: AnyPath, *, kind: str = "csv", phases: Phases = silent) -> list[AnyPath]:
    """Write every table of the finished study or survey in `folder` to the new folder `out`; returns the files.

    A survey has a folder per part. kind: "csv" (numbers to the last bit, an empty cell where there is no value) or
    "parquet". Beside the tables: the study, its environment, and README.md with the columns of every table. UserError:
    another kind of folder, a study with tasks left, an `out` that is not empty or cannot be written.
    """
    if kind not in FORMATS:
        raise unknown_name("format of tables", kind, FORMATS)
    folders.reporter(folder)  # UserError for anything else
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists and is not an empty folder; choose another one with --out")
    if folders.kind_of(folder) == "study":
        parts = {"": Run.load(folder)}
    else:
        parts = {name: Run.load(folder / name) for name in survey.names(folder)}
    found = {name: list(_tables(run, phases)) for name, run in parts.items()}  # before anything is written
    if "" not in parts:
        found[""] = [_of("contests", Store.existing(folder).read("contests"))]
    try:
        files = [_write(exported, out / name, kind) for name, tables in found.items() for exported in tables]
        for name in {"", *parts}:
            _copy(folder / name, out / name)
        page = out / "README.md"
        write_atomically(page, _page(folder, found, kind).encode())
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another folder with --out") from error
    return [*files, page]


def _tables(run: Run, phases: Phases) -> Iterator[Exported]:
    """Every table of a study: judged, recorded, stored, analysed."""
    bundle, truth = run.bundle(phases), run.plan.benchmark
    judged = {name: getattr(bundle, name) for name in ("scores", "errors", "truth", "values", "ceiling")}
    judged |= {"contest": bundle.contest, "connected": bundle.connected, "published": bundle.published}
    if truth.replicates is not None and not truth.replicates.equals(truth.truth):
        judged["replicates"] = truth.replicates
    tables = {name: table for name, table in judged.items() if table is not None} | dict(bundle.records)
    store = Store.existing(run.folder)
    stored = {name: store.read(name) for name in store.names() if name not in tables}
    for name, table in (tables | stored).items():
        yield _of(name, table)
    for found in computed(bundle, rng=np.random.default_rng(0), progress=phases("analyses")):
        yield Exported(f"analysis_{found.name}", f"{found.analysis.question} {found.sampled}".strip(), found.table)


def _of(name: str, table: pd.DataFrame) -> Exported:
    spec = _SPECS.get(name)
    return Exported(name, _WHAT.get(name, f"recorded by estimators: {name.replace('_', ' ')}"), table, spec)


def _write(exported: Exported, folder: AnyPath, kind: str) -> AnyPath:
    file = folder / f"{exported.name}.{kind}"
    if kind == "csv":
        content = exported.table.to_csv(index=False, lineterminator="\n").encode()
    else:
        content = exported.table.to_parquet(index=False)
    write_atomically(file, content)
    return file


def _copy(folder: AnyPath, out: AnyPath) -> None:
    for name in (STUDY, STUDY_JSON, ENVIRONMENT):
        if (folder / name).is_file():
            write_atomically(out / name, (folder / name).read_bytes())


def _page(folder: AnyPath, found: dict[str, list[Exported]], kind: str) -> str:
    """README.md: each table once, with the columns that it has in any of the parts."""
    title = Store.existing(folder).tables().get("title", folder.name)
    parts = [name for name in found if name]
    lines = [f"# {title}", "", f"The tables of a study, written by `nasgauge export --format {kind}`."]
    lines += [f"One folder per benchmark: {', '.join(parts)}."] if parts else []
    lines += [f"`{STUDY}` or `{STUDY_JSON}`: the study. `{ENVIRONMENT}`: versions and machine. Empty cells: no value."]
    told: set[str] = set()
    for exported in (exported for tables in found.values() for exported in tables):
        if exported.name in told:
            continue
        told.add(exported.name)
        lines += ["", f"## {exported.name}.{kind}", "", f"{exported.what[0].upper()}{exported.what[1:]}", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{name}` | {type_} | {meaning} |" for name, type_, meaning in _columns(exported)]
    return "\n".join(lines) + "\n"


def _columns(exported: Exported) -> Iterator[tuple[str, str, str]]:
    """(name, type, meaning) of each column; what a table declares about it, else its type alone."""
    known = {} if exported.spec is None else {column.name: column for column in exported.spec.columns}
    for name, column in exported.table.items():
        if name in known:
            yield str(name), known[name].dtype, known[name].unit
        else:
            yield str(name), _type(column), ""


def _type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "bool"
    if pd.api.types.is_integer_dtype(column):
        return "int"
    return "float" if pd.api.types.is_float_dtype(column) else "str"
