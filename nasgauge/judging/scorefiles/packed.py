"""Compressed files: their one content, of bounded size."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pyarrow as pa

from nasgauge.core.errors import UserError

MAX_BYTES = 1 << 30  # that a file may unpack to
_OPENERS: dict[str, tuple[str, Callable[[bytes], IO[bytes]]]] = {
    ".gz": ("gzip", lambda content: gzip.open(io.BytesIO(content))),
    ".bz2": ("bzip2", lambda content: bz2.open(io.BytesIO(content))),
    ".xz": ("xz", lambda content: lzma.open(io.BytesIO(content))),
    ".zst": ("zstd", lambda content: pa.CompressedInputStream(pa.BufferReader(content), "zstd")),
}
PACKED = (*_OPENERS, ".zip")
_BROKEN = (  # what a damaged file makes of its reader
    *(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, pa.ArrowException),
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, MemoryError),
)
_BYPRODUCTS = ("__MACOSX/", ".DS_Store")  # that some systems add to an archive


def unpacked(content: bytes, suffix: str, path: Path) -> tuple[bytes, str]:
    """The content of a compressed file and its name; suffix: one of `PACKED`.

    UserError: damaged, of another format, larger than `MAX_BYTES` unpacked; an archive of several files, or an
    encrypted one.
    """
    called = "zip" if suffix == ".zip" else _OPENERS[suffix][0]
    try:
        if not content:
            raise EOFError
        if suffix == ".zip":
            return _of_archive(content, path.name)
        with _OPENERS[suffix][1](content) as stream:
            return _bounded(stream, path.name), path.stem
    except _BROKEN as error:
        plain = f"; if it is not compressed, remove {path.suffix!r} from its name"
        raise UserError(f"{path.name}: is not a complete {called} file; write it again{plain}") from error


def _of_archive(content: bytes, where: str) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _is_byproduct(m.filename)]
        if len(members) != 1:
            raise UserError(f"{where}: contains {len(members)} files; give an archive with one, or the file itself")
        if members[0].flag_bits & 1:
            raise UserError(f"{where}: is encrypted; give the file within")
        with archive.open(members[0]) as stream:
            return _bounded(stream, where), members[0].filename


def _bounded(stream: IO[bytes], where: str) -> bytes:
    parts, left = [], MAX_BYTES + 1
    while left > 0 and (part := stream.read(min(left, 1 << 24))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise UserError(f"{where}: unpacks to more than {MAX_BYTES:,} bytes; give fewer rows")
    return b"".join(parts)


def _is_byproduct(name: str) -> bool:
    return name.startswith(_BYPRODUCTS[0]) or name.rpartition("/")[2] == _BYPRODUCTS[1]
