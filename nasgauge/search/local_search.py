"""Local search: evaluate all neighbours, move to the best of them, and restart at a local optimum."""

from collections.abc import Iterable, Mapping
from math import isnan, nan

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.ledger import Fresh, Ledger, Objective
from nasgauge.search.pool import Candidates
from nasgauge.spaces import Space


def local_search(
    space: Space,
    objective: Objective,
    candidates: Candidates,
    *,
    budget: int | None,
    rng: np.random.Generator,
    starts: int = 10,
) -> pd.DataFrame:
    """Local search with restarts: from the best of a few random candidates to the best neighbour, while it is better.

    1. Evaluate `starts` random candidates that are new in one batch; stand on the best of them.
    2. Evaluate the neighbours that are new, in one batch and in random order; if the best of all neighbours is strictly
       better, stand on it and repeat, otherwise return to 1.

    Where neighbours lead is as in `tournament`: to themselves, or to the representative of their class. Neighbours that
    were evaluated before are compared by their known value. One without a value (NaN) is paid for and never stood on.
    The first of equal neighbours is taken; it must be better than where the search stands, not equal.

    candidates: strings of architectures, their order does not matter, duplicates count once; or None, the whole space.
    objective: from a list of architectures to one value each, higher is better. budget: evaluations, from 1; above the
    number of candidates all are evaluated, and up to `starts` it is a random search. With an equal generator a smaller
    budget gives the first rows of a larger one. Returns (arch, value, step), one row per evaluation in their order.
    UserError: a budget or `starts` that is missing or below 1, no candidates, a string that is not the space's.

    >>> from nasgauge.spaces import NB201
    >>> n_convs = lambda archs: np.array([a.count(3) for a in archs])
    >>> found = local_search(NB201(), n_convs, None, budget=120, rng=np.random.default_rng(0))
    >>> found.groupby("step")["value"].max().tolist()
    [2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 3.0]

    Reference: white2021exploring, algorithm 1, with restarts.
    """
    if starts < 1:
        raise UserError(f"local search: starts is {starts}; at least one is needed")
    ledger = Ledger(space, objective, candidates)
    fresh = Fresh(ledger, budget, "local search", rng)
    while batch := fresh.batch(starts):
        ledger.evaluate(batch)
        here = _best(batch, ledger.values)
        while here is not None:
            near = ledger.pool.relatives(here)
            if batch := fresh.among(near):
                ledger.evaluate(batch)
            best = _best([*near, here], ledger.values)
            here = best if best is not None and ledger.values[best] > ledger.values[here] and fresh.left else None
    return ledger.table()


def _best(texts: Iterable[str], values: Mapping[str, float]) -> str | None:
    """The best of those with a value, the first of equal ones; None if there is none.

    >>> _best(["a", "b", "c", "d"], {"a": 1.0, "b": nan, "c": 1.0})
    'a'
    """
    known = [text for text in texts if not isnan(values.get(text, nan))]
    return max(known, key=values.__getitem__, default=None)
