"""Plain text on stdout: pairs, tables, notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasgauge.core import terminal


def print_cautions(values: Any, ceiling: Any, measure: str | None) -> None:
    """Notes on the tables VALUES and CEILING: the quantity behind the noise ceiling, and different sets."""
    from nasgauge.report import measured_on, unlike_sets

    if ceiling.empty:
        few = len(values) > 0 and values["n"].max() < 2
        once = "the ground truth has one training per architecture"
        print(f"no noise ceiling: {'fewer than two architectures are evaluated' if few else once}")
    elif measure:
        print(f"noise ceiling{measured_on(measure)}")
    for sentence in unlike_sets(values["n"]):
        print(sentence)


def print_pairs(pairs: Mapping[str, object]) -> None:
    print("\n".join(f"{key}: {value}" for key, value in pairs.items()))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Columns of plain text: nothing in a cell is interpreted as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, "italic"), title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(cell or "") for cell in row))
    terminal.console().print(table, "")
