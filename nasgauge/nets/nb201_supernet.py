"""The supernet of NAS-Bench-201: every cell has weights of its own for each operation of each edge, or of each node.

Parts, in network order: "stem", "cell0/0to1/nor_conv_1x1", ..., "reduction0", ..., "last", "head"; with operations on
nodes "cell0/1/nor_conv_1x1", .... Where kernels are shared or normalisations belong to sources, convolutions are two
parts and a step apart for the ReLU: ".../nor_conv_3x3/conv" and ".../norm", or ".../norm0" and on, by source; of shared
kernels ".../nor_conv/conv", ".../nor_conv/transform" and ".../nor_conv/norm". Without parameters and therefore one for
all places: "avg_pool_3x3", "sum", "zeros", "relu". A skip connection is no part, `none` no step.
"""

from collections.abc import Callable, Iterator

from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.nets.nb201 import N_NODES, Network, has_weights, last, layout, operation, stem, wires
from nasgauge.nets.ops import Classifier, Reduction, Sum, Zeros, avg_pool_3x3
from nasgauge.nets.options import NetOptions, SupernetOptions, only_ordinal
from nasgauge.nets.program import IMAGES, Blueprint, Places, Program, Step, served
from nasgauge.nets.sharing import KernelConv, KernelTransform, PathDropout
from nasgauge.spaces import NB201, Arch

TRANSFORMABLE = ("skip_connect", "avg_pool_3x3")
_SMALL, _LARGE = "nor_conv_1x1", "nor_conv_3x3"


def blueprint(space: NB201, o: NetOptions, s: SupernetOptions) -> Blueprint:
    """Parts and programs of the supernet; operations that the space was restricted away from have no weights."""
    _check(space, s)
    n_cells = o.n_stages * o.n_cells
    return Blueprint(
        parts=_parts(space, o, s),
        program=lambda path: _program(served(space, path, n_cells), o, s),
        standalone=lambda path: _standalone(served(space, path, n_cells), o, s),
        n_cells=n_cells,
    )


def _check(space: NB201, s: SupernetOptions) -> None:
    for name in s.linear_transformers:
        if name not in TRANSFORMABLE:
            raise unknown_name("operation for a linear transformer", name, TRANSFORMABLE)
        if name not in space.options:
            raise UserError(f"supernet: linear_transformers contains {name}, which this space lacks; remove it")
    only_ordinal(space.name, s)
    lacking = [name for name in (_SMALL, _LARGE) if name not in space.options]
    if s.kernels == "shared" and lacking:
        raise UserError(f"supernet: kernels = 'shared' needs both convolutions, and this space lacks {lacking[0]}; "
                        "leave it out")  # fmt: skip
    if s.bn_per_source and s.operations_on == "edge":
        raise UserError("supernet: bn_per_source changes nothing where each edge has operations, as an edge has one "
                        "source; set operations_on = 'node', or leave it out")  # fmt: skip


