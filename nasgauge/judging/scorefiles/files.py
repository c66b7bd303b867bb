"""From a path to cells: the supported file types, and remedies for others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from nasgauge.core.errors import UserError

_GIVE = "give a .csv or .parquet file"
_PANDAS = "in pandas: pd.read_{}({}).to_csv('scores.csv', index=False)"
_REMEDIES = {  # of other common files
    ".tsv": "save it as .csv with commas; " + _PANDAS.format("csv", "..., sep='\\t'"),
    ".txt": "if its cells are separated by commas, rename it to .csv",
    ".json": "save it as .csv; " + _PANDAS.format("json", "..."),
    ".jsonl": "save it as .csv; " + _PANDAS.format("json", "..., lines=True"),
    ".xlsx": "save it as .csv in UTF-8 from the spreadsheet",
    ".xls": "save it as .csv in UTF-8 from the spreadsheet",
    ".ods": "save it as .csv in UTF-8 from the spreadsheet",
    ".feather": "save it as .parquet; in pandas: pd.read_feather(...).to_parquet('scores.parquet')",
    ".arrow": "save it as .parquet; in pandas: pd.read_feather(...).to_parquet('scores.parquet')",
    ".gz": "unpack it first (gunzip), then give the .csv or .parquet file within",
    ".bz2": "unpack it first (bunzip2), then give the .csv or .parquet file within",
    ".xz": "unpack it first (unxz), then give the .csv or .parquet file within",
    ".zst": "unpack it first (unzstd), then give the .csv or .parquet file within",
    ".zip": "unpack it first (unzip), then give the .csv or .parquet file within",
    **dict.fromkeys(
        (".pkl", ".pickle", ".pt", ".pth", ".npy", ".npz"),
        "files that may contain code are not opened; write a .csv or .parquet table from your program",
    ),
}
_BEGINNINGS = {  # first bytes of files that are not tables in spite of their names
    b"PAR1": "a Parquet file; rename it to .parquet",
    b"\x1f\x8b": "compressed by gzip; unpack it first (gunzip)",
    b"BZh": "compressed by bzip2; unpack it first (bunzip2)",
    b"\xfd7zXZ": "compressed by xz; unpack it first (unxz)",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it first (unzstd)",
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save it as CSV",
    b"\xff\xfe": "text in UTF-16; save it in UTF-8",
    b"\xfe\xff": "text in UTF-16; save it in UTF-8",
    b"\x80\x04": "a pickle; files that may contain code are not opened, write CSV or Parquet",
    b"<!DOCTYPE": "a web page; download the file itself",
    b"<html": "a web page; download the file itself",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself (git lfs pull)",
    b"{": "JSON; save it as CSV, " + _PANDAS.format("json", "..."),
}


@dataclass(frozen=True, eq=False)
class Cells:
    """A table as in its file.

    where: the file's name, for messages. table: the cells, text or numbers; its index numbers the rows of the file from
    1. unreadable: columns of other types than text and numbers, with a description.
    """

    where: str
    table: pd.DataFrame
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.table.columns)

    def fault(self, row: int, column: str, what: str) -> UserError:
        """The error of one cell; row: by position, from 0."""
        return UserError(f"{self.where}: row {self.table.index[row]}, column {column!r} {what}")


def content(path: Path, suffixes: Mapping[str, Callable]) -> bytes:
    """The bytes of a file with one of the suffixes; the UserError for another one names the remedy."""
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise UserError(f"{path}: unknown suffix {path.suffix!r}; {_REMEDIES.get(suffix, _GIVE)}")
    try:
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "is not a regular file" if path.exists() else "no such file"
            raise UserError(f"{path}: {found}; {_GIVE}")
        found = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read ({reason}); check its path and its permissions") from error
    if suffix == ".csv":
        for beginning, what in _BEGINNINGS.items():
            if found.startswith(beginning):
                raise UserError(f"{path.name}: is not CSV, but {what}")
    return found
