"""The contract that every search space fulfils."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from types import MappingProxyType
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name

Arch = tuple[int, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Operation:
    """What an operation of a space does to what it is given; without any argument, nothing: a skip connection.

    layers: how many layers with weights it adds to the depth, a depthwise and the pointwise convolution after it
    counting as one. pixels: by how many it widens the receptive field, the sum of d (k - 1) over its k x k windows of
    dilation d. is_convolution: whether it counts as a convolution. is_zero: whether no information crosses it.
    """

    layers: int = 0
    pixels: int = 0
    is_convolution: bool = False
    is_zero: bool = False


@dataclass(frozen=True)
class Graph:
    """A cell to look at: node labels, and edges (source, target, label); dead edges carry an entry in `dead`.

    An edge of empty label carries none itself; then the node that it enters names the operation, unless that is the
    last one. outputs: the nodes whose values leave the cell, the last one if none is named. parts: the operations that
    a label stands for one after the other, where it is no operation itself. step: pixels between neighbours in the
    cell, in those of the first cell.
    """

    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int, str], ...]
    dead: frozenset[int] = frozenset()  # indices into edges that no information crosses
    inputs: tuple[int, ...] = (0,)
    outputs: tuple[int, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    step: int = 1

    def crossed(self, edge: int) -> tuple[str, ...]:
        """Names of the operations along an edge one after the other; none where it only leads to the last node.

        >>> graph = Graph(("in", "conv", "out"), ((0, 1, ""), (1, 2, "")))
        >>> graph.crossed(0), graph.crossed(1)
        (('conv',), ())
        """
        _, target, label = self.edges[edge]
        if not label:
            if target == len(self.nodes) - 1:
                return ()
            label = self.nodes[target]
        return self.parts.get(label, (label,))


def one_changed(arch: Arch, decisions: Sequence[Sequence[int]]) -> list[Arch]:
    """The architectures that differ from `arch` in one of its decisions, where these are independent of each other.

    decisions: the options of each entry. In the order of the entries, and of each one's options.

    >>> one_changed((0, 5), [(0, 1, 2), (4, 5)])
    [(1, 5), (2, 5), (0, 4)]
    """
    return [
        (*arch[:i], option, *arch[i + 1 :])
        for i, options in enumerate(decisions)
        for option in options
        if option != arch[i]
    ]


class Space(ABC):
    """A set of architectures. Final subclasses are mostly data.

    Attributes: `name`; `options`, the names that `restrict` may keep; `forms`, the names of its canonical forms, the
    default first; `reference` (bib key); `may_be_disconnected`: whether in some no information reaches
    the output; `operations`: what each operation does, by the name that it has in `graphs` (its `parts` included) and
    `op_counts`; `network`: how an architecture's network is built, a method (arch, NetOptions) -> module or a
    `nets.StandAlone`, for a space that brings it along (`nets.NETS` otherwise); `sorts_entries`: whether an encoding
    sorts entries that are a set, so that `with_entries` may move an option. Only the first two are compulsory.
    Without any `operations` a space does not say what its architectures consist of, and depth, receptive field and the
    like are undefined. Where it has some but lacks one, what asks for the entry is the UserError of `operation`.

    `ChoiceSpace` has everything but a name and its choices, `ListedSpace` everything but the list.
    """

    name: str
    options: tuple[str, ...]
    reference: str | None = None
    forms: tuple[str, ...] = ("identity",)
    may_be_disconnected: bool = False
    operations: Mapping[str, Operation] = MappingProxyType({})
    network: Any = None
    sorts_entries: bool = False

    @final
    def operation(self, name: str) -> Operation:
        """What the operation of that name does; UserError where `operations` does not say.

        >>> from nasgauge.spaces import NB201
        >>> NB201().operation("nor_conv_3x3")
        Operation(layers=1, pixels=2, is_convolution=True, is_zero=False)
        """
        if name not in self.operations:
            raise UserError(
                f"search space {self.name!r}: its cells contain {name!r}, which its `operations` lack; add "
                f"{name!r}: Operation(layers=..., pixels=..., is_convolution=..., is_zero=...) there"
            )
        return self.operations[name]

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Arch:
        """One architecture, uniform over the encodings."""

    def mutate(self, arch: Arch, rng: np.random.Generator) -> Arch:
        """An architecture at edit distance 1, uniform over `neighbours(arch)`."""
        options = self.neighbours(arch)
        return options[int(rng.integers(len(options)))]

    @abstractmethod
    def neighbours(self, arch: Arch) -> list[Arch]:
        """All architectures at edit distance 1, each once."""

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        """The representative of the architecture's class under the named canonical form (default: the first form).

        Itself, unless a space says otherwise: none is isomorphic to another. UserError for a form that there is not.
        """
        if form not in (None, *self.forms):
            raise unknown_name("canonical form", form, self.forms)
        return arch

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """All architectures of its class under the named canonical form, itself among them, in a fixed order."""
        return [self.canonical(arch, form)]

    def identity(self, arch: Arch) -> Arch:
        """The encoding under which all encodings of one row of a table agree: by it, files are matched with a truth.

        Two architectures have one identity where the literature trains them once. The architecture itself, unless a
        space says otherwise: isomorphic cells of NAS-Bench-201 were trained each on its own, and the encodings of
        NAS-Bench-1Shot1 are what a supernet scores. What the encoding leaves no choice in, such as the order of a
        node's two inputs, is settled by `from_str`. Architectures of one identity are isomorphic.
        """
        return arch

    @final
    def spelling(self, text: str) -> str:
        """The string that `to_str` gives to what `text` says; UserError as from `from_str`."""
        return self.to_str(self.from_str(text))

    @final
    def identity_of(self, text: str) -> str:
        """The string of the identity of what `text` says: equal for two spellings of one row of a table.

        >>> from nasgauge.spaces import NB101
        >>> one, other = "maxpool3x3~0|conv3x3-bn-relu~0|output~1+2", "conv3x3-bn-relu~0|maxpool3x3~0|output~2+1"
        >>> NB101().identity_of(one) == NB101().identity_of(other)
        True
        """
        return self.to_str(self.identity(self.from_str(text)))

    @abstractmethod
    def encode(self, arch: Arch) -> np.ndarray:
        """A float vector of fixed length for predictors; equal architectures have equal vectors."""

    @abstractmethod
    def to_str(self, arch: Arch) -> str:
        """The literature's string form."""

    @abstractmethod
    def from_str(self, text: str) -> Arch:
        """The architecture of a string; UserError says which part is malformed."""

    @abstractmethod
    def validate(self, arch: Arch) -> None:
        """UserError unless the tuple is an architecture of the space, whatever `restrict` has left of it."""

    @final
    def checked(self, arch: Any) -> Arch:
        """What a user gives as an architecture, its string or its whole numbers in any sequence, as a valid tuple.

        UserError: anything else; numbers or a string that are no architecture of the space.

        >>> from nasgauge.spaces import NB201
        >>> NB201().checked([3, 1, 1, 1, 1, np.int64(3)])
        (3, 1, 1, 1, 1, 3)
        """
        if isinstance(arch, str):
            return self.from_str(arch)
        is_row = arch.ndim == 1 if isinstance(arch, np.ndarray) else isinstance(arch, Sequence)
        entries = list(arch) if is_row and not isinstance(arch, bytes) else [None]
        if not all(isinstance(entry, Integral) and not isinstance(entry, bool) for entry in entries):
            raise UserError(
                f"architecture {arch!r:.80}: is not a sequence of whole numbers; give these, or the string of "
                f"{self.name}"
            )
        whole = tuple(int(entry) for entry in entries)
        self.validate(whole)
        return whole

    def uses(self, arch: Arch) -> tuple[str, ...]:
        """Those of the whole space's `options` that the architecture needs, each once; its words, unless overridden."""
        return tuple(dict.fromkeys(self.words(arch)))

    @abstractmethod
    def words(self, arch: Arch) -> tuple[str, ...]:
        """What stands at each place of the encoding; as many words for every architecture, and others for another.

        Architectures whose words differ at one place differ by one step, from the one word to the other.
        """

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        """How often each operation occurs; with `live`, only where information flows from input to output.

        Names are those of `operations`; one that does not occur may be left out. Unless overridden: the words that are
        operations, those that let nothing through never live.
        """
        words = self.words(arch)
        return {name: 0 if live and does.is_zero else words.count(name) for name, does in self.operations.items()}

    @abstractmethod
    def restrict(self, keep: Collection[str]) -> "Space":
        """The same space with only the named operations left to choose from."""

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        """The cells of the architecture as labelled graphs, by cell name; an edge with a zero operation is dead.

        None, unless a space says otherwise: then nothing is drawn, and depth and receptive field are undefined.
        """
        return {}

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        """The options of each entry of an architecture, where any combination of them is an architecture.

        NotImplementedError where the decisions depend on each other, so that no such list exists.
        """
        raise NotImplementedError(f"the decisions of {self.name} depend on each other")

    def free_entries(self) -> Mapping[int, tuple[int, ...]]:
        """By place of the encoding the options that it can take whatever stands at the others: all, by `decisions`.

        A space whose decisions depend on each other names those that do not, such as the operations of a cell, or
        leaves NotImplementedError.
        """
        return dict(enumerate(self.decisions()))

    def balanced_entries(self) -> Mapping[int, tuple[int, ...]]:
        """Those of `free_entries` whose options fair samplers visit equally often.

        The others are the topology, which they draw by `sample`. All, unless a space says otherwise.
        """
        return self.free_entries()

    def with_entries(self, arch: Arch, entries: Mapping[int, int]) -> Arch:
        """The architecture with other options at some of `free_entries`; `sorts_entries`: perhaps at other places."""
        return tuple(entries.get(place, option) for place, option in enumerate(arch))

    def enumerate(self) -> Iterator[Arch]:
        """All architectures in the official order; NotImplementedError where the space is too large."""
        raise NotImplementedError(f"{self.name} is too large to enumerate")