def _parts(space: NB201, o: NetOptions, s: SupernetOptions) -> nn.ModuleDict:
    parts = nn.ModuleDict({"stem": stem(o)})
    for block in layout(o):
        if block.cell is None:
            parts[block.key] = Reduction(block.channels // 2, block.channels, o)
            continue
        for op in range(len(space.ops)):
            for edge, (source, target, name) in enumerate(space.graphs((op,) * 6)["cell"].edges):
                if op in space.decisions()[edge] and _is_own(name, s):
                    for key, part in _own(block.key, source, target, name, block.channels, o, s):
                        if key not in parts:
                            parts[key] = part()
        if s.path_dropout:
            parts[f"{block.key}/drop"] = PathDropout(s.path_dropout, block.cell, o.n_stages * o.n_cells)
    parts["last"] = last(layout(o)[-1].channels, o)
    parts["head"] = Classifier(layout(o)[-1].channels, o)
    parts.update({"avg_pool_3x3": avg_pool_3x3(), "sum": Sum(), "zeros": Zeros(), "relu": nn.ReLU()})
    return parts


def _is_own(name: str, s: SupernetOptions) -> bool:
    """Whether the operation has weights, and so a part of its own on each edge of each cell, or node."""
    return has_weights(name) or name in s.linear_transformers


def _is_split(name: str, s: SupernetOptions) -> bool:
    """Whether an operation with weights has parts for its convolution and its normalisation."""
    return has_weights(name) and (s.kernels == "shared" or s.bn_per_source)


def _keys(cell: str, source: int, target: int, name: str, s: SupernetOptions) -> tuple[str, str, str]:
    """Keys of an operation with weights, or of its convolution and its normalisation: (whole, conv, norm)."""
    place = f"{cell}/{source}to{target}" if s.operations_on == "edge" else f"{cell}/{target}"
    shared = s.kernels == "shared" and has_weights(name)
    whole = f"{place}/nor_conv" if shared else f"{place}/{name}"
    return whole, f"{whole}/conv", f"{whole}/norm{source if s.bn_per_source else ''}"


def _own(
    cell: str, source: int, target: int, name: str, channels: int, o: NetOptions, s: SupernetOptions
) -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """The parts of an operation with weights on one edge, by key, and how each is made."""
    whole, conv, norm = _keys(cell, source, target, name, s)
    if not _is_split(name, s):
        yield whole, lambda: _transformed(name, channels, o, s)
        return
    plain = operation(name, channels, o)  # ReLU, convolution, normalisation
    yield conv, lambda: KernelConv(channels, bias=o.conv_bias) if s.kernels == "shared" else plain[1]
    if s.kernels == "shared" and name == _SMALL:
        yield f"{whole}/transform", KernelTransform
    yield norm, lambda: plain[2]


def _transformed(name: str, channels: int, o: NetOptions, s: SupernetOptions) -> nn.Module:
    if name not in s.linear_transformers:
        return operation(name, channels, o)
    transformer = nn.Conv2d(channels, channels, 1, bias=False)
    return transformer if name == "skip_connect" else nn.Sequential(operation(name, channels, o), transformer)


def _program(archs: tuple[Arch, ...], o: NetOptions, s: SupernetOptions) -> Program:
    steps = [IMAGES]

    def add(part: str, *inputs: int, args: tuple[int, ...] = ()) -> int:
        steps.append(Step(part, inputs, args))
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
            y = _operated(add, key, source, target, name, y, s)
        elif name == "avg_pool_3x3":
            y = add(name, y)
        if s.path_dropout and (_is_own(name, s) or name != "skip_connect"):
            y = add(f"{key}/drop", y, args=(source, target))
        nodes[target] = add("sum", nodes[target], y) if target in nodes else y
    return nodes[N_NODES - 1] if N_NODES - 1 in nodes else add("zeros", x)


def _operated(
    add: Callable[..., int], cell: str, source: int, target: int, name: str, y: int, s: SupernetOptions
) -> int:
    whole, conv, norm = _keys(cell, source, target, name, s)
    if not _is_split(name, s):
        return add(whole, y)
    given = [add(f"{whole}/transform")] if s.kernels == "shared" and name == _SMALL else []
    return add(norm, add(conv, add("relu", y), *given))


def _standalone(archs: tuple[Arch, ...], o: NetOptions, s: SupernetOptions) -> tuple[nn.Module, Places]:
    places: Places = {"stem": "stem", "last": "last", "classifier": "head"}
    for i, block in enumerate(layout(o)):
        if block.cell is None:
            places[f"blocks.{i}"] = block.key
            continue
        for source, target, name in wires(archs[block.cell], False):  # the module is there even where it never runs
            if not _is_own(name, s):
                continue
            whole, conv, norm = _keys(block.key, source, target, name, s)
            module = f"blocks.{i}.ops.{source}to{target}"
            if _is_split(name, s):
                small = s.kernels == "shared" and name == _SMALL
                places |= {f"{module}.1": (conv, f"{whole}/transform") if small else conv, f"{module}.2": norm}
            else:
                places[module] = whole
    return Network(archs, o), places
