"""Long tables as one vector per estimator."""

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.memo import sharable
from nasgauge.core.errors import UserError
from nasgauge.core.rounding import mean_accuracy, steady_mean
from nasgauge.core.tables import SCORES, TRUTH, Table, check

TRUTH_NAME = "truth"


def readable(table: pd.DataFrame, spec: Table, *names: str) -> pd.DataFrame:
    """The table, in which the named columns of `spec` are there and of their dtypes; UserError as from `check`.

    >>> readable(pd.DataFrame({"arch": ["a"]}), TRUTH, "arch", "accuracy")
    Traceback (most recent call last):
    nasgauge.core.errors.UserError: the truth table: column 'accuracy' is missing; it has arch
    """
    columns = tuple(column for column in spec.columns if column.name in names)
    fits = isinstance(table, pd.DataFrame) and all(
        c.name in table and (c.dtype == "str" or pd.api.types.is_numeric_dtype(table[c.name])) for c in columns
    )
    return table if fits else check(table, Table(spec.name, columns, key=()))


@sharable
def mean_truth(truth: pd.DataFrame) -> pd.Series:
    """Accuracy of each architecture, the mean over its trainings; index arch, in order of first appearance.

    As `mean_accuracy`; UserError for a table that cannot be read.

    >>> truth = pd.DataFrame({"arch": ["b", "b", "a"], "seed": [0, 1, 0], "accuracy": [0.5, 0.75, 0.25]})
    >>> mean_truth(truth).to_dict()
    {'b': 0.625, 'a': 0.25}
    """
    return mean_accuracy(readable(truth, TRUTH, "arch", "accuracy"))


@sharable
def scores_by_seed(scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Per estimator its scores, architectures down and seeds across, only architectures that every seed scored.

    A failed measurement, whose score is NaN, is no score. UserError: a column is missing or not of numbers; an
    estimator is called "truth", the name of the ground truth in the tables of this package.

    >>> scores = pd.DataFrame({"estimator": "e", "arch": ["b", "a", "b"], "seed": [0, 0, 1], "score": [1.0, 2.0, 3.0]})
    >>> scores_by_seed(scores)["e"].to_dict("index")
    {'b': {0: 1.0, 1: 3.0}}
    """
    tables = {}
    if isinstance(scores, pd.DataFrame) and scores.empty:
        return {}
    scores = readable(scores, SCORES, "estimator", "arch", "seed", "score")
    failed = scores["score"].isna()
    for name, part in (scores[~failed] if failed.any() else scores).groupby("estimator", sort=False):
        if name == TRUTH_NAME:
            raise UserError(f"estimator {name!r}: the name is reserved for the ground truth; rename it")
        seeds = part["seed"].unique()
        if len(seeds) == 1:  # a pivot sorts, which is slow for hundreds of thousands of architectures
            tables[str(name)] = part.set_index("arch")[["score"]].set_axis(seeds, axis=1)
        else:
            order = pd.Index(part["arch"].unique())
            tables[str(name)] = part.pivot(index="arch", columns="seed", values="score").reindex(order).dropna()
    return tables


@sharable
def mean_scores(scores: pd.DataFrame) -> dict[str, pd.Series]:
    """Per estimator one score per architecture, the mean over its seeds; architectures that a seed lacks are omitted.

    >>> scores = pd.DataFrame({"estimator": "e", "arch": ["a", "a"], "seed": [0, 1], "score": [1.0, 3.0]})
    >>> mean_scores(scores)["e"].to_dict()
    {'a': 2.0}
    """
    return {name: steady_mean(table) for name, table in scores_by_seed(scores).items()}


def is_among(archs: pd.Series | pd.Index, known: pd.Series | pd.Index | np.ndarray) -> np.ndarray:
    """Which of the architectures are known, a bool vector; with one hash table, where `isin` builds lists of strings.

    >>> is_among(pd.Index(["a", "x"]), pd.Index(["a", "b"])).tolist()
    [True, False]
    """
    table = pd.Index(pd.unique(np.asarray(known, dtype=object)), dtype=object)
    return table.get_indexer(np.asarray(archs, dtype=object)) >= 0


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of higher-is-better values, 1 the best, tied values sharing their mean rank.

    >>> ranks(np.array([0.5, 0.9, 0.5])).tolist()
    [2.5, 1.0, 2.5]
    """
    return pd.Series(values).rank(ascending=False, method="average").to_numpy()
