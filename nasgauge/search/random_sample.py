"""Random search, the baseline of the others."""

import numpy as np
import pandas as pd

from nasgauge.search.ledger import Fresh, Ledger, Objective
from nasgauge.search.pool import Candidates
from nasgauge.spaces import Space


def random_sample(
    space: Space, objective: Objective, candidates: Candidates, *, budget: int | None, rng: np.random.Generator
) -> pd.DataFrame:
    """Evaluate `budget` candidates drawn without replacement, all sets and orders equally likely, in one batch.

    candidates: strings of architectures, their order does not matter, duplicates count once; or None, the whole space,
    then drawn by `space.sample` where it is too large to be listed. objective: from a list of architectures to one
    value each, higher is better, NaN where there is none. budget: evaluations, from 1; above the number of candidates
    all are taken. With an equal generator a smaller budget gives the first rows of a larger one.
    Returns (arch, value, step), one row an evaluation in the order of the draw; step is 0. UserError: a budget that is
    missing or below 1, no candidates, a string that is not the space's.

    >>> from nasgauge.spaces import NB201
    >>> space = NB201()
    >>> archs = [space.to_str(a) for a in space.enumerate()]
    >>> n_convs = lambda archs: np.array([a.count(3) for a in archs])
    >>> found = random_sample(space, n_convs, archs, budget=50, rng=np.random.default_rng(0))
    >>> len(found), float(found["value"].max())
    (50, 4.0)

    Reference: li2019random.
    """
    ledger = Ledger(space, objective, candidates)
    fresh = Fresh(ledger, budget, "random search", rng)
    ledger.evaluate(fresh.batch(fresh.left))
    return ledger.table()
