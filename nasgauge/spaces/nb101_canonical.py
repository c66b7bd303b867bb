"""The seven-vertex graph behind a NAS-Bench-101 cell: its pruning and its canonical form, exact under isomorphism.

Vertex 0 is the input, 6 the output. Bit x + y(y-1)/2 of `adj_bits` is set if and only if there is an edge x -> y, so
the parents of y are y adjacent bits. Sets of vertices are bit masks, a graph is the list of its seven parent masks.
"""

import itertools
from collections.abc import Iterator, Sequence

N_VERTICES = 7
OUTPUT = N_VERTICES - 1
N_BITS = N_VERTICES * OUTPUT // 2
_OFFSETS = tuple(y * (y - 1) // 2 for y in range(N_VERTICES))
_MEMBERS = tuple(tuple(v for v in range(N_VERTICES) if mask >> v & 1) for mask in range(1 << N_VERTICES))


def parent_masks(adj_bits: int) -> list[int]:
    """The parents of each vertex.

    >>> parent_masks(0b100001_00000_0000_000_00_1)
    [0, 1, 0, 0, 0, 0, 33]
    """
    return [adj_bits >> _OFFSETS[y] & (1 << y) - 1 for y in range(N_VERTICES)]


def join(masks: Sequence[int]) -> int:
    """The adjacency bits of a graph, the inverse of `parent_masks`."""
    return sum(mask << offset for mask, offset in zip(masks, _OFFSETS, strict=True))


def vertices_of(mask: int) -> tuple[int, ...]:
    """The vertices of a mask, ascending.

    >>> vertices_of(33)
    (0, 5)
    """
    return _MEMBERS[mask]


def pruned(adj_bits: int) -> list[int]:
    """The graph without what lies on no path from input to output; all zero where there is no such path."""
    masks = parent_masks(adj_bits)
    reached, needed = 1, 1 << OUTPUT
    for y in range(1, N_VERTICES):
        if masks[y] & reached:
            reached |= 1 << y
    for y in range(OUTPUT, 0, -1):
        if needed >> y & 1:
            needed |= masks[y]
    live = reached & needed
    return [mask & live if live >> y & 1 else 0 for y, mask in enumerate(masks)]


def interior_of(masks: Sequence[int]) -> list[int]:
    """The interior vertices of a pruned graph."""
    return [v for v in range(1, OUTPUT) if masks[v]]


def canonical(adj_bits: int, ops: Sequence[int]) -> tuple[int, ...]:
    """Adjacency bits and operations of the pruned cell in an order that does not depend on the numbering.

    Interior vertices are sorted by colour: the length of the longest path from the input, the operation, then what
    refinement by the colours of parents and children tells apart. Among vertices still equal every order is tried, and
    the least adjacency bits win; so two cells get the same form exactly if an isomorphism that keeps input, output and
    operations leads from one pruned cell to the other. Dead vertices come last, without edges and with operation 0.
    """
    masks = pruned(adj_bits)
    classes = _colour_classes(masks, ops)
    orders = itertools.product(*map(itertools.permutations, classes))
    best = min(renumbered(masks, list(itertools.chain.from_iterable(order))) for order in orders)
    kept = [ops[v - 1] for same in classes for v in same]
    return (best, *kept, *[0] * (OUTPUT - 1 - len(kept)))


def topological_orders(masks: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All orders of the interior vertices of a pruned graph in which each comes after its parents."""
    for order in itertools.permutations(interior_of(masks)):
        before = 1
        for v in order:
            if masks[v] & ~before:
                break
            before |= 1 << v
        else:
            yield order


def renumbered(masks: Sequence[int], order: Sequence[int]) -> int:
    """Adjacency bits of a pruned graph whose interior vertices take the numbers 1, 2, ... in this order."""
    place = {v: i for i, v in enumerate((0, *order))}
    bits = 0
    for v in (*order, OUTPUT):
        offset = _OFFSETS[place.get(v, OUTPUT)]
        for p in _MEMBERS[masks[v]]:
            bits |= 1 << offset + place[p]
    return bits


def _colour_classes(masks: list[int], ops: Sequence[int]) -> list[list[int]]:
    """Interior vertices grouped by colour, groups sorted; the colours do not depend on the numbering."""
    interior = interior_of(masks)
    depth = [0] * N_VERTICES
    for v in interior:
        depth[v] = 1 + max(depth[p] for p in _MEMBERS[masks[v]])
    colour: dict[int, tuple] = {v: (depth[v], ops[v - 1]) for v in interior}
    n_colours = 0
    while n_colours < len(values := sorted(set(colour.values()))) < len(interior):
        n_colours = len(values)
        number = {v: values.index(colour[v]) for v in interior} | {0: -1, OUTPUT: -2}
        colour = {
            v: (
                number[v],
                tuple(sorted(number[p] for p in _MEMBERS[masks[v]])),
                tuple(sorted(number[c] for c in (*interior, OUTPUT) if masks[c] >> v & 1)),
            )
            for v in interior
        }
    return [list(same) for _, same in itertools.groupby(sorted(interior, key=colour.get), key=colour.get)]
