"""NATS-Bench, topology search space: an archive (folder or .tar) of bz2-compressed pickles, or one .pickle.pbz2 of all.

`NNNNNN.pickle.pbz2` holds one architecture (`official.trials`); `meta.pickle.pbz2` is left alone. The single file
NATS-tss-v1_0-*.pickle.pbz2 is {"meta_archs": ..., "arch2infos": {index: one architecture}, ...}.
"""

import bz2
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from nasgauge.core.errors import UserError
from nasgauge.official.entries import entries
from nasgauge.official.opened import (
    MAX_ENTRY,
    MAX_HEADER,
    bounded,
    damage_told,
    kind_of,
    listed,
    opened,
    reason,
    unpacked,
)
from nasgauge.official.training import Foreign, Training
from nasgauge.official.trials import trainings_of
from nasgauge.official.unpickle import load

_ARCHITECTURE = re.compile(r"\d{1,6}\.pickle\.pbz2")
_ARCHIVE = "the folder, .tar or .pickle.pbz2 of the topology space (NATS-tss-...)"
_PICKLE_RATIO = 100  # how often its size the single file may unpack to


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings, architecture by architecture; one architecture's file is held at a time."""
    if path.name.startswith("NATS-sss"):
        raise UserError(
            f"{path}: is the size search space of NATS-Bench, which nasgauge does not have; name {_ARCHIVE}"
        )
    n = 0
    for name, content in _whole(path) if path.suffix == ".pbz2" else _contents(path):
        n += 1
        yield from trainings_of(content, f"{path}, {name}")
    if not n:
        raise UserError(f"{path}: contains no file NNNNNN.pickle.pbz2; name {_ARCHIVE}")


def _whole(path: Path) -> Iterator[tuple[str, Any]]:
    """The architectures of the single file; one of an archive is such a file as well."""
    if _ARCHITECTURE.fullmatch(path.name):
        raise UserError(f"{path}: is one architecture of an archive; name {_ARCHIVE}")
    for index, content in entries(partial(_unpacked, path), str(path)):
        yield f"architecture {index}", content


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    with opened(path, _ARCHIVE) as file:
        yield bounded(bz2.open(file), _PICKLE_RATIO * path.stat().st_size + MAX_ENTRY, str(path))


def _contents(path: Path) -> Iterator[tuple[str, Any]]:
    """Name and content of each architecture's file."""
    for name, file in _files(path):
        where = f"{path}, {name}"
        with damage_told(where):
            plain = bounded(bz2.open(file), MAX_ENTRY, where)
            content = load(plain, where)
            if plain.read(1):
                raise ValueError("more follows after the pickle")
        yield name, content


def _files(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and packed content of each architecture's file, in the order of names or of the tar."""
    if kind_of(path) == "folder":
        for file in listed(path):
            if _ARCHITECTURE.fullmatch(file.name):
                with opened(file, "the archive; this is one file of it") as content:
                    yield file.name, content
        return
    with opened(path, _ARCHIVE) as file:
        yield from _members(file, path)


def _members(file: IO[bytes], path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Those of a tar, which may be packed as a whole. Its last blocks are empty, which tells that it is complete."""
    where = str(path)
    with damage_told(where):
        plain = unpacked(file, path.stat().st_size, where)
        try:
            archive = tarfile.open(fileobj=plain, mode="r|", tarinfo=_Member)
        except tarfile.TarError as error:
            raise UserError(
                f"{path}: is not a tar archive, or is damaged ({reason(error)}); name {_ARCHIVE}"
            ) from error
    while True:
        with damage_told(where):
            member = archive.next()
            if member is None:
                break
            name = Path(member.name).name
            wanted = _ARCHITECTURE.fullmatch(name)
            if wanted and not member.isfile():
                raise UserError(f"{path}: its {name} is not a file; download the archive again")
            content = archive.extractfile(member) if wanted else None
        archive.members = []  # or it would remember them all
        if content is not None:
            yield name, content
    with damage_told(where):
        if not _is_empty(archive.fileobj):
            raise UserError(f"{path}: is truncated or damaged; download the archive again")


def _is_empty(stream: Any) -> bool:
    """Whether something follows, and nothing but zeros."""
    n = 0
    while block := stream.read(1 << 16):
        if block.strip(b"\0"):
            return False
        n += len(block)
    return n > 0


class _Member(tarfile.TarInfo):
    """A header of a tar; long names and attributes have a bound, as they are held in memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type not in tarfile.REGULAR_TYPES and self.size > MAX_HEADER:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)
