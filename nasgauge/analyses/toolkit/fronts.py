"""Pareto fronts of size and quality."""

from bisect import bisect_right

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth


def levels_of(size: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Level of each point among all, 1 the front: minimal in size, maximal in value, by non-dominated sorting.

    A point is dominated by one that is no larger and no worse, and better in one of the two. Equal points share their
    level. size, value: (n,), finite. Returns integers (n,).

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


def sized(scores: pd.DataFrame, truth: pd.DataFrame, complexity: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Per estimator the columns size, accuracy and score of the architectures that have all three, by arch."""
    accuracy = mean_truth(truth).sort_index()
    size = complexity.set_index("arch")[by].astype("float64").dropna()
    found = {}
    for name, score in sorted(mean_scores(scores).items()):
        score = score[is_among(score.index, accuracy.index) & is_among(score.index, size.index)].sort_index()
        columns = {"size": size.reindex(score.index), "accuracy": accuracy.reindex(score.index), "score": score}
        if len(score):
            found[name] = pd.DataFrame(columns)
    return found
