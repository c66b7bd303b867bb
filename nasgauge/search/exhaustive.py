"""Exhaustive search: what an objective selects if evaluations are free."""

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.ledger import Ledger, Objective
from nasgauge.search.pool import Candidates, Listed
from nasgauge.spaces import Space


def exhaustive(
    space: Space,
    objective: Objective,
    candidates: Candidates,
    *,
    budget: int | None = None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Evaluate every candidate, in one batch.

    candidates: strings of architectures, their order does not matter, duplicates count once; or None, the whole space.
    objective: from a list of architectures to one value each, higher is better, NaN where there is none. budget: None,
    since all are evaluated. rng is not used. Returns (arch, value, step), one row per candidate in the order of the
    strings; step is 0. UserError: a budget, no candidates, a space that is too large to be listed, a string that is not
    the space's.

    >>> from nasgauge.spaces import NB201
    >>> space = NB201()
    >>> archs = [space.to_str(a) for a in [(3, 3, 3, 3, 3, 3), (1, 1, 1, 1, 1, 1)]]
    >>> n_convs = lambda archs: np.array([a.count(3) for a in archs])
    >>> exhaustive(space, n_convs, archs, rng=np.random.default_rng(0))["value"].tolist()
    [6.0, 0.0]

    Reference: ying2019nasbench101, whose authors trained every architecture of a space.
    """
    if budget is not None:
        raise UserError(
            f"exhaustive search: a budget of {budget} is given, but every candidate is evaluated; omit it, or "
            'choose "random" or "evolution"'
        )
    ledger = Ledger(space, objective, candidates)
    if not isinstance(ledger.pool, Listed):
        raise UserError(
            f"exhaustive search: {space.name} is too large to be listed; give candidates, or choose another search"
        )
    ledger.evaluate(ledger.pool)
    return ledger.table()
