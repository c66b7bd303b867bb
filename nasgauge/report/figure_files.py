"""The figures of a report as vector graphics, for the screen or for a paper, with text as text."""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from nasgauge.analyses import distinct
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed_if_given
from nasgauge.core.output import check_folder, write_output
from nasgauge.core.remote import AnyPath, path_of
from nasgauge.report.bundle import Bundle
from nasgauge.report.downloads import csv_bytes
from nasgauge.report.plots.style import WIDTHS, Style, check_style, dress, figure_class, styled
from nasgauge.report.sheets import Sheet, check_figures, sheets

KINDS = ("pdf", "svg")
Panel = tuple[str, Callable[[Any], None]]
ELSEWHERE = "choose another folder for the figures"
_N_COLUMNS = 4
_HEADING = 0.3  # inches above a panel
_LETTER = 6.2  # points of a letter of a title, about
PAGE = 9.0  # inches of height that a page of a paper has room for
_NARROWED = 0.72  # of its natural width, to which a panel may be narrowed in a paper


def figure(
    bundle: Bundle,
    name: str,
    *,
    style: Style = "paper",
    columns: int = 1,
    serif: bool = False,
    panels: Names | None = None,
) -> Any:
    """One figure of the report as a matplotlib Figure, with the numbers of the page.

    name: of `figure_names`: "values", "scatter" (accuracy against score), "differences" (if the report has paired
    differences), or an analysis. style: "paper", as wide as one column (3.25 inches) or two (6.75), no text below 7
    points, or "report", as on the page. serif: a serif font. panels: labels of those to show, such as estimators; if
    None all, in a paper those that a page of nine inches has room for, with a line that says so. UserError: an unknown
    name, with the nearest; one without input; unknown panels.
    """
    check_style(style, columns)
    [sheet] = sheets(bundle, style, [name])
    with styled(style, serif=serif):
        return _drawn(_with_panels(sheet, panels), style, columns, serif)


def write_figures(
    bundle: Bundle,
    folder: AnyPath | str,
    *,
    kind: str = "pdf",
    only: Names | None = None,
    style: Style = "report",
    columns: int = 1,
    serif: bool = False,
    panels: Names | None = None,
    csv: bool = False,
) -> list[AnyPath]:
    """Write each figure of the page to `folder`/NAME.pdf (or .svg); returns the files.

    only: names of figures, see `figure`; all of the page if None, in the style "paper" with those for papers. style,
    columns, serif: as for `figure`; in "report", panels are arranged in rows of four, the best estimator first. panels:
    labels, of one figure in `only`. csv: also write the complete table behind each figure to NAME.csv. The same bundle
    gives the same drawings, whichever are written. Existing files of these names are replaced. UserError: an unknown
    format or name, a folder that cannot be written.
    """
    only = listed_if_given(only, "figures: only")
    check_written(folder, kind=kind, only=only, style=style, columns=columns, panels=panels)
    folder = path_of(folder)
    files = []
    for sheet in sheets(bundle, style, only):
        with styled(style, serif=serif):
            drawn = _drawn(_with_panels(sheet, panels), style, columns, serif)
            files.append(folder / f"{sheet.name}.{kind}")
            write_output(files[-1], saved(drawn, kind), remedy=ELSEWHERE)
        if csv:
            files.append(folder / f"{sheet.name}.csv")
            write_output(files[-1], csv_bytes(sheet.table), remedy=ELSEWHERE)
    return files


def saved(figure: Any, kind: str) -> bytes:
    """The content of a figure's file, in which no date stands."""
    content = io.BytesIO()
    figure.savefig(content, format=kind, metadata={"CreationDate" if kind == "pdf" else "Date": None})
    return content.getvalue()


def check_written(
    folder: AnyPath | str,
    *,
    kind: str = "pdf",
    only: Names | None = None,
    style: Style = "report",
    columns: int = 1,
    panels: Names | None = None,
    **others: Any,
) -> None:
    """UserError, before any work, for arguments that `write_figures` refuses whatever the report contains.

    An unknown format, figure, style or number of columns, panels of no single figure, a folder that is a file.
    """
    check_format(kind)
    check_style(style, columns)
    only = listed_if_given(only, "figures: only")
    check_figures(only or ())
    if panels is not None and (only is None or len(only) != 1):
        raise UserError("figures: panels are chosen of one figure; name that figure alone")
    check_folder(path_of(folder), remedy=ELSEWHERE)


def check_format(kind: str) -> None:
    """UserError for a format that figures cannot be written in, with the nearest."""
    if kind not in KINDS:
        raise unknown_name("format of figures", kind, KINDS)


def _with_panels(sheet: Sheet, panels: Names | None) -> Sheet:
    panels = listed_if_given(panels, "figures: panels")
    if panels is None:
        return sheet
    known = [label for label, _ in sheet.panels]
    if not panels or known == [""]:
        raise UserError(f"figure {sheet.name!r}: has one panel; leave the choice of panels out")
    for label in panels:
        if label not in known:
            raise unknown_name(f"panel of figure {sheet.name!r}", label, known)
    return replace(sheet, panels=[panel for panel in sheet.panels if panel[0] in panels])


def _drawn(sheet: Sheet, style: Style, columns: int, serif: bool) -> Any:
    """The figure; in a paper exactly as wide as its columns, and at most as high as a page."""
    from matplotlib.text import Annotation

    panels, (width, height) = sheet.panels, sheet.size
    heading = 0.0 if sheet.tall and len(panels) == 1 else _HEADING
    if style == "report":
        across, whole = min(_N_COLUMNS, len(panels)), min(_N_COLUMNS, len(panels)) * width
    else:
        whole = WIDTHS[columns]
        across = min(len(panels), max(1, int(whole / (width if sheet.rigid else _NARROWED * width) + 0.01)))
        height *= 1.0 if sheet.tall or sheet.rigid else min(1.1, whole / across / width)
        panels = panels[: across * max(1, int((PAGE - _HEADING) / (height + heading)))]
    down = math.ceil(len(panels) / across)
    missing = _HEADING if len(panels) < len(sheet.panels) else 0.0
    size = whole, down * (height + heading) + missing
    drawn = figure_class()(figsize=size, layout="constrained")
    axes = [drawn.add_subplot(down, across, i) for i in range(1, len(panels) + 1)]
    titles = distinct([label for label, _ in panels], 40 if style == "report" else int(72 * whole / across / _LETTER))
    _draw_into(axes, panels, titles)
    if missing:
        drawn.supxlabel(f"{len(panels)} of {len(sheet.panels)} panels; others: choose panels by name", fontsize=7)
    dress(drawn, style=style, serif=serif)
    if any(isinstance(text, Annotation) and text.arrow_patch for ax in axes for text in ax.texts):
        _draw_again(drawn, axes, panels, titles)
        dress(drawn, style=style, serif=serif)
    return drawn


def _draw_into(axes: Sequence[Any], panels: Sequence[Panel], titles: Sequence[str]) -> None:
    for ax, title, (_, draw) in zip(axes, titles, panels, strict=True):
        draw(ax)
        ax.set_title(title, fontsize=8)


def _draw_again(drawn: Any, axes: Sequence[Any], panels: Sequence[Panel], titles: Sequence[str]) -> None:
    """Draw panels whose names are placed by the size of their axes once more, when the layout has decided that size."""
    drawn.draw_without_rendering()
    drawn.set_layout_engine("none")
    places = [ax.get_position() for ax in axes]
    for ax, place in zip(axes, places, strict=True):
        ax.clear()
        ax.set_position(place)
    _draw_into(axes, panels, titles)
