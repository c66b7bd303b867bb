"""Pareto evolution: parents from the fronts of value against size, and of value against −size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.crossover import crossed
from nasgauge.search.fronts import levels_of
from nasgauge.search.ledger import Fresh, Ledger, Objective, valued
from nasgauge.search.pool import Candidates
from nasgauge.spaces import Arch, Space


@final
@dataclass(frozen=True)
class Member:
    """One of the population: its string, its value and its size."""

    text: str
    value: float
    size: float


def pareto_evolution(
    space: Space,
    objective: Objective,
    candidates: Candidates,
    *,
    budget: int | None,
    rng: np.random.Generator,
    size: Objective | None = None,
    population: int = 20,
    children: int = 10,
    random_share: float = 0.5,
    crossover_share: float = 0.25,
) -> pd.DataFrame:
    """Pareto evolution: the population is taken from the fronts of high value and small size, and of high value and
    large size, because a cheap estimate may underestimate the small or the large architectures.

    step 0: `population` random candidates, the first ones that a random search would draw with an equal generator
    step t: `children` times, with chance `random_share` a random candidate, with chance `crossover_share` the crossover
        of two members (each entry of the encoding from either), else a neighbour of a member; they are evaluated in one
        batch, and the population becomes the `population` best of members and children:
        level 1 = the front of (value up, size down) and that of (value up, size up), level 2 = the same of the others,
        and so on; of the last level, which is not taken as a whole, the best and others evenly spaced by size

    Where a neighbour or a crossover leads is as in `tournament`: to itself, or to the representative of its class. A
    crossover that is no architecture of the space or leads to nothing new is replaced by a neighbour of its first
    parent, and a neighbour by a random candidate where all have been evaluated.

    candidates: strings of architectures, their order does not matter, duplicates count once; or None, the whole space.
    objective: from a list of architectures to one value each, higher is better; one without a value (NaN) is paid for,
    but does not enter the population. size: the second objective, such as the number of parameters, in the same form
    and without NaN; if None the number of layers with weights in `space.op_counts`. budget: evaluations, from 1; above
    the number of candidates all are evaluated. With an equal generator a smaller budget gives the first rows of a
    larger one. The published controller has population = children = 100 and shares .5 and .25. Returns (arch, value,
    step), one row per evaluation in their order. UserError: a budget, population or children that is missing or below
    1, shares below 0 or above 1 in sum, a size that is unknown, no candidates, a string that is not the space's.

    >>> from nasgauge.spaces import NB201
    >>> n_convs = lambda archs: np.array([a.count(3) for a in archs])
    >>> found = pareto_evolution(NB201(), n_convs, None, budget=200, rng=np.random.default_rng(0))
    >>> len(found), float(found["value"].max())
    (200, 5.0)

    Reference: ning2021evaluating, Table A8 (pareto-evo); yang2020cars.
    """
    for option, number in {"population": population, "children": children}.items():
        if number < 1:
            raise UserError(f"pareto evolution: {option} is {number}; at least one is needed")
    if random_share < 0 or crossover_share < 0 or random_share + crossover_share > 1:
        raise UserError(
            f"pareto evolution: random_share {random_share} and crossover_share {crossover_share}; give shares from 0, "
            "at most 1 in sum"
        )
    ledger = Ledger(space, objective, candidates)
    fresh = Fresh(ledger, budget, "pareto evolution", rng)
    size_of = size or _layers(space)
    members: list[Member] = []

    def child() -> Sequence[str]:
        chance = rng.random()
        if not members or chance < random_share:
            return ()
        first, second = (members[i].text for i in rng.integers(len(members), size=2))
        if chance < random_share + crossover_share:
            one, other = ledger.pool.read(first), ledger.pool.read(second)
            mixed = crossed(space, one, other, (rng.random(len(one)) < 0.5).tolist())
            text = None if mixed is None else ledger.pool.resolve(mixed)
            if text is not None and text not in fresh.taken:
                return (text,)
        return ledger.pool.relatives(first)

    batch = fresh.batch(population)
    while batch:
        values, sizes = ledger.evaluate(batch), _sized(size_of, list(map(ledger.pool.read, batch)))
        new = map(Member, batch, values, sizes)
        members = survivors([*members, *(member for member in new if not isnan(member.value))], population)
        batch = fresh.batch(children, child)
    return ledger.table()


def survivors(members: Sequence[Member], n: int) -> list[Member]:
    """The n members that are kept, level by level, see `pareto_evolution`; equal members are not merged.

    >>> points = {"small": (1, 1), "best": (3, 2), "dominated": (1, 2), "large": (1, 3)}
    >>> [member.text for member in survivors([Member(text, *point) for text, point in points.items()], 3)]
    ['small', 'best', 'large']
    """
    kept, left = [], list(members)
    while left and len(kept) < n:
        value, size = (np.array([getattr(member, name) for member in left]) for name in ("value", "size"))
        on_front = ((levels_of(size, value) == 1) | (levels_of(-size, value) == 1)).tolist()
        kept += _spread([m for m, is_on in zip(left, on_front, strict=True) if is_on], n - len(kept))
        left = [m for m, is_on in zip(left, on_front, strict=True) if not is_on]
    return kept


def _spread(level: list[Member], n: int) -> list[Member]:
    """At most n of a level: the best of it, and others evenly spaced by size, from the smallest to the largest."""
    if len(level) <= n:
        return level
    best = max(level, key=lambda member: member.value)
    others = sorted((member for member in level if member is not best), key=lambda member: member.size)
    return [best, *(others[i] for i in np.linspace(0, len(others) - 1, n - 1).round().astype(int))]


def _sized(size_of: Callable[[list[Arch]], np.ndarray], archs: list[Arch]) -> list[float]:
    sizes = valued(size_of, archs)
    if np.isnan(sizes).any():
        raise UserError("pareto evolution: the size of an architecture is NaN; give a number for every candidate")
    return sizes.tolist()


def _layers(space: Space) -> Objective:
    """The number of layers with weights of each architecture."""
    if not space.operations:
        raise UserError(f"pareto evolution: search space {space.name!r} does not say what its operations do; give size")
    return lambda archs: np.array(
        [sum(n * space.operation(name).layers for name, n in space.op_counts(arch).items()) for arch in archs]
    )
