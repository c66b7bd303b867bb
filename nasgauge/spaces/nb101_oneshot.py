"""NAS-Bench-1Shot1: three sub-spaces of NAS-Bench-101 in which every vertex has a fixed number of parents.

Zela, Siems & Hutter, "NAS-Bench-1Shot1: Benchmarking and Dissecting One-shot Neural Architecture Search", ICLR 2020.
What the sub-spaces hold (`python speed/spaces.py --count`, tests/spaces/test_nb101_oneshot.py):

| | sub-space 1 | sub-space 2 | sub-space 3 |
|---|---|---|---|
| parents of vertex 1, 2, ... and of the output | 1, 2, 2, 2; 2 | 1, 1, 2, 2; 3 | 1, 1, 1, 2, 2; 2 |
| wirings | 180 | 360 | 5,400 |
| architectures, loose ends allowed | 14,580 | 29,160 | 1,312,200 |
| different NAS-Bench-101 cells among them | 2,685 | 7,773 | 55,854 |
| wirings without a loose end | 38 | 138 | 445 |
| architectures without a loose end | 3,078 | 11,178 | 108,135 |
| different NAS-Bench-101 cells among them | 2,484 | 7,236 | 49,032 |
| architectures whose every vertex has the one before it among its parents | 1,944 | 2,916 | 14,580 |

A vertex is a loose end if no path leads from it to the output. The last line explains the 14,580 of Ning et al. 2021
("without loose end", sub-space 3); that sub-space 1 has as many with loose ends is chance. The figures commonly quoted
without loose ends, 2,487, 3,609 and 24,066, count the wirings, vertices out of use dropped, in which the chain of
largest parents, followed from the output, passes every vertex in use (49, 65 and 234), with 3 operations for each. Of
the 234 in sub-space 3, 60 use all five vertices, each with the one before it as a parent: 60 x 3^5 = 14,580. Those
commonly quoted with loose ends are 29,160 for sub-space 2, as here, but 6,240 and 363,648 for the others, which none of
these countings gives.
"""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar, final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.spaces.nb101 import NB101, OPERATIONS, OPS, kept_options, known_form, n_ends, option_names
from nasgauge.spaces.nb101_canonical import N_VERTICES, OUTPUT, interior_of, join, parent_masks, pruned, vertices_of
from nasgauge.spaces.space import Arch, Graph, Space, one_changed

_CELLS = NB101()
_MOST_ENUMERATED = 100_000


