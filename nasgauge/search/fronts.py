"""Pareto fronts of size and value, by non-dominated sorting."""

from bisect import bisect_right

import numpy as np


def levels_of(size: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Level of each point among all, 1 the front: minimal in size, maximal in value, by non-dominated sorting.

    A point is dominated by one that is no larger and no worse, and better in one of the two. Equal points share their
    level. size, value: (n,), no NaN; a value of -inf is the worst. Returns integers (n,).

    >>> levels_of(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.1, 0.3, 0.2, 0.3])).tolist()
    [1, 1, 2, 2]

    Reference: deb2002nsga2.
    """
    worse = -np.asarray(value, dtype="float64")
    order = np.lexsort([worse, size])  # in ascending size, the best value of a size first
    levels, best = np.empty(len(order), dtype=int), []  # best: of each level the smallest -value, rising by level
    before = None
    for i, point in zip(order.tolist(), zip(np.asarray(size)[order], worse[order], strict=True), strict=True):
        if point != before:  # the first level in which nothing dominates it
            level = bisect_right(best, point[1])
            best[level : level + 1] = [point[1]]
        levels[i], before = level + 1, point
    return levels
