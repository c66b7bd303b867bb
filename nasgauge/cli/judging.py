"""Scores of any origin: `nasgauge judge`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nasgauge.cli.options import FORMAT, Columns, Csv, FigureFormat, Figures, Latex, Only, Serif
from nasgauge.cli.papers import Papers
from nasgauge.cli.printing import print_cautions, print_pairs, print_table
from nasgauge.core.errors import MAX_DRAWS, MAX_SEED, UserError
from nasgauge.core.output import check_output, protected
from nasgauge.core.remote import path_of
from nasgauge.core.terminal import console, followed


def judge(
    scores: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, JSON, JSON Lines, Parquet or Feather file, also compressed: arch and one column per "
            "estimator, or long form."
        ),
    ],
    benchmark: Annotated[str | None, typer.Option(help="Benchmark that provides the ground truth.")] = None,
    choose: Annotated[
        list[str] | None, typer.Option(help="Option of the benchmark, e.g. dataset=cifar100; repeatable.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Ground-truth file instead: arch, accuracy or value[, seed].")
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(help="Search space of the ground-truth file's architectures: a name, or my_file.py:name."),
    ] = None,
    plugin: Annotated[
        list[str] | None, typer.Option(help="Module to import first, which registers spaces or criteria; repeatable.")
    ] = None,
    arch_order: Annotated[
        str | None, typer.Option(help="Order of operation lists of NAS-Bench-201: official or naslib.")
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(help="Limit, e.g. 'latency_ms < 5': what each estimator finds within it is printed; repeatable."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(help="Size to evaluate like an estimator on the same architectures: n_params, macs; repeatable."),
    ] = None,
    lower_is_better: Annotated[
        list[str] | None, typer.Option(help="Estimator whose scores are lower-is-better; repeatable.")
    ] = None,
    truth_lower_is_better: Annotated[
        bool,
        typer.Option("--truth-lower-is-better", help="The column 'value' of the ground-truth file is lower-is-better."),
    ] = False,
    criterion: Annotated[
        list[str] | None, typer.Option(help="Name[@K], e.g. best_rank_at@0.05, or my_file.py:name; repeatable.")
    ] = None,
    missing: Annotated[str, typer.Option(help="Failed measurements: omit, or rank last.")] = "omit",
    unknown: Annotated[str, typer.Option(help="Architectures without ground truth: error or drop.")] = "error",
    bootstrap: Annotated[
        int, typer.Option(min=0, max=MAX_DRAWS, help="Bootstrap draws, at most 100,000; 0: no intervals.")
    ] = 1000,
    confidence: Annotated[float, typer.Option(help="Confidence level of the intervals, between 0 and 1.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Bootstrap random seed, from 0 to 2^53.")] = 0,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list of records instead of the table.")] = False,
    html: Annotated[
        Path | None, typer.Option(parser=path_of, metavar="PATH", help="Also write an HTML report to this file.")
    ] = None,
    figures: Figures = None,
    figure_format: FigureFormat = FORMAT,
    figure: Only = None,
    columns: Columns = None,
    serif: Serif = False,
    csv: Csv = False,
    latex: Latex = None,
) -> None:
    """Evaluate the scores of any estimator against a benchmark or a ground-truth file."""
    from nasgauge.cli.limits import limit_tables
    from nasgauge.core.plugins import import_plugins
    from nasgauge.criteria import DEFAULT_CRITERIA
    from nasgauge.judging import arguments, as_json, judge_scores
    from nasgauge.report import check_figures, of_verdict, terminal_table, write

    papers = Papers(
        folder=figures, format=figure_format, only=figure, columns=columns, serif=serif, csv=csv, latex=latex
    )
    import_plugins(plugin or [])
    with protected(scores, truth), followed("judge") as phases:
        papers.check()
        check_figures(figure or [])
        if html is not None:
            check_output(html)
        elif constraint and json_ and figures is None:
            raise UserError(
                "--constraint: records of --json have no limits; add --html FILE or --figures FOLDER, or drop --json"
            )
        verdict = judge_scores(
            scores, benchmark=benchmark, choices=arguments.pairs(choose or []), truth=truth, space=space,
            arch_order=arch_order, constraints=constraint or [], baselines=baseline or [],
            lower_is_better=lower_is_better or [], truth_lower_is_better=truth_lower_is_better,
            criteria=criterion or DEFAULT_CRITERIA, missing=missing, unknown=unknown, n_bootstrap=bootstrap,
            confidence=confidence, seed=seed, phases=phases,
        )  # fmt: skip
        if html is not None or figures is not None or latex is not None:
            shown = of_verdict(verdict, title=f"Evaluation of {scores.name}", phases=phases)
            check_figures(figure or [], shown)
            if html is not None:
                write(shown, html, progress=phases("page"))
            papers.write({"": shown})
    if json_:
        print(as_json(verdict))
    else:
        print_pairs(verdict.provenance)
        screen = console()
        screen.print(terminal_table(verdict.values, verdict.ceiling, width=screen.width))
        print_cautions(verdict.values, verdict.ceiling, verdict.ceiling_measure)
        for table in limit_tables(verdict):
            print_table(*table)
    for note in verdict.notes:
        print(f"note: {note}", file=sys.stderr)
