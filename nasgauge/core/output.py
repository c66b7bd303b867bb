"""Files that a user names for output: whole or not at all, and nothing but a regular file is ever replaced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from nasgauge.core.errors import UserError
from nasgauge.core.remote import AnyPath, path_of
from nasgauge.core.replacing import write_atomically

_INPUTS: ContextVar[tuple[Path, ...]] = ContextVar("inputs", default=())


@contextmanager
def protected(*inputs: Path | str | None) -> Iterator[None]:
    """Within the block `write_output` refuses to replace these files."""
    token = _INPUTS.set((*_INPUTS.get(), *(Path(path) for path in inputs if path is not None)))
    try:
        yield
    finally:
        _INPUTS.reset(token)


def write_output(path: AnyPath | str, content: bytes, *, remedy: str = "choose another file") -> None:
    """Write a file that a user has named; its folder is made.

    A regular file is replaced whole or stays as it is. Into a character device or a pipe, such as /dev/stdout, the
    content is written; it is never replaced. UserError, which ends with `remedy`: a folder, a block device, a symbolic
    link to a file (name that file instead), an input (see `protected`), a place that cannot be written.
    """
    path = path_of(path)
    check_output(path, remedy=remedy)
    try:
        if isinstance(path, Path) and (path.is_char_device() or path.is_fifo()):
            with path.open("wb") as file:
                file.write(content)
        else:
            write_atomically(path, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); {remedy}") from error


def check_output(path: AnyPath, *, remedy: str = "choose another file") -> None:
    """UserError, before any work, where `write_output` would refuse the place, or the folder it lies in is a file."""
    if not isinstance(path, Path):  # below a URL there are whole objects, and nothing else
        return
    try:
        if path.is_char_device() or path.is_fifo():
            return
        if path.is_symlink():
            raise UserError(f"{path}: is a symbolic link, to {os.readlink(path)}; name that file, or {remedy}")
        if path.exists() and not path.is_file():
            what = "is a folder" if path.is_dir() else "is not a regular file"
            raise UserError(f"{path}: {what}; {remedy}")
        if path.exists() and any(one.exists() and path.samefile(one) for one in _INPUTS.get()):
            raise UserError(f"{path}: is a file that is read, which would be replaced; {remedy}")
        check_folder(path.parent, remedy=remedy)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"{str(path)!r}: cannot be written ({error}); {remedy}") from error


def check_folder(folder: AnyPath, *, remedy: str) -> None:
    """UserError, before any work, where no folder can be made because it, or one that it lies in, is a file."""
    if isinstance(folder, Path):
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        if there is not None and not there.is_dir():
            raise UserError(f"{folder}: cannot be written ({there} is not a folder); {remedy}")
