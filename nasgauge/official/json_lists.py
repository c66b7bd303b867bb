"""A long JSON file of objects, one at a time: [{...}, ...], or {"name": [{...}, ...], "other name": [...]}."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from nasgauge.core.errors import UserError
from nasgauge.official.opened import BROKEN, MAX_JSON, opened, reason

_BLANK = re.compile(r"[ \t\r\n]*")
_WINDOW = 1 << 20  # characters read at a time


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """The objects in the order of the file, each of at most MAX_JSON characters.

    UserError where the file is anything but lists of objects from its first sign to its last: cut off, of another
    layout, no UTF-8, nested too deep.
    """
    with opened(path, "one of the JSON files of NDS") as file:
        text = _Text(io.TextIOWrapper(file, encoding="utf-8-sig"))
        try:
            if text.take("[") is not None:
                yield from _list(text)
            else:
                text.expect("{")
                while True:
                    text.value(str)
                    text.expect(":")
                    text.expect("[")
                    yield from _list(text)
                    if text.take(",") is None:
                        break
                text.expect("}")
            if text.next_sign():
                raise ValueError("more follows after its end")
        except BROKEN as error:
            raise UserError(
                f"{path}: is truncated, or is not a JSON file of NDS ({reason(error)}); download it again"
            ) from error


def _list(text: "_Text") -> Iterator[dict[str, Any]]:
    """The objects of a list behind its bracket, and the closing one."""
    if text.take("]") is not None:
        return
    while True:
        yield text.value(dict)
        if text.take(",") is None:
            break
    text.expect("]")


class _Text:
    """Text of which as much is held as the next value needs."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.text, self.at = file, "", 0
        self.decoder = json.JSONDecoder()

    def next_sign(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            self.at = _BLANK.match(self.text, self.at).end()
            if self.at < len(self.text) or not self._more(_WINDOW):
                return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> str | None:
        """The sign, if it comes next."""
        if self.next_sign() != sign:
            return None
        self.at += 1
        return sign

    def expect(self, sign: str) -> None:
        if self.take(sign) is None:
            raise ValueError(f"{sign!r} is expected where it reads {self.text[self.at : self.at + 20]!r}")

    def value(self, kind: type) -> Any:
        """The object or string that comes next; more is read until it is whole."""
        sign = self.next_sign()
        if sign != {dict: "{", str: '"'}[kind]:
            raise ValueError(f"a training is expected where it reads {self.text[self.at : self.at + 20]!r}")
        while True:
            try:
                value, self.at = self.decoder.raw_decode(self.text, self.at)
                return value
            except json.JSONDecodeError:
                held = len(self.text) - self.at
                if held > MAX_JSON:
                    raise ValueError(f"one training is over {MAX_JSON:,} characters long, or no JSON") from None
                if not self._more(max(_WINDOW, held)):  # doubling, so that the time stays in proportion
                    raise

    def _more(self, n: int) -> bool:
        more = self.file.read(n)
        self.text, self.at = self.text[self.at :] + more, 0
        return bool(more)
