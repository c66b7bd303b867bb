"""Where are a training's states kept? A folder with one file an epoch. Rule: it knows nothing of what a state holds."""

import io
import pickle
import re
import zipfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, final

import torch

from nasgauge.core.errors import UserError
from nasgauge.core.remote import AnyPath, path_of
from nasgauge.core.replacing import write_atomically

_DAMAGED = (
    *(zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, EOFError, OSError),
    *(LookupError, TypeError, ValueError, AttributeError),  # what a foreign file may lead the reader into
)
_NAME = re.compile(r"epoch-(\d{6,})\.pt")


@final
class CheckpointFolder(MutableMapping[int, dict[str, Any]]):
    """Epoch -> state, each in a file `epoch-000120.pt` of a folder; other files in it are ignored.

    A state is whatever `torch.save` writes and `torch.load(weights_only=True)` reads: tensors (read back onto the CPU),
    numbers, strings, lists, tuples and dictionaries of them. A file is there whole or not at all. Reading a file that
    is damaged, or holds anything else, is a UserError with its path and the remedy, and changes nothing.
    """

    def __init__(self, folder: AnyPath | str) -> None:
        self.folder = path_of(folder)

    def __repr__(self) -> str:
        return f"CheckpointFolder({str(self.folder)!r})"

    def path(self, epoch: int) -> AnyPath:
        """The file of an epoch, whether it exists or not."""
        return self.folder / f"epoch-{epoch:06d}.pt"

    def __getitem__(self, epoch: int) -> dict[str, Any]:
        path = self.path(epoch)
        if not path.exists():
            raise KeyError(epoch)
        try:
            file = path if isinstance(path, Path) else path.open()
            with zipfile.ZipFile(file) as parts:  # torch's own format; it does not look at the checksums itself
                damaged = parts.testzip()
            if damaged:
                raise _unreadable(path, f"{damaged} is damaged")
            if not isinstance(path, Path):
                file.seek(0)
            state = torch.load(file, map_location="cpu", weights_only=True)
        except _DAMAGED as error:
            raise _unreadable(path, str(error).partition("\n")[0]) from error
        if not isinstance(state, dict):
            raise _unreadable(path, f"it contains a {type(state).__name__}")
        return state

    def __setitem__(self, epoch: int, state: dict[str, Any]) -> None:
        content = io.BytesIO()
        torch.save(state, content)
        try:
            write_atomically(self.path(epoch), content.getvalue())
        except OSError as error:
            raise UserError(
                f"{self.path(epoch)}: cannot be written ({error.strerror}); choose another folder"
            ) from error

    def __delitem__(self, epoch: int) -> None:
        try:
            self.path(epoch).unlink()
        except FileNotFoundError as error:
            raise KeyError(epoch) from error

    def __iter__(self) -> Iterator[int]:
        found = (_NAME.fullmatch(path.name) for path in self.folder.glob("epoch-*.pt"))
        return iter(sorted(int(name[1]) for name in found if name))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _unreadable(path: AnyPath, reason: str) -> UserError:
    return UserError(f"{path}: is not a readable checkpoint ({reason}); delete it to resume from the one before")
