"""Registries of the components that a study can name: shipped, registered, or from another installed package."""

from collections.abc import Iterator, Mapping, MutableMapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, final

from nasgauge.core.errors import UserError, unknown_name

T = TypeVar("T")


@final
class Registry(MutableMapping[str, T], Generic[T]):
    """Entries of one kind by name, in their order: an extensible dictionary.

    kind: name of the kind in messages. entries: those that are shipped. group: entry points of installed packages,
    each loaded when first requested; shipped and registered entries take precedence. of: type of the objects that
    `find` accepts in place of a name.

    >>> shapes = Registry("shape", {"round": 1.0, "square": 2.0}, group="nasgauge.shape", of=float)
    >>> shapes["oval"] = 1.5
    >>> list(shapes), shapes.find("oval"), shapes.find(3.0)
    (['round', 'square', 'oval'], 1.5, 3.0)
    >>> shapes.find("sqare")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: unknown shape 'sqare'; nearest: square
    """

    def __init__(self, kind: str, entries: Mapping[str, T], *, group: str, of: type | None = None) -> None:
        self.kind, self.group, self.of = kind, group, of
        self._entries = dict(entries)

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}, {', '.join(self)})"

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            self._entries[name] = self._loaded(self._offered[name])
        return self._entries[name]

    def __setitem__(self, name: str, entry: T) -> None:
        self._entries[name] = entry

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._offered

    def __iter__(self) -> Iterator[str]:
        yield from self._entries
        yield from [name for name in self._offered if name not in self._entries]

    def __len__(self) -> int:
        return len(self._entries.keys() | self._offered.keys())

    def find(self, name_or_entry: str | T) -> T:
        """The entry of a name, or an object of the right type itself; UserError that lists the nearest names."""
        if self.of is not None and isinstance(name_or_entry, self.of):
            return name_or_entry
        if not isinstance(name_or_entry, str) or name_or_entry not in self:
            raise unknown_name(self.kind, name_or_entry, self)
        return self[name_or_entry]

    def register(self, name: str, entry: T) -> T:
        """Add an entry, and return it; UserError if the name is another entry's."""
        if name in self and self[name] is not entry:
            raise UserError(f"{self.kind} {name!r} is already registered; choose another name")
        self[name] = entry
        return entry

    @cached_property
    def _offered(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def _loaded(self, point: EntryPoint) -> Any:
        try:
            return point.load()
        except Exception as error:
            owner = point.dist.name if point.dist else point.value
            raise UserError(
                f"{self.kind} {point.name!r} of the installed package {owner!r} cannot be loaded "
                f"({type(error).__name__}: {error}); fix or uninstall it"
            ) from error
