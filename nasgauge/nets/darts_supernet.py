"""The supernet of DARTS cells: every cell has weights of its own for each operation of each edge, and its entrances.

Parts, in network order: "stem", "cell0/input0", "cell0/input1", "cell0/0to2/sep_conv_3x3", ..., "head". Where both
terms of a node may have the same predecessor, the second one then uses "cell0/0to2_second/...". Without parameters and
therefore one for all places: pools, "sum", "concatenation", "zeros" (and those that halve). A skip connection is a part
only where it halves, `none` no step. The auxiliary head is not offered.
"""

from collections.abc import Callable

from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.darts import (
    N_INPUTS,
    N_NODES,
    Block,
    Network,
    Wire,
    entrance,
    has_weights,
    layout,
    operation,
    stem,
    wires,
)
from nasgauge.nets.ops import Classifier, Concatenation, Sum, Zeros
from nasgauge.nets.options import NetOptions, SupernetOptions, no_transformers, only_nb201, only_ordinal
from nasgauge.nets.program import IMAGES, Blueprint, Places, Program, Step, served
from nasgauge.nets.sharing import PathDropout
from nasgauge.spaces import Arch, Space

_POOLS = ("max_pool_3x3", "avg_pool_3x3")


def blueprint(space: Space, o: NetOptions, s: SupernetOptions) -> Blueprint:
    """Parts and programs of the supernet; operations that the space was restricted away from have no weights."""
    no_transformers(space.name, s)
    only_ordinal(space.name, s)
    only_nb201(space.name, s)
    if o.auxiliary:
        raise UserError("supernet: an auxiliary head is not supported; set auxiliary to false")
    n_cells = len(layout(o))
    return Blueprint(
        parts=_parts(space, o, s.path_dropout),
        program=lambda path: _program(served(space, path, n_cells), o, bool(s.path_dropout)),
        standalone=lambda path: _standalone(served(space, path, n_cells), o),
        n_cells=n_cells,
    )


def _parts(space: Space, o: NetOptions, path_dropout: float) -> nn.ModuleDict:
    parts = nn.ModuleDict({"stem": stem(o)})
    for layer, block in enumerate(layout(o)):
        parts[f"{block.key}/input0"] = entrance(block.before_last, block, block.after_reduction, o)
        parts[f"{block.key}/input1"] = entrance(block.last, block, False, o)
        for wire in _every_wire(space, block):
            if _is_own(wire):
                parts[_part(wire, block.key)] = operation(wire.name, block.channels, wire.stride, o)
        if path_dropout:
            parts[f"{block.key}/drop"] = PathDropout(path_dropout, layer, len(layout(o)))
    parts["head"] = Classifier(N_NODES * layout(o)[-1].channels, o)
    for stride in (1, 2):
        parts.update({_pool(name, stride): operation(name, 1, stride, o) for name in _POOLS})
        parts[_zeros(stride == 2)] = Zeros(stride)
    parts.update({"sum": Sum(), "concatenation": Concatenation()})
    return parts


def _every_wire(space: Space, block: Block) -> list[Wire]:
    """All terms that a cell of the space may have."""
    return [
        Wire(source, target, name, f"{source}to{target}{twin}", 2 if block.reduces and source < N_INPUTS else 1)
        for target in range(N_INPUTS, N_INPUTS + N_NODES)
        for source in range(target)
        for twin in (("", "_second") if space.repeats else ("",))
        for name in space.options
    ]


def _is_own(wire: Wire) -> bool:
    """Whether the term has weights, and so a part of its own."""
    return has_weights(wire.name, wire.stride)


def _part(wire: Wire, block: str) -> str:
    return f"{block}/{wire.key}/{wire.name}" if _is_own(wire) else _pool(wire.name, wire.stride)


def _pool(name: str, stride: int) -> str:
    return name if stride == 1 else f"{name}_halving"


def _zeros(reduces: bool) -> str:
    return "zeros_halving" if reduces else "zeros"


def _program(archs: tuple[Arch, ...], o: NetOptions, drops: bool) -> Program:
    steps = [IMAGES]

    def add(part: str, *inputs: int, args: tuple[int, ...] = ()) -> int:
        steps.append(Step(part, inputs, args))
        return len(steps) - 1

    values = [add("stem", 0)] * 2
    for arch, block in zip(archs, layout(o), strict=True):
        values.append(_cell(add, block, values[-2], values[-1], arch, o, drops))
    add("head", values[-1])
    return tuple(steps)


def _cell(
    add: Callable[..., int], block: Block, before_last: int, last: int, arch: Arch, o: NetOptions, drops: bool
) -> int:
    """The cell's steps in the order in which `darts.Cell` computes them, hence the same rounding."""
    values = {0: add(f"{block.key}/input0", before_last), 1: add(f"{block.key}/input1", last)}
    terms = wires(arch, block.reduces, o.skip_dead)
    for node in range(N_INPUTS, N_INPUTS + N_NODES):
        for number, wire in enumerate(terms):
            if wire.target == node:
                y = values[wire.source]
                if wire.name != "skip_connect" or wire.stride == 2:
                    y = add(_part(wire, block.key), y)
                    if drops:
                        y = add(f"{block.key}/drop", y, args=(number,))
                values[node] = add("sum", values[node], y) if node in values else y
        if node not in values:
            values[node] = add(_zeros(block.reduces), values[0])
    return add("concatenation", *(values[N_INPUTS + i] for i in range(N_NODES)))


def _standalone(archs: tuple[Arch, ...], o: NetOptions) -> tuple[nn.Module, Places]:
    places: Places = {"stem": "stem", "classifier": "head"}
    for i, (arch, block) in enumerate(zip(archs, layout(o), strict=True)):
        places |= {f"cells.{i}.{name}": f"{block.key}/{name}" for name in ("input0", "input1")}
        for wire in wires(arch, block.reduces, False):  # the module is there even where it never runs
            if _is_own(wire):
                places[f"cells.{i}.ops.{wire.key}"] = _part(wire, block.key)
    return Network(archs, o), places
