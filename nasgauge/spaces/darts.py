"""The DARTS space, of NAS-Bench-301 too, and its variant of "On Network Design Spaces" (DARTS-NDS).

A normal and a reduction cell, each with two inputs and four nodes; a node sums two terms, operations on predecessors.
Liu, Simonyan & Yang, "DARTS", ICLR 2019; Radosavovic et al., "On Network Design Spaces", ICCV 2019.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.darts_genotype import CELLS, N_INPUTS, N_NODES, Cell, Node, read, write
from nasgauge.spaces.space import Arch, Graph, Operation, Space

OPERATIONS = {
    "max_pool_3x3": Operation(pixels=2),
    "avg_pool_3x3": Operation(pixels=2),
    "skip_connect": Operation(),
    "sep_conv_3x3": Operation(layers=2, pixels=4, is_convolution=True),  # depthwise and pointwise, twice
    "sep_conv_5x5": Operation(layers=2, pixels=8, is_convolution=True),
    "dil_conv_3x3": Operation(layers=1, pixels=4, is_convolution=True),  # dilation 2
    "dil_conv_5x5": Operation(layers=1, pixels=8, is_convolution=True),
}
OPS = tuple(OPERATIONS)
N_EDGES = sum(range(N_INPUTS, N_INPUTS + N_NODES))  # 14 places of a cell where an operation may stand
_CELL = 4 * N_NODES  # entries of an architecture that describe one cell


class GenotypeSpace(Space):
    """What both spaces have in common. An architecture is a flat tuple of 32 ints.

    The normal cell, then the reduction cell; of each the nodes 2 to 5; of each node its two terms; of each term the
    predecessor and the index of the operation in `ops`. Inputs are 0, the output of the cell before the last one, and
    1, that of the last. The two terms are a set, so they stand in ascending order (`from_str` puts them so).
    `choices` are the operations that sampling and mutation may use. Attributes of a final class: `operations`, numbered
    in their order; `ops`, their names; `repeats`, whether both terms of a node may have the same predecessor.
    """

    forms = ("isomorphism",)
    operations: ClassVar[Mapping[str, Operation]]
    ops: ClassVar[tuple[str, ...]]
    repeats: ClassVar[bool]

    def __init__(self, choices: tuple[int, ...] | None = None) -> None:
        self.choices = tuple(range(len(self.ops))) if choices is None else choices
        self.options = tuple(self.ops[c] for c in self.choices)
        self._nodes = [self._allowed(node) for node in range(N_NODES)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.options)})"

    def sample(self, rng: np.random.Generator) -> Arch:
        """Uniform over the encodings: every node takes one of its sets of two terms, all equally likely."""
        return _flat([[n[int(rng.integers(len(n)))] for n in self._nodes] for _ in CELLS])

    def neighbours(self, arch: Arch) -> list[Arch]:
        """One term with another operation, or with another predecessor."""
        near: dict[Arch, None] = {}
        for start in range(0, len(arch), 4):
            node = start // 4 % N_NODES
            for (source, op), other in itertools.permutations((arch[start : start + 2], arch[start + 2 : start + 4])):
                terms = [(source, o) for o in self.choices if o != op]
                terms += [(s, op) for s in range(N_INPUTS + node) if s != source and (self.repeats or s != other[0])]
                for term in terms:
                    near.setdefault((*arch[:start], *min(term, other), *max(term, other), *arch[start + 4 :]))
        return list(near)

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        """The first, as tuples compare, of the encodings that number the nodes of its cells in another order.

        Form "isomorphism": exact; inputs, terms and operations stay what they are. Twins without weights (two nodes
        that both add the same two skips) are not merged.
        """
        self._check_form(form)
        return _flat([min(_renumbered(cell)) for cell in cells(arch)])

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """In ascending order, 1 to 576 of them (24 orders of the nodes of each cell)."""
        self._check_form(form)
        return [_flat(pair) for pair in itertools.product(*(sorted(_renumbered(cell)) for cell in cells(arch)))]

    def encode(self, arch: Arch) -> np.ndarray:
        """How often each operation stands at each of the 14 places of each cell: 28 numbers an operation."""
        counts = np.zeros((len(CELLS), N_EDGES, len(self.ops)))
        for i, cell in enumerate(cells(arch)):
            for node, terms in enumerate(cell):
                for source, op in terms:
                    counts[i, node * (node + 3) // 2 + source, op] += 1
        return counts.ravel()

    def to_str(self, arch: Arch) -> str:
        return write(cells(arch), self.ops)

    def from_str(self, text: str) -> Arch:
        arch = _flat(read(text, self.ops))
        self.validate(arch)
        return arch

    def validate(self, arch: Arch) -> None:
        """UserError if the tuple is no architecture of the space, with the place and the remedy."""
        validate(arch, self)

    def uses(self, arch: Arch) -> tuple[str, ...]:
        return tuple(name for name, n in self.op_counts(arch).items() if n)

    def words(self, arch: Arch) -> tuple[str, ...]:
        """Of each term the predecessor and the operation."""
        pairs = zip(arch[::2], arch[1::2], strict=True)
        return tuple(word for source, op in pairs for word in (f"input {source}", self.ops[op]))

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        """Over both cells. Every node is put out, so a term is live unless it is `none` or its node's inputs are."""
        used = [
            label
            for graph in self.graphs(arch).values()
            for i, (_, _, label) in enumerate(graph.edges)
            if not (live and i in graph.dead)
        ]
        return {name: used.count(name) for name in self.ops}

    def restrict(self, keep: Collection[str]) -> "GenotypeSpace":
        for name in keep:
            if name not in self.ops:
                raise unknown_name("operation", name, self.ops)
        if not keep:
            raise UserError("restrict: no operation is kept; name at least one of " + ", ".join(self.ops))
        return type(self)(tuple(c for c in self.choices if self.ops[c] in set(keep)))

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        """Operations on edges; the output, the nodes 1 to 4 side by side, is left out."""
        names = ("k-2", "k-1", *(str(i + 1) for i in range(N_NODES)))
        found = {}
        for name, cell in zip(CELLS, cells(arch), strict=True):
            edges = [(s, N_INPUTS + i, self.ops[op]) for i, node in enumerate(cell) for s, op in node]
            reached, dead = {0, 1}, set()
            for i, (source, target, label) in enumerate(edges):
                if self.operation(label).is_zero or source not in reached:
                    dead.add(i)
                else:
                    reached.add(target)
            found[name] = Graph(names, tuple(edges), frozenset(dead), (0, 1), tuple(range(N_INPUTS, len(names))))
        return found

    def free_entries(self) -> Mapping[int, tuple[int, ...]]:
        """The operation of each term; predecessors are free of each other only where they may coincide."""
        return {place: self.choices for place in range(1, len(CELLS) * _CELL, 2)}

    def with_entries(self, arch: Arch, entries: Mapping[int, int]) -> Arch:
        """With other operations, the two terms of each node in ascending order again."""
        changed = cells(super().with_entries(arch, entries))
        return _flat([[(min(node), max(node)) for node in cell] for cell in changed])

    def _allowed(self, node: int) -> list[Node]:
        """Every set of two terms that the node may have."""
        terms = itertools.product(range(N_INPUTS + node), sorted(self.choices))
        return [(a, b) for a, b in itertools.combinations_with_replacement(terms, 2) if self.repeats or a[0] != b[0]]

    def _check_form(self, form: str | None) -> None:
        if form is not None and form not in self.forms:
            raise unknown_name("canonical form", form, self.forms)


