"""Places below a URL, such as s3://bucket/folder: anything that fsspec reaches stands where a local path does.

An object is read and written whole, and listings are never kept: others write there at the same time. What a store
answers besides "no such file" is a UserError, so that a store that cannot be reached is not taken for an empty folder
or for a damaged file. Credentials never stand in a URL, because messages and files quote it.
"""

import atexit
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, TypeVar, final

from nasgauge.core.errors import UserError
from nasgauge.core.urls import check_protocol, parsed, said

T = TypeVar("T")
_LOCAL = ("file", "local")
_OF_ONE_PROCESS = ("memory",)
_AGAIN = "then run the same command again, which resumes"


@final
class RemotePath:
    """A place below a URL; its members mean what those of `pathlib.Path` mean, and are the ones that nasgauge uses.

    A folder exists as long as something lies in it. Not an `os.PathLike`: nothing takes it for a local path by mistake.
    UserError: the store refuses, or cannot be reached.
    """

    def __init__(self, url: str) -> None:
        """UserError: a URL that nothing here can open, or that has credentials in it."""
        self.protocol, self._path = parsed(url)
        check_protocol(self.protocol)

    def __str__(self) -> str:
        return f"{self.protocol}://{self._path}"

    def __repr__(self) -> str:
        return f"RemotePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __lt__(self, other: "RemotePath") -> bool:
        return str(self) < str(other)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return RemotePath, (str(self),)

    def __truediv__(self, name: str) -> "RemotePath":
        return self._at(self._path / name)

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def stem(self) -> str:
        return self._path.stem

    @property
    def parent(self) -> "RemotePath":
        return self._at(self._path.parent)

    def with_suffix(self, suffix: str) -> "RemotePath":
        return self._at(self._path.with_suffix(suffix))

    def exists(self) -> bool:
        return self._kind() is not None

    def is_file(self) -> bool:
        return self._kind() == "file"

    def is_dir(self) -> bool:
        return self._kind() == "directory"

    def stat(self) -> Any:
        """With the one member `st_size`, in bytes."""
        return SimpleNamespace(st_size=int(self._asked("read", lambda: self._fresh().info(self._place))["size"] or 0))

    def iterdir(self) -> Iterator["RemotePath"]:
        """What lies in the folder, by name; nothing where there is no folder."""
        try:
            found = self._asked("read", lambda: self._fresh().ls(self._place, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return
        names = {PurePosixPath(str(one)).name for one in found if str(one).strip("/") != self._place.strip("/")}
        yield from (self / name for name in sorted(names))

    def glob(self, pattern: str) -> Iterator["RemotePath"]:
        """What lies in the folder under a name that fits the pattern, which is of one level."""
        return (one for one in self.iterdir() if fnmatchcase(one.name, pattern))

    def read_bytes(self) -> bytes:
        return self._asked("read", lambda: self._system.cat_file(self._place))

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "rb") -> io.BytesIO:
        """The whole content, to be read."""
        if mode != "rb":
            raise ValueError(f"mode {mode!r}: an object is written whole, by write_bytes")
        return io.BytesIO(self.read_bytes())

    def write_bytes(self, content: bytes) -> None:
        """Put the whole object in place of what is there; folders are made where the store has any."""
        try:
            self._asked("written", lambda: self._system.pipe_file(self._place, content))
        except FileNotFoundError:
            self._make_parents()
            self._asked("written", lambda: self._system.pipe_file(self._place, content))

    def unlink(self, missing_ok: bool = False) -> None:
        try:
            if not self.is_file():  # not every store says so itself
                raise FileNotFoundError(str(self))
            self._asked("written", lambda: self._system.rm_file(self._place))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def _at(self, path: PurePosixPath) -> "RemotePath":
        return RemotePath(f"{self.protocol}://{path}")

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        import fsspec

        return self._asked("reached", lambda: fsspec.core.url_to_fs(str(self)))

    @property
    def _system(self) -> Any:
        return self._opened[0]

    def _fresh(self) -> Any:
        """The same, which has forgotten what it has listed."""
        self._system.invalidate_cache()
        return self._system

    @property
    def _place(self) -> str:
        return self._opened[1]

    def _kind(self) -> str | None:
        """ "file", "directory", None for nothing."""
        try:
            return str(self._asked("read", lambda: self._fresh().info(self._place))["type"])
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _make_parents(self) -> None:
        """The folders above, from the second level on: the first one may be a bucket, which is its owner's to make."""
        above = [one for one in (self._path.parent, *self._path.parent.parents) if one.name]
        for path in list(reversed(above))[1:]:
            place = self._at(path)._place
            try:
                self._asked("written", lambda place=place: self._system.mkdir(place, create_parents=False))
            except FileExistsError:
                continue
            except FileNotFoundError as error:
                raise UserError(
                    f"{self}: cannot be written ({said(error)}); create its bucket or uppermost folder, or choose "
                    "another place"
                ) from error

    def _asked(self, what: str, ask: Callable[[], T]) -> T:
        """What the store answers; "no such file" is raised on, anything else that it raises is a UserError."""
        try:
            return ask()
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            raise
        except PermissionError as error:
            self._forget()
            why = f"access is denied ({said(error)}); check the credentials and the rights that they give, {_AGAIN}"
            raise UserError(f"{self}: {why}") from error
        except NotImplementedError as error:
            raise UserError(f"{self}: cannot be {what} by its protocol; choose another place") from error
        except Exception as error:
            self._forget()
            why = f"{type(error).__name__}: {said(error)}"
            raise UserError(
                f"{self}: cannot be {what} ({why}); check the address, the network and the credentials, {_AGAIN}"
            ) from error

    def _forget(self) -> None:
        """fsspec keeps connections for the whole process; the next path is opened with what was corrected meanwhile."""
        import fsspec

        fsspec.get_filesystem_class(self.protocol).clear_instance_cache()


AnyPath = Path | RemotePath


def path_of(text: str | AnyPath) -> Any:
    """The path that a text names: local, or a `RemotePath` where it is a URL; file:// is local too.

    >>> path_of("runs/mine").as_posix(), str(path_of("memory://runs/mine/"))
    ('runs/mine', 'memory://runs/mine')
    """
    if isinstance(text, RemotePath):
        return text
    if "://" not in str(text):
        return Path(text)
    protocol, path = parsed(str(text))
    return Path("/", path) if protocol in _LOCAL else RemotePath(str(text))


def absolute(path: AnyPath) -> AnyPath:
    """The path for a process that may have begun in another folder."""
    return path if isinstance(path, RemotePath) else Path(os.path.abspath(path))


def shared(path: str | AnyPath, kind: str) -> Any:
    """The path where workers of that kind can all write; UserError where each of them would see another place."""
    place = path_of(path)
    if isinstance(place, RemotePath) and place.protocol in _OF_ONE_PROCESS and kind != "serial":
        raise UserError(f"{place}: is the memory of one process, and workers are {kind!r}; add --kind serial")
    return place


def local(path: str | AnyPath, what: str) -> Path:
    """The local path; UserError for a URL, where `what` cannot be written."""
    place = path_of(path)
    if isinstance(place, RemotePath):
        raise UserError(f"{place}: {what} writes into a local folder only; name one, and copy it there afterwards")
    return place


def local_copy(path: AnyPath) -> Path:
    """A local file with the same content and name: itself, or a copy that is removed when the process ends."""
    if not isinstance(path, RemotePath):
        return path
    copy = Path(_copies(), hashlib.sha256(str(path).encode()).hexdigest()[:16], path.name)
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(path.read_bytes())
    return copy


@cache
def _copies() -> str:
    folder = TemporaryDirectory(prefix="nasgauge-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name


def contents(paths: Sequence[AnyPath]) -> list[bytes]:
    """What several files of one folder contain; those of a store are asked for at once."""
    first = paths[0] if paths else None
    if not isinstance(first, RemotePath):
        return [path.read_bytes() for path in paths]
    places = [path._place for path in paths]
    found = first.parent._asked("read", lambda: first._system.cat(places))
    return [found] if isinstance(found, bytes) else [found[place] for place in places]
