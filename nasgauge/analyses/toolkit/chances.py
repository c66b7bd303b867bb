"""Which architectures does a random search choose? Exact chances in place of simulated searches."""

from functools import lru_cache

import numpy as np
from scipy.special import gammaln


@lru_cache(maxsize=256)
def chances_of_top(n: int, budget: int, k: int) -> np.ndarray:
    """Chance that the architecture at each place of a ranking of n, from the best, is among the k best of `budget` ones
    drawn without replacement; they sum to min(k, budget).

    chance(i) = budget / n P(X_i < k), with X_i the number of drawn ones among the i better ones, hypergeometric

    >>> chances_of_top(4, 2, 1).round(3).tolist(), chances_of_top(4, 4, 2).tolist()
    ([0.5, 0.333, 0.167, 0.0], [1.0, 1.0, 0.0, 0.0])
    """
    if budget >= n:
        return (np.arange(n) < k).astype("float64")
    better = np.arange(n - 1)
    with np.errstate(invalid="ignore"):
        log = _log_choose(better, k - 1) + _log_choose(n - 1 - better, budget - k) - _log_choose(n - 1, budget - 1)
    exactly = np.where((better >= k - 1) & (n - 1 - better >= budget - k) & (budget >= k), np.exp(log), 0.0)
    lost = np.cumsum(exactly * max(budget - k, 0) / (n - 1 - better))  # P(X_i < k) falls where the next one is drawn
    return budget / n * np.clip(1 - np.concatenate([[0.0], lost]), 0, 1)


def over_ties(chances: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The chance of each architecture where the chances are those of places, and ties are settled at random.

    chances: (..., n), several at once. score: (n,).

    >>> over_ties(np.array([0.6, 0.3, 0.1]), np.array([1.0, 5.0, 1.0])).round(3).tolist()
    [0.2, 0.6, 0.2]
    >>> over_ties(np.array([0.4, 0.3, 0.3]), np.array([-np.inf, 1.0, -np.inf])).round(3).tolist()
    [0.3, 0.4, 0.3]
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))  # equal ones of -inf are ties too
    sizes = np.diff([*starts, len(score)])
    found = np.empty(chances.shape)
    found[..., order] = (np.add.reduceat(chances, starts, axis=-1) / sizes).repeat(sizes, axis=-1)
    return found


def quantile_of(values: np.ndarray, chances: np.ndarray, at: float) -> float:
    """The smallest value that is not exceeded with chance `at`, where each occurs with its chance.

    >>> quantile_of(np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3]), 0.75)
    2.0
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(chances[order])
    place = np.searchsorted(below, at * below[-1] - 1e-9)
    return float(values[order][min(place, len(values) - 1)])


def _log_choose(n: np.ndarray | int, k: int) -> np.ndarray:
    return gammaln(np.add(n, 1)) - gammaln(k + 1) - gammaln(np.maximum(np.subtract(n, k - 1), 1e-300))
