"""Rounding after which equal sums are equal, in whatever order they were added."""

import numpy as np
import pandas as pd


def steady(values: np.ndarray) -> np.ndarray:
    """Values rounded to 40 binary digits (12 decimal ones): the last bit of a sum must not break a tie.

    >>> bool(steady(np.array([0.1 + 0.2]))[0] == steady(np.array([0.3]))[0])
    True
    """
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2.0**40), exponent - 40)


def steady_mean(table: pd.DataFrame) -> pd.Series:
    """The mean of each row, `steady` where there is more than one column; NaN where a value is missing.

    >>> table = pd.DataFrame([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
    >>> steady_mean(table).nunique(), table.mean(axis=1).nunique()
    (1, 2)
    """
    mean = table.mean(axis=1, skipna=False)
    return mean if table.shape[1] < 2 else pd.Series(steady(mean.to_numpy("float64")), mean.index)


def mean_accuracy(truth: pd.DataFrame) -> pd.Series:
    """Mean accuracy of each architecture over its trainings, in order of first appearance.

    Means of several trainings are rounded to 12 decimals: the last bit of a sum depends on the order of its terms, and
    must not break a tie.

    >>> rows = {"arch": list("aaabbb"), "accuracy": [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]}
    >>> mean_accuracy(pd.DataFrame(rows)).tolist()
    [0.2, 0.2]
    """
    trainings = truth.groupby("arch", sort=False)["accuracy"]
    mean = trainings.mean()
    return mean if len(mean) == len(truth) else mean.where(trainings.size() == 1, mean.round(12))
