"""Studies and surveys from a program."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from nasgauge.benchmarks import Benchmark, load
from nasgauge.core.arguments import PATH, takes
from nasgauge.core.config import parsed, tables_of
from nasgauge.core.errors import UserError
from nasgauge.core.places import paths_from
from nasgauge.core.remote import AnyPath, local, path_of
from nasgauge.core.terminal import followed
from nasgauge.studies import folders, survey
from nasgauge.studies import run as running
from nasgauge.studies.run import Run
from nasgauge.studies.schema import Study, Survey
from nasgauge.studies.survey import Outcome
from nasgauge.studies.texts import named


@takes("run", out=PATH)
def run(
    study: str | Path | Mapping[str, Any] | Study | Survey,
    out: AnyPath | str | None = None,
    *,
    workers: Literal["serial", "processes", "ray"] = "processes",
    n_workers: int | None = None,
) -> Run | Outcome:
    """Run a study or a survey, or what remains of it, and write its report into the folder.

    study: name of a shipped study, a TOML file, the same as a dictionary, or the configuration itself. out: the folder,
    runs/NAME if absent; a dictionary needs one. workers, n_workers: as `nasgauge run --kind --workers`. UserError: a
    mistake in the study, before any work.
    """
    if isinstance(study, Study | Survey):
        chosen, text, name, place = study, None, None, None
    else:
        tables, text, name, place = _tables(study, "run", "study")
        with paths_from(place):
            chosen = parsed(tables, Survey if "parts" in tables else Study, name or "run")
    if out is None and name is None:
        raise UserError("run: a dictionary or a configuration has no name; give the folder, out='runs/mine'")
    folder = Path("runs") / str(name) if out is None else path_of(out)
    with followed("run") as phases:
        options = {"text": text, "folder": place, "workers": workers, "n_workers": n_workers, "phases": phases}
        if isinstance(chosen, Survey):
            return survey.run(chosen, folder, **options)
        made = running.run(chosen, folder, **options)
        made.report(phases=phases)
        return made


@takes("build", out=PATH, reuse=PATH)
def build(
    recipe: str | Path | Mapping[str, Any],
    out: Path | str,
    *,
    workers: Literal["serial", "processes"] = "processes",
    n_workers: int | None = None,
    reuse: Path | str | None = None,
) -> Benchmark:
    """Train architectures from scratch, or what remains of them, and return the benchmark that they make.

    recipe: name of a shipped one, a TOML file, or the same as a dictionary. out: the folder. reuse: a table that this
    recipe made of other architectures, which are not trained again. UserError: a mistake in the recipe, before any
    work; a table of another recipe.
    """
    from nasgauge.benchmarks.building.build import build as train
    from nasgauge.benchmarks.building.recipe import Recipe

    out = local(out, "build")
    tables, text, name, place = _tables(recipe, "build", "recipe")
    with paths_from(place):
        chosen = parsed(tables, Recipe, name or "recipe")
    with followed("bench build") as phases:
        train(
            chosen, out, text=text, folder=place, where=chosen.name, workers=workers, n_workers=n_workers,
            reuse=None if reuse is None else Path(reuse), progress=phases("training"),
        )  # fmt: skip
    return load({"name": str(out / f"{chosen.name}.parquet")})


@takes("load_run", folder=PATH)
def load_run(folder: AnyPath | str) -> Run | Outcome:
    """A study or a survey that `run` or `nasgauge run` finished; UserError where there is none."""
    if folders.kind_of(path_of(folder)) == "survey":
        return survey.load(folder)
    return Run.load(folder)


def _tables(
    given: Any, call: str, kind: Literal["study", "recipe"]
) -> tuple[Mapping[str, Any], str | None, str | None, Path | None]:
    """The tables, and of a file or a shipped study or recipe its text, short name and folder, see `texts.named`."""
    if isinstance(given, Mapping):
        return given, None, None, None
    if not isinstance(given, str | os.PathLike):
        raise UserError(f"{call}: give the name of a {kind}, a TOML file or a dictionary, not {type(given).__name__}")
    text, name, place = named(kind, os.fspath(given))
    return tables_of(text, name), text, name, place
