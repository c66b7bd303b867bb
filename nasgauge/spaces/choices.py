"""Spaces that are mostly data: independent choices by name, and a list of architectures."""

import copy
import itertools
import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, final

import numpy as np

from nasgauge.core.errors import UserError, check_name, unknown_name
from nasgauge.spaces.space import Arch, Operation, Space, one_changed

_BETWEEN = "|"  # the words of a string form
_LISTED = 1_000_000  # architectures, beyond which a space is not enumerated


class ChoiceSpace(Space):
    """Independent choices among named options: a subclass is a name, its `choices`, and the `network` if it has one.

    choices: per place of an architecture the names of its options; a name may stand at several places. An architecture
    is the tuple of its options' numbers, its string their names joined by "|"; sampling is uniform, a neighbour differs
    in one choice, no two architectures are isomorphic, and the encoding is one-hot. UserError: no name, no choices, or
    options that are not distinct names.

    >>> class Two(ChoiceSpace):
    ...     name, choices = "two", (("conv", "pool"), ("conv", "skip"))
    >>> space = Two()
    >>> space.from_str("pool|conv"), space.neighbours((1, 0)), space.encode((1, 0)).tolist()
    ((1, 0), [(0, 0), (1, 1)], [0.0, 1.0, 1.0, 0.0])
    >>> [space.to_str(arch) for arch in space.restrict(["conv", "skip"]).enumerate()]
    ['conv|conv', 'conv|skip']
    """

    choices: tuple[tuple[str, ...], ...] = ()

    def __init__(self) -> None:
        where = f"search space {type(self).__name__}"
        check_name(getattr(self, "name", ""), f"{where}: `name`")
        if not self.choices or isinstance(self.choices, str) or any(isinstance(c, str) for c in self.choices):
            raise UserError(f"{where}: `choices` is {self.choices!r:.80}; give the names of the options of each place")
        for place, names in enumerate(self.choices, start=1):
            _check_words(names, f"{where}: place {place}", apart=True)
            if len(set(names)) != len(names) or not names:
                raise UserError(f"{where}: place {place} offers {', '.join(names) or 'nothing'}; name each option once")
        self._keep(dict.fromkeys(itertools.chain(*self.choices)))

    def _keep(self, names: Collection[str]) -> None:
        self._kept = tuple(tuple(i for i, word in enumerate(c) if word in names) for c in self.choices)
        self.options = tuple(
            dict.fromkeys(c[i] for c, kept in zip(self.choices, self._kept, strict=True) for i in kept)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.options)})"

    def sample(self, rng: np.random.Generator) -> Arch:
        return tuple(int(kept[rng.integers(len(kept))]) for kept in self._kept)

    def neighbours(self, arch: Arch) -> list[Arch]:
        return one_changed(arch, self._kept)

    def encode(self, arch: Arch) -> np.ndarray:
        """One-hot, place by place."""
        return one_hot(arch, self.choices)

    def words(self, arch: Arch) -> tuple[str, ...]:
        return words_of(arch, self.choices)

    def to_str(self, arch: Arch) -> str:
        return _BETWEEN.join(self.words(arch))

    def from_str(self, text: str) -> Arch:
        words = text.strip().split(_BETWEEN)
        if len(words) != len(self.choices):
            example = _BETWEEN.join(c[0] for c in self.choices)
            raise UserError(
                f"arch {text!r} has {len(words)} options, {self.name} {len(self.choices)} as in {example!r}"
            )
        for place, (word, known) in enumerate(zip(words, self.choices, strict=True), start=1):
            if word not in known:
                raise UserError(f"arch {text!r}: place {place}: {unknown_name('option', word, known)}")
        return tuple(known.index(word) for word, known in zip(words, self.choices, strict=True))

    def validate(self, arch: Arch) -> None:
        """UserError unless there is the number of an option at each place."""
        if len(arch) != len(self.choices):
            raise UserError(f"arch {arch} has {len(arch)} entries; an architecture has {len(self.choices)}")
        for place, (entry, known) in enumerate(zip(arch, self.choices, strict=True), start=1):
            if entry not in range(len(known)):
                raise UserError(f"arch {arch}: place {place} is {entry!r}; expected 0 to {len(known) - 1}")

    def restrict(self, keep: Collection[str]) -> Self:
        """The options of these names are left, at every place alike."""
        check_options(keep, itertools.chain(*self.choices))
        other = copy.copy(self)
        other._keep([name for name in keep if name in self.options])
        for place, (kept, names) in enumerate(zip(other._kept, self.choices, strict=True), start=1):
            if not kept:
                raise UserError(f"restrict: no option of place {place} is kept; name one of {', '.join(names)}")
        return other

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        return self._kept

    def enumerate(self) -> Iterator[Arch]:
        """In lexicographic order; NotImplementedError beyond a million architectures."""
        if math.prod(map(len, self._kept)) > _LISTED:
            return super().enumerate()
        return itertools.product(*self._kept)


