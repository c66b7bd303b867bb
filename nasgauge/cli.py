"""The command line: arguments and exit codes. 0 done; 2 the user's mistake, in one line; 1 anything else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from nasgauge.errors import UserError, unknown_name

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Can I trust this cheap estimate of an architecture's quality?",
)
bench = typer.Typer(no_args_is_help=True, help="Make and import tabular benchmarks.")
app.add_typer(bench, name="bench")
console = Console()


def main() -> None:
    """Entry point: runs the command and turns a UserError into one line on stderr and exit code 2."""
    try:
        app()
    except UserError as error:
        print(f"nasgauge: {error}", file=sys.stderr)
        sys.exit(2)


Figures = Annotated[Path | None, typer.Option(help="Also write every figure to a file in this folder.")]
FigureFormat = Annotated[str, typer.Option(help="Of these files: pdf or svg.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; all cores if absent.")]


@app.command("list")
def list_(
    room: Annotated[str | None, typer.Argument(help="One room; all if absent.")] = None,
    bib: Annotated[bool, typer.Option("--bib", help="Print the BibTeX entries of what is listed.")] = False,
) -> None:
    """What there is: spaces, benchmarks, estimators, criteria, analyses, studies, recipes, with references."""
    from nasgauge import catalogue

    listing = catalogue.listing(room)
    if bib:
        print(catalogue.bibtex(listing))
        return
    for title, entries in listing.items():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for heading in ("name", "what it is", "reference"):
            table.add_column(heading)
        for entry in entries:
            table.add_row(entry.name, entry.summary, entry.reference or "")
        console.print(table, "")


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="A shipped study's name or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to and resume from.")] = None,
    workers: Workers = None,
    kind: Annotated[str, typer.Option(help="serial, processes or ray.")] = "processes",
) -> None:
    """Run a study or a survey of several benchmarks, or resume it: printed table and one HTML report."""
    from nasgauge import run as running
    from nasgauge import survey
    from nasgauge.report import survey_table, terminal_table
    from nasgauge.study import is_survey

    text, name = _text_of("study", study, running.shipped, running.shipped_names())
    folder = out or Path("runs") / name
    if is_survey(text):
        with _progress("estimating") as report:
            found = survey.run(text, folder, where=name, workers=kind, n_workers=workers, progress=report)
        console.print(survey_table(found.contests))
        console.print("* best on that benchmark, ≈ not separated from it by a paired bootstrap")
        n_failed = sum(len(bundle.errors) for bundle in found.bundles.values())
        if n_failed:
            console.print(f"{n_failed:,} measurements failed; `nasgauge status {folder}` says which and why")
        console.print(f"report: {folder / 'report.html'}", soft_wrap=True, highlight=False)
        return
    with _progress("estimating") as report:
        bundle = running.run(text, folder, where=name, workers=kind, n_workers=workers, progress=report)
    console.print("\n".join(f"{key}: {value}" for key, value in bundle.provenance.items()), highlight=False)
    console.print(terminal_table(bundle.values, bundle.ceiling, bundle.published, width=console.width))
    if len(bundle.errors):
        console.print(f"{len(bundle.errors):,} measurements failed; `nasgauge status {folder}` says which and why")
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True, highlight=False)


@app.command()
def judge(
    scores: Annotated[Path, typer.Argument(help="CSV or Parquet: arch and one column an estimator, or long form.")],
    benchmark: Annotated[str | None, typer.Option(help="Name of a benchmark to judge against.")] = None,
    choose: Annotated[list[str] | None, typer.Option(help="A choice of the benchmark, e.g. dataset=cifar100.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Or a truth file: arch, accuracy[, seed].")] = None,
    space: Annotated[str | None, typer.Option(help="Search space of the truth file's architectures.")] = None,
    criterion: Annotated[list[str] | None, typer.Option(help="Name[@K], e.g. best_rank_at@0.05; repeatable.")] = None,
    missing: Annotated[str, typer.Option(help="Missing scores: omit or last.")] = "omit",
    unknown: Annotated[str, typer.Option(help="Architectures outside the truth: error or drop.")] = "error",
    bootstrap: Annotated[int, typer.Option(help="Bootstrap draws; 0: no intervals.")] = 1000,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of records instead of the table.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write the report to this file.")] = None,
    figures: Figures = None,
    figure_format: FigureFormat = "pdf",
) -> None:
    """Judge anybody's scores against a benchmark or a truth file."""
    from nasgauge import judgement
    from nasgauge.report import terminal_table, write, write_figures

    with _working("judging"):
        verdict = judgement.judge_file(
            scores, benchmark=benchmark, choices=judgement.pairs(choose or []), truth=truth, space=space,
            criteria=judgement.criteria(criterion or []), missing=missing, unknown=unknown, n_bootstrap=bootstrap,
            confidence=confidence, seed=seed,
        )  # fmt: skip
        if html is not None or figures is not None:
            shown = judgement.bundle(verdict, title=f"Judgement of {scores.name}")
            if html is not None:
                write(shown, html)
            if figures is not None:
                write_figures(shown, figures, kind=figure_format)
    if as_json:
        print(judgement.as_json(verdict))
        return
    console.print("\n".join(f"{key}: {value}" for key, value in verdict.provenance.items()), highlight=False)
    console.print(terminal_table(verdict.values, verdict.ceiling, width=console.width))
    if verdict.ceiling.empty:
        console.print("no noise ceiling: the truth has one training an architecture")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a finished study.")],
    figures: Figures = None,
    figure_format: FigureFormat = "pdf",
) -> None:
    """Write the HTML report of a finished study anew."""
    from nasgauge.report import write_figures

    shown = _kind_of(folder).report(folder)
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True, highlight=False)
    for place, bundle in shown.items() if figures is not None else ():
        files = write_figures(bundle, figures / place, kind=figure_format)
        console.print(f"{len(files)} figures: {figures / place}", soft_wrap=True, highlight=False)


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="The folder of a study.")]) -> None:
    """What is done, what failed and why, what is left."""
    now = _kind_of(folder).status(folder)
    console.print(f"{now.n_done} of {now.n_units} pieces of work done, {now.n_units - now.n_done} left")
    reasons = now.errors.groupby(["estimator", "error"], sort=False)["arch"].agg(["size", "first"]).reset_index()
    for row in reasons.itertuples():
        console.print(f"{row.estimator}: {row.size} x {row.error} (first: {row.first})", highlight=False)


