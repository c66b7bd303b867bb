"""Cells drawn as graphs: nodes on a line, edges as arcs; operations colour the edges, or the nodes that carry them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import pandas as pd

from nasgauge.analyses.toolkit.drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from nasgauge.spaces import Graph, Operation, Space


@dataclass(frozen=True)
class Stroke:
    """Style of an operation: colour, and a dash pattern for reading without colour."""

    colour: str
    dash: str | tuple[int, tuple[int, ...]] = "solid"


_KNOWN = {
    "none": Stroke("#999999", "dotted"),
    "skip_connect": Stroke(BLACK, (0, (5, 2))),
    "nor_conv_1x1": Stroke(ORANGE),
    "nor_conv_3x3": Stroke(BLUE),
    "avg_pool_3x3": Stroke(GREEN, (0, (1, 1))),
    "conv1x1-bn-relu": Stroke(ORANGE),
    "conv3x3-bn-relu": Stroke(BLUE),
    "maxpool3x3": Stroke(GREEN),
}
_OTHERS = tuple(
    Stroke(colour, dash)
    for dash in ("solid", (0, (4, 2)), (0, (1, 1)))
    for colour in (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)
)
_PLAIN = Stroke("0.45")
_FAINT = 0.35


def strokes(space: Space, names: Iterable[str]) -> dict[str, Stroke]:
    """The stroke of each name in drawings of the space, whatever else is drawn beside it.

    Operations of NAS-Bench-101 and -201 have fixed ones. Of a space's others, the first zero operation is drawn as
    `none` there, and the first that adds neither layers nor pixels as a skip connection; the rest differ by their
    places in the alphabet. A name that is none of the space's operations has a stroke by its letters.

    >>> from nasgauge.spaces import NB201
    >>> strokes(NB201(), ["nor_conv_3x3"])["nor_conv_3x3"].colour
    '#0072B2'
    """
    found = {name: _KNOWN[name] for name in space.operations if name in _KNOWN}
    others = sorted(space.operations.keys() - found.keys())
    for name in others:
        usual = _usual(space.operations[name])
        if usual is not None and usual not in found.values():
            found[name] = usual
    free = [stroke for stroke in _OTHERS if stroke not in found.values()]
    rest = [name for name in others if name not in found]
    found |= {name: free[i % len(free)] for i, name in enumerate(rest)}
    return {
        name: found[name] if name in found else free[crc32(name.encode()) % len(free)] for name in sorted(set(names))
    }


def _usual(operation: Operation) -> Stroke | None:
    if operation.is_zero:
        return _KNOWN["none"]
    return None if operation.layers or operation.pixels else _KNOWN["skip_connect"]


def operations_of(graphs: Iterable[Mapping[str, Graph]]) -> list[str]:
    """The coloured operations in these cells, each once, sorted; those of a stack are written out."""
    return sorted({name for cells in graphs for graph in cells.values() for name in _operations(graph)})


def without_cells(table: pd.DataFrame, space: Space | None) -> str:
    """The reason if cells cannot be drawn because the space is unknown, or shows none, else ""."""
    if space is None:
        return "Cells cannot be drawn, as the search space is unknown; the table contains the architectures."
    if len(table) and not space.graphs(space.from_str(table["arch"].iloc[0])):
        return "The search space does not define how architectures are drawn (`graphs`); the table contains them."
    return ""


def _operations(graph: Graph) -> set[str]:
    if _is_stack(graph):
        return set()
    if _on_nodes(graph):
        return set(graph.nodes[1:-1])
    return {label for _, _, label in graph.edges}


def _on_nodes(graph: Graph) -> bool:
    """Whether the nodes between the first and the last carry the operations, and the edges none."""
    return not any(label for _, _, label in graph.edges)


def _is_stack(graph: Graph) -> bool:
    """Whether it is one block after the other, all alike and of several operations, with a way around each."""
    if not graph.edges or graph.edges[0][2] not in graph.parts:
        return False
    steps = [(source, target) for source, target, _ in graph.edges]
    each = [(i, i + 1) for i in range(len(graph.nodes) - 1)]
    return steps == [step for step in each for _ in range(2)] and len({e[2] for e in graph.edges[::2]}) == 1


def draw_cells(graphs: Sequence[Mapping[str, Graph]], captions: Sequence[str], ax, space: Space) -> None:
    """Architectures below each other, the cells of each side by side, a caption under each.

    graphs: per architecture its cells by name, as the space gives them. Edges no information crosses are faint. A stack
    of equal blocks is a box that says how many there are and what they are called.
    """
    styles = strokes(space, operations_of(graphs))
    n_columns = max((len(cells) for cells in graphs), default=1)
    for row, (cells, caption) in enumerate(zip(graphs, captions, strict=True)):
        for column, graph in enumerate(cells.values()):
            if _is_stack(graph):
                _draw_stack(graph, ax, column, -row)
            else:
                _draw_graph(graph, styles, ax, column, -row)
        ax.text(n_columns / 2, -row - 0.9, caption, ha="center", va="center", color="0.25", fontsize=8)
    ax.set(xlim=(0, n_columns), ylim=(-len(graphs), 0.02))
    ax.set_axis_off()


def _draw_stack(graph: Graph, ax, left: float, top: float) -> None:
    """A box in the unit square: the number of blocks, then the parts of their name, one per line."""
    lines = [f"{len(graph.edges) // 2} ×", *graph.edges[0][2].split("-")]
    ax.plot(
        [left + x for x in (0.06, 0.94, 0.94, 0.06, 0.06)],
        [top - y for y in (0.04, 0.04, 0.8, 0.8, 0.04)],
        color=BLUE,
        linewidth=1.0,
    )
    for i, text in enumerate(lines):
        ax.text(left + 0.5, top - 0.42 + 0.17 * ((len(lines) - 1) / 2 - i), text, ha="center", va="center", fontsize=7)


def _draw_graph(graph: Graph, styles: Mapping[str, Stroke], ax, left: float, top: float) -> None:
    """One cell in the unit square whose upper left corner is (left, top); wide spans make high arcs."""
    last = max(len(graph.nodes) - 1, 1)
    middle = top - 0.44
    x = [left + 0.08 + 0.84 * i / last for i in range(len(graph.nodes))]
    drawn: dict[tuple[int, int], int] = {}
    for i, (source, target, label) in enumerate(graph.edges):
        repeat = drawn[source, target] = drawn.get((source, target), -1) + 1
        span = target - source
        # Arcs of even spans go below and the others above, so that few cross; a span of one is straight.
        height = (0.0 if span == 1 else 0.36 * (span - 0.6) / (last - 0.6)) * (
            -1 if span % 2 == 0 else 1
        ) + 0.07 * repeat
        stroke = styles[label] if label else _PLAIN
        dead = i in graph.dead
        style = {"color": stroke.colour, "linestyle": stroke.dash, "linewidth": 1.0 if dead else 2.0}
        xs, ys = _arc(x[source], x[target], middle, height)
        ax.plot(xs, ys, alpha=_FAINT if dead else 1.0, zorder=1 if dead else 2, **style)
    inner = graph.nodes[1:-1] if _on_nodes(graph) else ()
    fill = ["white", *(styles[name].colour for name in inner), "white"] if inner else "white"
    ax.scatter(x, [middle] * len(x), s=85, color=fill, edgecolors="0.35", linewidths=0.9, zorder=3)
    names = [graph.nodes[0], *[""] * len(inner), graph.nodes[-1]] if inner else graph.nodes
    for place, name in zip(x, names, strict=True):
        ax.text(place, middle, name[:3], ha="center", va="center", fontsize=6, color="0.25", zorder=4)


def _arc(start: float, end: float, middle: float, height: float) -> tuple[list[float], list[float]]:
    steps = [i / 24 for i in range(25)] if height else [0.0, 1.0]
    return [start + (end - start) * t for t in steps], [middle + 4 * height * t * (1 - t) for t in steps]
