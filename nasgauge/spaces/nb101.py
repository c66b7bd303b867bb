"""NAS-Bench-101: cells of at most seven vertices and nine edges, one of three operations on each interior vertex.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
"""

from collections.abc import Collection, Mapping
from typing import final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces import nb101_matrix
from nasgauge.spaces.nb101_canonical import (
    N_BITS,
    N_VERTICES,
    OUTPUT,
    canonical,
    join,
    parent_masks,
    pruned,
    renumbered,
    topological_orders,
    vertices_of,
)
from nasgauge.spaces.space import Arch, Graph, Operation, Space

OPERATIONS = {
    "conv3x3-bn-relu": Operation(layers=1, pixels=2, is_convolution=True),
    "conv1x1-bn-relu": Operation(layers=1, is_convolution=True),
    "maxpool3x3": Operation(pixels=2),
}
OPS = tuple(OPERATIONS)  # the order of the published table
MAX_EDGES = 9
MOST_ENDS = 4  # vertices that feed the output: five of them would need ten edges
N_INTERIOR = N_VERTICES - 2


@final
class NB101(Space):
    """The NAS-Bench-101 cell. An architecture is (adj_bits, op of vertex 1, ..., op of vertex 5).

    There are always seven vertices: 0 is the input, 6 the output; bit x + y(y-1)/2 of `adj_bits` is the edge x -> y.
    A vertex on no path from input to output is pruned, so smaller cells are those with pruned vertices. Valid is what
    has a path from input to output and, once pruned, at most nine edges. `choices` are the operations that sampling and
    mutation may use, `ends` how many vertices may feed the output; `restrict` narrows both, by the operations' names
    and "ends0" to "ends4".

    >>> space = NB101()
    >>> arch = space.from_str("conv3x3-bn-relu~0|maxpool3x3~0|conv1x1-bn-relu~0+1|output~0+3")
    >>> space.to_str(space.canonical(arch))
    'conv3x3-bn-relu~0|conv1x1-bn-relu~0+1|output~0+2'
    >>> space.op_counts(arch)["maxpool3x3"], space.op_counts(arch, live=True)["maxpool3x3"]
    (1, 0)
    """

    name = "nb101"
    reference = "ying2019nasbench101"
    forms = ("isomorphism",)
    ops = OPS
    operations = OPERATIONS
    n_vertices = N_INTERIOR
    after_input = tuple(range(1, N_VERTICES))  # the vertices that may have the input as a parent

    def __init__(
        self, choices: tuple[int, ...] = tuple(range(len(OPS))), ends: tuple[int, ...] = tuple(range(MOST_ENDS + 1))
    ) -> None:
        self.choices, self.ends = choices, ends
        self.options = option_names(choices, ends)

    def __repr__(self) -> str:
        return f"NB101({', '.join(self.options)})"

    def sample(self, rng: np.random.Generator) -> Arch:
        """Uniform over the valid encodings: edges and operations are drawn independently until the cell is valid.

        As in the literature; so classes with many encodings (few live vertices, few symmetries) come more often.
        """
        while True:
            adj_bits = int(rng.integers(1 << N_BITS))
            if self._fits(adj_bits):
                return (adj_bits, *(int(self.choices[i]) for i in rng.integers(len(self.choices), size=N_INTERIOR)))

    def neighbours(self, arch: Arch) -> list[Arch]:
        """One of the 21 possible edges added or removed, or one of the five operations changed, where that is valid.

        Edges and operations of pruned vertices count too, so a neighbour may be the same cell.
        """
        adj_bits, *ops = arch
        rewired = [(flipped, *ops) for bit in range(N_BITS) if self._fits(flipped := adj_bits ^ 1 << bit)]
        relabelled = [
            (adj_bits, *ops[:i], op, *ops[i + 1 :]) for i in range(N_INTERIOR) for op in self.choices if op != ops[i]
        ]
        return rewired + relabelled

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        """The cell pruned and renumbered; equal exactly for isomorphic cells (see `nb101_canonical.canonical`).

        The form: "isomorphism" (423,624 classes). Isomorphic cells may differ in a few parameters, because the first
        vertices that feed the output get the channels that an even division leaves over.
        """
        known_form(form, self.forms)
        return canonical(arch[0], arch[1:])

    def identity(self, arch: Arch) -> Arch:
        """The canonical form: the published table holds one cell of each class, under one of its encodings."""
        return self.canonical(arch)

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        """The encodings of the class without dead vertices' edges, in ascending order, and the architecture itself.

        These are the cell's at most 120 valid vertex orders, numbered without gaps; encodings that add dead vertices
        run into the hundred thousands for a small cell and stay away, unless `arch` is one.
        """
        adj_bits, *ops = self.canonical(arch, form)
        masks = pruned(adj_bits)
        orders = list(topological_orders(masks))
        found = {
            (renumbered(masks, order), *(ops[v - 1] for v in order), *[0] * (N_INTERIOR - len(order)))
            for order in orders
        }
        return sorted(found | {arch})

    def encode(self, arch: Arch) -> np.ndarray:
        """The 21 adjacency bits, then each vertex's operation one-hot: 36 numbers, of the encoding as it stands."""
        edges = [arch[0] >> bit & 1 for bit in range(N_BITS)]
        return np.concatenate([edges, np.eye(len(OPS))[list(arch[1:])].ravel()])

    def to_str(self, arch: Arch) -> str:
        """Vertex by vertex `operation~parents`, parents by number and 0 the input; the output comes last.

        Vertices of operation 0 without edges at the end are left out, so a canonical form shows the live cell alone.
        """
        masks = parent_masks(arch[0])
        n = N_INTERIOR
        while n and not arch[n] and not masks[n] and not _has_children(masks, n):
            n -= 1
        labels = [OPS[op] for op in arch[1 : n + 1]]
        vertices = zip([*labels, "output"], [*masks[1 : n + 1], masks[OUTPUT]], strict=True)
        return "|".join(f"{label}~{'+'.join(map(str, vertices_of(mask)))}" for label, mask in vertices)

    def from_str(self, text: str) -> Arch:
        """The cell of a string as of `to_str`, or of a matrix with operations (see `nb101_matrix.read`)."""
        arch = nb101_matrix.read(text, OPS) if nb101_matrix.is_matrix(text) else _parse(text)
        validate(arch)
        return arch

    def validate(self, arch: Arch) -> None:
        """UserError unless the tuple is a valid cell: numbers in range, connected, nine edges at most."""
        validate(arch)

    def to_nb101(self, arch: Arch) -> Arch:
        """The architecture itself; the sub-spaces of NAS-Bench-1Shot1 have another encoding."""
        return arch

    def uses(self, arch: Arch) -> tuple[str, ...]:
        """Operations, and how many vertices feed the output."""
        ops = (name for name, n in self.op_counts(arch).items() if n)
        return (*ops, f"ends{n_ends(self.parents(arch)[OUTPUT])}")

    def words(self, arch: Arch) -> tuple[str, ...]:
        """The adjacency bits as a number, then the operation of each vertex."""
        return (str(arch[0]), *(OPS[op] for op in arch[1:]))

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        """Vertices per operation: those with an edge, or with `live` those on a path from input to output."""
        masks = pruned(arch[0]) if live else parent_masks(arch[0])
        used = [arch[v] for v in range(1, OUTPUT) if masks[v] or _has_children(masks, v)]
        return {name: used.count(i) for i, name in enumerate(OPS)}

    def restrict(self, keep: Collection[str]) -> "NB101":
        """The operations named are left, and the numbers of ends named, all of them if none is."""
        return NB101(*kept_options(self.choices, self.ends, keep))

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        """One cell; operations label the nodes and edges carry an empty label. Vertices without edges are left out."""
        masks, live = parent_masks(arch[0]), pruned(arch[0])
        shown = [v for v in range(N_VERTICES) if masks[v] or _has_children(masks, v)]
        place = {v: i for i, v in enumerate(shown)}
        labels = {0: "in", OUTPUT: "out"} | {v: OPS[arch[v]] for v in range(1, OUTPUT)}
        wires = [(p, v) for v in shown for p in vertices_of(masks[v])]
        dead = frozenset(i for i, (p, v) in enumerate(wires) if not live[v] >> p & 1)
        return {"cell": Graph(tuple(labels[v] for v in shown), tuple((place[p], place[v], "") for p, v in wires), dead)}

    def free_entries(self) -> Mapping[int, tuple[int, ...]]:
        """The operation of each vertex; whether an edge may be there depends on the others."""
        return dict.fromkeys(range(1, 1 + N_INTERIOR), self.choices)

    def parents(self, arch: Arch) -> tuple[tuple[int, ...], ...]:
        """For each of the seven vertices its live parents, ascending; none for the input and for pruned vertices.

        >>> NB101().parents(NB101().from_str("maxpool3x3~|conv3x3-bn-relu~0+1|output~0+2"))
        ((), (), (0,), (), (), (), (0, 2))
        """
        return tuple(map(vertices_of, pruned(arch[0])))

    def from_table(self, n_vertices: int, adj_bits: int, ops: str) -> Arch:
        """The architecture of a row of the published table: n vertices, the output the last, a digit an operation.

        >>> NB101().to_str(NB101().from_table(4, 0b100_11_1, "02"))
        'conv3x3-bn-relu~0|maxpool3x3~0+1|output~2'
        """
        masks = parent_masks(adj_bits)[:n_vertices]
        padding = N_VERTICES - n_vertices
        arch = (join([*masks[:-1], *[0] * padding, masks[-1]]), *map(int, ops), *[0] * padding)
        validate(arch)
        return arch

    def _fits(self, adj_bits: int) -> bool:
        masks = pruned(adj_bits)
        return masks[OUTPUT] != 0 and _n_edges(masks) <= MAX_EDGES and n_ends(vertices_of(masks[OUTPUT])) in self.ends


