"""The program of a network of the NDS spaces, over the parts of `nds_supernet`."""

from abc import ABC, abstractmethod
from typing import Any, final

from nasgauge.nets.nds import Conv, Convs, StageShape, shapes
from nasgauge.nets.options import NetOptions
from nasgauge.nets.program import IMAGES, Step
from nasgauge.spaces import ResidualStage


class Writer(ABC):
    """Writes the steps of a network, and in `places` which of them runs each layer of the stand-alone network.

    What a subclass decides is how a step is told its channels, by whatever `stage_channels` and the like give.
    """

    def __init__(self, o: NetOptions) -> None:
        self.o = o
        self.steps: list[Step] = [IMAGES]
        self.places: dict[str, str | int] = {}

    @abstractmethod
    def stem_channels(self) -> Any:
        """The channels of the stem."""

    @abstractmethod
    def stage_channels(self, key: str, shape: StageShape, projected: bool) -> Any:
        """The channels that leave the blocks of a stage."""

    @abstractmethod
    def inner_channels(self, part: str, c: int) -> Any:
        """The channels that a layer inside a block puts out."""

    @abstractmethod
    def conv(self, part: str, x: int, c_in: Any, c_out: Any, groups: int, place: str) -> int:
        """A convolution between these channels."""

    @abstractmethod
    def head(self, x: int, c: Any) -> int:
        """The classifier on these channels."""

    def add(self, part: str, *inputs: int, args: tuple[int, ...] = (), place: str | None = None) -> int:
        self.steps.append(Step(part, inputs, args))
        if place is not None:
            self.places[place] = len(self.steps) - 1
        return len(self.steps) - 1

    def network(self, stages: tuple[ResidualStage, ...], convs: Convs) -> None:
        """The steps in the order in which `nds.Network` computes them, hence the same rounding."""
        x, channels = self.add("stem", 0), self.stem_channels()
        for number, (stage, shape) in enumerate(zip(stages, shapes(stages, self.o), strict=True)):
            before, channels = channels, self.stage_channels(f"stage{number}", shape, stage.projected)
            for block in range(shape.n_blocks):
                bypass = x
                if block == 0 and stage.projected:
                    place = f"stages.{number}.0.shortcut.project"
                    start = self.add("subsample", x) if shape.stride == 2 else x
                    bypass = self.conv(f"stage{number}/shortcut", start, before, channels, 1, place)
                first = convs(shape.c_in, shape.c, shape.stride, stage)
                todo = convs(shape.c, shape.c, 1, stage) if block else first
                y = self._body(f"stage{number}/block{block}", x, todo, channels if block else before, channels,
                               f"stages.{number}.{block}.body")  # fmt: skip
                x = self.add("relu", self.add("sum", bypass, y))
        self.head(x, channels)

    def _body(self, key: str, x: int, convs: tuple[Conv, ...], before: Any, after: Any, place: str) -> int:
        for i, (letter, conv) in enumerate(zip("abc", convs, strict=False)):
            part, last = f"{key}/conv_{letter}", i == len(convs) - 1
            to = after if last else self.inner_channels(part, conv.c_out)
            x, before = self.conv(part, x, before, to, conv.groups, f"{place}.conv_{letter}"), to
            if not last:
                x = self.add("relu", x)
        return x


@final
class Ordinal(Writer):
    """Channels are their number."""

    def stem_channels(self) -> int:
        return self.o.channels

    def stage_channels(self, key: str, shape: StageShape, projected: bool) -> int:
        return shape.c

    def inner_channels(self, part: str, c: int) -> int:
        return c

    def conv(self, part: str, x: int, c_in: int, c_out: int, groups: int, place: str) -> int:
        return self.add(part, x, args=(c_in, c_out, groups), place=place)

    def head(self, x: int, c: int) -> int:
        return self.add("head", x, args=(c,), place="classifier")


@final
class ByL1(Writer):
    """Channels are the number of the step that gives their indices."""

    def __init__(self, o: NetOptions, grouped: bool) -> None:
        super().__init__(o)
        self.grouped = grouped

    def stem_channels(self) -> int:
        return self.add("first", args=(self.o.channels,))

    def stage_channels(self, key: str, shape: StageShape, projected: bool) -> int:
        return self.add(f"{key}/largest", args=(shape.c, 0 if projected else 1, 1 + shape.n_blocks))

    def inner_channels(self, part: str, c: int) -> int:
        return self.add("first", args=(c,)) if self.grouped else self.add(f"{part}/largest", args=(c, 0, 1))

    def conv(self, part: str, x: int, c_in: int, c_out: int, groups: int, place: str) -> int:
        return self.add(part, x, c_out, c_in, args=(groups,), place=place)

    def head(self, x: int, c: int) -> int:
        return self.add("head", x, c, place="classifier")
