"""Which architectures may a search evaluate, and which of them lie one step apart?"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space

_LISTED = 20_000  # architectures up to which a whole space is listed: NAS-Bench-201 has 15,625
_PATIENCE = 10_000  # draws in a row without a new architecture after which a space counts as used up


class Pool(ABC):
    """The candidates of searches in one space. Searches may share it, which reads each architecture only once."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._read: dict[str, Arch] = {}
        self._relatives: dict[str, list[str]] = {}

    @property
    @abstractmethod
    def size(self) -> int | None:
        """How many candidates there are, None where they are not listed."""

    @abstractmethod
    def resolve(self, arch: Arch) -> str | None:
        """The string of the candidate that stands for the architecture, None where there is none."""

    @abstractmethod
    def unevaluated(self, rng: np.random.Generator, taken: Collection[str]) -> Iterator[str]:
        """Random candidates that are not among `taken`, which may grow meanwhile; ends when there are none."""

    @final
    def read(self, text: str) -> Arch:
        """The architecture of a candidate; UserError: the space writes it in another way, or cannot read it."""
        if text not in self._read:
            arch = self.space.from_str(text)
            if (own := self.space.to_str(arch)) != text:
                raise UserError(f"candidate {text!r} is written otherwise in {self.space.name}: {own}")
            self._read[text] = arch
        return self._read[text]

    @final
    def relatives(self, text: str) -> list[str]:
        """Where the neighbours of a candidate lead: the candidate that stands for each, none for one without."""
        if text not in self._relatives:
            found = map(self.resolve, self.space.neighbours(self.read(text)))
            self._relatives[text] = [other for other in found if other is not None]
        return self._relatives[text]


@final
class Listed(Pool, Sequence[str]):
    """Given candidates, sorted and each once; it is the sequence of their strings.

    An architecture is stood for by itself if it is a candidate, otherwise by its class's representative,
    `space.canonical(arch)`, if that is one: a table may know the truth of one architecture per class. UserError: there
    are no candidates.
    """

    def __init__(self, space: Space, candidates: Collection[str]) -> None:
        super().__init__(space)
        self._texts = sorted(set(candidates))
        self._known = frozenset(self._texts)
        if not self._texts:
            raise UserError("a search has no candidates; give the architectures to choose from")

    @property
    def size(self) -> int:
        return len(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index):
        return self._texts[index]

    def __contains__(self, text: object) -> bool:
        return text in self._known

    def resolve(self, arch: Arch) -> str | None:
        text = self.space.to_str(arch)
        if text not in self._known:
            text = self.space.to_str(self.space.canonical(arch))
        return text if text in self._known else None

    def unevaluated(self, rng: np.random.Generator, taken: Collection[str]) -> Iterator[str]:
        """In an order drawn at random, all orders equally likely."""
        order = rng.permutation(len(self._texts))
        return (text for text in (self._texts[i] for i in order) if text not in taken)


@final
class Whole(Pool):
    """Every architecture of a space that is too large to be listed, by the string of its `identity`.

    Isomorphic architectures of different identities are different candidates. Random candidates follow `space.sample`;
    after 10,000 draws in a row without a new one the space counts as used up.
    """

    @property
    def size(self) -> None:
        return None

    def resolve(self, arch: Arch) -> str:
        return self.space.to_str(self.space.identity(arch))

    def unevaluated(self, rng: np.random.Generator, taken: Collection[str]) -> Iterator[str]:
        while True:
            drawn = (self.resolve(self.space.sample(rng)) for _ in range(_PATIENCE))
            new = next((text for text in drawn if text not in taken), None)
            if new is None:
                return
            yield new


Candidates = Collection[str] | Pool | None


def pool_of(space: Space, candidates: Candidates) -> Pool:
    """The pool of these candidates: strings of architectures, or None for the whole space, or a pool as it is.

    A space that enumerates at most 20,000 architectures is listed.

    >>> from nasgauge.spaces import get_space
    >>> pool_of(get_space("nb201"), None).size, pool_of(get_space("darts"), None).size
    (15625, None)
    """
    if isinstance(candidates, Pool):
        return candidates
    if candidates is not None:
        return Listed(space, candidates)
    try:
        archs = list(islice(space.enumerate(), _LISTED + 1))
    except NotImplementedError:
        return Whole(space)
    if len(archs) > _LISTED:
        return Whole(space)
    return Listed(space, [space.to_str(space.identity(arch)) for arch in archs])