@bench.command("build")
def bench_build(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to and resume from.")] = None,
    workers: Workers = None,
) -> None:
    """Train architectures from scratch into a new tabular benchmark (resumable)."""
    from nasgauge import bench as building
    from nasgauge.benchmarks import embedded

    text, name = _text_of("recipe", recipe, embedded.recipe, embedded.recipe_names())
    folder = out or Path("runs") / f"bench-{name}"
    with _progress("training") as report:
        table = building.build(text, folder, where=name, n_workers=workers, progress=report)
    console.print(
        f"{table['arch'].nunique():,} architectures x {table['seed'].nunique()} seeds: {folder / name}.parquet"
    )


@bench.command("import")
def bench_import(
    kind: Annotated[str, typer.Argument(help="Which layout: nats-bench, nb101, nb201, nb301, nds-resnet, ...")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="The official file or folder, or several.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to.")] = None,
) -> None:
    """Read official benchmark files into a table that studies and `judge` accept; nothing in them is executed."""
    from nasgauge import importing

    with _counting("reading") as report:
        found = importing.import_file(kind, paths, out or Path("runs") / f"import-{kind}", progress=report)
    lines = [f"{found.n_trainings:,} trainings of {found.n_archs:,} architectures: {found.table}"]
    lines += [f"left out, not in the space: {n:,} x {reason}" for reason, n in found.foreign.items()]
    if found.n_repeats:
        lines.append(f"left out, the same training again: {found.n_repeats:,}")
    if found.n_renumbered:
        lines.append(
            f"of an architecture and seed with other results before, kept under a new seed: {found.n_renumbered:,}"
        )
    lines.append(f"benchmark = {{ name = {str(found.table)!r}, dataset = ..., epochs = ... }}")
    console.print("\n".join(lines), soft_wrap=True, highlight=False, markup=False)


def _kind_of(folder: Path) -> ModuleType:
    """The module that knows what lies in the folder: a study or a survey."""
    from nasgauge import run, survey
    from nasgauge.store import Store
    from nasgauge.study import is_survey

    return survey if is_survey(Store.existing(folder).study()) else run


def _text_of(kind: str, name: str, shipped: Callable[[str], str | None], names: list[str]) -> tuple[str, str]:
    """The TOML text behind an argument, and a short name: a file of the user's, else what is shipped under the name."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            return path.read_text(), path.stem
        except OSError as error:
            raise UserError(f"{name}: cannot be read ({error.strerror})") from error
    text = shipped(name)
    if text is None:
        raise unknown_name(f"{kind} (and no such file)", name, names)
    return text, name


@contextmanager
def _working(what: str) -> Iterator[None]:
    """A sign of life on stderr for work that cannot say how much of it is left."""
    with Console(stderr=True).status(what):
        yield


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """A count on stderr for work whose end is not known beforehand; the function it gives is called with the count."""
    with Console(stderr=True).status(what) as shown:
        yield lambda n: shown.update(f"{what}: {n:,}")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; the function it gives is called with (done, total)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
