"""Pickles read without executing anything that they name.

A pickle is a program that may call any function it can name. Here it can name ordered dictionaries and the scalars of
numpy; arrays, tensors and storages become placeholders without content; anything else is an error.
"""

import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, final

from nasgauge.errors import UserError

_NUMBERS = {"f8": "<d", "f4": "<f", "i8": "<q", "i4": "<i", "b1": "<?"}


@final
class Inert:
    """What stands where the file has an object that is not read: it can be made and filled, and does nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


@final
class _Dtype:
    """The name of a numpy dtype."""

    def __init__(self, name: str, *options: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass


def _scalar(dtype: _Dtype, content: bytes | str) -> float | int | bool:
    raw = content.encode("latin1") if isinstance(content, str) else content
    return struct.unpack(_NUMBERS[dtype.name.lstrip("<=")], raw)[0]


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1")  # how protocol 2 writes bytes


_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): Inert,
    **{(module, "scalar"): _scalar for module in _NUMPY},
    **{(module, "_reconstruct"): Inert for module in _NUMPY},
    **{("torch._utils", name): Inert for name in ("_rebuild_tensor_v2", "_rebuild_parameter")},
    **{("torch", f"{kind}Storage"): Inert for kind in ("Float", "Double", "Half", "Long", "Int", "Byte", "Bool")},
}


class SafeUnpickler(pickle._Unpickler):
    """The interpreter's unpickler in Python, whose names are those of `_KNOWN`. `where`: the file in messages."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        super().__init__(file, encoding="latin1")
        self.where = where

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) not in _KNOWN:
            raise UserError(
                f"{self.where}: the pickle asks for {module}.{name}, which no benchmark file needs; it was not run. "
                "Get the file from the benchmark's authors"
            )
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Inert:
        """Storages of tensors stand beside the pickle and are not read."""
        return Inert()


def load(file: IO[bytes], where: str) -> Any:
    """The object of one pickle; UserError where it names what it should not, is damaged or breaks off."""
    with damage_told(where):
        return SafeUnpickler(file, where).load()


@contextmanager
def damage_told(where: str) -> Iterator[None]:
    """Whatever a damaged pickle makes of the unpickler is a UserError."""
    try:
        yield
    except UserError:
        raise
    except (pickle.UnpicklingError, EOFError, OSError, ValueError, struct.error) as error:
        raise UserError(f"{where}: is damaged, breaks off or is no such file ({error}); get it anew") from error
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise UserError(f"{where}: holds a pickle that makes no sense ({error!r}); get it anew") from error


@contextmanager
def opened_pth(path: Path) -> Iterator[IO[bytes]]:
    """The pickle of the object in a file of torch.save, at its beginning: in the zip container or the older one."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith("data.pkl")]
            if len(names) != 1:
                raise UserError(f"{path}: is a zip file without the data.pkl of torch.save; name the .pth file")
            with archive.open(names[0]) as file:
                yield file
        return
    with path.open("rb") as file:
        for _ in range(3):  # a magic number, the protocol's version, the sizes of the system's integers
            load(file, str(path))
        yield file
