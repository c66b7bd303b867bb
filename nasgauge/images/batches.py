"""Official archives: pickles of one array of pixels and one list of labels, read without running what they name."""

import io
import pickle
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, ClassVar

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.images.arrays import load_arrays
from nasgauge.images.published import Published

_MAX_BYTES = 500_000_000  # of a batch: those of CIFAR-10 have 31 MB, of CIFAR-100 155, of ImageNet16 99
_WRONG = (  # what a damaged or made-up pickle leads the reader into
    *(pickle.UnpicklingError, LookupError, ValueError, EOFError, OSError, TypeError, AttributeError),
    *(OverflowError, MemoryError, RecursionError, ImportError),
)


_MAX_ARCHIVE = 4 << 30  # bytes of a tar as it unpacks: those of CIFAR have 0.2, a plain one of ImageNet16 1.2


def read_batches(files: list[Path], published: Published) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 3, side, side) uint8 and labels (n,) int64 of the classes that are kept, in the files' order.

    One file is held at a time, with the images that were kept of those before. UserError: a file that is missing,
    damaged, of another content, or that asks for code; no image of the classes that are kept.
    """
    absent = [file for file in files if not file.is_file()]
    if absent:
        raise UserError(f"{absent[0]}: is missing, or no file; unpack the whole archive of {published.title} again")
    return _joined((_batch(file, published) for file in files), published, files[0])


def read_archive(path: Path, published: Published) -> tuple[np.ndarray, np.ndarray]:
    """The same from the official archive itself, a tar that may be packed; nothing is written to the disk."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if archive.offset > _MAX_ARCHIVE:
                    raise ValueError(f"more than {_MAX_ARCHIVE:,} bytes")
                name = PurePosixPath(member.name).name
                if member.isfile() and name in published.batches:
                    if name in found:
                        raise ValueError(f"two files {name}")
                    if member.size > _MAX_BYTES:
                        raise ValueError(f"{name} has {member.size:,} bytes")
                    content = archive.extractfile(member).read()
                    found[name] = _parsed(io.BytesIO(content), len(content), published, f"{path}: {name}")
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise UserError(
            f"{path}: is not the archive of {published.title} ({error}); download the official archive again"
        ) from error
    absent = [name for name in published.batches if name not in found]
    if absent:
        raise UserError(f"{path}: has no {absent[0]}; give the whole official archive of {published.title}")
    return _joined((found[name] for name in published.batches), published, path)


def read_npz_batches(files: list[Path], published: Published) -> tuple[np.ndarray, np.ndarray]:
    """The same from .npz files: arrays `data` (n, 3 side^2) uint8 and `labels`, numbered as in the official files."""

    def each() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for file in files:
            arrays = load_arrays(file)
            try:
                yield _checked(arrays, "labels", file.stat().st_size * _MOST_PACKED, published, file)
            except _WRONG as error:
                raise _foreign(file, f"not an .npz of {published.title} batches", error) from error

    return _joined(each(), published, files[0])


_MOST_PACKED = 1100  # how many times smaller than its content a zip can be


def _joined(
    batches: Iterable[tuple[np.ndarray, np.ndarray]], published: Published, where: Path
) -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = [], []
    for found, named in batches:
        keep = published.kept(named)
        pixels.append(found[keep])
        labels.append(named[keep])
    if not sum(map(len, labels)):
        raise UserError(f"{where}: no image is of the first {published.n_classes} classes; unpack the archive again")
    return np.concatenate(pixels).reshape(-1, 3, published.side, published.side), np.concatenate(labels)


def _batch(file: Path, published: Published) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 3 side^2) uint8 and labels (n,) int64 of one file."""
    try:
        n_bytes = file.stat().st_size
        if n_bytes > _MAX_BYTES:
            raise ValueError(f"{n_bytes:,} bytes")
        with file.open("rb") as handle:
            return _parsed(handle, n_bytes, published, file)
    except (OSError, ValueError) as error:
        raise _foreign(file, f"not an official {published.title} batch", error) from error


def _parsed(handle: IO[bytes], n_bytes: int, published: Published, where: object) -> tuple[np.ndarray, np.ndarray]:
    try:
        batch = _NumpyOnly(handle, encoding="latin1").load()
        return _checked(batch, published.key, n_bytes, published, where)
    except _WRONG as error:
        raise _foreign(where, f"not an official {published.title} batch", error) from error


def _checked(batch: Any, key: str, n_bytes: int, published: Published, where: object) -> tuple[np.ndarray, np.ndarray]:
    pixels = _pixels(batch["data"], 3 * published.side**2, n_bytes)
    labels = published.checked_labels(_plain(batch[key], n_bytes), where)
    if len(labels) != len(pixels):
        raise ValueError(f"{len(pixels):,} images and {len(labels):,} labels")
    return pixels, labels


def _foreign(where: object, what: str, error: Exception) -> UserError:
    reason = f"no {error}" if isinstance(error, KeyError) else error
    return UserError(f"{where}: is {what} ({reason}); unpack the official archive again")


def _pixels(value: Any, width: int, n_bytes: int) -> np.ndarray:
    """The value, if it is an array (n, width) of bytes that the file can hold: a header may promise any size."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"data is of type {type(value).__name__}, not an array")
    if value.dtype != np.uint8 or value.ndim != 2 or value.shape[1] != width:
        raise ValueError(f"data is {value.shape} of {value.dtype}, not (n, {width}) of uint8")
    if value.size > n_bytes:
        raise ValueError(f"data has {value.size:,} bytes, the file {n_bytes:,}")
    return value


def _plain(labels: Any, n_bytes: int) -> Any:
    """The labels, if they are a flat list of whole numbers or an array that the file can hold.

    Nested lists that name each other may stand for more numbers than any memory holds.
    """
    if isinstance(labels, list) and all(isinstance(label, int) for label in labels):
        return labels
    if isinstance(labels, np.ndarray) and labels.nbytes <= n_bytes:
        return labels
    raise ValueError("the labels are not a list of integers")


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """How protocol 2 writes bytes; no other codec is looked up."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"requests the codec {encoding[:60]!r}")
    return text.encode("latin1")


class _NumpyOnly(pickle.Unpickler):
    """Reads arrays, lists and dictionaries; whatever else a pickle asks for is refused by its name."""

    _ALLOWED: ClassVar[dict[tuple[str, str], Callable[..., Any]]] = {
        ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"requests {module}.{name}")
        return self._ALLOWED[module, name]
