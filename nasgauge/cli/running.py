"""Studies and surveys: `nasgauge run`, `report`, `export` and `status`."""

from pathlib import Path
from typing import Annotated

import typer

from nasgauge.cli.options import (
    FORMAT,
    Address,
    Columns,
    Csv,
    FigureFormat,
    Figures,
    Kind,
    Latex,
    Only,
    Out,
    Serif,
    Strict,
    Workers,
)
from nasgauge.cli.papers import Papers
from nasgauge.cli.printing import print_cautions, print_pairs
from nasgauge.core.remote import path_of
from nasgauge.core.terminal import console, followed


def run(
    study: Annotated[str, typer.Argument(help="Name of a shipped study, or a TOML file.")],
    out: Out = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Value of a key in place of the study's, e.g. n_bootstrap=5000 or estimators.0.epochs=5; repeatable.",
        ),
    ] = None,
    workers: Workers = None,
    kind: Kind = "processes",
    address: Address = None,
    strict: Strict = False,
) -> None:
    """Run or resume a study, or a survey over several benchmarks; prints a table and writes an HTML report."""
    from nasgauge.core.workers import check_workers
    from nasgauge.studies.texts import named

    text, name, place = named("study", study)
    check_workers(kind, workers, address)
    if settings:
        from nasgauge.studies.settings import with_settings

        text = with_settings(text, settings, name)
    from nasgauge.report import survey_table, terminal_table
    from nasgauge.studies import run as running
    from nasgauge.studies import survey
    from nasgauge.studies.schema import is_survey

    screen = console()
    folder = out or Path("runs") / name
    options = {"where": name, "folder": place, "strict": strict}
    options |= {"workers": kind, "n_workers": workers, "address": address}
    if is_survey(text):
        with followed("run") as phases:
            found = survey.run_text(text, folder, **options, phases=phases)
        screen.print(survey_table(found.contests))
        print("*: best on that benchmark; ≈: paired difference to the best not significant")
        n_failed = sum(len(bundle.errors) for bundle in found.bundles.values())
    else:
        with followed("run") as phases:
            made = running.run_text(text, folder, **options, phases=phases)
            bundle = made.bundle(phases)
            made.report(phases=phases)
        print_pairs(bundle.provenance)
        screen.print(terminal_table(bundle.values, bundle.ceiling, bundle.published, width=screen.width))
        print_cautions(bundle.values, bundle.ceiling, bundle.ceiling_measure)
        n_failed = len(bundle.errors)
    if n_failed:
        print(f"{n_failed:,} measurements failed; `nasgauge status {folder}` lists them with the reasons")
    print(f"report: {folder / 'report.html'}")


def report(
    folder: Annotated[
        Path, typer.Argument(parser=path_of, metavar="FOLDER", help="Folder of a finished study or survey.")
    ],
    figures: Figures = None,
    figure_format: FigureFormat = FORMAT,
    figure: Only = None,
    columns: Columns = None,
    serif: Serif = False,
    csv: Csv = False,
    latex: Latex = None,
) -> None:
    """Regenerate the HTML report of a finished study."""
    from nasgauge.studies import folders

    papers = Papers(
        folder=figures, format=figure_format, only=figure, columns=columns, serif=serif, csv=csv, latex=latex
    )
    papers.check()
    module = folders.reporter(folder)
    with followed("report") as phases:
        shown = module.report(folder, phases, figures=figure or [])
    print(f"report: {folder / 'report.html'}")
    from nasgauge.core.store import Store

    for line in papers.write(shown, None if "" in shown else Store.existing(folder).read("contests")):
        print(line)


def export(
    folder: Annotated[
        Path, typer.Argument(parser=path_of, metavar="FOLDER", help="Folder of a finished study or survey.")
    ],
    out: Annotated[Path, typer.Option(parser=path_of, metavar="PATH", help="New folder for the tables.")],
    kind: Annotated[str, typer.Option("--format", help="Format of the tables: csv or parquet.")] = "csv",
) -> None:
    """Write all tables of a finished study to files with readable names, and a README that lists their columns."""
    from nasgauge.studies import folders

    folders.reporter(folder)  # before the imports that a study needs
    from nasgauge.studies import export as exporting

    with followed("export") as phases:
        files = exporting.export(folder, out, kind=kind, phases=phases)
    print(f"{len(files) - 1} tables: {files[-1]} lists their columns")


def status(
    folder: Annotated[
        Path,
        typer.Argument(
            parser=path_of, metavar="FOLDER", help="Folder of a study, a survey, `bench build` or `bench import`."
        ),
    ],
) -> None:
    """Report the progress of a run: completed and remaining tasks, failures with their reasons."""
    from nasgauge.studies import folders

    now = folders.status(folder)
    if now.kind == "bench import":
        print(f"an imported benchmark: {now.n_done} of {now.n_tasks} tables")
    else:
        what = "architectures trained" if now.kind == "bench build" else "tasks complete"
        print(f"{now.kind}: {now.n_done} of {now.n_tasks} {what}, {now.n_tasks - now.n_done} remaining")
    for table, described in now.tables:
        print(f"{table}: {described}")
    reasons = now.errors.groupby(["estimator", "error"], sort=False)["arch"].agg(["size", "first"]).reset_index()
    for row in reasons.itertuples():
        print(f"{row.estimator}: {row.size} x {row.error} (first: {row.first})")
