"""An architecture as a program over shared modules, and the plan by which several programs run as one.

A program is straight-line code: every step applies one part to values of earlier steps. What the parts are is a
blueprint's affair, one for each search space; nothing here knows about cells, edges or nodes.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space

Places = dict[str, str | int | tuple[str, ...]]
Path = Arch | tuple[Arch, ...]  # one architecture for all cells, or one for each cell


@final
class Step(NamedTuple):
    """value = parts[part](*values of the steps `inputs`, *args); `args` are plain numbers such as a width."""

    part: str
    inputs: tuple[int, ...]
    args: tuple[int, ...] = ()


Program = tuple[Step, ...]  # step 0 is IMAGES, the last step gives the logits
IMAGES = Step("images", ())


@final
@dataclass(frozen=True)
class Blueprint:
    """What makes a supernet of a search space.

    `parts`: the shared modules by key, "<position>/...", each parameter in one of them. `program`: what a path runs, a
    UserError if the path is none of this supernet's. `standalone`: the path's stand-alone network with weights still
    to come, and what belongs in each of its submodules by name: a part's key; the number of a step whose part fills the
    submodule with what the step uses of its weights; or keys of a part that fills it and of others that have no input,
    whose values it takes. `n_cells`: how many architectures a path has where every cell has its own.
    """

    parts: nn.ModuleDict
    program: Callable[[Path], Program]
    standalone: Callable[[Path], tuple[nn.Module, Places]]
    n_cells: int


def per_cell(path: Path, n_cells: int) -> tuple[Arch, ...]:
    """One architecture for each cell; UserError if the path has them for another number of cells."""
    archs = path if path and isinstance(path[0], tuple) else (path,) * n_cells
    if len(archs) != n_cells:
        raise UserError(f"supernet: {len(archs)} architectures for {n_cells} cells; give one for all, or one per cell")
    return archs


def served(space: Space, path: Path, n_cells: int) -> tuple[Arch, ...]:
    """One architecture for each cell, all of them the (restricted) space's; else UserError."""
    archs = per_cell(path, n_cells)
    for arch in dict.fromkeys(archs):
        space.validate(arch)
        lacking = [name for name in space.uses(arch) if name not in space.options]
        if lacking:
            raise UserError(
                f"supernet: {space.to_str(arch)} uses {lacking[0]}, which has no weights here; this space has "
                + ", ".join(space.options)
            )
    return archs


@final
class Call(NamedTuple):
    """One part applied to the inputs of one or more steps at once; afterwards the values in `done` are needed no more.

    `steps[i]` is the number of the value that `inputs[i]` give.
    """

    part: str
    args: tuple[int, ...]
    steps: tuple[int, ...]
    inputs: tuple[tuple[int, ...], ...]
    done: tuple[int, ...]


@final
class Plan(NamedTuple):
    """Calls in order, over values numbered from 0 (the images); `results[i]` is the value of the i-th program."""

    calls: tuple[Call, ...]
    results: tuple[int, ...]
    n_values: int


def plan(programs: Sequence[Program], *, batched: bool = False) -> Plan:
    """The union of the programs, in which steps of equal part, args and inputs are one.

    Plain: one call a step, in the order of the programs, so that a program given after one with the same beginning
    goes on where they part. `batched`: one call for all steps of equal part and args at the same distance from the
    images. A value is done after the last call that reads it, at once if none does, and never if it is a result.

    >>> a = (IMAGES, Step("stem", (0,)), Step("head", (1,)))
    >>> b = (IMAGES, Step("stem", (0,)), Step("pool", (1,)), Step("head", (2,)))
    >>> [call.part for call in plan([a, b]).calls]
    ['stem', 'head', 'pool', 'head']
    >>> plan([a, b]).results
    (2, 4)
    """
    numbers: dict[Step, int] = {IMAGES: 0}
    results = []
    for program in programs:
        own: list[int] = []  # the union's number of each of the program's steps
        for part, inputs, args in program:
            step = Step(part, tuple([own[i] for i in inputs]), args)
            own.append(numbers.setdefault(step, len(numbers)))
        results.append(own[-1])
    steps = list(numbers)
    groups = _level_by_level(steps) if batched else [(i,) for i in range(1, len(steps))]
    return Plan(_calls(steps, groups, keep=frozenset((0, *results))), tuple(results), len(steps))


def _level_by_level(steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """Numbers of the steps that can be computed together, nearest to the images first."""
    levels = [0] * len(steps)
    alike: dict[Hashable, list[int]] = {}
    for i, step in enumerate(steps[1:], start=1):
        levels[i] = 1 + max((levels[j] for j in step.inputs), default=0)
        alike.setdefault((levels[i], step.part, step.args), []).append(i)
    return sorted((tuple(group) for group in alike.values()), key=lambda group: levels[group[0]])


def _calls(steps: Sequence[Step], groups: Sequence[tuple[int, ...]], *, keep: frozenset[int]) -> tuple[Call, ...]:
    last_use: dict[int, int] = {}
    for position, group in enumerate(groups):
        for i in group:
            last_use[i] = position
            for j in steps[i].inputs:
                last_use[j] = position
    done: list[list[int]] = [[] for _ in groups]
    for i, position in last_use.items():
        if i not in keep:
            done[position].append(i)
    return tuple(
        Call(steps[group[0]].part, steps[group[0]].args, group, tuple([steps[i].inputs for i in group]), tuple(over))
        for group, over in zip(groups, done, strict=True)
    )
