"""Scores and truth row by row: what every judgement starts from."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.values import Column


@final
@dataclass(frozen=True, eq=False)
class Aligned:
    """One estimator's scores beside the truth.

    kept: the architectures that it is judged on, as rows of `Alignment.archs`. columns: for each seed these rows,
    their scores (-inf is the worst) and their truths. n_failed: architectures whose measurement failed in some seed;
    n_absent: those of the truth that were not measured in every seed; n_unknown: those that the truth does not hold.
    """

    estimator: str
    kept: np.ndarray
    columns: list[Column]
    n_failed: int
    n_absent: int
    n_unknown: int

    @property
    def counts(self) -> dict[str, int]:
        """The columns of table VALUES that count."""
        return {
            "n": len(self.kept),
            "n_failed": self.n_failed,
            "n_absent": self.n_absent,
            "n_unknown": self.n_unknown,
            "n_seeds": len(self.columns),
        }


@final
@dataclass(frozen=True, eq=False)
class Alignment:
    """All estimators beside the truth. archs: the architectures on which at least one of them is judged."""

    archs: pd.Index
    estimators: list[Aligned]


def aligned(scores: pd.DataFrame, accuracy: pd.Series, missing: str, *, drop: bool) -> Alignment:
    """Each estimator's scores beside the truth, in order of appearance.

    scores: table SCORES. accuracy: by architecture. missing: what becomes of failed measurements, see `judge`. drop:
    scores of architectures outside the truth are dropped, otherwise a UserError; another one: an estimator without a
    row for any architecture of the truth.
    """
    position = _positions(scores, accuracy.index, drop=drop)
    found = []
    for estimator in scores["estimator"].unique():
        own = (scores["estimator"] == estimator).to_numpy()
        part = own & (position >= 0)
        if not part.any():
            raise UserError(f"estimator {estimator!r} scores no architecture of the truth; leave it out")
        n_unknown = scores["arch"][own & (position < 0)].nunique()
        matrix, asked = _by_seed(scores[part], position[part], len(accuracy))
        found.append(_judged_on(str(estimator), matrix, asked, missing, n_unknown))
    judged = np.unique(np.concatenate([one.kept for one in found]))
    true = accuracy.to_numpy()[judged]
    return Alignment(accuracy.index[judged], [_within(one, judged, true) for one in found])


def _positions(scores: pd.DataFrame, archs: pd.Index, *, drop: bool) -> np.ndarray:
    """Row of the truth of each score, -1 for an architecture that the truth does not hold."""
    position = archs.get_indexer(scores["arch"])
    foreign = position < 0
    if foreign.any() and not drop:
        row = int(np.flatnonzero(foreign)[0])
        n = scores["arch"][foreign].nunique()
        raise UserError(
            f"the scores table: row {row + 1} scores architecture {scores['arch'].iloc[row]!r}, which the "
            f"truth does not hold ({n} such in all); use the benchmark that the scores were made for, or leave "
            'them out with unknown="drop" (--unknown drop)'
        )
    return position


def _by_seed(part: pd.DataFrame, position: np.ndarray, n_archs: int) -> tuple[np.ndarray, np.ndarray]:
    """One estimator's scores, NaN where there is none, and where one was measured; both (n_archs, n_seeds)."""
    seeds, column = np.unique(part["seed"].to_numpy(), return_inverse=True)
    matrix = np.full((n_archs, len(seeds)), np.nan)
    matrix[position, column] = part["score"].to_numpy()
    asked = np.zeros(matrix.shape, dtype=bool)
    asked[position, column] = True
    return matrix, asked


def _judged_on(estimator: str, matrix: np.ndarray, asked: np.ndarray, missing: str, n_unknown: int) -> Aligned:
    """The estimator on rows of the whole truth; its columns lack the truths."""
    everywhere = asked.all(axis=1)
    failed = everywhere & np.isnan(matrix).any(axis=1)
    kept = np.flatnonzero(everywhere & ~failed) if missing == "omit" else np.flatnonzero(everywhere)
    ranked = np.where(np.isnan(matrix), -np.inf, matrix)[kept]
    columns = [(kept, score, np.empty(0)) for score in ranked.T]
    return Aligned(estimator, kept, columns, int(failed.sum()), int((~everywhere).sum()), n_unknown)


def _within(one: Aligned, judged: np.ndarray, true: np.ndarray) -> Aligned:
    """The same on the rows of the truth that some estimator is judged on."""
    kept = np.searchsorted(judged, one.kept)
    return replace(one, kept=kept, columns=[(kept, score, true[kept]) for _, score, _ in one.columns])