@final
class Darts(GenotypeSpace):
    """The DARTS space, also of NAS-Bench-301: seven operations, two distinct predecessors per node, 1.08e18 encodings.

    Exactly (180 * 7^8)^2: a cell has 1 * 3 * 6 * 10 ways to choose predecessors and an operation for each of 8 terms.

    >>> space = Darts()
    >>> cell = "[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1)"
    >>> cell += ", ('skip_connect', 0), ('sep_conv_3x3', 2), ('dil_conv_3x3', 4), ('max_pool_3x3', 1)]"
    >>> arch = space.from_str(f"Genotype(normal={cell}, reduce={cell})")
    >>> arch[:4], arch[12:16]
    ((0, 2, 1, 3), (1, 0, 4, 5))
    >>> space.op_counts(arch)["sep_conv_3x3"], len(space.neighbours(arch))
    (8, 120)
    """

    name = "darts"
    reference = "liu2019darts"
    operations = OPERATIONS
    ops = OPS
    repeats = False


@final
class DartsNDS(GenotypeSpace):
    """The DARTS cells of "On Network Design Spaces": `none` is an eighth operation, predecessors may coincide.

    With the two terms of a node in order a cell has (8*2 * 8*3 * 8*4 * 8*5)^2 = 2.4e11 genotypes, as sets 1.8e10. The
    tables of the paper vary width (16, 24, 32 channels) and depth (4 to 20 cells) as well: these are options of the
    network here. `none` comes last, so that every architecture of `Darts` has the same encoding in this space.
    """

    name = "darts-nds"
    reference = "radosavovic2019nds"
    operations = OPERATIONS | {"none": Operation(is_zero=True)}
    ops = tuple(operations)
    repeats = True
    sorts_entries = True  # the terms of one predecessor, by their operations


