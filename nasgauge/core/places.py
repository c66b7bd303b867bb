"""Files that a configuration names: where a relative path starts, and whether their content is the same as before."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import final

from nasgauge.core.errors import UserError
from nasgauge.core.remote import local_copy, path_of

_FILE = re.compile(r"[/~$.].*|.*/.*|.*\.(npz|csv|tsv|json|jsonl|parquet|tar|tgz|zip|gz|bz2|xz|zst)", re.IGNORECASE)
_REFERENCE = re.compile(r".*\.py:\w+")
_CHUNK = 1 << 20


@final
@dataclass(frozen=True)
class Place:
    """Where relative paths start: `folder`, that of the TOML file or the current one.

    kept: a folder with copies of the small files of a finished study, read where a file itself is gone.
    """

    folder: str
    kept: str | None = None

    def started(self, text: str) -> str:
        """A relative path from the place's folder on, as text; one that begins with a variable stays as it is."""
        is_whole = text.startswith(("$", "~")) or Path(text).is_absolute() or self.folder == os.getcwd()
        return text if is_whole else str(Path(self.folder) / text)

    def located(self, text: str | Path) -> Path:
        """The path that is meant: `$NASGAUGE_DATA` and `~` replaced, a relative one from the place's folder on.

        UserError: the variable is needed and not set, a NUL byte.
        """
        path = Path(self.started(os.path.expanduser(expanded(text))))
        if self.kept is None or os.path.exists(path):
            return path
        copy = path_of(self.kept) / copied_as(text)
        return local_copy(copy) if copy.is_file() else path


_PLACE: ContextVar[Place | None] = ContextVar("place", default=None)


def here() -> Place:
    """Where relative paths of a configuration that is made now start."""
    return _PLACE.get() or Place(os.getcwd())


@contextmanager
def paths_from(place: Place | Path | None) -> Iterator[None]:
    """Within it, relative paths of configurations start at the place, or in the folder; None changes nothing."""
    if place is None:
        yield
        return
    token = _PLACE.set(place if isinstance(place, Place) else Place(os.path.abspath(place)))
    try:
        yield
    finally:
        _PLACE.reset(token)


def names_a_file(text: str) -> bool:
    """Whether a text is the path of a file or folder, and not a name: it has a "/", or ends like a file of data.

    >>> [names_a_file(text) for text in ("digits", "mine.npz", "./images", "my_file.py:faces")]
    [False, True, True, False]
    """
    return bool(_FILE.fullmatch(text)) and not _REFERENCE.fullmatch(text)


def expanded(path: str | Path) -> str:
    """The path with `$NASGAUGE_DATA` replaced; UserError where the variable is needed and not set."""
    text = str(path)
    if "$NASGAUGE_DATA" in text and not os.environ.get("NASGAUGE_DATA"):
        raise UserError(f"{text}: the variable NASGAUGE_DATA is not set; set it to the folder that contains the tables")
    if "\0" in text:
        raise UserError(f"{text!r}: a path cannot contain NUL bytes; remove them")
    return os.path.expandvars(text)


_SEEN: dict[tuple, str] = {}


def fingerprint(path: Path) -> str:
    """Sixteen hex digits of the content: of a file its bytes, of a folder the names and bytes of all files in it.

    Read once a process as long as names, sizes and times of change stay. UserError: nothing there, or not readable.
    """
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        stats = [file.stat() for file in files]
        key = str(path), tuple((str(f), s.st_size, s.st_mtime_ns) for f, s in zip(files, stats, strict=True))
        seen = str(path), hashlib.sha256(repr(key).encode()).hexdigest()
        if seen not in _SEEN:
            _SEEN[seen] = _digest(path, files)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; check the path") from error
    return _SEEN[seen]


def _digest(path: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        if file != path:
            digest.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode(errors="surrogatepass"))
        with file.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:16]


def copied_as(text: str | Path) -> str:
    """The name of the copy of a file among those that a study keeps, by the path as it is written."""
    return f"{hashlib.sha256(str(text).encode()).hexdigest()[:8]}-{Path(text).name}"
