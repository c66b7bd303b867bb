"""The architectures inside one long pickle, {index: {"12": results, "200": results}, ...}, one at a time.

The pickle of NAS-Bench-201 or NATS-Bench is gigabytes long, so an architecture is handed over as soon as it is whole,
and what the pickle would remember of it is forgotten, but for names. A later architecture may refer to what an earlier
one held (shared strings, one configuration for all): the file is then read once to see what is referred to, and again
with that kept.
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import IO, Any, ClassVar, final

from nasgauge.core.errors import UserError
from nasgauge.official.opened import damage_told
from nasgauge.official.unpickle import Inert, SafeUnpickler, checked_key

BUDGETS = ({"less", "full"}, {"01", "12", "90", "200"})  # what the results of an architecture are named by
_MAX_SHARED = 10_000_000
_EAGER = 8
Opener = Callable[[], AbstractContextManager[IO[bytes]]]


def entries(opener: Opener, where: str) -> Iterator[tuple[int, Any]]:
    """Index and results of each architecture in the order of the file; `opener` opens it where the pickle begins."""
    n, shared = 0, None
    while True:
        try:
            with opener() as file:
                reader = _Entries(file, where, shared or set())
                parts = reader.parts()
                with damage_told(where):
                    for _ in islice(parts, n):
                        pass
                while True:
                    with damage_told(where):
                        entry = next(parts, None)
                    if entry is None:
                        return
                    n += 1
                    yield entry
        except _ForgottenError:
            if shared is not None:
                raise UserError(f"{where}: refers to missing content; download it again") from None
            with opener() as file, damage_told(where):
                scan = _Scan(file, where)
                scan.load()
            shared = scan.shared


class _ForgottenError(Exception):
    """The pickle refers to something that was forgotten."""


class _Entries(SafeUnpickler):
    """Takes the entries {int: {"less": ..., "full": ...}} out of any dictionary. `shared`: places that are kept."""

    dispatch: ClassVar[dict[int, Any]] = dict(SafeUnpickler.dispatch)

    def __init__(self, file: IO[bytes], where: str, shared: set[int]) -> None:
        super().__init__(file, where)
        self.shared = shared
        self.recent: list[int] = []  # places in the memory since something was forgotten
        self.n_memoized = 0

    def load_setitems(self) -> None:
        super().load_setitems()
        self._take()

    def load_setitem(self) -> None:
        super().load_setitem()
        self._take()

    def _take(self) -> None:
        value = self.stack[-1]
        is_entry = isinstance(value, dict) and value and any(value.keys() <= names for names in BUDGETS)
        if is_entry and len(self.stack) > 1 and isinstance(self.stack[-2], int):
            self.taken = checked_key(self.stack[-2]), value
            self.stack[-1] = _TAKEN
            if _EAGER * len(self.recent) >= len(self.stack) + sum(map(len, self.metastack)):  # forgetting costs both
                self._forget()

    def load_memoize(self) -> None:
        """MEMOIZE counts what has been remembered, which is more than what still is."""
        self._remember(self.n_memoized)

    def load_put(self) -> None:
        self._remember(int(self.readline()[:-1]))

    def load_binput(self) -> None:
        self._remember(self.read(1)[0])

    def load_long_binput(self) -> None:
        self._remember(int.from_bytes(self.read(4), "little"))

    def _remember(self, place: int) -> None:
        self.memo[place] = self.stack[-1]
        self.recent.append(place)
        self.n_memoized += 1

    def load_get(self) -> None:
        self._recall(int(self.readline()[:-1]))

    def load_binget(self) -> None:
        self._recall(self.read(1)[0])

    def load_long_binget(self) -> None:
        self._recall(int.from_bytes(self.read(4), "little"))

    def _recall(self, place: int) -> None:
        if place not in self.memo:
            raise _ForgottenError
        self.append(self.memo[place])

    def _forget(self) -> None:
        """Forget the containers, numbers and names of evaluations since the last time that stand on no stack."""
        held = {id(value) for stack in (self.stack, *self.metastack) for value in stack}
        for place in self.recent:
            value = self.memo.get(place)
            if place not in self.shared and _is_of_one(value) and id(value) not in held:
                self.memo.pop(place, None)
        self.recent.clear()

    for _code, _step in (
        *((pickle.SETITEM, load_setitem), (pickle.SETITEMS, load_setitems), (pickle.MEMOIZE, load_memoize)),
        *((pickle.PUT, load_put), (pickle.BINPUT, load_binput), (pickle.LONG_BINPUT, load_long_binput)),
        *((pickle.GET, load_get), (pickle.BINGET, load_binget), (pickle.LONG_BINGET, load_long_binget)),
    ):
        dispatch[_code[0]] = _step


@final
class _Scan(_Entries):
    """Goes through the pickle for the places of what is forgotten and referred to later: `shared`."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        super().__init__(file, where, set())

    def _recall(self, place: int) -> None:
        if place not in self.memo:
            self.shared.add(place)
            if len(self.shared) > _MAX_SHARED:
                raise UserError(f"{self.where}: shares over {_MAX_SHARED:,} values between architectures")
        self.append(self.memo.get(place, _LOST))

    @staticmethod
    def key(key: Any) -> Any:
        return None if _is_lost(key) else checked_key(key)

    def call(self, function: Any, args: Any) -> Any:
        return Inert() if any(map(_is_lost, args)) else super().call(function, args)


class _Lost(Inert):
    """What stands for a forgotten value while the places are sought: whatever is put into it is gone."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, *values: Any) -> None:
        pass

    extend = update = append


def _is_lost(value: Any) -> bool:
    return value is _LOST or (isinstance(value, tuple) and any(part is _LOST for part in value))


def _is_of_one(value: Any) -> bool:
    """Whether other architectures hardly need it: anything but types, and names, seeds and pairs of them."""
    if isinstance(value, tuple):
        return not all(isinstance(part, str | int) for part in value) or not value
    return isinstance(value, dict | list | float | bytes | Inert) or (isinstance(value, str) and "@" in value)


_TAKEN, _LOST = Inert(), _Lost()
