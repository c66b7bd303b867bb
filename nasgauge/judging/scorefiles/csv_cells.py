"""Cells of CSV and TSV: text in UTF-8 with one header; separated by commas, semicolons or tabs."""

import csv
import io
import re

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.csv_plain import plain_cells
from nasgauge.judging.scorefiles.decimals import with_points
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.text import decoded

UNNAMED = "Unnamed: 0"  # as pandas calls the first column that has no name: the index that `to_csv` wrote
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_SEPARATORS = {",": "','", ";": "';'", "\t": "a tab"}
_OTHERS = {"|": "'|'", " ": "a space"}
_KEYS = ({"arch"}, {"matrix", "operations"})  # columns of which one set is in every table

Rows = list[tuple[int, list[str]]]  # numbers of lines, and their cells


def read_csv(content: bytes, where: str) -> Cells:
    """All cells as text, so that a non-numeric one can be quoted. Blank lines count as rows.

    The separator is that with which the header names the architectures, in as many cells as every row has. Where it is
    not a comma, decimal commas become points (see `with_points`). UserError: another encoding, separator or layout,
    with the remedy; two possible separators.
    """
    text = decoded(content, where)
    separator = _separator(text, where)
    return _plain(content, text, where, separator) or _cells(_rows(text, separator, where), where, separator)


def read_tsv(content: bytes, where: str) -> Cells:
    """As `read_csv`, with tabs only."""
    text = decoded(content, where)
    rows = _rows(text, "\t", where)
    if rows and len(rows[0][1]) == 1:
        other = next((sep for sep in (",", ";") if sep in rows[0][1][0]), None)
        if other is not None:
            raise UserError(f"{where}: its cells are separated by {_SEPARATORS[other]}; rename it to .csv")
    return _cells(rows, where, "\t")


def _plain(content: bytes, text: str, where: str, separator: str) -> Cells | None:
    """The cells of a file without quotes and blank lines; None for another, whose rows are read one by one."""
    first = text.partition("\n")[0].removesuffix("\r").split(separator)
    table = plain_cells(content, len(first), separator)
    if table is None:
        return None
    table.columns, table.index = _header(first, where), pd.RangeIndex(1, len(table) + 1)
    return _with_points(table, where, separator)


def _cells(rows: Rows, where: str, separator: str) -> Cells:
    if not rows:
        raise UserError(f"{where}: the file is empty; give a header and one row per architecture")
    start, header = rows[0]
    header = _header(header, where)
    for number, row in rows[1:]:
        if len(row) != len(header):
            remedy = _other_length(row, header, separator)
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            raise UserError(f"{where}: row {number - start} has {cells}, the header {len(header)}; {remedy}")
    index = [number - start for number, _ in rows[1:]]
    table = pd.DataFrame([row for _, row in rows[1:]], columns=header, index=index, dtype="str")
    return _with_points(table, where, separator)


def _with_points(table: pd.DataFrame, where: str, separator: str) -> Cells:
    if separator == ",":
        return Cells(where, table)
    table, changed = with_points(table, where)
    return Cells(where, table, notes=(f"{where}: commas are read as decimal points",) if changed else ())


def _separator(text: str, where: str) -> str:
    """The separator; a comma where none is possible. UserError where two are, with both."""
    named, split = [], []
    for separator in _SEPARATORS:
        try:
            header = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row), [])
        except csv.Error:
            continue
        names = {name.strip() for name in header}
        if len(header) > 1:
            split.append(separator)
            if any(keys <= names for keys in _KEYS):
                named.append(separator)
    if len(named) > 1:
        even = [separator for separator in named if _is_even(text, separator)]
        named = even or named
    if len(named) > 1:
        one, other = (_SEPARATORS[separator] for separator in named[:2])
        raise UserError(f"{where}: its cells could be separated by {one} or by {other}; put names in double quotes")
    return (named or split or [","])[0]


def _is_even(text: str, separator: str) -> bool:
    try:
        return len({len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row}) == 1
    except csv.Error:
        return False


def _rows(text: str, separator: str, where: str) -> Rows:
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise UserError(
            f"{where}: is not valid CSV ({error}); save it again, or check whether it is truncated"
        ) from error
    return [(number, row) for number, row in enumerate(records) if row]


def _header(cells: list[str], where: str) -> list[str]:
    """The columns' names; a first column without one is the index of a data frame."""
    names = [name.strip() for name in cells]
    if names[0].startswith("#"):
        raise UserError(f"{where}: starts with '#'; CSV has no comments: make the header the first line, without '#'")
    whole = ",".join(names)
    for separator, called in _OTHERS.items():
        parts = [part.strip() for part in whole.split(separator)]
        if len(parts) > 1 and (len(names) == 1 or ("arch" in parts and "arch" not in names)):
            raise UserError(
                f"{where}: its cells are separated by {called}; save it with commas, semicolons or tabs, and double "
                "quotes around cells that contain them"
            )
    if all(_NUMBER.fullmatch(name) for name in names[1:]) and len(names) > 1 and "arch" not in names:
        raise UserError(f"{where}: has no header; name the columns in the first line, such as arch,my_predictor")
    if not names[0] and len(names) > 1:
        names[0] = UNNAMED
    for name in names:
        if not name or names.count(name) > 1:
            fault = "occurs twice" if name else "is empty"
            raise UserError(f"{where}: column name {name!r} {fault}; give each column its own name")
    return names


def _other_length(row: list[str], header: list[str], separator: str) -> str:
    if row[0].startswith("#"):
        return "CSV has no comments: remove the line"
    if len(row) < len(header):
        return "check whether the file is truncated"
    if len(row) == len(header) + 1 and not row[-1].strip():
        return f"remove the {_CALLED[separator]} at its end"
    return f"put cells with {_CALLED[separator]}s in double quotes"


_CALLED = {",": "comma", ";": "semicolon", "\t": "tab"}