def n_ends(parents: Collection[int]) -> int:
    """How many of the output's parents are vertices, the input apart."""
    return sum(p != 0 for p in parents)


def validate(arch: Arch) -> None:
    """UserError unless the architecture is a valid NAS-Bench-101 cell: numbers in range, connected, nine edges at most.

    >>> validate((0, 0, 0, 0, 0, 0))
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: NAS-Bench-101 cell (0, 0, 0, 0, 0, 0): no path leads from input to output; add edges
    """
    where = f"NAS-Bench-101 cell {arch}"
    if len(arch) != 1 + N_INTERIOR:
        raise UserError(f"{where}: {len(arch)} numbers; expected adjacency bits and {N_INTERIOR} operations")
    if not 0 <= arch[0] < 1 << N_BITS:
        raise UserError(f"{where}: adjacency bits {arch[0]}; expected 0 to {(1 << N_BITS) - 1}")
    for v, op in enumerate(arch[1:], start=1):
        if not 0 <= op < len(OPS):
            raise UserError(f"{where}: vertex {v} has operation {op}; expected 0 to {len(OPS) - 1}")
    masks = pruned(arch[0])
    if not masks[OUTPUT]:
        raise UserError(f"{where}: no path leads from input to output; add edges")
    if (n := _n_edges(masks)) > MAX_EDGES:
        raise UserError(f"{where}: {n} edges on paths from input to output; at most {MAX_EDGES} are allowed")