@final
class ListedSpace(Space):
    """The architectures of a list, each a name or a tuple of words: whatever somebody has to compare.

    archs: names, or tuples of equally many words, whose string is the words joined by "|". An architecture is the tuple
    of its words' numbers in the order of the list. Neighbours differ in one word where such steps lead from every
    architecture to every other, else all others are neighbours; none are isomorphic; the encoding is one-hot by word,
    so that predictors can learn from words only. `network`, `operations`, `reference`: as in `Space`. UserError: no
    architecture, one listed twice, words that are not printable text, tuples of different lengths.

    >>> space = ListedSpace("pairs", [("conv", "pool"), ("conv", "skip"), ("pool", "skip")])
    >>> [space.to_str(arch) for arch in space.neighbours(space.from_str("conv|pool"))]
    ['conv|skip']
    >>> ListedSpace("nets", ["resnet", "vit"]).neighbours((0,))
    [(1,)]
    """

    def __init__(
        self,
        name: str,
        archs: Iterable[str | Sequence[str]],
        *,
        network: Any = None,
        operations: Mapping[str, Operation] | None = None,
        reference: str | None = None,
    ) -> None:
        self.name, self.network, self.reference = check_name(name, "search space"), network, reference
        self.operations = operations or Space.operations
        words = _checked(name, list(archs))
        self.choices = tuple(tuple(dict.fromkeys(place)) for place in zip(*words, strict=True))
        number = [{word: i for i, word in enumerate(place)} for place in self.choices]
        entries = [tuple(known[word] for word, known in zip(given, number, strict=True)) for given in words]
        self._archs = dict(zip(map(_BETWEEN.join, words), entries, strict=True))
        self._kept = list(self._archs.values())
        self._known = frozenset(self._kept)
        self._settle()

    def _settle(self) -> None:
        self.options = tuple(dict.fromkeys(word for arch in self._kept for word in self.words(arch)))
        self._near: dict[Hashable, list[Arch]] | None = None

    def __repr__(self) -> str:
        return f"ListedSpace({self.name!r}, {len(self._kept):,} architectures)"

    def sample(self, rng: np.random.Generator) -> Arch:
        return self._kept[int(rng.integers(len(self._kept)))]

    def neighbours(self, arch: Arch) -> list[Arch]:
        if self._near is None:
            self._near = _near(self._kept)
        if not self._near:
            return [other for other in self._kept if other != arch]
        near = itertools.chain.from_iterable(self._near.get(key, ()) for key in _masked(arch))
        return [other for other in near if other != arch]

    def encode(self, arch: Arch) -> np.ndarray:
        """One-hot, word by word."""
        return one_hot(arch, self.choices)

    def words(self, arch: Arch) -> tuple[str, ...]:
        return words_of(arch, self.choices)

    def to_str(self, arch: Arch) -> str:
        return _BETWEEN.join(self.words(arch))

    def from_str(self, text: str) -> Arch:
        if text.strip() not in self._archs:
            example = next(iter(self._archs))
            raise UserError(f"arch {text!r} is not one of the {len(self._archs):,} of {self.name}, such as {example!r}")
        return self._archs[text.strip()]

    def validate(self, arch: Arch) -> None:
        """UserError unless the tuple is on the list."""
        if arch not in self._known:
            raise UserError(f"arch {arch} is not one of the {len(self._archs):,} of {self.name}")

    def restrict(self, keep: Collection[str]) -> "ListedSpace":
        """The architectures all of whose words are named are left."""
        check_options(keep, itertools.chain(*self.choices))
        other = copy.copy(self)
        other._kept = [arch for arch in self._kept if set(self.words(arch)) <= set(keep)]
        if not other._kept:
            raise UserError(f"restrict: no architecture of {self.name} consists of the kept words; keep more of them")
        other._settle()
        return other

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        """The words of each place, where the list contains all their combinations; else NotImplementedError."""
        places = tuple(tuple(sorted(set(place))) for place in zip(*self._kept, strict=True))
        return places if math.prod(map(len, places)) == len(self._kept) else super().decisions()

    def enumerate(self) -> Iterator[Arch]:
        """In the order of the list."""
        return iter(self._kept)


