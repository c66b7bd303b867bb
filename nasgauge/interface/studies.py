"""Studies and surveys from a program."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from nasgauge.core.config import parsed, tables_of
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.places import paths_from
from nasgauge.core.store import text_of
from nasgauge.core.terminal import followed
from nasgauge.studies import folders, survey
from nasgauge.studies import run as running
from nasgauge.studies.run import Run
from nasgauge.studies.schema import Study, Survey
from nasgauge.studies.survey import Outcome
from nasgauge.studies.texts import study_names, study_text


def run(
    study: str | Path | Mapping[str, Any] | Study | Survey,
    out: Path | str | None = None,
    *,
    workers: Literal["serial", "processes", "ray"] = "processes",
    n_workers: int | None = None,
) -> Run | Outcome:
    """Run a study or a survey, or what remains of it, and write its report into the folder.

    study: name of a shipped study, a TOML file, the same as a dictionary, or the configuration itself. out: the folder,
    runs/NAME if absent; a dictionary needs one. workers, n_workers: as `nasgauge run --kind --workers`. UserError: a
    mistake in the study, before any work.
    """
    chosen, text, file = _read(study)
    if out is None and file is None:
        raise UserError("run: a dictionary or a configuration has no name; give the folder, out='runs/mine'")
    folder = Path("runs") / (file.stem if file.suffix == ".toml" else file) if out is None else Path(out)
    place = file.parent if text is not None and file.is_file() else None
    with followed("run") as phases:
        options = {"text": text, "folder": place, "workers": workers, "n_workers": n_workers, "phases": phases}
        if isinstance(chosen, Survey):
            return survey.run(chosen, folder, **options)
        made = running.run(chosen, folder, **options)
        made.report(phases=phases)
        return made


def load_run(folder: Path | str) -> Run | Outcome:
    """A study or a survey that `run` or `nasgauge run` finished; UserError where there is none."""
    if folders.kind_of(Path(folder)) == "survey":
        return survey.load(Path(folder))
    return Run.load(folder)


def _read(study: Any) -> tuple[Study | Survey, str | None, Path | None]:
    """The configuration, the text that it was read from, and the path of its file or the name of a shipped study."""
    if isinstance(study, Study | Survey):
        return study, None, None
    if isinstance(study, Mapping):
        return _of_tables(study, "run", None), None, None
    if not isinstance(study, str | os.PathLike):
        raise UserError(f"run: give the name of a study, a TOML file or a dictionary, not {type(study).__name__}")
    path = Path(study)
    if path.suffix == ".toml" or path.is_file():
        text = text_of(path)
        return _of_tables(tables_of(text, path.name), path.name, path.parent), text, path
    text = study_text(str(study))
    if text is None:
        raise unknown_name("study (and no such file)", str(study), study_names())
    return _of_tables(tables_of(text, str(study)), str(study), None), text, path


def _of_tables(tables: Mapping[str, Any], where: str, folder: Path | None) -> Study | Survey:
    with paths_from(folder):
        return parsed(tables, Survey if "parts" in tables else Study, where)
