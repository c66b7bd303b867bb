"""Cells of JSON and JSON Lines."""

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.dictionaries import of_dictionary, of_records
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.memory import of_frame
from nasgauge.judging.scorefiles.pandas_json import frame_of
from nasgauge.judging.scorefiles.purpose import Purpose
from nasgauge.judging.scorefiles.text import decoded

_BROKEN = (ValueError, RecursionError, MemoryError)


def read_json(content: bytes, where: str, purpose: Purpose) -> Cells:
    """A dictionary (`of_dictionary`, `frame_of`) or a list of records; several records, one per line, are JSON Lines.

    UserError: another encoding, text that is not JSON, a key that occurs twice, other values.
    """
    text = decoded(content, where)
    if not text.strip():
        raise UserError(f"{where}: the file is empty; give one record per architecture")
    try:
        value = _parsed(text, where)
    except _BROKEN as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return read_lines(content, where)
        raise UserError(f"{where}: is not valid JSON ({_reason(error)}); write it again") from error
    if isinstance(value, list):
        return of_frame(of_records(value, where), where)
    if isinstance(value, dict):
        frame = frame_of(value, where)
        if frame is not None:
            return of_frame(frame, where)
        return of_frame(of_dictionary(value, where, purpose, named_first=False), where)
    raise UserError(f"{where}: is not a JSON dictionary or list of records")


def read_lines(content: bytes, where: str) -> Cells:
    """One record per line; blank lines count as rows."""
    rows = [(row, line) for row, line in enumerate(decoded(content, where).split("\n"), start=1) if line.strip()]
    if not rows:
        raise UserError(f"{where}: the file is empty; give one record per architecture")
    records = []
    for row, line in rows:
        try:
            record = _parsed(line, where)
        except _BROKEN as error:
            raise UserError(f"{where}: row {row} is not valid JSON ({_reason(error)}); write it again") from error
        if not isinstance(record, dict):
            raise UserError(f"{where}: row {row} is not a record; give one per line, or name the file .json")
        records.append(record)
    cells = of_frame(of_records(records, where), where)
    numbers = pd.Index([row for row, _ in rows])
    unreadable = {name: (int(numbers[row - 1]), what) for name, (row, what) in cells.unreadable.items()}
    return Cells(where, cells.table.set_axis(numbers), unreadable)


def _parsed(text: str, where: str) -> Any:
    def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise UserError(f"{where}: key {key[:80]!r} occurs twice in one dictionary; keep one of them")
            found[key] = value
        return found

    return json.loads(text, object_pairs_hook=unique)


def _reason(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno}"
    return "a number of too many digits" if isinstance(error, ValueError) else "nested too deeply"
