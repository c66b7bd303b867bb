"""A figure of the page: drawings, what is said of them, and the table that they show."""

from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.report.downloads import Download


@final
@dataclass(frozen=True)
class Panel:
    """One drawing with its label, "" for a figure of one."""

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

    finding: what the literature says, "" for nothing. n: how many of what the table rests on. absent: why there are no
    panels, "" otherwise. wide: a panel that scrolls on a narrow page. column: least width of a panel in pixels.
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
    """The numbers of a column n as a text.

    >>> counted(pd.Series([3, 2000]), "architectures")
    'n = 3 to 2,000 architectures'
    """
    low, high = int(n.min()), int(n.max())
    return f"n = {high:,} {what}" if low == high else f"n = {low:,} to {high:,} {what}"
