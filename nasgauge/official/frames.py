"""The bytes of a pickle: in frames or not, and no more of them than the bounds."""

import io
import pickle
from typing import IO

from nasgauge.core.errors import UserError
from nasgauge.official.opened import MAX_ENTRY, MAX_VALUE

_SMALL = 64  # bytes; so many in each of MAX_STEPS values stay below MAX_ENTRY


class Frames:
    """The bytes of a pickle, in frames or not: no value beyond MAX_VALUE, and `left` bytes in values beyond _SMALL."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        self.file, self.where, self.left = file, where, MAX_ENTRY
        self._read = file.read
        self.frame: IO[bytes] | None = None

    def read(self, n: int) -> bytes:
        if self.frame is not None:
            data = self.frame.read(n)
            if len(data) == n:
                return data
            if data:
                raise pickle.UnpicklingError("a frame ends within a value")
            self.frame = None
        if n > _SMALL:
            self._count(n)
        data = self._read(n)
        if len(data) < n:
            raise EOFError("it is truncated")
        return data

    def readline(self) -> bytes:
        line = (self.frame.readline() if self.frame is not None else b"") or self.file.readline(MAX_VALUE)
        self._count(len(line))
        if not line.endswith(b"\n"):
            raise EOFError("a line is truncated")
        return line

    def load_frame(self, n: int) -> None:
        if self.frame is not None and self.frame.read(1):
            raise pickle.UnpicklingError("a frame begins before the last one ended")
        self.frame = None
        self.frame = io.BytesIO(self.read(n))

    def _count(self, n: int) -> None:
        self.left -= n
        if n > MAX_VALUE or self.left < 0:
            raise UserError(
                f"{self.where}: has over {MAX_VALUE:,} bytes in one value, or {MAX_ENTRY:,} in one architecture; get "
                "the official file"
            )
