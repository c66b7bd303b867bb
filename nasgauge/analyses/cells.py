"""Cells drawn as graphs: nodes on a line, edges as arcs coloured by operation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nasgauge.analyses.drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from nasgauge.spaces import Graph


@dataclass(frozen=True)
class Stroke:
    """How an operation's edges are drawn: colour, and a dash pattern for readers and printers without colour."""

    colour: str
    dash: str | tuple[int, tuple[int, ...]] = "solid"


_KNOWN = {
    "none": Stroke("#999999", "dotted"),
    "skip_connect": Stroke(BLACK, (0, (5, 2))),
    "nor_conv_1x1": Stroke(ORANGE),
    "nor_conv_3x3": Stroke(BLUE),
    "avg_pool_3x3": Stroke(GREEN, (0, (1, 1))),
}
_OTHERS = tuple(
    Stroke(colour, dash)
    for dash in ("solid", (0, (4, 2)), (0, (1, 1)))
    for colour in (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)
)
_FAINT = 0.35


def strokes(operations: Iterable[str]) -> dict[str, Stroke]:
    """The stroke of each operation: fixed for those of NAS-Bench-201, the others in alphabetical order.

    >>> strokes(["nor_conv_3x3"])["nor_conv_3x3"].colour
    '#0072B2'
    """
    names = sorted(set(operations))
    others = [name for name in names if name not in _KNOWN]
    return {name: _KNOWN.get(name) or _OTHERS[others.index(name) % len(_OTHERS)] for name in names}


def operations_of(graphs: Iterable[Mapping[str, Graph]]) -> list[str]:
    """The operations on the edges of these cells, each once, sorted; nodes of the graphs carry none."""
    return sorted({label for cells in graphs for graph in cells.values() for _, _, label in graph.edges})


def draw_cells(graphs: Sequence[Mapping[str, Graph]], captions: Sequence[str], ax) -> None:
    """Architectures below each other, the cells of each side by side, a caption under each.

    graphs: per architecture its cells by name. Edges no information crosses are faint.
    """
    styles = strokes(operations_of(graphs))
    n_columns = max((len(cells) for cells in graphs), default=1)
    for row, (cells, caption) in enumerate(zip(graphs, captions, strict=True)):
        for column, graph in enumerate(cells.values()):
            _draw_graph(graph, styles, ax, column, -row)
        ax.text(n_columns / 2, -row - 0.9, caption, ha="center", va="center", color="0.25", fontsize=8)
    ax.set(xlim=(0, n_columns), ylim=(-len(graphs), 0.02))
    ax.set_axis_off()


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
        stroke = styles[label]
        dead = i in graph.dead
        style = {"color": stroke.colour, "linestyle": stroke.dash, "linewidth": 1.0 if dead else 2.0}
        xs, ys = _arc(x[source], x[target], middle, height)
        ax.plot(xs, ys, alpha=_FAINT if dead else 1.0, zorder=1 if dead else 2, **style)
    ax.scatter(x, [middle] * len(x), s=85, color="white", edgecolors="0.35", linewidths=0.9, zorder=3)
    for place, name in zip(x, graph.nodes, strict=True):
        ax.text(place, middle, name[:3], ha="center", va="center", fontsize=6, color="0.25", zorder=4)


def _arc(start: float, end: float, middle: float, height: float) -> tuple[list[float], list[float]]:
    steps = [i / 24 for i in range(25)] if height else [0.0, 1.0]
    return [start + (end - start) * t for t in steps], [middle + 4 * height * t * (1 - t) for t in steps]
