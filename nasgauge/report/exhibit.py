"""A figure of the page: its panels, caption and table."""

from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.report.downloads import Download


@final
@dataclass(frozen=True)
class Panel:
    """One drawing with its label, "" where the figure has a single panel."""

    label: str
    svg: str
    note: str = ""


@final
@dataclass(frozen=True)
class Swatch:
    """One entry of a legend; line: a border style of CSS."""

    label: str
    colour: str
    line: str


@final
@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A figure of the page, and the table it shows.

    finding: what the literature reports, "" if nothing. n: number and kind of the observations. absent: the reason if
    there are no panels, else "". wide: a panel that scrolls on a narrow page. column: minimum width of a panel in
    pixels.
    """

    name: str
    question: str
    finding: str = ""
    n: str = ""
    notes: tuple[str, ...]
    panels: tuple[Panel, ...]
    download: Download
    table: pd.DataFrame
    absent: str = ""
    legend: tuple[Swatch, ...] = ()
    wide: bool = False
    column: int = 155


def counted(n: pd.Series, what: str) -> str:
    """The range of a column n as text.

    >>> counted(pd.Series([3, 2000]), "architectures")
    'n = 3 to 2,000 architectures'
    """
    low, high = int(n.min()), int(n.max())
    return f"n = {high:,} {what}" if low == high else f"n = {low:,} to {high:,} {what}"
