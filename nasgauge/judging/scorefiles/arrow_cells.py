"""Cells of Parquet and Feather: text and numbers of any width; columns of other types are reported."""

import io
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.memory import LISTED, as_json

_INDEX = "__index_level_"  # the columns in which pandas keeps an index without a name


def read_parquet(content: bytes, where: str) -> Cells:
    """A named index of pandas is a column like any other, an unnamed one is ignored.

    UserError: damaged, of another format, encrypted, or with two columns of one name.
    """

    def names(found: bytes) -> list[str]:
        return pq.ParquetFile(io.BytesIO(found)).schema_arrow.names

    return _read(content, where, "Parquet", names, lambda found: pq.ParquetFile(io.BytesIO(found)).read())


def read_feather(content: bytes, where: str) -> Cells:
    """As `read_parquet`, of a Feather file, or of Arrow's stream format."""

    def table(found: bytes) -> pa.Table:
        if found.startswith((b"ARROW1", b"FEA1")):
            return pa.feather.read_table(io.BytesIO(found), memory_map=False)
        return pa.ipc.open_stream(io.BytesIO(found)).read_all()

    return _read(content, where, "Feather", lambda found: table(found).schema.names, table)


def _read(
    content: bytes,
    where: str,
    kind: str,
    names_of: Callable[[bytes], list[str]],
    table_of: Callable[[bytes], pa.Table],
) -> Cells:
    if not content:
        raise UserError(f"{where}: the file is empty, not a complete {kind} file; write it again")
    try:
        names = [name.strip() for name in names_of(content)]
        doubled = next((name for name in names if names.count(name) > 1), None)
        table = table_of(content) if doubled is None else None
        if table is not None:
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UserError(f"{where}: is not a complete {kind} file; write it again") from error
    if table is None:
        raise UserError(f"{where}: column name {doubled!r} occurs twice; give each column its own name")
    columns, unreadable = {}, {}
    for name, column in zip(names, table.columns, strict=True):
        if name.startswith(_INDEX):
            continue
        other = _what_else(column.type)
        if other is None:
            columns[name] = _plain(column)
        elif name in LISTED and _is_listed(column.type):
            columns[name] = pd.Series([None if v is None else as_json(v) for v in column.to_pylist()], dtype="object")
        else:
            unreadable[name] = (1, other)
            columns[name] = pd.Series([pd.NA] * len(column), dtype="str")
    frame = pd.DataFrame(columns)
    frame.index = range(1, len(frame) + 1)
    return Cells(where, frame, unreadable)


def _is_listed(kind: pa.DataType) -> bool:
    """Whether the cells are lists, in any depth, of whole numbers or text, as matrices and lists of operations are."""
    types = pa.types
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        kind = kind.value_type
    return types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind)


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
