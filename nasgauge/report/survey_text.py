"""The estimators by benchmark, as a table for a terminal."""

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from nasgauge.report.labels import Heading, heading, number


def survey_table(contests: pd.DataFrame) -> Table:
    """One row per estimator, one column per benchmark, by mean rank; *: best; ≈: not significantly different from it.

    contests: table CONTESTS, of one criterion. A dash is an undefined value.
    """
    first = contests.iloc[0]
    by = heading(first["criterion"], None if pd.isna(first["at"]) else first["at"])
    ranks = contests.assign(rank=contests.groupby("part")["behind"].rank()).groupby("estimator")["rank"].mean()
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), title=f"{by.symbol} {by.arrow}", title_justify="left"
    )
    table.add_column("estimator", overflow="fold")  # the one column that may be narrowed
    parts = list(dict.fromkeys(contests["part"]))
    for part in [*parts, "mean rank"]:
        table.add_column(part, justify="right", no_wrap=True)
    known = {(row.part, row.estimator): row for row in contests.itertuples()}
    for name, rank in ranks.sort_values(kind="stable").items():
        cells = [_contested(known.get((part, name)), by) for part in parts]
        table.add_row(*map(Text, [name, *cells, number(rank, 1)]))
    return table


def _contested(row, by: Heading) -> str:
    if row is None or pd.isna(row.value):
        return "–"
    mark = "* " if row.behind == 0 else "" if row.behind_lower > 0 else "≈ "
    return mark + number(row.value, by.decimals, compact=True)
