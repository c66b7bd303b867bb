"""Cells of data frames, and of values as JSON and Python hold them."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.files import Cells

LISTED = ("arch", "matrix", "operations")  # columns whose cells may be lists
GENOTYPE = {"normal", "reduce"}  # fields of the named tuple in which the authors of DARTS keep a cell
_SEVERAL = "several values per cell; write one number or one string per cell"
_BOOLEANS = "booleans; write 1 and 0 if they are numbers"
_DATES = "dates or times; write numbers, in any unit"
_LARGEST = 2**63
_TIMES = (np.datetime64, np.timedelta64, pd.Timedelta)


def of_frame(frame: pd.DataFrame, where: str) -> Cells:
    """The cells of a data frame; a named index is a column like any other.

    An index without a name is `arch` where it contains text and no column is called so, and ignored otherwise.
    """
    if frame.columns.nlevels > 1:
        raise UserError(f"{where}: its columns have {frame.columns.nlevels} levels; give each column one name")
    frame = _with_index(frame, where)
    names = [str(name).strip() for name in frame.columns]
    for name in names:
        if not name or names.count(name) > 1:
            fault = "occurs twice" if name else "is empty"
            raise UserError(f"{where}: column name {name!r} {fault}; give each column its own name")
    columns, unreadable = {}, {}
    for i, name in enumerate(names):
        columns[name], fault = _column(frame.iloc[:, i], listed=name in LISTED)
        if fault is not None:
            unreadable[name] = fault
    table = pd.DataFrame({name: column.to_numpy() if column.dtype == object else column.array
                          for name, column in columns.items()}, index=range(1, len(frame) + 1))  # fmt: skip
    return Cells(where, table, unreadable)


def as_json(value: Any) -> str:
    """A nested list or dictionary as JSON text; arrays and ranges become lists.

    >>> as_json([np.array([0, 1]), (0, 0)])
    '[[0, 1], [0, 0]]'
    """
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, range):
        return list(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _listed_text(value: Any) -> str:
    """The text of a cell that is a list or dictionary; a genotype of DARTS, a named tuple, as Python prints it."""
    if GENOTYPE <= set(getattr(value, "_fields", ())):
        return f"Genotype({', '.join(f'{key}={part!r}' for key, part in value._asdict().items())})"
    return as_json(value)


def _with_index(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    named = [name for name in frame.index.names if name is not None]
    for name in named:
        if name in frame.columns:
            raise UserError(f"{where}: {name!r} is the name of its index and of a column; rename one of them")
    if named:
        return frame.reset_index(level=named)
    columns = [str(name).strip() for name in frame.columns]
    has_cells = "arch" in columns or {"matrix", "operations"} <= set(columns)
    if not has_cells and pd.api.types.infer_dtype(frame.index, skipna=False) == "string":
        return frame.rename_axis("arch").reset_index()
    return frame


def _column(column: pd.Series, *, listed: bool) -> tuple[pd.Series, tuple[int, str] | None]:
    """The column as text or numbers; or else the first other row, from 1, and its description."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        column, kind = column.astype(object), np.dtype(object)
    if pd.api.types.is_bool_dtype(kind):
        return column.astype(object), (1, _BOOLEANS)
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return column, None
    if pd.api.types.is_object_dtype(kind):
        return _objects([_scalar(value, listed) for value in column.tolist()])
    if pd.api.types.is_string_dtype(kind):
        return column, None
    dates = kind.kind in "mM" or isinstance(kind, pd.PeriodDtype)
    return column.astype(object), (1, _DATES if dates else f"values of type {kind}; write text or numbers")


def _objects(values: Sequence[Any]) -> tuple[pd.Series, tuple[int, str] | None]:
    """Values of any types as one column: whole numbers, numbers, or text."""
    column, given = pd.Series(values, dtype="object"), [value for value in values if value is not None]
    for row, value in enumerate(values, start=1):
        if value is not None and not isinstance(value, str | int | float):
            return column, (row, _named(value))
    if given and all(isinstance(value, bool) for value in given):
        return column, (next(i for i, value in enumerate(values, start=1) if value is not None), _BOOLEANS)
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in given)
    if numeric and all(isinstance(value, float) or abs(value) < _LARGEST for value in given):
        whole = all(isinstance(value, int) for value in given) and given
        return pd.Series(values, dtype="Int64" if whole else "float64"), None
    return column.map(lambda value: value if value is None else str(value)), None


def _scalar(value: Any, listed: bool) -> Any:
    """None for missing, a plain number or text; any other value as it is."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return None if np.isnan(number) else number
    if isinstance(value, list | tuple | dict) or (isinstance(value, np.ndarray) and value.ndim):
        return _listed_text(value) if listed else value
    if hasattr(value, "item") and not isinstance(value, _TIMES):  # of numpy, or a tensor of one element
        try:
            plain = value.item()
        except (TypeError, ValueError, RuntimeError):
            return value
        return _scalar(plain, listed) if isinstance(plain, bool | int | float | str) else value
    return value


def _named(value: Any) -> str:
    if isinstance(value, list | tuple | dict | set | np.ndarray):
        return _SEVERAL
    if isinstance(value, bytes):
        return "bytes; write it as text"
    if hasattr(value, "isoformat") or isinstance(value, _TIMES):
        return _DATES
    return f"values of type {type(value).__name__}; write text or numbers"
