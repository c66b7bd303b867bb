"""The criteria as tables for a terminal."""

import pandas as pd
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

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
    """Estimators down, criteria across, each `value [lower, upper]`, in as many tables as the width asks for.

    values, ceiling: tables VALUES, the ceiling's row stands first. published: (estimator, criterion, at, value,
    source), shown in parentheses. The first table also says n and how many scores are missing, where any are. A dash
    is an undefined value. width: columns of the terminal.
    """
    first = leading(values)
    order = [first, *(h for h in headings(values) if h != first)]
    rows, printed = by_key(values), by_key(published)
    top = {} if ceiling is None else {("noise ceiling", key): row for (_, key), row in by_key(ceiling).items()}
    names = [*dict.fromkeys(name for name, _ in top), *best_first(values, first)]
    known = {**rows, **top}
    cells = {h.key: [_cell(known.get((n, h.key)), printed.get((n, h.key)), h) for n in names] for h in order}
    missing = bool((values["n_missing"] > 0).any())
    counts = _counts(names, known, with_missing=missing)
    name_width = min(_NAME_WIDTH, max(len(n) for n in [*names, "estimator"]))
    tables = [_table(names, part, cells, counts if i == 0 else {}, name_width, len(top) > 0)
              for i, part in enumerate(_parts(order, cells, counts, width - name_width - 2))]  # fmt: skip
    return Group(*tables)


def _cell(row, published, heading: Heading) -> str:
    if row is None:
        return "–"
    bounds = interval(row.lower, row.upper, heading.decimals, compact=True)
    beside = f" ({number(float(published.value), heading.decimals, compact=True)})" if published is not None else ""
    return number(row.value, heading.decimals, compact=True) + (f" {bounds}" if bounds else "") + beside


def _counts(names: list[str], known, *, with_missing: bool) -> dict[str, list[str]]:
    of_name: dict[str, object] = {}
    for (name, _), row in known.items():
        of_name.setdefault(name, row)
    counts = {"n": [f"{of_name[n].n:,}" for n in names]}
    if with_missing:
        counts["missing"] = [f"{of_name[n].n_missing:,}" for n in names]
    return counts


def _parts(order: list[Heading], cells, counts: dict[str, list[str]], room: int) -> list[list[Heading]]:
    """The criteria divided so that each part fits; one at least stands in every part."""
    used = sum(_width(title, column) for title, column in counts.items())
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


def _table(names, part, cells, counts, name_width: int, has_ceiling: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("estimator", max_width=name_width, overflow="ellipsis", no_wrap=True)
    for heading in part:
        table.add_column(_title(heading), justify="right", no_wrap=True)
    for title in counts:
        table.add_column(title, justify="right", no_wrap=True)
    for i, name in enumerate(names):
        line = [cells[h.key][i] for h in part] + [column[i] for column in counts.values()]
        # Text, because a name in brackets would be read as markup.
        table.add_row(*map(Text, [name, *line]), end_section=has_ceiling and i == 0)
    return table
