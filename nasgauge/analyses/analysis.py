"""What an analysis is: a question, a table that answers it, and a drawing of that table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.spaces import Space

SECTIONS = {
    "bias": "Where the estimates are wrong",
    "training": "While the supernet is trained",
    "stability": "How stable the ranking is",
    "search": "What a search would find",
    "learning": "What predictors make of what they learn from",
    "settings": "What the choices do",
    "cost": "What a better ranking costs",
}  # of reports, in this order: name -> heading


@final
@dataclass(frozen=True)
class Analysis:
    """One question asked of scores and truth.

    compute: (scores, truth, space=None, **options) -> table. draw: (table, ax, space=None), one panel. question: what
    the table answers. figure: the figure of ning2021evaluating on the same question, "" where there is none.
    paper_finding: what that paper found, one sentence with its place. size: (width, height) of a panel in inches.
    panel_by: the column whose every value gets a panel of its own, "" for one panel. margins: (left, bottom, right,
    top) of the axes in fractions of the panel, None where they depend on the labels. random: compute takes `rng`.
    needs: names of the tables of `tables.RECORDS`, "complexity" (table COMPLEXITY) or "expenses" (EXPENSES), that
    compute takes as keywords; without all of them there is nothing to ask. takes: names of those it takes where they
    are there. counts: what the column n counts. caption: how to read the drawing, in a sentence or two. section: of
    SECTIONS, where reports show it if it has anything to say; "" for those that every report shows in a place of their
    own. upwards: the criterion that a panel's vertical axis shows, or "criterion" for the one that its rows name, so
    that reports can draw the noise ceiling there; "" for none.
    """

    compute: Callable[..., pd.DataFrame]
    draw: Callable[..., None]
    question: str
    figure: str
    paper_finding: str
    size: tuple[float, float]
    panel_by: str = ""
    margins: tuple[float, float, float, float] | None = None
    random: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    counts: str = "architectures"
    caption: str = ""
    section: str = ""
    upwards: str = ""

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
        """The table for these scores and this truth; `rng` reaches only the analyses that draw samples.

        records: tables by name, of which compute gets those that it needs. KeyError: one is absent.
        """
        if self.random:
            options["rng"] = rng
        if records is not None:
            options |= {name: records[name] for name in self.needs}
            options |= {name: records[name] for name in self.takes if name in records}
        return self.compute(scores, truth, space, **options)

    def panels(self, table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
        """The (label, rows) of each panel in order of appearance; one panel with label "" where nothing divides it."""
        if not self.panel_by:
            return [("", table)]
        return [(str(label), rows) for label, rows in table.groupby(self.panel_by, sort=False)]
