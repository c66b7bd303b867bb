"""A file is written whole or not at all. Imports nothing heavy."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any


def write_atomically(path: Any, content: bytes) -> None:
    """Write a file under a temporary name beside its place, flush it to the disk, and rename it.

    OSError, with the file's own name, where that fails; the old content stays, and no temporary file is left. Below a
    URL (`remote.RemotePath`) there are no temporary names: an object store puts a whole object in place at once.
    """
    if not isinstance(path, Path):
        path.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_note(path: Any, text: str) -> None:
    """Write a short text that may be lost, and that is read while it is written; its folder is made."""
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
