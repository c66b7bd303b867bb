"""What a table is: a DataFrame with declared columns, which `check` validates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError


@dataclass(frozen=True)
class Column:
    """One column: its dtype ("str", "int" or "float"), its unit, whether it may be absent, whether it may be null.

    worst: minus infinity is allowed in it, as the worst of all values.
    """

    name: str
    dtype: str
    unit: str = ""
    optional: bool = False
    nullable: bool = False
    worst: bool = False


@dataclass(frozen=True)
class Table:
    """A table's name, its columns, and the columns that together identify a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def check(table: pd.DataFrame, spec: Table, *, where: str = "") -> pd.DataFrame:
    """The table with the declared columns cast to their dtypes; UserError names the column (and row) that is invalid.

    Rows are counted from 1. Duplicated keys are an error, where the table has a key.
    """
    place = where or f"the {spec.name} table"
    if not isinstance(table, pd.DataFrame):
        names = ", ".join(c.name for c in spec.columns if not c.optional)
        raise UserError(f"{place}: give a data frame with columns {names}, not {type(table).__name__}")
    absent = [c.name for c in spec.columns if c.name not in table.columns and not c.optional]
    if absent:
        raise UserError(
            f"{place}: column {', '.join(map(repr, absent))} is missing; it has {', '.join(map(str, table.columns))}"
        )
    present = [c for c in spec.columns if c.name in table.columns]
    out = table.assign(**{c.name: _cast(table[c.name], c, place) for c in present})
    if not spec.key:
        return out
    doubled = out.duplicated(list(spec.key), keep="first")
    if doubled.any():
        row = int(np.flatnonzero(doubled)[0])
        fact = ", ".join(f"{k} {out[k].iloc[row]}" for k in spec.key)
        raise UserError(f"{place}: row {row + 1} repeats {fact}; keep one of the rows")
    return out


def empty(spec: Table) -> pd.DataFrame:
    """A table without rows that satisfies the specification."""
    kinds = {"str": "str", "int": "int64", "float": "float64"}
    return pd.DataFrame({c.name: pd.Series(dtype=kinds[c.dtype]) for c in spec.columns if not c.optional})


def _cast(column: pd.Series, spec: Column, place: str) -> pd.Series:
    if not spec.nullable and column.isna().any():
        row = int(np.flatnonzero(column.isna())[0])
        raise UserError(f"{place}: row {row + 1}, column {spec.name!r} is empty; fill it or remove the row")
    if spec.dtype == "str":
        return column.astype("str")
    numbers = pd.to_numeric(column, errors="coerce")
    foreign = numbers.isna() & column.notna()
    if foreign.any():
        row = int(np.flatnonzero(foreign)[0])
        raise UserError(
            f"{place}: row {row + 1}, column {spec.name!r} contains {column.iloc[row]!r}, which is not a number"
        )
    infinite = np.isposinf(numbers.astype("float64")) if spec.worst else np.isinf(numbers.astype("float64"))
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0])
        raise UserError(
            f"{place}: row {row + 1}, column {spec.name!r} is infinite; give a finite number or leave it out"
        )
    if spec.dtype == "float":
        return numbers.astype("float64")
    return numbers.astype("Int64" if spec.nullable else "int64")
