"""Cells of CSV: text in UTF-8, separated by commas, with one header."""

import csv
import io
import re

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.files import Cells

UNNAMED = "Unnamed: 0"  # as pandas calls the first column that has no name: the index that `to_csv` wrote
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_SEPARATORS = {";": "';'", "\t": "a tab", "|": "'|'", " ": "a space"}


def read_csv(content: bytes, where: str) -> Cells:
    """All cells as text, so that a non-numeric one can be quoted. Blank lines count as rows.

    UserError: another encoding, separator or layout, with the remedy.
    """
    rows = [(number, row) for number, row in enumerate(_records(_text(content, where), where)) if row]
    if not rows:
        raise UserError(f"{where}: the file is empty; give a header and one row per architecture")
    start, header = rows[0]
    header = _header(header, where)
    for number, row in rows[1:]:
        if len(row) != len(header):
            remedy = _other_length(row, header)
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            raise UserError(f"{where}: row {number - start} has {cells}, the header {len(header)}; {remedy}")
    index = [number - start for number, _ in rows[1:]]
    return Cells(where, pd.DataFrame([row for _, row in rows[1:]], columns=header, index=index, dtype="str"))


def _text(content: bytes, where: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{where}: line {line} is not UTF-8 text; save it as CSV in UTF-8") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{where}: line {line} contains a NUL byte, so it is not text; save it again as CSV in UTF-8")
    return text


def _records(text: str, where: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise UserError(
            f"{where}: is not valid CSV ({error}); save it again, or check whether it is truncated"
        ) from error


def _header(cells: list[str], where: str) -> list[str]:
    """The columns' names; a first column without one is the index of a data frame."""
    names = [name.strip() for name in cells]
    if names[0].startswith("#"):
        raise UserError(f"{where}: starts with '#'; CSV has no comments: make the header the first line, without '#'")
    whole = ",".join(names)
    for separator, called in _SEPARATORS.items():
        parts = [part.strip() for part in whole.split(separator)]
        if len(parts) > 1 and (len(names) == 1 or ("arch" in parts and "arch" not in names)):
            raise UserError(
                f"{where}: its cells are separated by {called}; save it with commas, a point as decimal separator, and "
                "double quotes around cells that contain commas"
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


def _other_length(row: list[str], header: list[str]) -> str:
    if row[0].startswith("#"):
        return "CSV has no comments: remove the line"
    if len(row) < len(header):
        return "check whether the file is truncated"
    if len(row) == len(header) + 1 and not row[-1].strip():
        return "remove the comma at its end"
    return "put cells with commas in double quotes"
