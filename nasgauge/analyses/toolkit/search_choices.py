"""What searches choose by the scores of an estimator: exact chances, or the choices of searches that are run."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.chances import chances_of_top, over_ties
from nasgauge.core.errors import UserError
from nasgauge.search import Listed, Objective, get_search
from nasgauge.spaces import Space

_MOST = 200  # evaluations of a search that is run; those of a random search are computed to the last


def budgets_of(n: int) -> list[int]:
    """1, 2, 5, 10, 20, ... below n, and n.

    >>> budgets_of(12)
    [1, 2, 5, 10, 12]
    """
    return [*(b for e in range(len(str(n))) for b in (10**e, 2 * 10**e, 5 * 10**e) if b < n), n]


def by_chance(vectors: Sequence[np.ndarray], budgets: Sequence[int], counts: Sequence[int]) -> dict[int, np.ndarray]:
    """By budget, weights of the architectures in the mean over the choices of random searches, (len(counts), n), of
    sum 1."""
    n = len(vectors[0])
    chances = np.array([[chances_of_top(n, b, k) / min(k, b) for k in counts] for b in budgets])
    return dict(zip(budgets, np.mean([over_ties(chances, score) for score in vectors], axis=0), strict=True))


def by_runs(
    name: str, pool: Listed, vectors: Sequence[np.ndarray], counts: Sequence[int], n_runs: int, state: int,
    options: Mapping[str, object],
) -> dict[int, np.ndarray]:  # fmt: skip
    """The same of searches that are run, by budget."""
    search, place = get_search(name), {text: i for i, text in enumerate(pool)}
    if not search.takes_budget:
        raise UserError(f"search {name!r} evaluates every architecture, so that it has no curve; choose another one")
    known = {option: value for option, value in options.items() if option in search.options and value is not None}
    budgets = [b for b in budgets_of(len(pool)) if b <= _MOST]
    weights = {b: np.zeros((len(counts), len(pool))) for b in budgets}
    for score in vectors:
        value = {pool.read(text): score[i] for text, i in place.items()}

        def objective(archs, value=value):
            return np.array([value[arch] for arch in archs])

        for run in range(n_runs):
            rng = np.random.default_rng([state, run])
            table = search(pool.space, objective, pool, budget=budgets[-1], rng=rng, **known)
            seen = np.array([place[text] for text in table["arch"]])
            for b in budgets:
                ranked = seen[:b][np.argsort(-score[seen[:b]], kind="stable")]
                for i, k in enumerate(counts):
                    weights[b][i, ranked[:k]] += 1 / (len(ranked[:k]) * n_runs * len(vectors))
    return weights


def sizes_of(archs: Sequence[str], complexity: pd.DataFrame, space: Space) -> Objective | None:
    """Parameters of architectures as an objective; None unless all are known."""
    n_params = complexity.set_index("arch")["n_params"].astype("float64").reindex(list(archs))
    known = {space.from_str(text): size for text, size in n_params.items()}
    return None if n_params.isna().any() else lambda asked: np.array([known[arch] for arch in asked])
