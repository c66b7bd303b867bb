"""The command line: arguments and exit codes. 0: success; 2: usage error, reported in one line; 1: any other error."""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nasgauge.core import terminal
from nasgauge.core.errors import MAX_DRAWS, MAX_SEED, UserError, one_line, unknown_name, without_torch
from nasgauge.core.terminal import followed

# Help and usage errors are plain text, so that brackets as in NAME[@K] are printed.
_PLAIN = {"no_args_is_help": True, "rich_markup_mode": None}
app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Evaluate cheap performance estimators of neural architectures against ground truth.",
    **_PLAIN,
)
bench = typer.Typer(help="Build and import tabular benchmarks.", **_PLAIN)
app.add_typer(bench, name="bench")
console = terminal.console()
_REFUSED = next(kind for kind in typer.BadParameter.mro() if kind.__name__ == "ClickException")
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def main() -> None:
    """Entry point: runs the command and turns a UserError into one line on stderr and exit code 2."""
    terminal.prepare()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        code = _reported(error, 2)
    except _REFUSED as error:  # options and arguments that the command does not take
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(error.exit_code)
        code = _reported(error.format_message(), 2)
    except ModuleNotFoundError as error:
        code = _reported(without_torch(error, " ".join(sys.argv[1:3])), 2)
    except typer.Abort:
        code = _reported("interrupted", 130)
    except BrokenPipeError:  # the reader of the output has ended
        terminal.close_stdout()
        code = 1
    except OSError as error:  # of a path that was not checked before, or of stdout
        where = "the output" if error.filename is None else os.fsdecode(error.filename)
        if error.filename is None:
            terminal.close_stdout()
        code = _reported(f"{where}: {error.strerror or error}", 1 if error.errno in _OF_THE_MACHINE else 2)
    sys.exit(code or 0)


def _reported(message: object, code: int) -> int:
    print(f"nasgauge: {one_line(message)}", file=sys.stderr)
    return code


Figures = Annotated[Path | None, typer.Option(help="Also write every figure to a file in this folder.")]
FigureFormat = Annotated[str, typer.Option(help="Figure format: pdf or svg.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes (default: all cores), at most eight per core.")
]


@app.command("list")
def list_(
    category: Annotated[str | None, typer.Argument(help="Category (default: all).")] = None,
    bib: Annotated[bool, typer.Option("--bib", help="Print the BibTeX entries of the listed components.")] = False,
) -> None:
    """List available components: spaces, benchmarks, data sets, estimators, proxies, samplers, encoders, searches,
    criteria, analyses, files, studies and recipes, with references."""
    from nasgauge.studies import listing

    found = listing.listing(category)
    if bib:
        print(listing.bibtex(found))
        return
    for title, entries in found.items():
        _print_table(title, ("name", "description", "reference"), entries)


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="Name of a shipped study, or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Output folder, from which an interrupted run resumes.")] = None,
    workers: Workers = None,
    kind: Annotated[str, typer.Option(help="Execution: serial, processes or ray.")] = "processes",
) -> None:
    """Run or resume a study, or a survey over several benchmarks; prints a table and writes an HTML report."""
    from nasgauge.core.workers import check_workers
    from nasgauge.studies.texts import study_names, study_text

    text, name = _text_of("study", study, study_text, study_names())
    check_workers(kind, workers)
    from nasgauge.report import survey_table, terminal_table
    from nasgauge.studies import run as running
    from nasgauge.studies import survey
    from nasgauge.studies.schema import is_survey

    folder = out or Path("runs") / name
    options = {"where": name, "workers": kind, "n_workers": workers}
    if is_survey(text):
        with followed("run") as phases:
            found = survey.run_text(text, folder, **options, phases=phases)
        console.print(survey_table(found.contests))
        print("*: best on that benchmark; ≈: paired difference to the best not significant")
        n_failed = sum(len(bundle.errors) for bundle in found.bundles.values())
    else:
        with followed("run") as phases:
            made = running.run_text(text, folder, **options, phases=phases)
            bundle = made.bundle(phases)
            made.report(phases=phases)
        _print_pairs(bundle.provenance)
        console.print(terminal_table(bundle.values, bundle.ceiling, bundle.published, width=console.width))
        _print_cautions(bundle.values, bundle.ceiling, bundle.ceiling_measure)
        n_failed = len(bundle.errors)
    if n_failed:
        print(f"{n_failed:,} measurements failed; `nasgauge status {folder}` lists them with the reasons")
    print(f"report: {folder / 'report.html'}")


