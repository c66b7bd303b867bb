"""Plain CSV column by column, far faster than by rows: no quotes, no blank lines, equally many cells in each line."""

import csv

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions
from pyarrow.csv import read_csv as read_columns


def plain_cells(content: bytes, n_columns: int, separator: str) -> pd.DataFrame | None:
    """The cells below the header as text, columns 0, 1, ...; None where the file is not plain, or not valid.

    content: text in UTF-8. Equal to what `csv.reader` finds in strict mode; what it refuses is None here.

    >>> plain_cells(b"arch,size\\na,1\\nb,\\n", 2, ",").values.tolist()
    [['a', '1'], ['b', '']]
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if b'"' in content or b"\r" in content or b"\n\n" in content or content.startswith(b"\n"):
        return None
    names = [str(i) for i in range(n_columns)]
    types = dict.fromkeys(names, pa.large_string())
    try:
        table = read_columns(
            pa.BufferReader(content),
            ReadOptions(column_names=names, skip_rows=1),
            ParseOptions(delimiter=separator, quote_char=False),
            ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    longest = max((pc.max(pc.utf8_length(column)).as_py() or 0 for column in table.columns), default=0)
    if not len(table) or longest > csv.field_size_limit():
        return None
    return table.to_pandas().astype("str")
