"""Evaluated scores for use in a program: tables, comparisons, drawings and files."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import pandas as pd
from rich.console import Console
from rich.text import Text

from nasgauge.analyses import ANALYSES
from nasgauge.core.arguments import AXES, NAMES, PATH, TEXT, takes
from nasgauge.core.errors import UserError, check_seed
from nasgauge.core.output import check_output, write_output
from nasgauge.core.remote import path_of
from nasgauge.criteria import BoundCriterion, CriterionSpec
from nasgauge.judging import Correction, paired, with_ceilings
from nasgauge.report.bundle import Bundle
from nasgauge.report.differences import with_differences
from nasgauge.report.downloads import csv_bytes
from nasgauge.report.figure_files import check_written, figure, write_figures
from nasgauge.report.gallery import computed
from nasgauge.report.latex import chosen_headings, latex_table
from nasgauge.report.page import render, write
from nasgauge.report.plots import plot_scatter, plot_values
from nasgauge.report.plots.style import check_style
from nasgauge.report.sheets import DIFFERENCES, check_figures
from nasgauge.report.text import terminal_table
from nasgauge.report.wording import unlike_sets

Style = Literal["report", "paper"]
_WIDTH = 120


@final
class Evaluation:
    """Values of estimators with intervals and noise ceiling, and what else can be asked of the same scores.

    values, ceiling: tables VALUES and CEILING. scores, truth: tables SCORES and TRUTH. notes: warnings about them.
    settings: missing, n_bootstrap and confidence. bundle: returns all that a report shows, and is called when that is
    first needed, as its paired comparisons take the longest.
    """

    def __init__(
        self, *, values: pd.DataFrame, ceiling: pd.DataFrame, scores: pd.DataFrame, truth: pd.DataFrame,
        notes: Sequence[str], settings: Mapping[str, Any], bundle: Callable[[], Bundle],
    ) -> None:  # fmt: skip
        self.values, self.ceiling, self.scores, self.truth = values, ceiling, scores, truth
        self.notes, self.settings, self._make_bundle = tuple(notes), dict(settings), bundle

    @classmethod
    def of_bundle(cls, bundle: Bundle, settings: Mapping[str, Any]) -> "Evaluation":
        """Of what a finished study shows."""
        return cls(
            values=bundle.values, ceiling=bundle.ceiling, scores=bundle.scores, truth=bundle.truth, notes=bundle.notes,
            settings=settings, bundle=lambda: bundle,
        )  # fmt: skip

    def __repr__(self) -> str:
        out = io.StringIO()
        self._print(Console(file=out, width=_WIDTH))
        return out.getvalue().rstrip()

    @cached_property
    def bundle(self) -> Bundle:
        """What the report shows."""
        return self._make_bundle()

    @property
    def estimators(self) -> list[str]:
        """Names of the estimators, in order of appearance."""
        return list(dict.fromkeys(self.values["estimator"]))

    @takes("compare", estimator=NAMES, rival=NAMES)
    def compare(
        self,
        estimator: str | Sequence[str] = "all",
        rival: str | Sequence[str] = "best",
        *,
        criterion: CriterionSpec | BoundCriterion = "kendall_tau",
        correction: Correction = "holm",
        n_bootstrap: int | None = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Paired differences with intervals and p-values, table PAIRED, see `judging.paired`.

        By default of every estimator and the best; "all" as the rival too: of all pairs. correction: of the p-values,
        for the number of rows. n_bootstrap: that of the evaluation if absent.
        """
        check_seed(seed, "compare: seed")
        return paired(
            self.scores, self.truth, estimator, rival, [criterion], correction=correction,
            n_bootstrap=self.settings["n_bootstrap"] if n_bootstrap is None else n_bootstrap,
            confidence=self.settings["confidence"], missing=self.settings["missing"], rng=np.random.default_rng(seed),
        )  # fmt: skip

    @takes("analysis", name=TEXT)
    def analysis(self, name: str) -> pd.DataFrame:
        """The table of one analysis, as the report shows it; UserError for an unknown one, or one without its input."""
        analysis = ANALYSES.find(name)
        found = list(computed(self.bundle, rng=np.random.default_rng(0), only=[name]))
        if not found:
            absent = sorted(set(analysis.needs) - set(self.bundle.records))
            raise UserError(f"analysis {name!r}: needs {' and '.join(absent)}, which are not known here")
        return found[0].table

    @takes("plot", ax=AXES)
    def plot(
        self, criterion: str = "kendall_tau", *, ax: Any = None, style: Style = "report", serif: bool = False
    ) -> Any:
        """Values of one criterion with intervals and noise ceiling, the best estimator first; returns the axes."""
        return plot_values(self.bundle, criterion, ax, style=style, serif=serif)

    @takes("scatter", estimator=TEXT, ax=AXES)
    def scatter(
        self, estimator: str, *, axes: Literal["values", "ranks"] = "values", ax: Any = None, style: Style = "report",
        serif: bool = False,
    ) -> Any:  # fmt: skip
        """Ground truth against one estimator's scores, with Kendall's tau; returns the axes."""
        return plot_scatter(self.bundle, estimator, ax, axes=axes, style=style, serif=serif)

    @takes("figure", name=TEXT)
    def figure(self, name: str, *, columns: Literal[1, 2] = 1, serif: bool = False) -> Any:
        """One figure of the report by name, as a Matplotlib figure in the width of one or two columns."""
        check_style("paper", columns)
        check_figures([name])
        bundle = self._with_differences() if name == DIFFERENCES else self.bundle
        return figure(bundle, name, columns=columns, serif=serif)

    @takes("write_figures", folder=PATH)
    def write_figures(self, folder: Path | str, *, kind: Literal["pdf", "svg"] = "pdf", **options: Any) -> list[Path]:
        """All figures of the report as files, see `report.write_figures`."""
        check_written(folder, kind=kind, **options)
        bundle = self._with_differences() if options.get("style") == "paper" else self.bundle
        return write_figures(bundle, folder, kind=kind, **options)

    def _with_differences(self) -> Bundle:
        return with_differences(self.bundle, **self.settings)

    @takes("to_html", path=PATH)
    def to_html(self, path: Path | str | None = None) -> str:
        """The report page, also written to a file if one is given."""
        if path is None:
            return render(self.bundle)
        check_output(path_of(path))
        write(self.bundle, path_of(path))
        return path_of(path).read_text(encoding="utf-8")

    @takes("to_latex", path=PATH)
    def to_latex(self, path: Path | str | None = None, **options: Any) -> str:
        """The table of values for a paper, see `report.latex_table`; also written to a file if one is given."""
        chosen_headings(self.values, options.get("criteria"))
        if path is not None:
            check_output(path_of(path))
        return _written(latex_table(self.bundle, **options), path)

    @takes("to_csv", path=PATH)
    def to_csv(self, path: Path | str | None = None) -> str:
        """Table VALUES and the noise ceiling's rows as CSV, also written to a file if one is given."""
        return _written(csv_bytes(with_ceilings(self.values, self.ceiling)).decode(), path)

    def _repr_html_(self) -> str:
        out = Console(record=True, file=io.StringIO(), width=_WIDTH)
        self._print(out)
        return out.export_html(inline_styles=True, code_format='<pre style="line-height:1.3">{code}</pre>')

    def _print(self, console: Console) -> None:
        """The table of values, and below it what a reader of these values should know."""
        console.print(terminal_table(self.values, self.ceiling, width=_WIDTH))
        for sentence in (*self.notes, *unlike_sets(self.values["n"])):
            console.print(Text(sentence))


def _written(text: str, path: Path | str | None) -> str:
    if path is not None:
        write_output(path, text.encode())
    return text
