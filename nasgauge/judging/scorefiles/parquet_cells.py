"""Cells of Parquet: text and numbers of any width; columns of other types are reported."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.files import Cells

_INDEX = "__index_level_"  # the columns in which pandas keeps an index without a name


def read_parquet(content: bytes, where: str) -> Cells:
    """A named index of pandas is a column like any other, an unnamed one is ignored.

    UserError: damaged, of another format, encrypted, or with two columns of one name.
    """
    if not content:
        raise UserError(f"{where}: the file is empty, not a complete Parquet file; write it again")
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        names = [name.strip() for name in file.schema_arrow.names]
        doubled = next((name for name in names if names.count(name) > 1), None)
        table = file.read() if doubled is None else None
        if table is not None:
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UserError(f"{where}: is not a complete Parquet file; write it again") from error
    if table is None:
        raise UserError(f"{where}: column name {doubled!r} occurs twice; give each column its own name")
    columns, unreadable = {}, {}
    for name, column in zip(names, table.columns, strict=True):
        if name.startswith(_INDEX):
            continue
        kind = _what_else(column.type)
        if kind is None:
            columns[name] = _plain(column)
        else:
            unreadable[name] = kind
            columns[name] = pd.Series([pd.NA] * len(column), dtype="str")
    frame = pd.DataFrame(columns)
    frame.index = range(1, len(frame) + 1)
    return Cells(where, frame, unreadable)


def _what_else(kind: pa.DataType) -> str | None:
    """Description of a column of another type than text and numbers; None for these."""
    types = pa.types
    if types.is_dictionary(kind):
        return _what_else(kind.value_type)
    if types.is_boolean(kind):
        return "booleans; write 1 and 0 if they are numbers"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "bytes; write it as text"
    if types.is_temporal(kind):
        return f"dates or times ({kind}); write numbers, in any unit"
    if types.is_nested(kind):
        return f"several values per cell ({kind}); write one number or one string per cell"
    known = (types.is_null, types.is_integer, types.is_floating, types.is_decimal, types.is_string)
    if any(fits(kind) for fits in (*known, types.is_large_string, types.is_string_view)):
        return None
    return f"values of type {kind}; write text or numbers"


def _plain(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_null(kind):
        return pd.Series([pd.NA] * len(column), dtype="str")
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column = column.cast(pa.float64())
    return column.to_pandas()
