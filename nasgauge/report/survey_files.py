"""The figures of a survey as files."""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from nasgauge.core.output import write_output
from nasgauge.core.remote import AnyPath, path_of
from nasgauge.judging import average_ranks
from nasgauge.report.bundle import Bundle
from nasgauge.report.downloads import csv_bytes
from nasgauge.report.figure_files import ELSEWHERE, check_written, saved, write_figures
from nasgauge.report.plots.ranking import draw_ranks, size_of
from nasgauge.report.plots.style import WIDTHS, Style, dress, figure_class, styled

NAME = "critical_difference"


def write_survey_figures(
    bundles: Mapping[str, Bundle],
    contests: pd.DataFrame,
    folder: AnyPath | str,
    *,
    kind: str = "pdf",
    method: Literal["nemenyi", "wilcoxon"] = "nemenyi",
    style: Style = "report",
    columns: int = 1,
    serif: bool = False,
    csv: bool = False,
    **options: Any,
) -> list[AnyPath]:
    """Write the critical-difference diagram of a survey, and the figures of each part to a folder of its name.

    contests: table CONTESTS. method: as for `average_ranks`; with csv, its mean ranks and pairs are written too. The
    other arguments are those of `write_figures`. A survey of one benchmark, or of one estimator, has no diagram.
    """
    check_written(folder, kind=kind, style=style, columns=columns, **options)
    folder, files = path_of(folder), []
    if contests["part"].nunique() > 1 and contests["estimator"].nunique() > 1:
        files = _write_diagram(contests, folder, kind, method, style, columns, serif, csv)
    for part, bundle in bundles.items():
        options |= {"kind": kind, "style": style, "columns": columns, "serif": serif, "csv": csv}
        files += write_figures(bundle, folder / part, **options)
    return files


def _write_diagram(
    contests: pd.DataFrame, folder: AnyPath, kind: str, method: str, style: Style, columns: int, serif: bool, csv: bool
) -> list[AnyPath]:
    found = average_ranks(contests, method=method)
    width = WIDTHS[columns] if style == "paper" else 4.8
    with styled(style, serif=serif):
        figure = figure_class()(figsize=size_of(found, width), layout="constrained")
        draw_ranks(found, figure.add_subplot(), n_letters=13 if width < 4 else 28)
        dress(figure, style=style, serif=serif)
        files = [folder / f"{NAME}.{kind}"]
        write_output(files[0], saved(figure, kind), remedy=ELSEWHERE)
    tables = {NAME: found.ranks.rename("mean_rank").rename_axis("estimator").reset_index().assign(n=found.n)}
    tables[f"{NAME}_pairs"] = found.pairs.assign(method=found.method)
    for name, table in tables.items() if csv else ():
        files.append(folder / f"{name}.csv")
        write_output(files[-1], csv_bytes(table), remedy=ELSEWHERE)
    return files