def cells(arch: Arch) -> tuple[Cell, Cell]:
    """The normal and the reduction cell, each as nodes of two terms (predecessor, operation)."""
    terms = list(zip(arch[::2], arch[1::2], strict=True))
    nodes = list(zip(terms[::2], terms[1::2], strict=True))
    return tuple(nodes[:N_NODES]), tuple(nodes[N_NODES:])


def validate(arch: Arch, space: GenotypeSpace | None = None) -> None:
    """UserError if the tuple is no architecture of the space (default: `Darts`), with the place and the remedy."""
    space = space or Darts()
    if len(arch) != len(CELLS) * _CELL or not all(isinstance(entry, int) for entry in arch):
        raise UserError(f"arch {arch}: {len(arch)} entries; {space.name} needs {len(CELLS) * _CELL} integers")
    for name, cell in zip(CELLS, cells(arch), strict=True):
        for number, node in enumerate(cell, start=N_INPUTS):
            where = f"arch {arch}: {name} cell, node {number}"
            for source, op in node:
                if source not in range(number):
                    raise UserError(f"{where}: predecessor {source} does not precede it; use 0 to {number - 1}")
                if op not in range(len(space.ops)):
                    raise UserError(f"{where}: operation {op} is none of 0 to {len(space.ops) - 1}")
            if not space.repeats and node[0][0] == node[1][0]:
                raise UserError(f"{where}: both terms have predecessor {node[0][0]}; in {space.name} they must differ")
            if node[0] > node[1]:
                raise UserError(f"{where}: the terms {node[0]} and {node[1]} must be in ascending order")


def _flat(pair: Sequence[Sequence[Node]]) -> Arch:
    return tuple(entry for cell in pair for node in cell for term in node for entry in term)


def _renumbered(cell: Cell) -> set[Cell]:
    """The cell with its nodes in every order in which no node stands before its predecessors."""
    found = set()
    for order in itertools.permutations(range(N_NODES)):  # order[i]: the node that becomes the i-th
        place = [0, 1, 0, 0, 0, 0]
        for i, node in enumerate(order):
            place[N_INPUTS + node] = N_INPUTS + i
        if all(place[s] < N_INPUTS + i for i, node in enumerate(order) for s, _ in cell[node]):
            terms = (((place[s], op), (place[t], other)) for (s, op), (t, other) in (cell[node] for node in order))
            found.add(tuple((min(a, b), max(a, b)) for a, b in terms))
    return found