def one_hot(arch: Arch, choices: Sequence[Sequence[str]]) -> np.ndarray:
    """Per place one number for each of its options: 1 for the one that the architecture has.

    >>> one_hot((1, 0), (("a", "b"), ("c",))).tolist()
    [0.0, 1.0, 1.0]
    """
    return np.concatenate([np.eye(len(names))[entry] for entry, names in zip(arch, choices, strict=True)])


def words_of(arch: Arch, choices: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names of the options that an architecture has.

    >>> words_of((1, 0), (("a", "b"), ("c",)))
    ('b', 'c')
    """
    return tuple(names[entry] for entry, names in zip(arch, choices, strict=True))


def check_options(keep: Iterable[str], known: Iterable[str]) -> None:
    """UserError for a name that is not one of those known."""
    offered = list(dict.fromkeys(known))
    for name in keep:
        if name not in offered:
            raise unknown_name("option", name, offered)


def _check_words(words: Sequence[object], where: str, *, apart: bool) -> None:
    for word in words:
        if not isinstance(word, str) or not word.isprintable() or not word or word != word.strip():
            raise UserError(f"{where}: {word!r:.80} is not a name; give printable text without spaces around it")
        if apart and _BETWEEN in word:
            raise UserError(f"{where}: {word!r} contains {_BETWEEN!r}, which stands between two names; leave it out")


def _checked(name: str, archs: list[str | Sequence[str]]) -> list[tuple[str, ...]]:
    where = f"search space {name!r}"
    if not archs:
        raise UserError(f"{where}: no architecture is listed; give at least one")
    words = [
        (arch,) if isinstance(arch, str) else tuple(arch) if isinstance(arch, Sequence) else arch for arch in archs
    ]
    for given in words:
        if not isinstance(given, tuple):
            raise UserError(f"{where}: {given!r:.80} names no architecture; give text, or a tuple of words")
        _check_words(given, where, apart=len(given) > 1)
    lengths = sorted({len(given) for given in words})
    if len(lengths) > 1 or not lengths[0]:
        raise UserError(f"{where}: architectures of {', '.join(map(str, lengths))} words; give all equally many")
    twice, n = Counter(words).most_common(1)[0]
    if n > 1:
        raise UserError(f"{where}: {_BETWEEN.join(twice)!r} is listed twice; list each architecture once")
    return words


def _masked(arch: Arch) -> list[Hashable]:
    """The architecture with each of its places left open."""
    return [(place, *arch[:place], *arch[place + 1 :]) for place in range(len(arch))]


def _near(archs: Sequence[Arch]) -> dict[Hashable, list[Arch]]:
    """Architectures that differ in one place at most, by what they have in common; empty unless steps join them all."""
    groups: dict[Hashable, list[Arch]] = {}
    for arch in archs:
        for key in _masked(arch):
            groups.setdefault(key, []).append(arch)
    reached, waiting, opened = {archs[0]}, [archs[0]], set()
    while waiting:
        for key in _masked(waiting.pop()):
            if key not in opened:
                opened.add(key)
                waiting += [other for other in groups[key] if other not in reached]
                reached |= set(groups[key])
    return groups if len(reached) == len(archs) else {}
