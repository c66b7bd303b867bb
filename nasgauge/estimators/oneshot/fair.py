"""How the architectures of a step are drawn fairly: each option of a decision as often as any other."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space

Draw = Callable[[], list[list[int]]]  # by decision, the options of the architectures of one step


def fair_item(space: Space, rng: np.random.Generator) -> Callable[[], list[Arch]]:
    """A draw of the architectures of one step: as many as the decision with most options has.

    What is balanced is `Space.balanced_entries`; the rest of an encoding is drawn once for the whole step, by
    `Space.sample`, as the public code of Yu et al. 2020 does. UserError: a space without such decisions.
    """
    entries = _balanced(space)
    draw = _permutations(list(entries.values()), rng)
    if not _has_topology(space, entries):
        return lambda: list(zip(*draw(), strict=True))

    def item() -> list[Arch]:
        topology = space.sample(rng)
        return [
            space.with_entries(topology, dict(zip(entries, options, strict=True)))
            for options in zip(*draw(), strict=True)
        ]

    return item


def cycles(options: Sequence[int], n: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Lists of n draws for ever, n at least the number of options: permutations of all options, one after the other.

    After every draw, the numbers of draws of two options differ by at most one, and so they do within every list: the
    permutation that a list leaves unfinished begins with the options that this list has drawn less often. Where the
    number of options divides n, each is drawn equally often in every list. All options are alike at every place.

    >>> drawn = cycles((0, 1, 2), 4, np.random.default_rng(0))
    >>> [sorted(next(drawn)) for _ in range(3)]
    [[0, 1, 2, 2], [0, 0, 1, 2], [0, 1, 1, 2]]
    """
    rest: list[int] = []
    while True:
        drawn = rest
        while n - len(drawn) >= len(options):
            drawn = drawn + rng.permutation(options).tolist()
        n_left, cycle = n - len(drawn), []
        if n_left:
            cycle = sorted(rng.permutation(options).tolist(), key=lambda option: option in rest)
        yield drawn + cycle[:n_left]
        rest = cycle[n_left:]


def _balanced(space: Space) -> Mapping[int, tuple[int, ...]]:
    try:
        entries = space.balanced_entries()
    except NotImplementedError as dependent:
        raise UserError(f"fair sampling: {dependent}; sampler 'uniform' serves such spaces") from dependent
    if not entries:
        raise UserError(f"fair sampling: {space.name} balances no entry; sampler 'uniform' serves such spaces")
    return entries


def _has_topology(space: Space, entries: Mapping[int, tuple[int, ...]]) -> bool:
    """Whether an encoding has more entries than are balanced."""
    try:
        return len(entries) < len(space.decisions())
    except NotImplementedError:
        return True


def _permutations(decisions: Sequence[Sequence[int]], rng: np.random.Generator) -> Draw:
    """Of equally many options a permutation each, else each decision's own `cycles`."""
    sizes = {len(options) for options in decisions}
    if len(sizes) == 1:
        table = np.array(decisions)  # (M, N)
        return lambda: rng.permuted(table, axis=1).tolist()
    streams = [cycles(options, max(sizes), rng) for options in decisions]
    return lambda: [next(stream) for stream in streams]
