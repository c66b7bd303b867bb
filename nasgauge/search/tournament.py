"""Tournament evolution: tournaments select parents, mutation makes children, the oldest members are removed."""

from collections import deque
from collections.abc import Sequence
from math import isnan

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.ledger import Fresh, Ledger, Objective
from nasgauge.search.pool import Candidates
from nasgauge.spaces import Space

Member = tuple[str, float]


def tournament(
    space: Space,
    objective: Objective,
    candidates: Candidates,
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
    `space.canonical(neighbour)`, if that is one: a table may know the truth of one architecture per class. The child is
    uniform over those of `space.neighbours(parent)` that lead to a candidate not yet evaluated. If there are none, a
    random candidate that was not evaluated takes the child's place, so that the budget is always spent; on candidates
    scattered over a large space that is nearly a random search.

    candidates: strings of architectures, their order does not matter, duplicates count once; or None, the whole space.
    objective: from a list of architectures to one value each, higher is better. One without a value (NaN) is paid for,
    but does not enter the population; while that is empty, children are random. Ties in a tournament are settled at
    random. budget: evaluations, from 1; above the number of candidates all are evaluated, and up to `population` it is
    a random search. With an equal generator a smaller budget gives the first rows of a larger one. With children = 1
    and every architecture a candidate this is the published algorithm, but for one thing: nothing is evaluated twice.
    Returns (arch, value, step), one row per evaluation in their order. UserError: a budget or an option that is missing
    or below 1, no candidates, a string that is not the space's.

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
    fresh = Fresh(ledger, budget, "evolution", rng)
    living: deque[Member] = deque(maxlen=population)

    def near_a_parent() -> Sequence[str]:
        return ledger.pool.relatives(_parent(living, sample_size, rng)) if living else ()

    batch = fresh.batch(population)
    while batch:
        values = ledger.evaluate(batch)
        living += [(text, value) for text, value in zip(batch, values, strict=True) if not isnan(value)]
        batch = fresh.batch(children, near_a_parent)
    return ledger.table()


def _parent(living: Sequence[Member], sample_size: int, rng: np.random.Generator) -> str:
    """The best of the drawn members, the first drawn among equals."""
    drawn = [living[i] for i in rng.integers(len(living), size=sample_size)]
    return max(drawn, key=lambda member: member[1])[0]
