"""Means over the seeds of an estimator, with intervals that say how few seeds there are."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import t


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """(mean, lower, upper) of independent values: mean -/+ t s / sqrt(n), Student's t with n - 1 degrees of freedom.

    s: standard deviation with n - 1. NaN in place of the ends for a single value, of all where a value is NaN or there
    is none.

    >>> [round(x, 3) for x in mean_interval([0.5, 0.6, 0.7])]
    [0.6, 0.352, 0.848]
    """
    found = np.asarray(values, dtype="float64")
    if not len(found) or np.isnan(found).any():
        return float("nan"), float("nan"), float("nan")
    mean = float(found.mean().round(12))
    if len(found) == 1:
        return mean, float("nan"), float("nan")
    half = float(t.ppf((1 + confidence) / 2, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)))
    return mean, mean - half, mean + half
