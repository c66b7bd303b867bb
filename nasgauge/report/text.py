"""The criteria as tables for a terminal."""

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from nasgauge.report.ceilings import CeilingSet, ceiling_sets
from nasgauge.report.labels import Heading, best_first, by_key, headings, interval, leading, number

_NAME_WIDTH = 24
_GAP = 3  # a column's padding on both sides and the blank divider


def terminal_table(
    values: pd.DataFrame,
    ceiling: pd.DataFrame | None = None,
    published: pd.DataFrame | None = None,
    *,
    width: int = 80,
) -> Group:
    """One row per estimator, one column per criterion, each `value [lower, upper]`, split to fit the width.

    values: table VALUES. ceiling: table CEILING; one row per set of architectures stands first. published: (estimator,
    criterion, at, value, source), shown in parentheses. The first table, or one of its own, also reports n, and the
    numbers of architectures that failed, were not scored, or lack a ground truth, where they are not zero.
    A dash is an undefined value. width: columns of the terminal.
    """
    first = leading(values)
    order = [first, *(h for h in headings(values) if h != first)]
    rows, printed = by_key(values), by_key(published)
    sets = [] if ceiling is None else ceiling_sets(ceiling)
    tops = [one.label(alone=len(sets) == 1) for one in sets]
    names = best_first(values, first)
    cells = {
        h.key: [_span(one, h) for one in sets]
        + [_cell(rows.get((n, h.key)), printed.get((n, h.key)), h) for n in names]
        for h in order
    }
    counts = _counts(sets, [next(rows[n, h.key] for h in order if (n, h.key) in rows) for n in names])
    names = [*tops, *names]
    name_width = min(_NAME_WIDTH, max(len(n) for n in [*names, "estimator"]))
    room = width - name_width - 2
    used = sum(_width(title, column) for title, column in counts.items())
    beside = used + _width(_title(order[0]), cells[order[0].key]) <= room  # otherwise the counts stand alone at the end
    parts = _parts(order, cells, room, used if beside else 0)
    shown = [(part, counts if beside and i == 0 else {}) for i, part in enumerate(parts)]
    shown += [] if beside else [([], counts)]
    return Group(*(_table(names, part, cells, numbers, name_width, len(tops)) for part, numbers in shown))


def _span(one: CeilingSet, by: Heading) -> str:
    """The noise ceiling of one set of architectures with its interval, or the minimum and maximum of several."""
    values, rows = one.values(by), one.rows.get(by.key, [])
    if len(rows) == 1:
        return _cell(rows[0], None, by)
    ends = [number(end, by.decimals, compact=True) for end in (min(values), max(values))] if values else ["–"]
    return " to ".join(dict.fromkeys(ends))


def _cell(row, published, heading: Heading) -> str:
    if row is None:
        return "–"
    bounds = interval(row.lower, row.upper, heading.decimals, compact=True)
    beside = f" ({number(float(published.value), heading.decimals, compact=True)})" if published is not None else ""
    return number(row.value, heading.decimals, compact=True) + (f" {bounds}" if bounds else "") + beside


def _counts(sets: list[CeilingSet], rows: list) -> dict[str, list[str]]:
    """The columns of counts; besides n only those that are not zero throughout."""
    of_sets = [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in (one.n for one in sets)]
    counts = {"n": of_sets + [f"{row.n:,}" for row in rows]}
    for title, name in (("failed", "n_failed"), ("absent", "n_absent"), ("unknown", "n_unknown")):
        if any(getattr(row, name) for row in rows):
            counts[title] = ["–"] * len(sets) + [f"{getattr(row, name):,}" for row in rows]
    return counts


def _parts(order: list[Heading], cells, room: int, used: int) -> list[list[Heading]]:
    """The criteria divided so that each part fits; one at least stands in every part. used: room taken in the first."""
    parts: list[list[Heading]] = [[]]
    for heading in order:
        need = _width(_title(heading), cells[heading.key])
        if parts[-1] and used + need > room:
            parts.append([])
            used = 0
        parts[-1].append(heading)
        used += need
    return parts


def _title(heading: Heading) -> str:
    return f"{heading.symbol} {heading.arrow}"


def _width(title: str, column: list[str]) -> int:
    return max(len(text) for text in [title, *column]) + _GAP


def _table(names, part, cells, counts, name_width: int, n_ceilings: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("estimator", max_width=name_width, overflow="ellipsis", no_wrap=True)
    for heading in part:
        table.add_column(_title(heading), justify="right", no_wrap=True)
    for title in counts:
        table.add_column(title, justify="right", no_wrap=True)
    for i, name in enumerate(names):
        line = [cells[h.key][i] for h in part] + [column[i] for column in counts.values()]
        # Text, because a name in brackets would be read as markup.
        table.add_row(*map(Text, [name, *line]), end_section=i == n_ceilings - 1)
    return table
