"""NAS-Bench-201, the single file of torch.save (NAS-Bench-201-v1_*.pth).

One pickle: {"meta_archs": [...], "arch2infos": {index: {"less": results, "full": results}}, ...}; results as in
`official.trials`, of 12 and of 200 epochs.
"""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from nasgauge.core.errors import UserError
from nasgauge.official.entries import entries
from nasgauge.official.opened import damage_told, opened
from nasgauge.official.training import Foreign, Training
from nasgauge.official.trials import trainings_of
from nasgauge.official.unpickle import load

_FILE = "the file NAS-Bench-201-v1_*.pth"
_ENCRYPTED = 1


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings in the order of the file; one architecture is held at a time."""
    n = 0
    for index, results in entries(partial(_opened, path), str(path)):
        n += 1
        yield from trainings_of(results, f"{path}, architecture {index}")
    if not n:
        raise UserError(f"{path}: contains no architecture with results; name {_FILE}")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The pickle of the object in a file of torch.save, at its beginning: in the zip container or the older one."""
    with opened(path, _FILE) as file:
        with damage_told(str(path)):
            is_zip = zipfile.is_zipfile(file)
            content = _member(zipfile.ZipFile(file), path) if is_zip else file
            if not is_zip:
                file.seek(0)
                for _ in range(3):  # a magic number, the protocol's version, the sizes of the system's integers
                    load(file, str(path))
        yield content


def _member(archive: zipfile.ZipFile, path: Path) -> IO[bytes]:
    """The pickle in a zip file; torch.save neither packs nor encrypts it, so that it is as long as it says."""
    members = [member for member in archive.infolist() if member.filename.endswith("data.pkl")]
    if len(members) != 1:
        raise UserError(f"{path}: is a zip file without the data.pkl of torch.save; name {_FILE}")
    if members[0].flag_bits & _ENCRYPTED or members[0].compress_type != zipfile.ZIP_STORED:
        raise UserError(f"{path}: its data.pkl is encrypted or packed, which torch.save never does; name {_FILE}")
    return io.BufferedReader(archive.open(members[0]), 1 << 16)
