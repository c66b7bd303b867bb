"""The figures of a report by name, each as its panels and the table behind them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed
from nasgauge.judging import with_ceilings
from nasgauge.report import forest
from nasgauge.report.bundle import Bundle
from nasgauge.report.differences import differences
from nasgauge.report.gallery import Computed, computed
from nasgauge.report.labels import best_first, leading
from nasgauge.report.panels import draw_panel, panels_of
from nasgauge.report.plots import differences as matrix
from nasgauge.report.plots.scatter import corner_text, draw_points, points
from nasgauge.report.plots.style import Style
from nasgauge.report.plots.values import LINE, N_LETTERS

VALUES, SCATTER, DIFFERENCES = "values", "scatter", "differences"
_SEED = 0  # of samples and draws, the same as on the page


@final
@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure. panels: (label, function that draws it into axes). size: of a panel in inches, at which its text fits.
    tall: its height follows from the number of its rows, and is kept where the panel is narrowed. rigid: the panel has
    text that needs its width."""

    name: str
    table: pd.DataFrame
    panels: Sequence[tuple[str, Callable[[Any], None]]]
    size: tuple[float, float]
    tall: bool = False
    rigid: bool = False


def figure_names(bundle: Bundle) -> list[str]:
    """The names of the figures whose input tables the report has."""
    extra = [DIFFERENCES] if "paired" in bundle.records else []
    return [VALUES, SCATTER, *extra, *(n for n, a in ANALYSES.items() if set(a.needs) <= set(bundle.records))]


def sheets(bundle: Bundle, style: Style, only: Collection[str] | None = None) -> Iterator[Sheet]:
    """The figures of the page, with those for papers in that style, or those named in `only`, which must exist.

    UserError: an unknown name, or one whose input is missing or which has nothing to show, with the reason.
    """
    if only is not None:
        check_figures(only, bundle)
        if DIFFERENCES in only and "paired" not in bundle.records:
            raise UserError(f"figure {DIFFERENCES!r} needs a table of paired differences; compare the estimators first")
    papers = style == "paper" or only is not None
    if only is None or VALUES in only:
        yield _values(bundle, style)
    if papers and (only is None or SCATTER in only):
        yield _scatter(bundle)
    pairs = bundle.records.get("paired", ())  # none of a single estimator
    if papers and (len(pairs) if only is None else DIFFERENCES in only):
        yield _differences(bundle, style)
    for found in computed(bundle, rng=np.random.default_rng(_SEED), only=only):
        if found.drawable(bundle):
            yield _of_analysis(found, bundle)
        elif only is not None:
            raise UserError(f"figure {found.name!r}: {found.analysis.why_absent(found.table, bundle.space)}")


def check_figures(names: Names, bundle: Bundle | None = None) -> None:
    """UserError for a name of no figure, with the nearest, and for an analysis whose input the bundle lacks.

    Without a bundle only names are checked, which takes no work; analyses of plug-ins must be registered.
    """
    known = [VALUES, SCATTER, DIFFERENCES, *ANALYSES]
    for name in listed(names, "figures"):
        if name not in known:
            raise unknown_name("figure", name, known)
        needs = ANALYSES[name].needs if name in ANALYSES and bundle is not None else ()
        lacking = sorted(set(needs) - set(bundle.records if bundle is not None else ()))
        if lacking:
            raise UserError(
                f"figure {name!r} needs {', '.join(lacking)}, which this study has not recorded; choose another figure"
            )


def _values(bundle: Bundle, style: Style) -> Sheet:
    size = forest.size(bundle, line=LINE[style]) if style == "report" else forest.size(bundle, width=3.25, line=0.15)
    table = with_ceilings(bundle.values, bundle.ceiling)
    draw = [("", lambda ax: forest.draw_forest(bundle, ax, n_letters=N_LETTERS[style]))]
    return Sheet(VALUES, table, draw, size, tall=True)


def _scatter(bundle: Bundle) -> Sheet:
    table = points(bundle)
    parts = {str(name): rows for name, rows in table.groupby("estimator", sort=False)}
    order = [name for name in best_first(bundle.values, leading(bundle.values)) if name in parts]
    panels = [
        (name, lambda ax, name=name: draw_points(parts[name], ax, corner=corner_text(bundle, name))) for name in order
    ]
    return Sheet(SCATTER, table, panels, (2.2, 1.9))


def _differences(bundle: Bundle, style: Style) -> Sheet:
    found = differences(bundle.records["paired"])
    letters = 40 if style == "report" else 22
    size = matrix.size_of(len(found.names), style)
    draw = [("", lambda ax: matrix.draw_differences(found, ax, n_letters=letters))]
    return Sheet(DIFFERENCES, bundle.records["paired"], draw, size, tall=True)


def _of_analysis(found: Computed, bundle: Bundle) -> Sheet:
    panels = [
        (label, lambda ax, rows=rows: draw_panel(found.analysis, rows, ax, bundle))
        for label, rows in panels_of(found.analysis, found.table, bundle)
    ]
    rigid = found.analysis.margins == (0.0, 0.0, 1.0, 1.0)  # the panel is filled, such as with cells
    return Sheet(found.name, found.table, panels, found.analysis.panel_size(found.table), rigid=rigid)