@app.command()
def judge(
    scores: Annotated[
        Path, typer.Argument(help="CSV or Parquet file: arch and one column per estimator, or long form.")
    ],
    benchmark: Annotated[str | None, typer.Option(help="Benchmark that provides the ground truth.")] = None,
    choose: Annotated[
        list[str] | None, typer.Option(help="Option of the benchmark, e.g. dataset=cifar100; repeatable.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Ground-truth file instead: arch, accuracy or value[, seed].")
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space of the architectures in the ground-truth file.")
    ] = None,
    plugin: Annotated[
        list[str] | None, typer.Option(help="Module to import first, which registers spaces or criteria; repeatable.")
    ] = None,
    lower_is_better: Annotated[
        list[str] | None, typer.Option(help="Estimator whose scores are lower-is-better; repeatable.")
    ] = None,
    truth_lower_is_better: Annotated[
        bool,
        typer.Option("--truth-lower-is-better", help="The column 'value' of the ground-truth file is lower-is-better."),
    ] = False,
    criterion: Annotated[list[str] | None, typer.Option(help="Name[@K], e.g. best_rank_at@0.05; repeatable.")] = None,
    missing: Annotated[str, typer.Option(help="Failed measurements: omit, or rank last.")] = "omit",
    unknown: Annotated[str, typer.Option(help="Architectures without ground truth: error or drop.")] = "error",
    bootstrap: Annotated[
        int, typer.Option(min=0, max=MAX_DRAWS, help="Bootstrap draws, at most 100,000; 0: no intervals.")
    ] = 1000,
    confidence: Annotated[float, typer.Option(help="Confidence level of the intervals, between 0 and 1.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Bootstrap random seed, from 0 to 2^53.")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list of records instead of the table.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write an HTML report to this file.")] = None,
    figures: Figures = None,
    figure_format: FigureFormat = "pdf",
) -> None:
    """Evaluate the scores of any estimator against a benchmark or a ground-truth file."""
    from nasgauge.core.plugins import import_plugins
    from nasgauge.judging import arguments, as_json, judge_file
    from nasgauge.report import check_format, of_verdict, terminal_table, write, write_figures

    import_plugins(plugin or [])
    if figures is not None:
        check_format(figure_format)
    with followed("judge") as phases:
        verdict = judge_file(
            scores, benchmark=benchmark, choices=arguments.pairs(choose or []), truth=truth, space=space,
            lower_is_better=lower_is_better or [], truth_lower_is_better=truth_lower_is_better,
            criteria=arguments.criteria(criterion or []), missing=missing, unknown=unknown, n_bootstrap=bootstrap,
            confidence=confidence, seed=seed, phases=phases,
        )  # fmt: skip
        if html is not None or figures is not None:
            shown = of_verdict(verdict, title=f"Evaluation of {scores.name}", phases=phases)
            if html is not None:
                write(shown, html, progress=phases("page"))
            if figures is not None:
                write_figures(shown, figures, kind=figure_format)
    if json_:
        print(as_json(verdict))
    else:
        _print_pairs(verdict.provenance)
        console.print(terminal_table(verdict.values, verdict.ceiling, width=console.width))
        _print_cautions(verdict.values, verdict.ceiling, verdict.ceiling_measure)
    for note in verdict.notes:
        print(f"note: {note}", file=sys.stderr)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished study or survey.")],
    figures: Figures = None,
    figure_format: FigureFormat = "pdf",
) -> None:
    """Regenerate the HTML report of a finished study."""
    from nasgauge.studies import folders

    module = folders.reporter(folder)
    from nasgauge.report import check_format, write_figures

    check_format(figure_format)
    with followed("report") as phases:
        shown = module.report(folder, phases)
    print(f"report: {folder / 'report.html'}")
    if figures is None:
        return
    for part, bundle in shown.items():
        files = write_figures(bundle, figures / part, kind=figure_format)
        print(f"{len(files)} figures: {figures / part}")


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="Folder of a study, a survey, `bench build` or `bench import`.")],
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


@bench.command("build")
def bench_build(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Output folder, from which an interrupted run resumes.")] = None,
    workers: Workers = None,
) -> None:
    """Train architectures from scratch to build a tabular benchmark (resumable)."""
    from nasgauge.core.workers import check_workers
    from nasgauge.studies.texts import recipe_names, recipe_text

    text, name = _text_of("recipe", recipe, recipe_text, recipe_names())
    check_workers("processes", workers)
    from nasgauge.benchmarks.building.build import build
    from nasgauge.benchmarks.building.recipe import Recipe
    from nasgauge.core.config import parse

    folder = out or Path("runs") / f"bench-{name}"
    with followed("bench build") as phases:
        chosen = parse(text, Recipe, name)
        table = build(chosen, folder, text=text, where=name, n_workers=workers, progress=phases("training"))
    file = folder / f"{chosen.name}.parquet"
    print(f"{table['arch'].nunique():,} architectures x {table['seed'].nunique()} seeds: {file}")


@bench.command("import")
def bench_import(
    kind: Annotated[str, typer.Argument(help="Layout: nats-bench, nb101, nb201, nb301, nds-resnet, ...")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Official file or folder, or several.")],
    out: Annotated[Path | None, typer.Option(help="Output folder.")] = None,
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


def _text_of(kind: str, name: str, shipped: Callable[[str], str | None], names: list[str]) -> tuple[str, str]:
    """The TOML text of an argument, and a short name: of a file, or else of a shipped study or recipe."""
    from nasgauge.core.store import text_of

    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return text_of(path), path.stem
    text = shipped(name)
    if text is None:
        raise unknown_name(f"{kind} (and no such file)", name, names)
    return text, name


def _print_cautions(values: Any, ceiling: Any, measure: str | None) -> None:
    """Notes on the tables VALUES and CEILING: the quantity behind the noise ceiling, and different sets."""
    from nasgauge.report import measured_on, unlike_sets

    if ceiling.empty:
        print("no noise ceiling: the ground truth has one training per architecture")
    elif measure:
        print(f"noise ceiling{measured_on(measure)}")
    for sentence in unlike_sets(values["n"]):
        print(sentence)


def _print_pairs(pairs: Mapping[str, object]) -> None:
    print("\n".join(f"{key}: {value}" for key, value in pairs.items()))


def _print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Columns of plain text: nothing in a cell is interpreted as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, "italic"), title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(cell or "") for cell in row))
    console.print(table, "")


if __name__ == "__main__":
    main()
