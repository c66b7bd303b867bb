"""An analysis: a question, a table that answers it, a drawing of that table, and their description in reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.cells import Stroke
from nasgauge.core.errors import UserError
from nasgauge.spaces import Space

LIMIT = 50_000  # architectures beyond which analyses that compare or draw each of them use a sample
LIMIT_BIAS = 16_000  # the same for the analyses of bias, as pairs of architectures are many more
_NO_ROWS = "Not shown: no estimator has a score."


@final
@dataclass(frozen=True)
class Bias:
    """A property that explains errors of an estimator. over: architectures with more of it are over-ranked. explains:
    share of the variance of the excess."""

    name: str
    over: bool
    explains: float


@final
@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One question on scores and ground truth; reports take all that they show of it from this entry.

    name: of the entry, its file and its downloads. question: what the table answers. figure: the figure of
    ning2021evaluating on the same question, "" where there is none. paper_finding: finding of the literature, one
    sentence with its reference. section: of `SECTIONS`. always: reports show it even without panels, with the reason;
    others are then omitted.

    compute: (scores, truth, space=None, **options) -> table, with a column n. random: compute takes `rng`. needs: names
    of the tables of `recorded.RECORDS`, "complexity" (table COMPLEXITY), "attributes" (ATTRIBUTES), "constraints"
    (CONSTRAINTS), "searches" (SEARCHES) or "expenses" (EXPENSES), that compute takes as keywords; it is omitted unless
    all are available. takes: names of optional ones. counts: unit of the column n. limit: number of architectures
    beyond which reports compute it on a random sample of that size.

    draw: (table, ax, space=None), one panel. panel_by: the column whose every value gets a panel of its own, "" for one
    panel. size: (width, height) of a panel in inches. size_of: table -> the same, where the table decides. margins:
    (left, bottom, right, top) of the axes in fractions of the panel, None where they depend on the labels. wide: the
    panel keeps its width and scrolls on a narrow page. upwards: the criterion that a panel's vertical axis shows, or
    "criterion" for the one that its rows name, so that reports can draw the noise ceiling there; "" for none.

    caption: how to read the drawing, in a sentence or two. note: table -> a sentence that depends on it, or "".
    panel_note: rows of a panel -> a line below that panel, or "". legend: (table, space) -> strokes by label, called
    where there are panels. absence: (table, space) -> the reason if there are no panels, or "". biases: table -> biases
    by estimator, for the first table of reports. over: tables by part of a survey -> one over all parts, drawn like its
    own on the page of the survey with `over_caption`; None where that means nothing.
    """

    name: str
    question: str
    figure: str = ""
    paper_finding: str = ""
    section: str
    always: bool = False

    compute: Callable[..., pd.DataFrame]
    random: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    counts: str = "architectures"
    limit: int | None = None

    draw: Callable[..., None]
    panel_by: str = ""
    size: tuple[float, float]
    size_of: Callable[[pd.DataFrame], tuple[float, float]] | None = None
    margins: tuple[float, float, float, float] | None = None
    wide: bool = False
    upwards: str = ""

    caption: str = ""
    note: Callable[[pd.DataFrame], str] | None = None
    panel_note: Callable[[pd.DataFrame], str] | None = None
    legend: Callable[[pd.DataFrame, Space | None], Mapping[str, Stroke]] | None = None
    absence: Callable[[pd.DataFrame, Space | None], str] | None = None
    biases: Callable[[pd.DataFrame], Mapping[str, tuple[Bias, ...]]] | None = None
    over: Callable[[Mapping[str, pd.DataFrame]], pd.DataFrame] | None = None
    over_caption: str = ""

    def __call__(
        self,
        scores: pd.DataFrame,
        truth: pd.DataFrame,
        space: Space | None = None,
        *,
        rng: np.random.Generator,
        records: Mapping[str, pd.DataFrame] | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """The table for these scores and this ground truth; `rng` is passed only to analyses that draw samples.

        records: tables by name, of which compute gets those that it needs. KeyError: one is absent.
        """
        if self.random:
            options["rng"] = rng
        if records is not None:
            options |= {name: records[name] for name in self.needs}
            options |= {name: records[name] for name in self.takes if name in records}
        table = self.compute(scores, truth, space, **options)
        if len(table) and "n" not in table:
            raise UserError(
                f"analysis {self.name!r}: its table has no column n; add the number of {self.counts} per row"
            )
        return table

    def panels(self, table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        """The (label, rows) of each panel in order of appearance; one panel with label "" without `panel_by`."""
        if not self.panel_by:
            return [("", table)]
        return [(str(label), rows) for label, rows in table.groupby(self.panel_by, sort=False)]

    def panel_size(self, table: pd.DataFrame) -> tuple[float, float]:
        """(width, height) of each panel of this table in inches."""
        return self.size_of(table) if self.size_of else self.size

    def why_absent(self, table: pd.DataFrame, space: Space | None) -> str:
        """The reason if there are no panels, else ""."""
        reason = self.absence(table, space) if self.absence else ""
        return reason or ("" if len(table) else _NO_ROWS)
