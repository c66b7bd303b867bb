"""The supernet of NAS-Bench-201: every cell has weights of its own for each operation of each edge.

Parts, in network order: "stem", "cell0/0to1/nor_conv_1x1", ..., "reduction0", ..., "last", "head". Without parameters
and therefore one for all places: "avg_pool_3x3", "sum", "zeros". A skip connection is no part, `none` no step.
"""

from collections.abc import Callable

from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.nets.nb201 import N_NODES, Network, has_weights, last, layout, operation, stem, wires
from nasgauge.nets.ops import Classifier, Reduction, Sum, Zeros, avg_pool_3x3
from nasgauge.nets.options import NetOptions, SupernetOptions, only_ordinal
from nasgauge.nets.program import IMAGES, Blueprint, Program, Step, served
from nasgauge.spaces import NB201, Arch

TRANSFORMABLE = ("skip_connect", "avg_pool_3x3")


def blueprint(space: NB201, o: NetOptions, s: SupernetOptions) -> Blueprint:
    """Parts and programs of the supernet; operations that the space was restricted away from have no weights."""
    for name in s.linear_transformers:
        if name not in TRANSFORMABLE:
            raise unknown_name("operation for a linear transformer", name, TRANSFORMABLE)
        if name not in space.options:
            raise UserError(f"supernet: linear_transformers contains {name}, which this space lacks; remove it")
    only_ordinal(space.name, s)
    n_cells = o.n_stages * o.n_cells
    return Blueprint(
        parts=_parts(space, o, s),
        program=lambda path: _program(served(space, path, n_cells), o, s),
        standalone=lambda path: _standalone(served(space, path, n_cells), o, s),
        n_cells=n_cells,
    )


def _parts(space: NB201, o: NetOptions, s: SupernetOptions) -> nn.ModuleDict:
    parts = nn.ModuleDict({"stem": stem(o)})
    for block in layout(o):
        if block.cell is None:
            parts[block.key] = Reduction(block.channels // 2, block.channels, o)
            continue
        for op in range(len(space.ops)):
            for edge, (source, target, name) in enumerate(space.graphs((op,) * 6)["cell"].edges):
                if op in space.decisions()[edge] and _is_own(name, s):
                    parts[f"{block.key}/{source}to{target}/{name}"] = _own(name, block.channels, o, s)
    parts["last"] = last(layout(o)[-1].channels, o)
    parts["head"] = Classifier(layout(o)[-1].channels, o)
    parts.update({"avg_pool_3x3": avg_pool_3x3(), "sum": Sum(), "zeros": Zeros()})
    return parts


def _is_own(name: str, s: SupernetOptions) -> bool:
    """Whether the operation has weights, and so a part of its own on each edge of each cell."""
    return has_weights(name) or name in s.linear_transformers


def _own(name: str, channels: int, o: NetOptions, s: SupernetOptions) -> nn.Module:
    if name not in s.linear_transformers:
        return operation(name, channels, o)
    transformer = nn.Conv2d(channels, channels, 1, bias=False)
    return transformer if name == "skip_connect" else nn.Sequential(operation(name, channels, o), transformer)


def _program(archs: tuple[Arch, ...], o: NetOptions, s: SupernetOptions) -> Program:
    steps = [IMAGES]

    def add(part: str, *inputs: int) -> int:
        steps.append(Step(part, inputs))
        return len(steps) - 1

    value = add("stem", 0)
    for block in layout(o):
        if block.cell is None:
            value = add(block.key, value)
        else:
            value = _cell(add, block.key, value, archs[block.cell], o, s)
    add("head", add("last", value))
    return tuple(steps)


def _cell(add: Callable[..., int], key: str, x: int, arch: Arch, o: NetOptions, s: SupernetOptions) -> int:
    """The cell's steps in the order in which `nb201.Cell` computes them, hence the same rounding."""
    nodes: dict[int, int] = {0: x}  # values that have arrived
    for source, target, name in wires(arch, o.skip_dead):
        if source not in nodes:
            nodes[source] = add("zeros", x)
        y = nodes[source]
        if _is_own(name, s):
            y = add(f"{key}/{source}to{target}/{name}", y)
        elif name == "avg_pool_3x3":
            y = add(name, y)
        nodes[target] = add("sum", nodes[target], y) if target in nodes else y
    return nodes[N_NODES - 1] if N_NODES - 1 in nodes else add("zeros", x)


def _standalone(archs: tuple[Arch, ...], o: NetOptions, s: SupernetOptions) -> tuple[nn.Module, dict[str, str | int]]:
    places: dict[str, str | int] = {"stem": "stem", "last": "last", "classifier": "head"}
    for i, block in enumerate(layout(o)):
        if block.cell is None:
            places[f"blocks.{i}"] = block.key
            continue
        for source, target, name in wires(archs[block.cell], False):  # the module is there even where it never runs
            if _is_own(name, s):
                places[f"blocks.{i}.ops.{source}to{target}"] = f"{block.key}/{source}to{target}/{name}"
    return Network(archs, o), places
