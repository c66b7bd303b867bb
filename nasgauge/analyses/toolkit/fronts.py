"""Pareto fronts of size and quality."""

import moocore
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
    if not len(size):
        return np.empty(0, dtype=int)
    return moocore.pareto_rank(np.column_stack([size, -value]).astype("float64")) + 1


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
