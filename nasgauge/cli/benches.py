"""Ground truth: `nasgauge bench build` and `bench import`."""

from pathlib import Path
from typing import Annotated

import typer

from nasgauge.cli.options import Address, Kind, Out, Strict, Workers
from nasgauge.core.remote import path_of
from nasgauge.core.terminal import followed


def build(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a TOML file.")],
    out: Out = None,
    workers: Workers = None,
    kind: Kind = "processes",
    address: Address = None,
    strict: Strict = False,
    reuse: Annotated[
        Path | None,
        typer.Option(help="Table of such a recipe for other architectures, which are not trained again."),
    ] = None,
) -> None:
    """Train architectures from scratch to build a tabular benchmark (resumable)."""
    from nasgauge.core.workers import check_workers
    from nasgauge.studies.texts import named

    text, name, place = named("recipe", recipe)
    check_workers(kind, workers, address)
    from nasgauge.benchmarks.building import build as building
    from nasgauge.benchmarks.building.recipe import Recipe
    from nasgauge.core.config import parse

    folder = out or Path("runs") / f"bench-{name}"
    with followed("bench build") as phases:
        chosen = parse(text, Recipe, name, place)
        table = building.build(
            chosen, folder, text=text, folder=place, where=name, workers=kind, n_workers=workers, address=address,
            strict=strict, reuse=reuse, progress=phases("training"),
        )  # fmt: skip
    file = folder / f"{chosen.name}.parquet"
    print(f"{table['arch'].nunique():,} architectures x {table['seed'].nunique()} seeds: {file}")


def import_(
    kind: Annotated[str, typer.Argument(help="Layout: nats-bench, nb101, nb201, nb301, nds-resnet, ...")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Official file or folder, or several.")],
    out: Annotated[Path | None, typer.Option(parser=path_of, metavar="PATH", help="Output folder.")] = None,
) -> None:
    """Convert official benchmark files to a table for studies and `judge`; their content is never executed."""
    from nasgauge.official import importing

    with followed("bench import") as phases:
        count = phases("trainings read")
        folder = out or Path("runs") / f"import-{kind}"
        found = importing.import_file(kind, paths, folder, progress=lambda n: count(n, 0))
    print(f"{found.n_trainings:,} trainings of {found.n_archs:,} architectures: {found.table}")
    for reason, n in found.foreign.items():
        print(f"omitted, not in the search space: {n:,} x {reason}")
    if found.n_repeats:
        print(f"omitted, duplicate trainings: {found.n_repeats:,}")
    if found.n_renumbered:
        print(f"renumbered, same architecture and seed with different results: {found.n_renumbered:,}")
    print(f"benchmark = {{ name = {str(found.table)!r}, dataset = ..., epochs = ... }}")
