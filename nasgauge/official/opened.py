"""Files opened with care: regular ones alone, no more bytes than their bounds, damage told in one line.

A file that unpacks is a stranger's promise of how long we read. Here is how much is read at most, in one place.
"""

import bz2
import gzip
import io
import json
import lzma
import pickle
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from nasgauge.core.errors import UserError

MAX_ENTRY = 256 << 20  # bytes of one architecture or one training, unpacked
MAX_VALUE = 64 << 20  # bytes of one value in a pickle
MAX_STEPS = 2_000_000  # instructions of the pickle of one architecture; the official ones have 50,000
MAX_MARKS = 1_000  # depth of a pickle
MAX_RATIO = 20  # how often its own size an archive may unpack to, beyond MAX_ENTRY
MAX_JSON = 32 << 20  # characters of one training written as JSON
MAX_HEADER = 1 << 20  # bytes of a header in an archive

BROKEN = (  # what damaged or foreign content makes of its readers
    *(pickle.UnpicklingError, struct.error, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile),
    *(EOFError, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(MemoryError, RecursionError, NotImplementedError, RuntimeError),
)
_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


def kind_of(path: Path) -> str:
    """ "file" or "folder"; UserError if nothing is there, it cannot be looked at, or it is a pipe or device."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{_short(path)}: is not there, or cannot be read ({reason}); name the official file"
        ) from error
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: is a pipe or a device; name the official file or folder")
    return "file"


@contextmanager
def opened(path: Path, what: str) -> Iterator[IO[bytes]]:
    """A regular file as bytes; UserError saying that `what` was expected where it is a folder or cannot be read."""
    if kind_of(path) == "folder":
        raise UserError(f"{path}: is a folder; name {what}")
    try:
        file = path.open("rb")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    with file:
        yield file


def listed(path: Path) -> list[Path]:
    """What lies in a folder, in the order of names."""
    try:
        return sorted(path.iterdir())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def damage_told(where: str) -> AbstractContextManager[None]:
    """Whatever damaged or foreign content makes of a reader is a UserError."""
    return told_with(f"{where}: is damaged, truncated or of another kind", "download it again")


@contextmanager
def told_with(what: str, remedy: str) -> Iterator[None]:
    """The same, in words of one's own: what it is, the reader's reason in brackets, the remedy."""
    try:
        yield
    except UserError:
        raise
    except BROKEN as error:
        raise UserError(f"{what} ({reason(error)}); {remedy}") from error


def reason(error: BaseException) -> str:
    """An error's own words on one short line, or its type where it has none."""
    name = type(error).__name__
    text = " ".join(str(error).split())[:150]
    return f"{name}: {text}" if isinstance(error, LookupError) else text or name


def unpacked(file: IO[bytes], size: int, where: str) -> IO[bytes]:
    """The content of a file that may be packed by gzip, bzip2 or xz, at most MAX_RATIO times its `size` and a bit."""
    head = file.read(6)
    file.seek(0)
    for magic, opener in _PACKED.items():
        if head.startswith(magic):
            return bounded(opener(file), MAX_RATIO * size + MAX_ENTRY, where)
    return file


def bounded(file: IO[bytes], most: int, where: str) -> IO[bytes]:
    """The stream; UserError once more than `most` bytes were read from it."""
    return io.BufferedReader(_Bounded(file, most, where), 1 << 16)


class _Bounded(io.RawIOBase):
    def __init__(self, file: IO[bytes], most: int, where: str) -> None:
        self.file, self.left, self.most, self.where = file, most, most, where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.file.read(len(buffer))
        self.left -= len(data)
        if self.left < 0:
            raise UserError(f"{self.where}: unpacks to more than {self.most:,} bytes, more than any official file")
        buffer[: len(data)] = data
        return len(data)


def json_of(path: Path, what: str) -> Any:
    """The content of a JSON file; UserError that it is no `what` if it is too long, nested too deep, or no JSON."""
    with opened(path, f"the file of a {what}") as file:
        text = file.read(MAX_JSON + 1)
    with told_with(f"{path}: is not a {what}", "remove it, or download it again"):
        if len(text) > MAX_JSON:
            raise ValueError(f"longer than the {MAX_JSON:,} bytes of any")
        return json.loads(text)


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}...{text[-80:]}"
