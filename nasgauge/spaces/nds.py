"""Network design spaces: three stages of residual blocks, a depth and a width (and more) chosen for each.

Radosavovic et al., "On Network Design Spaces for Visual Recognition", ICCV 2019, table 1.
"""

import itertools
from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces.space import Arch, Graph, Operation, Space, one_changed

OPERATIONS = {
    "conv_1x1": Operation(layers=1, is_convolution=True),
    "conv_3x3": Operation(layers=1, pixels=2, is_convolution=True),
    "conv_3x3_g2": Operation(layers=1, pixels=2, is_convolution=True),
    "conv_3x3_g4": Operation(layers=1, pixels=2, is_convolution=True),
    "skip_connect": Operation(),
}
N_STAGES = 3
STEM_WIDTH = 16  # what the first stage is given


@dataclass(frozen=True)
class Decision:
    """What is chosen in every stage: a name, and the options in ascending order, string form to entry of the tuple."""

    name: str
    options: dict[str, int]


@dataclass(frozen=True)
class ResidualStage:
    """One stage: `depth` blocks of `width` channels, inside of which width / `divisor` channels in `groups` groups.

    `projected`: whether the first block's shortcut is a convolution, because the stage changes the width or, as every
    stage but the first, halves the size.
    """

    projected: bool
    depth: int
    width: int
    divisor: int = 1
    groups: int = 1


class StagedSpace(Space):
    """Three stages in a row, the same decisions in each, all independent: a subclass is a table of options.

    An architecture is the tuple of its options' numbers, stage by stage. `choices` are the options that sampling and
    mutation may use, by decision and alike in all stages; `restrict` narrows them. No two architectures of the whole
    space build networks of equal shapes, so none is isomorphic to another: the only canonical form is "identity", and
    the class of an architecture is itself.
    """

    forms = ("identity",)
    reference = "radosavovic2019nds"
    table: tuple[Decision, ...]
    operations: ClassVar[Mapping[str, Operation]]

    def __init__(self, choices: tuple[tuple[int, ...], ...] | None = None) -> None:
        self.choices = choices or tuple(tuple(decision.options.values()) for decision in self.table)
        kept = zip(self.table, self.choices, strict=True)
        self.options = tuple(name for decision, c in kept for name, entry in decision.options.items() if entry in c)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.options)})"

    @abstractmethod
    def block_ops(self, stage: ResidualStage) -> tuple[str, ...]:
        """The operations of one block in their order, without its shortcut."""

    def stages(self, arch: Arch) -> tuple[ResidualStage, ...]:
        """The architecture read stage by stage."""
        n = len(self.table)
        parts = [arch[i : i + n] for i in range(0, len(arch), n)]
        widths_before = (STEM_WIDTH, *(width for _, width, *_ in parts))
        return tuple(
            ResidualStage(number > 0 or part[1] != before, *part)
            for number, (part, before) in enumerate(zip(parts, widths_before, strict=False))
        )

    def validate(self, arch: Arch) -> None:
        """UserError if a stage is missing or holds what the whole space does not offer."""
        n = len(self.table)
        if len(arch) != N_STAGES * n:
            names = ", ".join(d.name for d in self.table)
            raise UserError(f"arch {arch}: {len(arch)} entries; give {N_STAGES} stages of {n} entries each: {names}")
        for i, entry in enumerate(arch):
            decision = self.table[i % n]
            if entry not in decision.options.values():
                offered = ", ".join(map(str, decision.options.values()))
                raise UserError(f"arch {arch}: stage {i // n + 1}: {decision.name} {entry!r} is none of {offered}")

    def sample(self, rng: np.random.Generator) -> Arch:
        """Uniform over all architectures, as every decision is drawn by itself."""
        return tuple(int(options[rng.integers(len(options))]) for options in self.decisions())

    def neighbours(self, arch: Arch) -> list[Arch]:
        """One decision of one stage replaced by any other of its options, near in size or not."""
        return one_changed(arch, self.decisions())

    def canonical(self, arch: Arch, form: str | None = None) -> Arch:
        if form not in (None, *self.forms):
            raise unknown_name("canonical form", form, self.forms)
        return arch

    def members(self, arch: Arch, form: str | None = None) -> list[Arch]:
        return [self.canonical(arch, form)]

    def encode(self, arch: Arch) -> np.ndarray:
        """Per entry its option's place among all, from 0 to 1; about linear in the number's logarithm."""
        places = [{v: i / (len(d.options) - 1) for i, v in enumerate(d.options.values())} for d in self.table]
        return np.array([at[entry] for entry, at in zip(arch, itertools.cycle(places), strict=False)])

    def to_str(self, arch: Arch) -> str:
        names = [{v: name for name, v in d.options.items()} for d in self.table]
        n = len(names)
        parts = [at[entry] for entry, at in zip(arch, itertools.cycle(names), strict=False)]
        return "|".join("-".join(parts[i : i + n]) for i in range(0, len(parts), n))

    def from_str(self, text: str) -> Arch:
        stages = text.strip().split("|")
        if len(stages) != N_STAGES:
            raise UserError(f"arch {text!r} has {len(stages)} stages; expected {N_STAGES}, as in {self._example()}")
        arch = []
        for number, stage in enumerate(stages, start=1):
            parts = stage.split("-")
            if len(parts) != len(self.table):
                names = ", ".join(d.name for d in self.table)
                raise UserError(f"arch {text!r}: stage {number} reads {stage!r}; expected {names}, joined by '-'")
            for part, decision in zip(parts, self.table, strict=True):
                if part not in decision.options:
                    offered = ", ".join(decision.options)
                    raise UserError(f"arch {text!r}: stage {number}: {decision.name} {part!r} is none of {offered}")
                arch.append(decision.options[part])
        return tuple(arch)

    def uses(self, arch: Arch) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.words(arch)))

    def words(self, arch: Arch) -> tuple[str, ...]:
        """The options by name, stage by stage."""
        return tuple(name for stage in self.to_str(arch).split("|") for name in stage.split("-"))

    def op_counts(self, arch: Arch, *, live: bool = False) -> dict[str, int]:
        """Operations of all blocks and their shortcuts, stem and classifier apart; all of them are live."""
        counts: Counter[str] = Counter()
        for stage in self.stages(arch):
            for op in self.block_ops(stage):
                counts[op] += stage.depth
            counts.update(_shortcuts(stage))
        return {op: counts[op] for op in self.operations}

    def restrict(self, keep: Collection[str]) -> "StagedSpace":
        """The options named as in the string form, such as "d1", "d2" and "w16", are left, in every stage alike."""
        known = [name for decision in self.table for name in decision.options]
        for name in keep:
            if name not in known:
                raise unknown_name("option", name, known)
        kept = {d.name: {v for name, v in d.options.items() if name in keep} for d in self.table}
        choices = tuple(
            tuple(v for v in options if v in kept[decision.name])
            for decision, options in zip(self.table, self.choices, strict=True)
        )
        for decision, options in zip(self.table, choices, strict=True):
            if not options:
                raise UserError(f"restrict: no {decision.name} is kept; name one of {', '.join(decision.options)}")
        return type(self)(choices)

    def graphs(self, arch: Arch) -> dict[str, Graph]:
        """A chain of blocks per stage: between two nodes the block, called by all but its depth, and its shortcut."""
        graphs = {}
        for number, (stage, text) in enumerate(zip(self.stages(arch), self.to_str(arch).split("|"), strict=True), 1):
            block = text.partition("-")[2]
            edges = [(i, i + 1, name) for i, shortcut in enumerate(_shortcuts(stage)) for name in (block, shortcut)]
            nodes = ("in", *map(str, range(1, stage.depth)), "out")
            parts = {block: self.block_ops(stage)}
            graphs[f"stage{number}"] = Graph(nodes, tuple(edges), parts=parts, step=2 ** (number - 1))
        return graphs

    def decisions(self) -> tuple[tuple[int, ...], ...]:
        return self.choices * N_STAGES

    def _example(self) -> str:
        return self.to_str(tuple(options[0] for options in self.decisions()))


