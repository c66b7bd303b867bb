"""What can be read off an architecture without training it: depth, receptive field, paths, operations."""

from collections.abc import Mapping

from nasgauge.spaces.space import Arch, Graph, Space

# operation -> (layers with weights, pixels by which it widens the receptive field)
_CROSSED = {
    "skip_connect": (0, 0),
    "avg_pool_3x3": (0, 2),
    "max_pool_3x3": (0, 2),
    "maxpool3x3": (0, 2),
    "nor_conv_1x1": (1, 0),
    "conv_1x1": (1, 0),
    "conv1x1-bn-relu": (1, 0),
    "nor_conv_3x3": (1, 2),
    "conv_3x3": (1, 2),
    "conv_3x3_g2": (1, 2),
    "conv_3x3_g4": (1, 2),
    "conv3x3-bn-relu": (1, 2),
    "sep_conv_3x3": (2, 4),  # depthwise and pointwise, twice
    "sep_conv_5x5": (2, 8),
    "sep_conv_7x7": (2, 12),
    "conv_7x1_1x7": (2, 6),
    "dil_conv_3x3": (1, 4),  # dilation 2
    "dil_conv_5x5": (1, 8),
}
_NOTHING = (0, 0)
_UNDEFINED = float("nan")


def properties(space: Space, arch: Arch) -> dict[str, float]:
    """Depth, shortest path and receptive field of an architecture, and its live operations by name.

    depth = layers with weights on the longest path from the inputs of a cell to its outputs, summed over the cells
    shortest_path = the same of the shortest path; 0: the input has a way around all weights
    receptive_field = 1 + sum over the cells of the step of their pixels times the widest path, a k x k operation of
        dilation d counting d (k - 1); in pixels of the first cell's input

    Each cell that `graphs` shows counts once, however often the network repeats it; stages of residual blocks are
    cells, whose pixels lie 1, 2 and 4 apart. A depthwise and the pointwise convolution after it count as one layer.
    Where a cell has no path the three are NaN. Equal for isomorphic architectures.

    >>> from nasgauge.spaces.nb201 import NB201
    >>> space = NB201()
    >>> chain = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    >>> found = properties(space, space.from_str(chain))
    >>> found["depth"], found["shortest_path"], found["receptive_field"], found["nor_conv_3x3"]
    (3.0, 0.0, 5.0, 2.0)
    """
    paths = [(_path(graph, max), _path(graph, min), graph.step) for graph in space.graphs(arch).values()]
    found = dict.fromkeys(("depth", "shortest_path", "receptive_field"), _UNDEFINED)
    if all(longest is not None for longest, _, _ in paths):
        found["depth"] = float(sum(longest[0] for longest, _, _ in paths))
        found["shortest_path"] = float(sum(shortest[0] for _, shortest, _ in paths))
        found["receptive_field"] = 1.0 + sum(step * longest[1] for longest, _, step in paths)
    counts = {name: float(n) for name, n in space.op_counts(arch, live=True).items() if name != "none"}
    return found | counts


def is_connected(space: Space, arch: Arch) -> bool:
    """Whether information flows through every cell of the architecture.

    >>> from nasgauge.spaces.nb201 import NB201
    >>> is_connected(NB201(), (0,) * 6)
    False
    """
    return all(_path(graph, max) is not None for graph in space.graphs(arch).values())


def _path(graph: Graph, choose) -> tuple[int, int] | None:
    """Layers and pixels of the longest (or shortest) live path to an output, each on its own; None without a path."""
    here: dict[int, tuple[int, int]] = dict.fromkeys(graph.inputs, _NOTHING)
    for i, (source, target, label) in sorted(enumerate(graph.edges), key=lambda edge: edge[1][1]):
        if i in graph.dead or source not in here:
            continue
        crossed = _plus(here[source], _crossed(label, graph.parts) if label else _NOTHING)
        carried = _plus(crossed, _NOTHING if label else _of_node(graph, target))
        here[target] = tuple(map(choose, here.get(target, carried), carried))
    ends = [here[node] for node in graph.outputs or (len(graph.nodes) - 1,) if node in here]
    return tuple(choose(column) for column in zip(*ends, strict=True)) if ends else None


def _of_node(graph: Graph, node: int) -> tuple[int, int]:
    last = node == len(graph.nodes) - 1
    return _NOTHING if last else _crossed(graph.nodes[node], graph.parts)


def _crossed(label: str, parts: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    """KeyError: an operation that the table above does not know; a new space adds its operations there."""
    steps = [_CROSSED[name] for name in parts.get(label, (label,))]
    return sum(layers for layers, _ in steps), sum(pixels for _, pixels in steps)


def _plus(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return a[0] + b[0], a[1] + b[1]
