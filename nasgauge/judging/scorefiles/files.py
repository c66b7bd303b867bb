"""From a path to bytes and their type: suffixes, contents, and remedies for files of other types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.packed import PACKED, unpacked

TYPES = {  # by suffix
    ".csv": "CSV",
    ".tsv": "TSV",
    ".json": "JSON",
    ".jsonl": "JSON Lines",
    ".ndjson": "JSON Lines",
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".feather": "Feather",
    ".arrow": "Feather",
}
_GIVE = "give a .csv, .tsv, .json, .jsonl, .parquet or .feather file"
_REMEDIES = {  # of other common files
    ".txt": "if its cells are separated by commas, semicolons or tabs, rename it to .csv",
    ".xlsx": "save it as .csv in UTF-8 from the spreadsheet",
    ".xls": "save it as .csv in UTF-8 from the spreadsheet",
    ".ods": "save it as .csv in UTF-8 from the spreadsheet",
    ".tar": "unpack it first (tar), then give the file within",
    ".tgz": "unpack it first (tar), then give the file within",
    **dict.fromkeys(
        (".pkl", ".pickle", ".pt", ".pth", ".npy", ".npz"),
        "files that may contain code are not opened; write a .csv or .parquet table from your program",
    ),
}
_PICKLE = ("pickle", "a pickle; files that may contain code are not opened, write CSV or Parquet")
_BEGINNINGS = {  # first bytes: the type, and what such a file is where its name promises text
    b"PAR1": ("Parquet", "a Parquet file; rename it to .parquet"),
    b"ARROW1": ("Feather", "a Feather file; rename it to .feather"),
    b"FEA1": ("Feather", "a Feather file; rename it to .feather"),
    b"\x1f\x8b": ("gzip", "compressed by gzip; add .gz to its name"),
    b"BZh": ("bzip2", "compressed by bzip2; add .bz2 to its name"),
    b"\xfd7zXZ": ("xz", "compressed by xz; add .xz to its name"),
    b"\x28\xb5\x2f\xfd": ("zstd", "compressed by zstd; add .zst to its name"),
    b"PK\x03\x04": ("zip", "a zip archive or a spreadsheet; rename it to .zip, or save it as CSV"),
    b"\xff\xfe": ("UTF-16", "text in UTF-16; save it in UTF-8"),
    b"\xfe\xff": ("UTF-16", "text in UTF-16; save it in UTF-8"),
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), _PICKLE),
    b"<!DOCTYPE": ("HTML", "a web page; download the file itself"),
    b"<html": ("HTML", "a web page; download the file itself"),
    b"version https://git-lfs": ("LFS", "a pointer of Git LFS; fetch the file itself (git lfs pull)"),
    b"{": ("JSON", "JSON; rename it to .json"),
}
_TEXTS = ("CSV", "TSV", "JSON", "JSON Lines")


@dataclass(frozen=True, eq=False)
class Cells:
    """A table as in its file.

    where: the file's name, for messages. table: the cells, text or numbers; its index numbers the rows of the file from
    1. unreadable: columns with other types than text and numbers: the number of the first such row, and a description.
    notes: how the file was read, where that is not evident.
    """

    where: str
    table: pd.DataFrame
    unreadable: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.table.columns)

    def fault(self, row: int, column: str, what: str) -> UserError:
        """The error of one cell; row: by position, from 0."""
        return UserError(f"{self.where}: row {self.table.index[row]}, column {column!r} {what}")


def content(path: Path) -> tuple[bytes, str]:
    """The bytes of a file, unpacked, and its type, one of `TYPES`.

    The suffix decides; that before the suffix of a compressed file, the one of the file within a .zip. Where a
    compressed file has none, its first bytes do. UserError: another suffix, with the remedy; text of another type.
    """
    packing = path.suffix.lower()
    if packing not in (*TYPES, *PACKED):
        raise UserError(f"{path}: unknown suffix {path.suffix!r}; {_REMEDIES.get(packing, _GIVE)}")
    if packing in TYPES:
        found, kind = _bytes(path), TYPES[packing]
    else:
        found, kind = _packed(path, packing)
    if kind in _TEXTS:
        for beginning, (other, what) in _BEGINNINGS.items():
            if found.startswith(beginning) and not (other == "JSON" and kind in ("JSON", "JSON Lines")):
                raise UserError(f"{path.name}: is not {kind}, but {what}")
    return found, kind


def _packed(path: Path, packing: str) -> tuple[bytes, str]:
    """The content of a compressed file and its type."""
    _refuse_suffix(path, PurePath(path.stem).suffix)
    found, name = unpacked(_bytes(path), packing, path)
    suffix = PurePath(name).suffix
    _refuse_suffix(path, suffix)
    return found, TYPES.get(suffix.lower()) or _by_content(found)


def _refuse_suffix(path: Path, suffix: str) -> None:
    """UserError for the suffix within a compressed file's name, if it is a known one of another type."""
    if suffix.lower() in (*_REMEDIES, *PACKED):
        remedy = _REMEDIES.get(suffix.lower(), "unpack it first, then give the file within")
        raise UserError(f"{path}: unknown suffix {suffix!r} of the file within; {remedy}")


def _by_content(found: bytes) -> str:
    kind = next((kind for beginning, (kind, _) in _BEGINNINGS.items() if found.startswith(beginning)), None)
    if kind in ("Parquet", "Feather"):
        return kind
    return "JSON" if found.lstrip()[:1] in (b"{", b"[") else "CSV"


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "is not a regular file" if path.exists() else "no such file"
            raise UserError(f"{path}: {found}; {_GIVE}")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read ({reason}); check its path and its permissions") from error