class _OneShot(Space):
    """What they have in common. An architecture is (parents, operation) of each vertex, then the output's parents.

    `parents` is an index into the vertex' entry of `wirings`, the sets of parents it may have in lexicographic order;
    the operation is an index into `OPS`. `choices` are the operations that sampling and mutation may use, `ends` how
    many vertices may feed the output (one less where the input does, too); `restrict` narrows both. Strings are those
    of the NAS-Bench-101 cell with its loose ends. Classes: architectures whose pruned cells are isomorphic.
    Attributes of a final class: `in_degrees`, of the vertices and the output; `chain`, whether each must have the
    vertex before it among its parents, so that none is loose.
    """

    reference = "zela2020nasbench1shot1"
    forms = ("isomorphism",)
    ops = OPS
    operations = OPERATIONS
    in_degrees: ClassVar[tuple[int, ...]]
    chain: ClassVar[bool] = False

    def __init__(self, choices: tuple[int, ...] = tuple(range(len(OPS))), ends: tuple[int, ...] | None = None) -> None:
        degree = self.in_degrees[-1]
        self.choices, self.ends = choices, (degree - 1, degree) if ends is None else ends
        self.options = option_names(choices, self.ends)
        self.wirings = tuple(
            tuple(p for p in itertools.combinations(range(v), n) if v - 1 in p or not self.chain)
            for v, n in enumerate(self.in_degrees, start=1)
        )
        self._index = [{parents: i for i, parents in enumerate(wirings)} for wirings in self.wirings]
        self._sizes = [n for wirings in self.wirings for n in (len(wirings), len(OPS))][:-1]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.options)})"

    @property
    def n_vertices(self) -> int:
        """How many vertices stand between input and output."""
        return len(self.in_degrees) - 1

    @property
    def after_input(self) -> tuple[int, ...]:
        """The vertices that may have the input as a parent, the output among them."""
        places = (*range(1, len(self.wirings)), OUTPUT)
        options = (range(len(w)) for w in self.wirings[:-1])
        allowed = zip(places, self.wirings, (*options, self.decisions()[-1]), strict=True)
        return tuple(v for v, wirings, indices in allowed if any(0 in wirings[i] for i in indices))

    def sample(self, rng: np.random.Generator) -> Arch:
        """Uniform over the encodings: every decision is drawn by itself."""
        return tuple(int(options[int(rng.integers(len(options)))]) for options in self.decisions())

    def neighbours(self, arch: Arch) -> list[Arch]:
        """One vertex with other parents or another operation, a loose end too, so a neighbour may be the same cell."""
        return one_changed(arch, self.decisions())

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        """The first architecture of its class in lexicographic order; equal exactly if the pruned cells are isomorphic.

        The form: "isomorphism", of the NAS-Bench-101 cell. Loose ends get the first parents and the first operation.
        """
        known_form(form, self.forms)
        return min(self._placed(self.to_nb101(arch)))

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """One architecture for each way to place the live vertices of the cell, in lexicographic order.

        Loose ends have the first parents, and the first operation that is left, since nothing depends on them; those of
        `arch` are left as they are. So each stands for all encodings that run through the same parts of a supernet; an
        `arch` whose own loose ends have operations that are not left stands beside the one that has.
        """
        known_form(form, self.forms)
        cell = self.to_nb101(arch)
        live, loose = interior_of(pruned(cell[0])), (0, self.choices[0])
        tidy = (*(entry if 1 + i // 2 in live else loose[i % 2] for i, entry in enumerate(arch[:-1])), arch[-1])
        placed = self._placed(cell, self.choices[0])
        return sorted((placed - {tidy} if set(self.uses(arch)) <= set(self.options) else placed) | {arch})

    def encode(self, arch: Arch) -> np.ndarray:
        """One-hot, decision by decision."""
        return np.concatenate([np.eye(n)[i] for n, i in zip(self._sizes, arch, strict=True)])

    def to_str(self, arch: Arch) -> str:
        return _CELLS.to_str(self.to_nb101(arch))

    def from_str(self, text: str) -> Arch:
        """UserError also for cells of NAS-Bench-101 that do not have this sub-space's numbers of parents."""
        cell = _CELLS.from_str(text)
        masks = parent_masks(cell[0])
        n = len(self.in_degrees) - 1
        if any(masks[v] or cell[v] for v in range(n + 1, OUTPUT)):
            raise UserError(f"arch {text!r} is not in {self.name}: it has more than {n} vertices")
        arch: list[int] = []
        for place, v in enumerate((*range(1, n + 1), OUTPUT)):
            parents = vertices_of(masks[v])
            if parents not in self._index[place]:
                before = ", the vertex before among them" if self.chain else ""
                raise UserError(
                    f"arch {text!r} is not in {self.name}: {'output' if v == OUTPUT else f'vertex {v}'} has parents "
                    f"{'+'.join(map(str, parents)) or 'none'}; it needs {self.in_degrees[place]}{before}"
                )
            arch += [self._index[place][parents], *cell[v : v + 1]]
        return tuple(arch)

    def validate(self, arch: Arch) -> None:
        """UserError unless every entry is one of its decision's options, whatever the operations are restricted to."""
        if len(arch) != len(self._sizes):
            raise UserError(f"{self.name} {arch}: {len(arch)} numbers; expected {len(self._sizes)}")
        for i, (entry, n) in enumerate(zip(arch, self._sizes, strict=True)):
            if not 0 <= entry < n:
                raise UserError(f"{self.name} {arch}: entry {i} is {entry}; expected 0 to {n - 1}")

    def to_nb101(self, arch: Arch) -> Arch:
        """The NAS-Bench-101 cell, loose ends and numbering kept, and so its truth (by its canonical form)."""
        masks, ops = [0] * N_VERTICES, [0] * (N_VERTICES - 2)
        for i, wirings in enumerate(self.wirings[:-1]):
            masks[i + 1] = _mask(wirings[arch[2 * i]])
            ops[i] = arch[2 * i + 1]
        masks[OUTPUT] = _mask(self.wirings[-1][arch[-1]])
        return (join(masks), *ops)

    def uses(self, arch: Arch) -> tuple[str, ...]:
        """Operations, and how many vertices feed the output."""
        ops = (name for name, n in self.op_counts(arch).items() if n)
        return (*ops, f"ends{n_ends(_CELLS.parents(self.to_nb101(arch))[OUTPUT])}")

    def words(self, arch: Arch) -> tuple[str, ...]:
        """Of each vertex its parents and its operation, then the output's parents."""
        parents = ["+".join(map(str, w[i])) for w, i in zip(self.wirings, arch[::2], strict=True)]
        pairs = zip(parents[:-1], (OPS[op] for op in arch[1::2]), strict=True)
        return (*(word for pair in pairs for word in pair), parents[-1])

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        return _CELLS.op_counts(self.to_nb101(arch), live=live)

    def restrict(self, keep: Collection[str]) -> "_OneShot":
        """The operations named are left, and the numbers of ends named, all of them if none is."""
        return type(self)(*kept_options(self.choices, self.ends, keep))

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        """As those of NAS-Bench-101: operations label the nodes and edges carry an empty label."""
        return _CELLS.graphs(self.to_nb101(arch))

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        outputs = tuple(i for i, parents in enumerate(self.wirings[-1]) if n_ends(parents) in self.ends)
        return (*(self.choices if i % 2 else tuple(range(n)) for i, n in enumerate(self._sizes[:-1])), outputs)

    def balanced_entries(self) -> Mapping[int, tuple[int, ...]]:
        """The operation of each vertex; the parents are the topology."""
        return dict.fromkeys(range(1, 2 * self.n_vertices, 2), self.choices)

    def enumerate(self) -> Iterator[Arch]:
        """All architectures that `choices` allow, in lexicographic order, where they are at most 100,000."""
        n = math.prod(map(len, self.decisions()))
        if n > _MOST_ENUMERATED:
            raise NotImplementedError(f"{self.name} is too large to enumerate: {n:,} architectures")
        return itertools.product(*self.decisions())

    def _placed(self, cell: Arch, loose: int = 0) -> set[Arch]:
        """Every way to number the live vertices of a cell as this sub-space asks; `loose`: operation of loose ends."""
        masks = pruned(cell[0])
        parents = {v: vertices_of(masks[v]) for v in interior_of(masks)}
        n = len(self.in_degrees) - 1
        begun: list[tuple[Arch, dict[int, int]]] = [((), {0: 0})]  # entries so far, the places of vertices placed
        for place in range(1, n + 1):
            grown = []
            for entries, places in begun:
                if place - len(places) < n - len(parents):  # so many are loose already
                    grown.append(((*entries, 0, loose), places))
                for v, known in parents.items():
                    if v not in places and (i := self._wiring(place, known, places)) is not None:
                        grown.append(((*entries, i, cell[v]), places | {v: place}))
            begun = grown
        output = vertices_of(masks[OUTPUT])
        last = [(entries, self._wiring(n + 1, output, places)) for entries, places in begun]
        return {(*entries, i) for entries, i in last if i is not None}

    def _wiring(self, place: int, parents: tuple[int, ...], places: dict[int, int]) -> int | None:
        """Index of the parents among the wirings of a place; None if one is not placed yet or there is no such set."""
        if not all(p in places for p in parents):
            return None
        return self._index[place - 1].get(tuple(sorted([places[p] for p in parents])))


def _mask(vertices: tuple[int, ...]) -> int:
    return sum(1 << v for v in vertices)


@final
class NB101OneShot1(_OneShot):
    """NAS-Bench-1Shot1, sub-space 1: four vertices with 1, 2, 2, 2 parents, an output with 2 (14,580 encodings).

    >>> space = NB101OneShot1()
    >>> space.to_str((0, 0, 0, 2, 0, 1, 0, 1, 9))
    'conv3x3-bn-relu~0|maxpool3x3~0+1|conv1x1-bn-relu~0+1|conv1x1-bn-relu~0+1|output~3+4'
    >>> space.op_counts((0, 0, 0, 2, 0, 1, 0, 1, 9), live=True)["maxpool3x3"]
    0
    """

    name = "nb101-1shot1-1"
    in_degrees = (1, 2, 2, 2, 2)


@final
class NB101OneShot2(_OneShot):
    """NAS-Bench-1Shot1, sub-space 2: four vertices with 1, 1, 2, 2 parents, an output with 3 (29,160 encodings)."""

    name = "nb101-1shot1-2"
    in_degrees = (1, 1, 2, 2, 3)


@final
class NB101OneShot3(_OneShot):
    """NAS-Bench-1Shot1, sub-space 3: five vertices with 1, 1, 1, 2, 2 parents, an output with 2 (1,312,200)."""

    name = "nb101-1shot1-3"
    in_degrees = (1, 1, 1, 2, 2, 2)


@final
class NB101OneShot3Chain(_OneShot):
    """The 14,580 architectures of NAS-Bench-1Shot1's sub-space 3 that Ning et al. 2021 use: vertices form a chain."""

    name = "nb101-1shot1-3-chain"
    in_degrees = (1, 1, 1, 2, 2, 2)
    chain = True
