"""Scores of other estimators that a model reads along with an architecture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from nasgauge.core.errors import UserError
from nasgauge.core.rounding import steady
from nasgauge.estimators.predictors.not_scored import NotScored

_N_NAMED = 5  # in a message


@final
@dataclass(frozen=True, eq=False)
class ScoreFeatures:
    """Scores by architecture, as a model reads them; without names there is nothing but the architectures.

    names: of the estimators, and of the columns of files; values: by architecture one number an estimator.
    """

    names: tuple[str, ...] = ()
    values: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: pd.DataFrame, names: Sequence[str]) -> "ScoreFeatures":
        """Normal scores of the ranks among all architectures that the estimator scored: ndtri((rank - 1/2) / n).

        scores: table SCORES; of several seeds the mean is ranked, in 12 digits; ties share their mean rank, so
        constant scores are 0. Scores of any unit and with any outliers become standard normal, and no truth is looked
        at. Values hold the architectures that all of them scored. UserError: an estimator without scores.

        >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abc"), "seed": 0, "score": [1e40, 3.0, -1.0]})
        >>> {arch: round(float(v[0]), 3) for arch, v in ScoreFeatures.of(scores, ["e"]).values.items()}
        {'a': 0.967, 'b': 0.0, 'c': -0.967}
        """
        columns = {}
        for name in names:
            own = scores[scores["estimator"] == name]
            mean = own.groupby("arch")["score"].mean()
            if mean.empty:
                raise UserError(
                    f"predictor: there are no scores of {name!r} for it to read; leave it out, or measure it first"
                )
            if len(own) > len(mean):  # means over seeds, whose last bit must not break a tie
                mean = pd.Series(steady(mean.to_numpy("float64")), mean.index)
            columns[name] = pd.Series(ndtri((mean.rank() - 0.5) / len(mean)), mean.index)
        table = pd.DataFrame(columns).dropna()
        return cls(tuple(names), dict(zip(table.index, table.to_numpy("float64"), strict=True)))

    def beside(self, file: str, table: pd.DataFrame) -> "ScoreFeatures":
        """These and the columns of a table (index: architectures), each less its mean and divided by its deviation.

        Over all architectures of the table; a constant column is 0. Values hold the architectures that have all.

        >>> table = pd.DataFrame({"depth": [1.0, 3.0]}, index=["a", "b"])
        >>> {arch: v.tolist() for arch, v in ScoreFeatures().beside("mine.csv", table).values.items()}
        {'a': [-1.0], 'b': [1.0]}
        """
        spread = table.std(ddof=0)
        standard = ((table - table.mean()) / spread.where(spread > 0, 1.0)).dropna()
        own = dict(zip(standard.index, standard.to_numpy("float64"), strict=True))
        if self.names:
            own = {arch: np.concatenate([self.values[arch], v]) for arch, v in own.items() if arch in self.values}
        return ScoreFeatures((*self.names, *(f"{column} of {file}" for column in table.columns)), own)

    def read(self, archs: Sequence[str]) -> np.ndarray:
        """(n, n_names) numbers of these architectures; NotScored for one that an estimator has not scored."""
        if not self.names:
            return np.empty((len(archs), 0))
        for arch in archs:
            if arch not in self.values:
                raise NotScored(f"it has no score of {' or '.join(self.names[:_N_NAMED])}{self._more()}")
        return np.stack([self.values[arch] for arch in archs]) if len(archs) else np.empty((0, len(self.names)))

    def _more(self) -> str:
        n = len(self.names) - _N_NAMED
        return f" or of {n} more" if n > 0 else ""
