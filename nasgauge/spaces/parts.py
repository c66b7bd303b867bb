"""A space divided at one decision: each part has some of its options, and everything else of the space."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.space import Arch, Graph, Space

_N_DRAWS = 100_000  # of the whole space, until one lies in the part
_N_LOOKED_AT = 10_000


@final
class SpacePart(Space):
    """The architectures of a space that have one of some options at one place of the encoding.

    `whole`: the space; `place`: one of its `free_entries`; `kept`: some of the options there. Strings, canonical forms
    and operations are the space's; classes are narrowed to the members inside. What else the space has, such as the
    attributes of which its networks ask, is the space's too. UserError: a place or option that there is not.

    >>> from nasgauge.spaces import NB201
    >>> part = SpacePart(NB201(), 0, (2, 3))
    >>> part.decisions()[:2], sum(1 for _ in part.enumerate())
    (((2, 3), (0, 1, 2, 3, 4)), 6250)
    """

    def __init__(self, whole: Space, place: int, kept: Sequence[int]) -> None:
        self.whole, self.place, self.kept = whole, place, tuple(kept)
        offered = whole.free_entries().get(place, ())
        if not self.kept or not set(self.kept) <= set(offered):
            raise UserError(f"part of {whole.name}: {self.kept} at entry {place}; give some of {tuple(offered)}")
        self.name, self.options, self.forms = whole.name, whole.options, whole.forms
        self.reference, self.may_be_disconnected = whole.reference, whole.may_be_disconnected
        self.operations, self.network, self.sorts_entries = whole.operations, whole.network, whole.sorts_entries

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "whole" not in vars(self):  # as while it is unpickled
            raise AttributeError(name)
        return getattr(self.whole, name)

    def __repr__(self) -> str:
        return f"SpacePart({self.whole!r}, {self.place}, {self.kept})"

    def __contains__(self, arch: Arch) -> bool:
        return len(arch) > self.place and arch[self.place] in self.kept

    def sample(self, rng: np.random.Generator) -> Arch:
        """As the space's draws that lie in the part: uniform over its encodings where those are."""
        for _ in range(_N_DRAWS):
            arch = self.whole.sample(rng)
            if arch in self:
                return arch
        raise UserError(f"part of {self.name}: none of {_N_DRAWS:,} draws lies in {self!r}; make larger parts")

    def neighbours(self, arch: Arch) -> list[Arch]:
        return [near for near in self.whole.neighbours(arch) if near in self]

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        return self.whole.canonical(arch, form)

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """Those that lie in the part; none where the whole class is elsewhere."""
        return [member for member in self.whole.members(arch, form) if member in self]

    def identity(self, arch: Arch) -> Arch:
        return self.whole.identity(arch)

    def encode(self, arch: Arch) -> np.ndarray:
        return self.whole.encode(arch)

    def to_str(self, arch: Arch) -> str:
        return self.whole.to_str(arch)

    def from_str(self, text: str) -> Arch:
        return self.whole.from_str(text)

    def validate(self, arch: Arch) -> None:
        """UserError also for an architecture of another part."""
        self.whole.validate(arch)
        if arch not in self:
            raise UserError(
                f"arch {self.to_str(arch)} lies in another part of {self.name}, split at entry {self.place}"
            )

    def uses(self, arch: Arch) -> tuple[str, ...]:
        return self.whole.uses(arch)

    def words(self, arch: Arch) -> tuple[str, ...]:
        return self.whole.words(arch)

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        return self.whole.op_counts(arch, live=live)

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        return self.whole.graphs(arch)

    def restrict(self, keep: Collection[str]) -> "SpacePart":
        rest = self.whole.restrict(keep)
        return SpacePart(rest, self.place, [o for o in self.kept if o in rest.free_entries().get(self.place, ())])

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        return tuple(self.kept if i == self.place else o for i, o in enumerate(self.whole.decisions()))

    def free_entries(self) -> Mapping[int, tuple[int, ...]]:
        return self._narrowed(self.whole.free_entries())

    def balanced_entries(self) -> Mapping[int, tuple[int, ...]]:
        """NotImplementedError where `with_entries` sorts, and so would lead out of the part."""
        if self.sorts_entries:
            raise NotImplementedError(f"an encoding of {self.name} sorts its entries, so that a part is not balanced")
        return self._narrowed(self.whole.balanced_entries())

    def with_entries(self, arch: Arch, entries: Mapping[int, int]) -> Arch:
        return self.whole.with_entries(arch, entries)

    def enumerate(self) -> Iterator[Arch]:
        return filter(self.__contains__, self.whole.enumerate())

    def _narrowed(self, entries: Mapping[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
        return {place: self.kept if place == self.place else options for place, options in entries.items()}


def choices_of(space: Space) -> list[tuple[int, tuple[int, ...]]]:
    """Where a space can be split: the free entries that leave a choice, (place, options), in the encoding's order.

    NotImplementedError as `Space.free_entries`.

    >>> from nasgauge.spaces import get_space
    >>> choices_of(get_space("nb201"))[0], len(choices_of(get_space("darts")))
    ((0, (0, 1, 2, 3, 4)), 16)
    """
    return [(place, options) for place, options in sorted(space.free_entries().items()) if len(options) > 1]


def option_words(space: Space, place: int, options: Sequence[int]) -> dict[str, int]:
    """By its word, each option that may stand at a place.

    >>> from nasgauge.spaces import NB201
    >>> option_words(NB201(), 0, (1, 3))
    {'skip_connect': 1, 'nor_conv_3x3': 3}
    """
    rng = np.random.default_rng(0)
    found: dict[int, str] = {}
    for _ in range(_N_LOOKED_AT):
        if len(found) == len(options):
            break
        arch = space.sample(rng)
        for option in options:
            changed = space.with_entries(arch, {place: option})
            if changed[place] == option:  # it may have been sorted elsewhere
                found.setdefault(option, space.words(changed)[place])
    return {found[option]: option for option in options if option in found}


def in_groups(options: Sequence[int], n: int) -> list[tuple[int, ...]]:
    """Options in n groups, in their order, as equally large as possible, the first ones larger.

    >>> in_groups((0, 1, 2, 3, 4), 2), in_groups((0, 1, 2), 3)
    ([(0, 1, 2), (3, 4)], [(0,), (1,), (2,)])
    """
    return [tuple(group.tolist()) for group in np.array_split(np.array(options), n)]


def groups_named(words: Mapping[str, int], groups: Sequence[Sequence[str]], where: str) -> list[tuple[int, ...]]:
    """The options of each group of words; UserError unless every word stands in exactly one of them."""
    named = [word for group in groups for word in group]
    for word in named:
        if word not in words:
            raise unknown_name(f"option ({where})", word, words)
        if named.count(word) > 1:
            raise UserError(f"{where}: {word} stands in two groups; name each option once")
    left = [word for word in words if word not in named]
    if left:
        raise UserError(f"{where}: {', '.join(left)} in no group; name each option once")
    return [tuple(words[word] for word in group) for group in groups]
