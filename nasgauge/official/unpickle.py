"""Pickles read without executing anything that they name.

A pickle is a program that may call any function it can name. Here it can name sets, ordered dictionaries and the
scalars of numpy; arrays, tensors and storages become placeholders without content; anything else is an error. Nor can
it take long: keys of dictionaries are text, small numbers or pairs of both, so that none is costly to hash, and the
bytes, steps and depth of an architecture are bounded (`opened`).
"""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import IO, Any, ClassVar, final

from nasgauge.core.errors import UserError
from nasgauge.official.frames import Frames
from nasgauge.official.opened import MAX_ENTRY, MAX_MARKS, MAX_STEPS, damage_told

_NUMBERS = {"f8": "<d", "f4": "<f", "i8": "<q", "i4": "<i", "b1": "<?"}
_LARGEST_KEY = 1 << 31


class Inert:
    """What stands where the file has an object that is not read: it can be made, and does nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass


@final
class _Dtype:
    """The name of a numpy dtype."""

    def __init__(self, name: str, *options: Any) -> None:
        self.name = name


def _scalar(dtype: _Dtype, content: bytes | str) -> float | int | bool:
    raw = content.encode("latin1") if isinstance(content, str) else content
    return struct.unpack(_NUMBERS[dtype.name.lstrip("<=")], raw)[0]


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1")  # how protocol 2 writes bytes


def _ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    return OrderedDict((checked_key(key), value) for key, value in items)


def _set(items: Any = ()) -> set[Any]:
    return {checked_key(item) for item in items}


_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _ordered,
    ("_codecs", "encode"): _encoded,
    **{(module, "set"): _set for module in ("builtins", "__builtin__")},
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): Inert,
    **{(module, "scalar"): _scalar for module in _NUMPY},
    **{(module, "_reconstruct"): Inert for module in _NUMPY},
    **{("torch._utils", name): Inert for name in ("_rebuild_tensor_v2", "_rebuild_parameter")},
    ("torch.storage", "_load_from_bytes"): Inert,
    **{("torch", f"{kind}Storage"): Inert for kind in ("Float", "Double", "Half", "Long", "Int", "Byte", "Bool")},
}
_CALLABLE = {id(known) for known in _KNOWN.values()}


def checked_key(key: Any) -> Any:
    """The key of a dictionary or element of a set, if its hash costs nothing: text, a small number, a pair of both."""
    if type(key) is str or (type(key) is int and -_LARGEST_KEY < key < _LARGEST_KEY):
        return key
    parts = key if isinstance(key, tuple) else (key,)
    pair = len(parts) == 2 and isinstance(parts[0], str) and isinstance(parts[1], int)
    if isinstance(key, tuple) and not pair:
        raise pickle.UnpicklingError("a key is a tuple, but no pair of text and number")
    for part in parts:
        small = isinstance(part, int) and -_LARGEST_KEY < part < _LARGEST_KEY
        if not small and not isinstance(part, str):
            raise pickle.UnpicklingError(f"a key is of type {type(part).__name__}, or a number of over 31 bits")
    return key


class SafeUnpickler(pickle._Unpickler):
    """The interpreter's unpickler in Python, whose names are those of `_KNOWN`. `where`: the file in messages."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: IO[bytes], where: str) -> None:
        super().__init__(file, encoding="latin1")
        self.file, self.where = file, where
        self.taken: Any = None  # what `parts` hands over before the end
        self.value: Any = None  # the object, at the end

    def load(self) -> Any:
        for _ in self.parts():
            pass
        return self.value

    def parts(self) -> Iterator[Any]:
        """Run the pickle to its end; what a step leaves in `taken` is handed over, and the bounds count anew."""
        self._unframer = frames = Frames(self.file, self.where)
        self.read, self.readline, self.readinto = frames.read, frames.readline, None
        self.metastack: list[Any] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        self.proto, left, steps = 0, MAX_STEPS, self.dispatch
        while (code := self.read(1)) != pickle.STOP:
            left -= 1
            if not left:
                raise UserError(
                    f"{self.where}: has over {MAX_STEPS:,} values in one architecture; get the official file"
                )
            steps[code[0]](self)
            if self.taken is not None:
                yield self.taken
                self.taken, left, frames.left = None, MAX_STEPS, MAX_ENTRY
        self.value = self.stack.pop()

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) not in _KNOWN:
            raise UserError(
                f"{self.where}: the pickle requests {module[:60]}.{name[:60]}, which no benchmark file needs; it was "
                "not executed. Download the file from the authors of the benchmark"
            )
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Inert:
        """Storages of tensors stand beside the pickle and are not read."""
        return Inert()

    def call(self, function: Any, args: Any) -> Any:
        """The only place where something is called: what `find_class` gave, and nothing that was made of it."""
        if id(function) not in _CALLABLE or not isinstance(args, list | tuple):
            raise pickle.UnpicklingError("a call of something other than a function")
        return function(*args)

    def load_reduce(self) -> None:
        args = self.stack.pop()
        self.stack[-1] = self.call(self.stack[-1], args)

    def load_newobj(self) -> None:
        args = self.stack.pop()
        self.stack[-1] = self.call(self.stack[-1], args)

    def load_newobj_ex(self) -> None:
        self.stack.pop()  # named arguments, which nothing here takes
        self.load_newobj()

    def _instantiate(self, klass: Any, args: Any) -> None:
        self.append(self.call(klass, args))

    def load_build(self) -> None:
        """States are left aside: those of placeholders and dtypes say nothing that is read."""
        self.stack.pop()
        if not isinstance(self.stack[-1], Inert | _Dtype | OrderedDict):
            raise pickle.UnpicklingError("a state is given to what has none")

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1][self.key(key)] = value

    def load_setitems(self) -> None:
        items = self.pop_mark()
        target = self.stack[-1]
        key = self.key
        for i in range(0, len(items), 2):
            target[key(items[i])] = items[i + 1]

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append({self.key(items[i]): items[i + 1] for i in range(0, len(items), 2)})

    def load_additems(self) -> None:
        items = self.pop_mark()
        self.stack[-1].update(self.key(item) for item in items)

    def load_frozenset(self) -> None:
        self.append(frozenset(self.key(item) for item in self.pop_mark()))

    def load_bytearray8(self) -> None:
        self.append(self.read(struct.unpack("<Q", self.read(8))[0]))

    def load_mark(self) -> None:
        if len(self.metastack) == MAX_MARKS:
            raise pickle.UnpicklingError(f"it is nested {MAX_MARKS:,} deep")
        super().load_mark()

    key = staticmethod(checked_key)

    for _code, _step in (
        *((pickle.REDUCE, load_reduce), (pickle.NEWOBJ, load_newobj), (pickle.NEWOBJ_EX, load_newobj_ex)),
        *((pickle.BUILD, load_build), (pickle.SETITEM, load_setitem), (pickle.SETITEMS, load_setitems)),
        *((pickle.DICT, load_dict), (pickle.ADDITEMS, load_additems), (pickle.FROZENSET, load_frozenset)),
        *((pickle.BYTEARRAY8, load_bytearray8), (pickle.MARK, load_mark)),
    ):
        dispatch[_code[0]] = _step


def load(file: IO[bytes], where: str) -> Any:
    """The object of one pickle; UserError where it names what it should not, is damaged or breaks off."""
    with damage_told(where):
        return SafeUnpickler(file, where).load()
