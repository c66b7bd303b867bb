"""NAS-Bench-201, the single file of torch.save (NAS-Bench-201-v1_*.pth).

One pickle: {"meta_archs": [...], "arch2infos": {index: {"less": results, "full": results}}, ...}; results as in
`official.nats`, of 12 and of 200 epochs. The pickle is gigabytes long, so an architecture is handed over as soon as it
is complete, and what the pickle would remember of it is forgotten, but for what later ones may refer to (names).
"""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, final

from nasgauge.errors import UserError
from nasgauge.official.nats import trainings_of
from nasgauge.official.training import Foreign, Training
from nasgauge.official.unpickle import Inert, SafeUnpickler, damage_told, opened_pth


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings in the order of the file; one architecture is held at a time."""
    n = 0
    with opened_pth(path) as file:
        entries = _Entries(file, str(path)).entries()
        while True:
            with damage_told(str(path)):
                entry = next(entries, None)
            if entry is None:
                break
            n += 1
            yield from trainings_of(entry[1], f"{path}, architecture {entry[0]}")
    if not n:
        raise UserError(f"{path}: holds no architecture with its results; name the file NAS-Bench-201-v1_*.pth")


@final
class _Entries(SafeUnpickler):
    """Steps through a pickle and takes the entries {int: {"less": ..., "full": ...}} out of any dictionary."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        super().__init__(file, where)
        self.recent: list[int] = []  # places in the memory since the last entry
        self.n_memoized = 0
        self.taken: tuple[int, Any] | None = None

    def entries(self) -> Iterator[tuple[int, Any]]:
        """Index and results of each architecture."""
        self._begin()
        steps = self.dispatch | {code[0]: step for code, step in _STEPS.items()}
        while True:
            code = self.read(1)
            if not code:
                raise EOFError("it breaks off")
            if code == pickle.STOP:
                return
            steps[code[0]](self)
            if self.taken is not None:
                yield self.taken
                self.taken = None
                self._forget()

    def _begin(self) -> None:
        """As `load` of the class above begins."""
        self._unframer = pickle._Unframer(self._file_read, self._file_readline)
        self.read, self.readline = self._unframer.read, self._unframer.readline
        self.readinto = self._unframer.readinto
        self.metastack: list[Any] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        self.proto = 0

    def set_items(self) -> None:
        """SETITEMS, and SETITEM: once a dictionary holds an architecture's results, it is taken off the stack."""
        self.dispatch[pickle.SETITEMS[0]](self)
        self._take()

    def set_item(self) -> None:
        self.dispatch[pickle.SETITEM[0]](self)
        self._take()

    def _take(self) -> None:
        value = self.stack[-1]
        is_entry = isinstance(value, dict) and value and value.keys() <= {"less", "full"}
        if is_entry and len(self.stack) > 1 and isinstance(self.stack[-2], int):
            self.taken = self.stack[-2], value
            self.stack[-1] = _TAKEN

    def memoize(self) -> None:
        """MEMOIZE counts what has been remembered, which is more than what still is."""
        self._remember(self.n_memoized)

    def put(self) -> None:
        self._remember(int(self.readline()[:-1]))

    def bin_put(self) -> None:
        self._remember(self.read(1)[0])

    def long_bin_put(self) -> None:
        self._remember(int.from_bytes(self.read(4), "little"))

    def _remember(self, place: int) -> None:
        self.memo[place] = self.stack[-1]
        self.recent.append(place)
        self.n_memoized += 1

    def _forget(self) -> None:
        """Forget the containers, numbers and names of evaluations since the last entry that stand on no stack."""
        kept = {id(value) for stack in (self.stack, *self.metastack) for value in stack}
        for place in self.recent:
            value = self.memo.get(place)
            if _is_of_one(value) and id(value) not in kept:
                self.memo.pop(place, None)
        self.recent.clear()


def _is_of_one(value: Any) -> bool:
    """Whether no other architecture can need it: anything but types, and names, seeds and pairs of them."""
    if isinstance(value, tuple):
        return not all(isinstance(part, str | int) for part in value) or not value
    return isinstance(value, dict | list | float | bytes | Inert) or (isinstance(value, str) and "@" in value)


_TAKEN = Inert()
_STEPS = {
    pickle.SETITEMS: _Entries.set_items,
    pickle.SETITEM: _Entries.set_item,
    pickle.MEMOIZE: _Entries.memoize,
    pickle.PUT: _Entries.put,
    pickle.BINPUT: _Entries.bin_put,
    pickle.LONG_BINPUT: _Entries.long_bin_put,
}
