"""Tables and facts of benchmarks as files: whatever is wrong with one is a UserError that names it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nasgauge.core.errors import UserError
from nasgauge.core.tables import Column, Table, check
from nasgauge.spaces import Space, get_space

MAX_ROWS = 20_000_000  # of a Parquet file; the largest benchmark has a quarter of it
MAX_BYTES = 8 << 30  # of its columns as they unpack
MAX_WHOLE = 1 << 53
MAX_FACTS = 16 << 20  # bytes of a facts file
_N_PARSED = 50  # architectures of which a table is tested
_BROKEN = (  # what a damaged or foreign file makes of its reader
    *(pa.ArrowException, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(MemoryError, RecursionError, NotImplementedError),
)


def read_table(path: Path, spec: Table) -> pd.DataFrame:
    """The declared columns of a Parquet file, checked; UserError if it is damaged, too large, or does not fit."""
    with _told(path, "Parquet file"):
        about = pq.read_metadata(path)
        size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if about.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise UserError(
                f"{path}: declares {about.num_rows:,} rows of {size:,} bytes; at most {MAX_ROWS:,} are read"
            )
        schema = about.schema.to_arrow_schema()
        names = schema.names
        doubled = [c.name for c in spec.columns if names.count(c.name) > 1]
        if doubled:
            raise UserError(f"{path}: has several columns {doubled[0]!r}; keep one")
        known = [c.name for c in spec.columns if c.name in names]
        absent = [c.name for c in spec.columns if c.name not in names and not c.optional]
        if absent:
            has = ", ".join(names[:20])
            raise UserError(f"{path}: has no column {absent[0]!r}, it has {has}; see docs/data.md for the format")
        for column in spec.columns:
            if column.name in known and not _fits(schema.field(column.name).type, column):
                kind = schema.field(column.name).type
                wanted = "text" if column.dtype == "str" else "numbers"
                raise UserError(f"{path}: column {column.name!r} contains {str(kind)[:40]}; expected {wanted}")
        rows = pq.read_table(path, columns=known).to_pandas(ignore_metadata=True)
        if rows.empty:
            raise UserError(f"{path}: has no rows; download or build it again")
        for column in spec.columns:
            if column.dtype == "int" and column.name in rows:
                _check_whole(rows[column.name], column.name, path)
        return check(rows, spec, where=str(path))


def read_facts(path: Path, keys: Iterable[str]) -> dict[str, Any]:
    """The object of a JSON file that has these keys, "name" of which each is text; "facts" is an object."""
    with _told(path, "facts file"):
        if path.stat().st_size > MAX_FACTS:
            raise UserError(f"{path}: is larger than the {MAX_FACTS:,} bytes of any facts file; is it another file?")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise UserError(f"{path}: is not a JSON object; `nasgauge bench build` and `bench import` write it")
        for key in keys:
            if not isinstance(content.get(key), dict if key == "facts" else str):
                raise UserError(f"{path}: lacks {key!r}; `nasgauge bench build` and `bench import` write it")
        return content


def space_of(name: str, path: Path) -> Space:
    """The search space that a facts file names; UserError with the file where there is none of that name."""
    try:
        return get_space(name)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def check_archs(rows: pd.DataFrame, space: Space, path: Path) -> None:
    """UserError unless the first architectures of the table belong to the space and stand as its strings."""
    for column in ("arch", "iso_class"):
        for text in rows[column].drop_duplicates().head(_N_PARSED):
            try:
                own = space.to_str(space.from_str(text))
            except UserError as error:
                raise UserError(f"{path}: column {column!r}: {error}") from error
            if own != text:
                raise UserError(f"{path}: column {column!r} spells {own!r} as {text!r}; build or import it again")


def check_range(rows: pd.DataFrame, column: str, low: float, high: float, path: Path) -> None:
    """UserError naming the first row whose value is not between the bounds; null is allowed."""
    outside = (rows[column] < low) | (rows[column] > high)
    if outside.fillna(False).any():
        row = int(outside.fillna(False).to_numpy().argmax())
        value = rows[column].iloc[row]
        raise UserError(f"{path}: row {row + 1}, column {column!r} is {value}; expected {low:g} to {high:g}")


def _fits(kind: pa.DataType, column: Column) -> bool:
    """Whether a column of that type in the file can hold what is declared."""
    if pa.types.is_null(kind):
        return column.nullable
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if column.dtype == "str":
        return pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _check_whole(values: pd.Series, name: str, path: Path) -> None:
    """UserError naming the first row whose number has a fraction, or is too large to be told from the next one."""
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = ((numbers % 1 != 0) | (numbers.abs() > MAX_WHOLE)) & np.isfinite(numbers)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise UserError(f"{path}: row {row + 1}, column {name!r} is {values.iloc[row]}; expected a whole number")


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        raise UserError(f"{path}: is not a {what}, or is damaged ({reason}); download or build it again") from error
