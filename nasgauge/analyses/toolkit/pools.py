"""Random searches guided by scores: pools of architectures, and what the best of each pool by score reach."""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=4)
def drawn_pools(n: int, size: int, n_draws: int, state: int) -> np.ndarray:
    """Places (n_draws, size) of pools drawn without replacement from n architectures; the same for the same numbers.

    >>> drawn_pools(3, 3, 2, 0).shape, sorted(drawn_pools(3, 3, 2, 0)[0].tolist())
    ((2, 3), [0, 1, 2])
    """
    rng = np.random.default_rng(state)
    pools = np.array([rng.choice(n, size, replace=False) for _ in range(n_draws)])
    pools.flags.writeable = False  # as it is kept for the next supernet
    return pools


def ranked(pools: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Each pool with the highest of its values (n_draws, size) first; ties in the order of the pool, a random one.

    >>> ranked(np.array([[4, 7, 5]]), np.array([[0.1, 0.3, 0.2]])).tolist()
    [[7, 5, 4]]
    """
    return np.take_along_axis(pools, np.argsort(-values, axis=1, kind="stable"), axis=1)


def reached(order: np.ndarray, true: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Of pools in order: mean accuracy of the first k, and the chance that k random trainings find nothing as good.

    chance = (share of the n architectures that are strictly worse than the best of the k)^k

    >>> reached(np.array([[1, 0]]), np.array([0.5, 0.7, 0.6, 0.8]), 1)
    (array([0.7]), array([0.5]))
    """
    worse = np.searchsorted(np.sort(true), true) / len(true)
    first = order[:, :k]
    return true[first].mean(axis=1), worse[first].max(axis=1) ** k
