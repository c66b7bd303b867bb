"""The supernet of NAS-Bench-101 cells: every cell has weights of its own for each operation of each vertex.

Parts, in network order: "stem", "cell0/1/input" (the projection of the cell's input to vertex 1),
"cell0/1/conv3x3-bn-relu", ..., "cell0/6/input", ..., "head". Without parameters and therefore one for all places:
"maxpool3x3", "first" (the first channels of a value), "sum", "concatenation", "pool" (between stages).

How many channels a vertex has depends on how many vertices feed the output (`nb101.vertex_channels`). There are weights
for as many as one vertex alone has, of which a cell uses a part, by the channel selection rule; Yu et al. 2021, section
4.5. "disabled" is the remedy found there: a space restricted to cells whose output has one number of parents. Where
that number does not divide the channels, the first of these vertices have one channel more (`nb101.vertex_channels`),
so a cell uses all channels of its weights, or all but the last one. Of the cells without such a vertex there is only
one.
"""

from collections.abc import Callable

from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.nb101 import INPUT, OUTPUT, Block, ConvBNRelu, Network, layout, operation, vertex_channels
from nasgauge.nets.ops import Classifier, Concatenation, Sum
from nasgauge.nets.options import NetOptions, SupernetOptions, no_transformers, only_nb201, picking
from nasgauge.nets.program import IMAGES, Blueprint, Path, Places, Program, Step, served
from nasgauge.nets.resized import FirstOf, InterpolatedConvBN, OrdinalConvBN, ShuffledConvBN
from nasgauge.nets.sharing import PathDropout
from nasgauge.spaces import NB101, Arch, Space

_RESIZED = {
    "disabled": OrdinalConvBN,
    "interpolated": InterpolatedConvBN,
    "ordinal": OrdinalConvBN,
    "shuffled": ShuffledConvBN,
}
_POOL = "maxpool3x3"
_CELLS = NB101()


def blueprint(space: Space, o: NetOptions, s: SupernetOptions) -> Blueprint:
    """Parts and programs of the supernet; operations that the space was restricted away from have no weights."""
    no_transformers(space.name, s)
    only_nb201(space.name, s)
    rule = picking(space.name, s, _RESIZED)
    if rule == "interpolated" and o.bn_track:
        raise UserError("supernet: interpolated channels have no running statistics; use bn = 'batch'")
    if rule == "disabled":
        _check_ends(space)
    n_cells = len([block for block in layout(o) if block is not None])

    def cells(path: Path) -> tuple[Arch, ...]:
        return tuple(space.to_nb101(arch) for arch in served(space, path, n_cells))

    return Blueprint(
        parts=_parts(space, o, _RESIZED[rule], s.path_dropout),
        program=lambda path: _program(cells(path), o, bool(s.path_dropout))[0],
        standalone=lambda path: _standalone(cells(path), o, bool(s.path_dropout)),
        n_cells=n_cells,
    )


def _check_ends(space: Space) -> None:
    """UserError unless the same number of vertices feeds the output of every cell of the space."""
    counts = space.ends
    if len(counts) > 1:
        raise UserError(
            f"supernet: picking is 'disabled', but {', '.join(map(str, counts))} vertices may feed a cell's output; "
            "leave one number (without = ['ends1', ...]), or choose another rule for channel selection"
        )


def _parts(
    space: Space, o: NetOptions, resized: Callable[[nn.Sequential], nn.Module], path_dropout: float
) -> nn.ModuleDict:
    parts = nn.ModuleDict()
    parts["stem"] = ConvBNRelu(o.in_channels, o.channels, 3, o, cell=False)
    blocks = [block for block in layout(o) if block is not None]
    for layer, block in enumerate(blocks):
        widest = -(-block.c_out // max(1, min(space.ends)))
        for v in range(1, 1 + space.n_vertices if any(space.ends) else 1):
            if v in space.after_input:
                parts[f"{block.key}/{v}/input"] = resized(ConvBNRelu(block.c_in, widest, 1, o, cell=True))
            for op in (space.ops[c] for c in space.choices):
                if op != _POOL:
                    parts[f"{block.key}/{v}/{op}"] = resized(operation(op, widest, o))
        if OUTPUT in space.after_input:
            parts[f"{block.key}/{OUTPUT}/input"] = ConvBNRelu(block.c_in, block.c_out, 1, o, cell=True)
        if path_dropout:
            parts[f"{block.key}/drop"] = PathDropout(path_dropout, layer, len(blocks))
    parts["head"] = Classifier(o.channels * 2 ** (o.n_stages - 1), o)
    parts.update({_POOL: operation(_POOL, 1, o), "first": FirstOf(), "sum": Sum(), "concatenation": Concatenation()})
    parts["pool"] = nn.MaxPool2d(2, ceil_mode=True)
    return parts


def _program(cells: tuple[Arch, ...], o: NetOptions, drops: bool) -> tuple[Program, dict[str, int]]:
    """The steps, and which of them runs each resized layer of the stand-alone network, by the layer's name."""
    steps, places = [IMAGES], {}

    def add(part: str, *inputs: int, args: tuple[int, ...] = (), name: str | None = None) -> int:
        steps.append(Step(part, inputs, args))
        if name is not None:
            places[name] = len(steps) - 1
        return len(steps) - 1

    value = add("stem", 0)
    left = iter(cells)
    for i, block in enumerate(layout(o)):
        if block is None:
            value = add("pool", value)
        else:
            value = _cell(add, f"blocks.{i}", block, value, next(left), drops)
    add("head", value)
    return tuple(steps), places


def _cell(add: Callable[..., int], name: str, block: Block, x: int, arch: Arch, drops: bool) -> int:
    """The cell's steps in the order in which `nb101.Cell` computes them, hence the same rounding."""
    parents = _CELLS.parents(arch)
    channels = vertex_channels(parents, block.c_in, block.c_out)
    values: dict[int, int] = {}
    for v in range(1, OUTPUT):
        if not parents[v]:
            continue
        c = channels[v]
        terms = [
            values[p] if channels[p] == c else add("first", values[p], args=(c,)) for p in parents[v] if p != INPUT
        ]
        if INPUT in parents[v]:
            size = (block.c_in, c, 1)
            terms.append(add(f"{block.key}/{v}/input", x, args=size, name=f"{name}.projections.{v}"))
        y = _summed(add, terms)
        op = _CELLS.ops[arch[v]]
        if op == _POOL:
            values[v] = add(_POOL, y)
        else:
            values[v] = add(f"{block.key}/{v}/{op}", y, args=(c, c, 1), name=f"{name}.vertices.{v}")
        if drops:
            values[v] = add(f"{block.key}/drop", values[v], args=(v,))
    ends = [values[p] for p in parents[OUTPUT] if p != INPUT]
    joined = [add("concatenation", *ends)] if ends else []
    if INPUT in parents[OUTPUT]:
        joined.append(add(f"{block.key}/{OUTPUT}/input", x))
    return _summed(add, joined)


def _summed(add: Callable[..., int], terms: list[int]) -> int:
    total = terms[0]
    for term in terms[1:]:
        total = add("sum", total, term)
    return total


def _standalone(cells: tuple[Arch, ...], o: NetOptions, drops: bool) -> tuple[nn.Module, Places]:
    places: Places = {"stem": "stem", "classifier": "head", **_program(cells, o, drops)[1]}
    left = iter(cells)
    for i, block in enumerate(layout(o)):
        if block is not None and INPUT in _CELLS.parents(next(left))[OUTPUT]:
            places[f"blocks.{i}.projections.{OUTPUT}"] = f"{block.key}/{OUTPUT}/input"
    return Network(cells, o), places
