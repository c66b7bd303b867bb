"""Registries of the components that a study can name: shipped, registered, from an installed package, or referenced."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, final

from nasgauge.core import references
from nasgauge.core.errors import UserError, unknown_name

T = TypeVar("T")


@final
class Registry(MutableMapping[str, T], Generic[T]):
    """Entries of one kind by name, in their order: an extensible dictionary.

    kind: name of the kind in messages. entries: those that are shipped. group: entry points of installed packages,
    each loaded when first requested; shipped and registered entries take precedence. of: type of the objects that
    `find` accepts in place of a name.

    A name with a colon is a reference (`core.references`) and is never registered: it is in every registry, is loaded
    when it is looked up, and may be anything that `adapt(object, its name)` makes an entry of; it gives None for what
    does not fit, or raises UserError. takes: what fits, in messages. `find` adapts objects in the same way. Without
    `adapt`, entries are of the type `of`, or functions.

    >>> shapes = Registry("shape", {"round": 1.0, "square": 2.0}, group="nasgauge.shape", of=float)
    >>> shapes["oval"] = 1.5
    >>> list(shapes), shapes.find("oval"), shapes.find(3.0)
    (['round', 'square', 'oval'], 1.5, 3.0)
    >>> shapes.find("sqare")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: unknown shape 'sqare'; nearest: square
    """

    def __init__(
        self,
        kind: str,
        entries: Mapping[str, T],
        *,
        group: str,
        of: type | None = None,
        adapt: Callable[[Any, str], T | None] | None = None,
        takes: str = "",
    ) -> None:
        self.kind, self.group, self.of = kind, group, of
        self._adapt = adapt
        self._takes = takes or ("a function" if of is None else f"one of type {of.__name__}")
        self._entries = dict(entries)
        self._brought: dict[str, Any] = {}  # by name: what an installed package brought, before it was adapted
        self._referenced: dict[str, tuple[Any, T]] = {}  # by reference: what it yielded last, and the entry

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}, {', '.join(self)})"

    def __getitem__(self, name: str) -> T:
        if references.is_reference(name):
            return self._of_reference(name)
        if name not in self._entries:
            self._entries[name] = self._loaded(self._offered[name])
        return self._entries[name]

    def __setitem__(self, name: str, entry: T) -> None:
        if references.is_reference(name):
            raise UserError(f"{self.kind} {name!r}: a name with a colon is a reference; choose another name")
        self._entries[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return references.is_reference(name) or name in self._entries or name in self._offered

    def __iter__(self) -> Iterator[str]:
        yield from self._entries
        yield from [name for name in self._offered if name not in self._entries]

    def __len__(self) -> int:
        return len(self._entries.keys() | self._offered.keys())

    def find(self, name_or_entry: str | T) -> T:
        """The entry of a name, or an object of the right type itself; UserError that lists the nearest names."""
        if self.of is not None and isinstance(name_or_entry, self.of):
            return name_or_entry
        if self._adapt is not None and callable(name_or_entry):
            name = getattr(name_or_entry, "__name__", type(name_or_entry).__name__)
            return self._adapted(name_or_entry, name, name)
        if not isinstance(name_or_entry, str) or name_or_entry not in self:
            raise unknown_name(self.kind, name_or_entry, self)
        return self[name_or_entry]

    def register(self, name: str, entry: T) -> T:
        """Add an entry, and return it; UserError if the name is another entry's."""
        if not references.is_reference(name) and name in self and not self._is(name, entry):
            raise UserError(f"{self.kind} {name!r} is already registered; choose another name")
        self[name] = entry
        return entry

    def _is(self, name: str, entry: Any) -> bool:
        """Whether that object is the entry of the name, or what it was made of."""
        return self[name] is entry or self._brought.get(name) is entry

    def in_tables(self, name: str) -> T | None:
        """The entry that tables call by that name: a registered one, or what a reference yielded last in this process.

        None where there is neither.
        """
        if references.is_reference(name):
            return None
        if name in self:
            return self[name]
        found = [entry for text, (_, entry) in self._referenced.items() if references.short_name(text) == name]
        return found[-1] if found else None

    def _of_reference(self, text: str) -> T:
        text = references.anchored(text)
        thing = references.load(text)
        known = self._referenced.pop(text, None)  # and in again, as the last one
        if known is None or known[0] is not thing:
            known = thing, self._adapted(thing, references.short_name(text), text)
        self._referenced[text] = known
        return known[1]

    def _adapted(self, thing: Any, name: str, text: str) -> T:
        """An object of a reference, or from Python, as an entry of that name."""
        where = f"{self.kind} {text!r}"
        try:
            if self._adapt is not None:
                entry = self._adapt(thing, name)
            else:
                fits = callable(thing) if self.of is None else isinstance(thing, self.of)
                entry = thing if fits else None
        except UserError as error:
            reason = str(error).removeprefix(f"{self.kind} {name!r}: ")  # it may begin with what it is about
            raise UserError(f"{where}: {reason}") from error
        if entry is None:
            what = f"the class {thing.__name__}" if isinstance(thing, type) else f"of type {type(thing).__name__}"
            raise UserError(f"{where} is {what}; give {self._takes}")
        return entry

    @cached_property
    def _offered(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def _loaded(self, point: EntryPoint) -> Any:
        try:
            thing = self._brought[point.name] = point.load()
        except Exception as error:
            owner = point.dist.name if point.dist else point.value
            raise UserError(
                f"{self.kind} {point.name!r} of the installed package {owner!r} cannot be loaded "
                f"({type(error).__name__}: {error}); fix or uninstall it"
            ) from error
        if self._adapt is None or (self.of is not None and isinstance(thing, self.of)):
            return thing
        return self._adapted(thing, point.name, point.value)