def option_names(choices: tuple[int, ...], ends: tuple[int, ...]) -> tuple[str, ...]:
    """What `restrict` may keep: operations, then numbers of vertices that feed the output."""
    return (*(OPS[c] for c in choices), *(f"ends{n}" for n in ends))


def kept_options(
    choices: tuple[int, ...], ends: tuple[int, ...], keep: Collection[str]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Those of `choices` and of `ends` that are named, all `ends` if no name is one; UserError: foreign names, no rest.

    >>> kept_options((0, 1, 2), (1, 2), ["maxpool3x3", "ends2"])
    ((2,), (2,))
    """
    known = option_names(tuple(range(len(OPS))), tuple(range(MOST_ENDS + 1)))
    for name in keep:
        if name not in known:
            raise unknown_name("operation", name, known)
    kept = tuple(c for c in choices if OPS[c] in keep)
    if not kept:
        raise UserError("restrict: no operation is kept; name at least one of " + ", ".join(OPS[c] for c in choices))
    named = [name for name in keep if name.startswith("ends")]
    kept_ends = tuple(n for n in ends if f"ends{n}" in named)
    if named and not kept_ends:
        offered = ", ".join(f"ends{n}" for n in ends)
        raise UserError(f"restrict: none of {', '.join(named)} is offered; name at least one of {offered}, or none")
    return kept, kept_ends or ends


def known_form(form: str | None, forms: tuple[str, ...]) -> None:
    """UserError unless the form is one of these, or None for the default."""
    if form is not None and form not in forms:
        raise unknown_name("canonical form", form, forms)


def _n_edges(masks: list[int]) -> int:
    return sum(mask.bit_count() for mask in masks)


def _has_children(masks: list[int], vertex: int) -> bool:
    return any(mask >> vertex & 1 for mask in masks)


def _parse(text: str) -> Arch:
    *interior, output = text.strip().split("|")
    if len(interior) > N_INTERIOR or output.partition("~")[0] != "output":
        raise UserError(
            f"arch {text!r} is not a valid NAS-Bench-101 cell; expected at most {N_INTERIOR} <op>~<parents> and then "
            f"output~<parents>, separated by '|', e.g. {OPS[0]}~0|{OPS[2]}~0+1|output~2"
        )
    masks, ops = [0] * N_VERTICES, [0] * N_INTERIOR
    for v, part in enumerate(interior, start=1):
        name, _, parents = part.partition("~")
        if name not in OPS:
            raise UserError(f"arch {text!r}: vertex {v}: {unknown_name('operation', name, OPS)}")
        ops[v - 1] = OPS.index(name)
        masks[v] = _parse_parents(parents, v, f"arch {text!r}: vertex {v}")
    masks[OUTPUT] = _parse_parents(output.partition("~")[2], len(interior) + 1, f"arch {text!r}: output")
    return (join(masks), *ops)


def _parse_parents(text: str, n_before: int, where: str) -> int:
    mask = 0
    for part in text.split("+") if text else []:
        if part not in map(str, range(n_before)):
            raise UserError(f"{where}: parent {part!r}; expected numbers from 0 to {n_before - 1}, joined by '+'")
        if mask >> int(part) & 1:
            raise UserError(f"{where}: parent {part} is named twice")
        mask |= 1 << int(part)
    return mask
