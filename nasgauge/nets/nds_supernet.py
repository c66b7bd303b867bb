"""The supernet of the NDS spaces: three stages of as many and as wide blocks as any architecture has.

Parts, in network order: "stem", "stage0/shortcut", "stage0/block0/conv_a", ..., "head". Without parameters: "relu",
"sum", "subsample" (every second pixel), and indices of channels where they are picked by L1 norm.

A path runs the first blocks of each stage, on the channels that the channel selection rule says (Ning et al. 2021,
appendix C). "ordinal": the first ones. "l1": of the channels that leave a stage's blocks, those with the largest L1
norm summed over the filters of the path's blocks (and shortcut) that write them, as a sum over blocks needs one choice
for the stage; of the channels inside a block, those with the largest norms of the block's first convolution, except
around grouped convolutions, which take the first ones. Groups: `resized`; the greatest common divisor of the offered
numbers is 1.
"""

import itertools
from collections.abc import Callable

from torch import nn

from nasgauge.nets.nds import Conv, ConvBN, Convs, Network, shapes, shortcut, stem
from nasgauge.nets.nds_steps import ByL1, Ordinal, Writer
from nasgauge.nets.ops import Classifier, Sum
from nasgauge.nets.options import NetOptions, SupernetOptions, no_transformers, only_nb201, picking
from nasgauge.nets.program import Blueprint, Path, served
from nasgauge.nets.resized import FirstChannels, IndexedConvBN, LargestL1, OrdinalConvBN, ResizedClassifier
from nasgauge.spaces import ResidualStage, StagedSpace

_RESIZED = {"l1": IndexedConvBN, "ordinal": OrdinalConvBN}


def blueprint(convs: Convs) -> Callable[[StagedSpace, NetOptions, SupernetOptions], Blueprint]:
    """The maker of supernets whose blocks have these convolutions."""

    def make(space: StagedSpace, o: NetOptions, s: SupernetOptions) -> Blueprint:
        no_transformers(space.name, s)
        only_nb201(space.name, s, cells=False)
        rule = picking(space.name, s, _RESIZED)
        grouped = any(stage.groups > 1 for stage in _offered(space))

        def written(path: Path) -> Writer:
            writer = ByL1(o, grouped) if rule == "l1" else Ordinal(o)
            writer.network(space.stages(served(space, path, 1)[0]), convs)
            return writer

        return Blueprint(
            parts=_parts(space, convs, rule, grouped, o),
            program=lambda path: tuple(written(path).steps),
            standalone=lambda path: (
                Network(space.stages(served(space, path, 1)[0]), convs, o),
                {"stem": "stem", **written(path).places},
            ),
            n_cells=1,
        )

    return make


def _offered(space: StagedSpace) -> list[ResidualStage]:
    """Every stage that an architecture of the space may have."""
    return [ResidualStage(True, *options) for options in itertools.product(*space.choices)]


def _parts(space: StagedSpace, convs: Convs, rule: str, grouped: bool, o: NetOptions) -> nn.ModuleDict:
    resized = _RESIZED[rule]
    parts = nn.ModuleDict({"stem": stem(o)})
    offered = _offered(space)
    widest = max(offered, key=lambda stage: stage.width)
    deepest = max(offered, key=lambda stage: stage.depth)
    for number, (wide, deep) in enumerate(zip(shapes([widest] * 3, o), shapes([deepest] * 3, o), strict=True)):
        key, (c_in, c, stride, _) = f"stage{number}", wide
        project = shortcut(c_in, c, stride, o).project
        parts[f"{key}/shortcut"] = resized(project)
        writers = [project[0]]
        for block in range(deep.n_blocks):
            entered, step = (c_in, stride) if block == 0 else (c, 1)
            layers = [
                _layer(f"{key}/block{block}/conv_{x}", conv, o)
                for x, conv in _greatest(convs, entered, c, step, offered)
            ]
            for name, layer in layers:
                parts[name] = resized(layer)
            writers.append(layers[-1][1][0])
            if rule == "l1" and not grouped:
                for name, layer in layers[:-1]:
                    parts[f"{name}/largest"] = LargestL1([layer[0]])
        if rule == "l1":
            parts[f"{key}/largest"] = LargestL1(writers)
    parts["head"] = ResizedClassifier(Classifier(c, o))
    parts.update({"relu": nn.ReLU(), "sum": Sum(), "subsample": nn.MaxPool2d(1, 2)})
    if rule == "l1":
        parts["first"] = FirstChannels(parts["stem"][0])
    return parts


def _greatest(convs: Convs, c_in: int, c: int, stride: int, offered: list[ResidualStage]) -> list[tuple[str, Conv]]:
    """The convolutions of a block, by letter, as wide as any offered stage has them; not divided into groups."""
    every = zip(*(convs(c_in, c, stride, stage) for stage in offered), strict=True)
    return [
        (letter, same[0]._replace(c_in=max(x.c_in for x in same), c_out=max(x.c_out for x in same), groups=1))
        for letter, same in zip("abc", every, strict=False)
    ]


def _layer(name: str, conv: Conv, o: NetOptions) -> tuple[str, ConvBN]:
    return name, ConvBN(conv.c_in, conv.c_out, conv.kernel, conv.stride, o)
