"""What can be read off an architecture without training it: depth, receptive field, paths, operations."""

from nasgauge.spaces.space import Arch, Graph, Space

_UNDEFINED = float("nan")


def properties(space: Space, arch: Arch) -> dict[str, float]:
    """Depth, shortest path and receptive field of an architecture, and its live operations by name.

    depth = layers with weights on the longest path from the inputs of a cell to its outputs, summed over the cells
    shortest_path = the same of the shortest path; 0: the input has a way around all weights
    receptive_field = 1 + sum over the cells of the step of their pixels times the widest path, a k x k operation of
        dilation d counting d (k - 1); in pixels of the first cell's input

    Each cell that `graphs` shows counts once, however often the network repeats it; stages of residual blocks are
    cells, whose pixels lie 1, 2 and 4 apart. A depthwise and the pointwise convolution after it count as one layer.
    What an operation adds stands in `Space.operations`; UserError where it does not. Where a cell has no path, or the
    space shows no cells, the three are NaN. Equal for isomorphic architectures.

    >>> from nasgauge.spaces.nb201 import NB201
    >>> space = NB201()
    >>> chain = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    >>> found = properties(space, space.from_str(chain))
    >>> found["depth"], found["shortest_path"], found["receptive_field"], found["nor_conv_3x3"]
    (3.0, 0.0, 5.0, 2.0)
    """
    paths = [(_path(space, g, max), _path(space, g, min), g.step) for g in space.graphs(arch).values()]
    found = dict.fromkeys(("depth", "shortest_path", "receptive_field"), _UNDEFINED)
    if paths and all(longest is not None for longest, _, _ in paths):
        found["depth"] = float(sum(longest[0] for longest, _, _ in paths))
        found["shortest_path"] = float(sum(shortest[0] for _, shortest, _ in paths))
        found["receptive_field"] = 1.0 + sum(step * longest[1] for longest, _, step in paths)
    counts = space.op_counts(arch, live=True)
    known = {name: space.operation(name) for name in (*space.operations, *counts)}
    return found | {name: float(counts.get(name, 0)) for name, does in known.items() if not does.is_zero}


def n_convolutions(space: Space, arch: Arch) -> int:
    """How many convolutions (`Space.operations`) stand where information flows from input to output.

    >>> from nasgauge.spaces.nb201 import NB201
    >>> n_convolutions(NB201(), (3, 0, 0, 1, 2, 0)), n_convolutions(NB201(), (3, 0, 0, 1, 0, 0))
    (2, 0)
    """
    counts = space.op_counts(arch, live=True)
    return sum(n for name, n in counts.items() if n and space.operation(name).is_convolution)


def is_connected(space: Space, arch: Arch) -> bool:
    """Whether information flows through every cell of the architecture.

    >>> from nasgauge.spaces.nb201 import NB201
    >>> is_connected(NB201(), (0,) * 6)
    False
    """
    return all(_is_crossed(graph) for graph in space.graphs(arch).values())


def _is_crossed(graph: Graph) -> bool:
    reached = set(graph.inputs)
    for source, target, _ in _live(graph):
        if source in reached:
            reached.add(target)
    return not reached.isdisjoint(_outputs(graph))


def _path(space: Space, graph: Graph, choose) -> tuple[int, int] | None:
    """Layers and pixels of the longest (or shortest) live path to an output, each on its own; None without a path."""
    here: dict[int, tuple[int, int]] = dict.fromkeys(graph.inputs, (0, 0))
    for source, target, edge in _live(graph):
        if source not in here:
            continue
        layers, pixels = here[source]
        for name in graph.crossed(edge):
            operation = space.operation(name)
            layers, pixels = layers + operation.layers, pixels + operation.pixels
        here[target] = tuple(map(choose, here.get(target, (layers, pixels)), (layers, pixels)))
    ends = [here[node] for node in _outputs(graph) if node in here]
    return tuple(choose(column) for column in zip(*ends, strict=True)) if ends else None


def _live(graph: Graph) -> list[tuple[int, int, int]]:
    """Source, target and number of the edges that are not dead, in the order of their targets."""
    edges = [(source, target, i) for i, (source, target, _) in enumerate(graph.edges) if i not in graph.dead]
    return sorted(edges, key=lambda edge: edge[1])


def _outputs(graph: Graph) -> tuple[int, ...]:
    return graph.outputs or (len(graph.nodes) - 1,)