def _shortcuts(stage: ResidualStage) -> list[str]:
    return ["conv_1x1" if stage.projected else "skip_connect"] + ["skip_connect"] * (stage.depth - 1)


_DEPTHS = Decision("depth", {f"d{n}": n for n in (1, 2, 3, 4, 6, 8, 12, 16, 24)})
_WIDTHS = Decision("width", {f"w{n}": n for n in (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)})
_FEWER_DEPTHS = Decision("depth", {f"d{n}": n for n in (1, 2, 4, 8, 16)})
_FEWER_WIDTHS = Decision("width", {f"w{n}": n for n in (16, 32, 64, 128, 256)})
_RATIOS = Decision("ratio", {"r0.25": 4, "r0.5": 2, "r1": 1})
_GROUPS = Decision("groups", {"g1": 1, "g2": 2, "g4": 4})


@final
class NDSResNet(StagedSpace):
    """The NDS ResNet space: depth and width of each of three stages of basic blocks (1,259,712 architectures).

    >>> space = NDSResNet()
    >>> space.from_str("d1-w16|d3-w64|d2-w128")
    (1, 16, 3, 64, 2, 128)
    >>> space.op_counts((1, 16, 3, 64, 2, 128))
    {'conv_1x1': 2, 'conv_3x3': 12, 'skip_connect': 4}
    """

    name = "nds-resnet"
    table = (_DEPTHS, _WIDTHS)
    operations: ClassVar = {name: OPERATIONS[name] for name in ("conv_1x1", "conv_3x3", "skip_connect")}

    def block_ops(self, stage: ResidualStage) -> tuple[str, ...]:
        return ("conv_3x3", "conv_3x3")


@final
class NDSResNeXtA(StagedSpace):
    """The NDS ResNeXt-A space: depth, width, bottleneck ratio and groups of three stages (11,390,625 architectures).

    A block's inner width is ratio * width; the tuple holds 1 / ratio. Groups divide every inner width.

    >>> NDSResNeXtA().from_str("d1-w16-r0.25-g4|d4-w64-r0.5-g2|d2-w128-r1-g1")
    (1, 16, 4, 4, 4, 64, 2, 2, 2, 128, 1, 1)
    """

    name = "nds-resnext-a"
    table = (_FEWER_DEPTHS, _FEWER_WIDTHS, _RATIOS, _GROUPS)
    operations = OPERATIONS

    def block_ops(self, stage: ResidualStage) -> tuple[str, ...]:
        middle = "conv_3x3" if stage.groups == 1 else f"conv_3x3_g{stage.groups}"
        return ("conv_1x1", middle, "conv_1x1")
