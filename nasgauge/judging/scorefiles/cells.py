"""One column of a file: text, numbers, counts, seeds."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.files import Cells

MISSING = ("", "na", "n/a", "#n/a", "<na>", "nan", "none", "null")  # in any case
_GREATEST_INT = 2**53  # from here on doubles no longer tell neighbours apart
_INFINITE = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)
_FAILED = "give a number, or an empty cell where a measurement failed"
_UNKNOWN = "give a number, or an empty cell where it is not known"
_SEED = "a seed is an integer, a whole number from 0, below 2^53"
_HINTS = (  # non-numeric cells, and the remedy
    (r"[-+]?\d+,\d{1,2}|[-+]?\d+,\d{4,}|[-+]?0,\d+", "its comma is a decimal separator: write a point"),
    (r"[-+]?\d+,\d{3}", "write a point as decimal separator, and no thousands separator"),
    (r"[-+]?\d{1,3}([, ']\d{3})+(\.\d*)?", "write no thousands separator"),
    (r"[-+]?[\d.]+ ?%", "write a percentage as a fraction, 93 % as 0.93"),
    (r"[-+]?[\d.]+ ?(±|\+-|\+/-|\\pm|\().*", "write only the mean"),
    (r"true|false|yes|no", "write 1 and 0"),
)


def texts(cells: Cells, name: str) -> pd.Series:
    """The column as stripped text; UserError for an empty cell, and for other types than text or integer."""
    _refuse_unreadable(cells, name)
    column = cells.table[name]
    text = column.astype("str").str.strip()
    _refuse(cells, name, column.isna() | (text == ""), lambda row: "is empty; fill it or remove the row")
    fractions = pd.api.types.is_float_dtype(column) & pd.Series(True, column.index)
    _refuse(cells, name, fractions, lambda row: f"contains the number {text.iloc[row]}; it must be text")
    return text


def numbers(cells: Cells, name: str, remedy: str = _FAILED) -> pd.Series:
    """The column as floats, infinite ones too; empty cells, NA, NaN, None and null are NaN.

    UserError: a cell that is not a number, with the remedy where no other is evident, or one beyond the range of a
    double.
    """
    _refuse_unreadable(cells, name)
    column = cells.table[name]
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)
    text = column.astype("str").str.strip()
    found = pd.to_numeric(text, errors="coerce").astype("float64")
    unread, infinite = found.isna(), np.isinf(found)
    foreign = unread & ~column.isna()
    foreign[unread] &= ~text[unread].str.lower().isin(MISSING)
    _refuse(
        cells,
        name,
        foreign,
        lambda row: f"contains {text.iloc[row]!r}, which is not a number; {_hint(text.iloc[row], remedy)}",
    )
    beyond = infinite.copy()
    beyond[infinite] = ~text[infinite].str.fullmatch(_INFINITE)
    _refuse(cells, name, beyond, lambda row: f"contains {text.iloc[row]!r}, which is beyond the range of a double")
    return found


def finite(cells: Cells, name: str, remedy: str = _UNKNOWN) -> pd.Series:
    """As `numbers`; UserError for an infinite one."""
    found = numbers(cells, name, remedy)
    _refuse(cells, name, np.isinf(found), lambda row: "is infinite; give a finite number")
    return found


def counts(cells: Cells, name: str) -> pd.Series:
    """As `numbers`, whole and not negative; the UserError for a fraction names the unit as its cause."""
    found = finite(cells, name, _UNKNOWN.replace("number", "count"))
    fractional = found.notna() & (found % 1 != 0)
    _refuse(
        cells, name, fractional, lambda row: f"is {found.iloc[row]:g}: expected a count, not millions; multiply by 1e6"
    )
    outside = (found < 0) | (found >= _GREATEST_INT)
    _refuse(cells, name, outside, lambda row: f"is {found.iloc[row]:g}; a count is a whole number from 0, below 2^53")
    return found.astype("Int64")


def seeds(cells: Cells, *, default: int | None) -> pd.Series:
    """The column `seed`, or the default in every row where there is none; with a default, no cell may be empty."""
    if "seed" not in cells.names:
        return pd.Series([default] * len(cells.table), dtype="Int64", index=cells.table.index)
    found = finite(cells, "seed", f"{_SEED}; rename the column if it is something else")
    given = found.notna()
    foreign = given & ((found % 1 != 0) | (found < 0) | (found >= _GREATEST_INT))
    _refuse(cells, "seed", foreign, lambda row: f"is {found.iloc[row]:.17g}; {_SEED}")
    if default is not None:
        _refuse(cells, "seed", ~given, lambda row: "is empty; fill it, or leave the column out")
    return found.astype("Int64")


def _refuse(cells: Cells, name: str, faulty: pd.Series, what: Callable[[int], str]) -> None:
    """UserError for the first faulty cell; what: the fault of the cell at a position."""
    found = np.flatnonzero(faulty)
    if len(found):
        row = int(found[0])
        raise UserError(f"{cells.where}: row {cells.table.index[row]}, column {name!r} {what(row)}")


def _refuse_unreadable(cells: Cells, name: str) -> None:
    if name in cells.unreadable:
        row, what = cells.unreadable[name]
        raise UserError(f"{cells.where}: row {row}, column {name!r} contains {what}")


def _hint(text: str, remedy: str) -> str:
    for pattern, evident in _HINTS:
        if re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL):
            return evident
    return remedy
