"""Tables as data URIs."""

import base64
import gzip
from dataclasses import dataclass

import numpy as np
import pandas as pd

N_ROWS = 20_000
_PLAIN_BYTES = 60_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four: full width


@dataclass(frozen=True)
class Download:
    """A link: the data URI, the file name to save as, and a label."""

    uri: str
    name: str
    label: str


def csv_download(table: pd.DataFrame, name: str, *, rng: np.random.Generator) -> Download:
    """The table as CSV in a data URI, compressed if it is large; beyond 20,000 rows a sample of them, drawn by `rng`.

    The same table and generator give the same bytes. The label says how many rows there are. Texts that a spreadsheet
    would compute or cut (those that begin with =, +, -, @, a tab or a line end) get an apostrophe before them, in cells
    and column names; numbers stay numbers.

    >>> link = csv_download(pd.DataFrame({"a": [1, 2]}), "t", rng=np.random.default_rng(0))
    >>> link.name, link.label, link.uri[:29]
    ('t.csv', 'CSV, 2 rows', 'data:text/csv;charset=utf-8;b')
    """
    total = len(table)
    label = f"{total:,} rows"
    if total > N_ROWS:
        table = table.iloc[np.sort(rng.choice(total, N_ROWS, replace=False))]
        label = f"{N_ROWS:,} of {total:,} rows, drawn at random"
    text = csv_bytes(table)
    if len(text) <= _PLAIN_BYTES:
        return Download(_uri("text/csv;charset=utf-8", text), f"{name}.csv", f"CSV, {label}")
    return Download(_uri("application/gzip", gzip.compress(text, mtime=0)), f"{name}.csv.gz", f"CSV, gzip, {label}")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The whole table as CSV in UTF-8, with an apostrophe before texts that a spreadsheet would compute."""
    return _harmless(table).to_csv(index=False, float_format="%.10g", lineterminator="\n").encode(errors="replace")


def _harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table without text that is a formula to a spreadsheet."""
    shown = {name: column.map(_quoted) if _may_hold_text(column) else column for name, column in table.items()}
    return pd.DataFrame(shown, index=table.index, columns=table.columns).rename(columns=_quoted)


def _may_hold_text(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def _quoted(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
    return text.replace("\r", "\n")  # a line end that is not ours would not be quoted


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
