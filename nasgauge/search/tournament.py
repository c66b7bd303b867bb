"""The search that learns from what it found: tournaments choose parents, mutations make children, the oldest leave."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import islice
from math import isnan

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.ledger import Ledger, Objective
from nasgauge.spaces import Arch, Space

Member = tuple[Arch, float]


def tournament(
    space: Space,
    objective: Objective,
    candidates: Sequence[str],
    *,
    budget: int | None,
    rng: np.random.Generator,
    population: int = 20,
    sample_size: int = 5,
    children: int = 10,
) -> pd.DataFrame:
    """Tournament evolution with ageing: mutate the best of a few random members of the population, drop the oldest.

    step 0: `population` random candidates, the first ones that a random search would draw with an equal generator
    step t: `children` times, the parent is the best of `sample_size` members drawn with replacement, the child one of
        its neighbours; the children are evaluated in one batch and enter, and all but the `population` youngest leave

    A neighbour leads to itself if it is a candidate, otherwise to its class's representative,
    `space.canonical(neighbour)`, if that is one: a table may know the truth of one architecture a class. The child is
    uniform over those of `space.neighbours(parent)` that lead to a candidate not yet evaluated. If there are none, a
    random candidate that was not evaluated takes the child's place, so that the budget is always spent; on candidates
    scattered over a large space that is nearly a random search.

    candidates: strings of architectures; their order does not matter, duplicates count once. objective: from a list of
    architectures to one value each, higher is better. One without a value (NaN) is paid for, but does not enter the
    population; while that is empty, children are random. Ties in a tournament are settled at random. budget:
    evaluations, from 1; above the number of candidates all are evaluated, and up to `population` it is a random search.
    With children = 1 and every architecture a candidate this is the published algorithm, but for one thing: nothing is
    evaluated twice. Returns (arch, value, step), one row an evaluation in their order. UserError: a budget or an option
    that is missing or below 1, no candidates, a string that is not the space's.

    >>> from nasgauge.spaces import NB201
    >>> space = NB201()
    >>> archs = [space.to_str(a) for a in space.enumerate()]
    >>> n_convs = lambda archs: np.array([a.count(3) for a in archs])
    >>> found = tournament(space, n_convs, archs, budget=100, rng=np.random.default_rng(0))
    >>> found.groupby("step")["value"].mean().round(1).tolist()
    [1.4, 2.1, 2.3, 2.7, 2.7, 2.6, 2.6, 2.7, 2.9]

    Reference: real2019regularized, algorithm 1.
    """
    for option, number in {"population": population, "sample_size": sample_size, "children": children}.items():
        if number < 1:
            raise UserError(f"evolution: {option} is {number}; at least one is needed")
    ledger = Ledger(space, objective, candidates)
    n = ledger.affordable(budget, "evolution")
    known = frozenset(ledger.candidates)
    relatives = cache(lambda parent: _relatives(space, parent, known))
    strangers = iter(ledger.shuffled(rng))
    living: deque[Member] = deque(maxlen=population)
    batch = list(islice(strangers, min(population, n)))
    taken = set(batch)
    while batch:
        living += [(arch, value) for arch, value in ledger.evaluate(batch) if not isnan(value)]
        batch = []
        for _ in range(min(children, n - len(taken))):
            options = relatives(_parent(living, sample_size, rng)) if living else []
            child = _child(options, strangers, taken, rng)
            taken.add(child)
            batch.append(child)
    return ledger.table()


def _parent(living: Sequence[Member], sample_size: int, rng: np.random.Generator) -> Arch:
    """The best of the drawn members, the first drawn among equals."""
    drawn = [living[i] for i in rng.integers(len(living), size=sample_size)]
    return max(drawn, key=lambda member: member[1])[0]


def _relatives(space: Space, parent: Arch, known: Collection[str]) -> list[str]:
    """Where the parent's neighbours lead: a known string for each that is known or has a known representative."""
    found = []
    for neighbour in space.neighbours(parent):
        text = space.to_str(neighbour)
        if text not in known:
            text = space.to_str(space.canonical(neighbour))
        if text in known:
            found.append(text)
    return found


def _child(options: Sequence[str], strangers: Iterator[str], taken: Collection[str], rng: np.random.Generator) -> str:
    """One of the options that are not taken, or else the next stranger that is not."""
    free = [text for text in options if text not in taken]
    if free:
        return free[int(rng.integers(len(free)))]
    return next(text for text in strangers if text not in taken)
