"""Scores and ground truth aligned by architecture: the input of every evaluation."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.draws import Column


@final
@dataclass(frozen=True, eq=False)
class Aligned:
    """One estimator's scores with the ground truth.

    kept: the architectures that it is evaluated on, as rows of `Alignment.archs`. columns: for each seed these rows,
    their scores (-inf is the worst) and their ground truth. n_failed: architectures whose measurement failed in some
    seed; n_absent: those of the ground truth without a score in every seed; n_unknown: those without ground truth.
    """

    estimator: str
    kept: np.ndarray
    columns: list[Column]
    n_failed: int
    n_absent: int
    n_unknown: int

    @property
    def counts(self) -> dict[str, int]:
        """The columns of counts in table VALUES."""
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
    """All estimators with the ground truth. archs: the architectures on which at least one of them is evaluated."""

    archs: pd.Index
    estimators: list[Aligned]


def aligned(scores: pd.DataFrame, accuracy: pd.Series, missing: str, *, drop: bool) -> Alignment:
    """Each estimator's scores with the ground truth, in order of appearance.

    scores: table SCORES. accuracy: by architecture. missing: treatment of failed measurements, see `judge`. drop:
    scores of architectures without ground truth are dropped. UserError: otherwise, for these; an estimator without a
    row for any architecture of the ground truth.
    """
    position = _positions(scores, accuracy.index, drop=drop)
    found = []
    number, estimators = pd.factorize(scores["estimator"])
    measurements = scores[["seed", "score"]]  # without text, of which parts are slow to take
    for i, estimator in enumerate(estimators):
        own = number == i
        part = own & (position >= 0)
        if not part.any():
            raise UserError(
                f"estimator {estimator!r} scores none of the architectures of the ground truth; leave it out"
            )
        foreign = own & (position < 0)
        n_unknown = scores["arch"][foreign].nunique() if foreign.any() else 0
        matrix, measured = _by_seed(measurements[part], position[part], len(accuracy))
        found.append(_judged_on(str(estimator), matrix, measured, missing, n_unknown))
    is_judged = np.zeros(len(accuracy), dtype=bool)
    for one in found:
        is_judged[one.kept] = True
    judged = np.flatnonzero(is_judged)
    true = accuracy.to_numpy()[judged]
    return Alignment(accuracy.index[judged], [_within(one, judged, true) for one in found])


def _positions(scores: pd.DataFrame, archs: pd.Index, *, drop: bool) -> np.ndarray:
    """Row of each score in the ground truth, -1 for an architecture without ground truth."""
    code, names = pd.factorize(scores["arch"])  # each name is looked up once
    position = archs.get_indexer(names)[code]
    foreign = position < 0
    if foreign.any() and not drop:
        row = int(np.flatnonzero(foreign)[0])
        n = scores["arch"][foreign].nunique()
        raise UserError(
            f"the scores table: row {row + 1} scores architecture {scores['arch'].iloc[row]!r}, which has "
            f"no ground truth ({n} such in total); use the benchmark that the scores were computed for, or drop "
            'them with unknown="drop" (--unknown drop)'
        )
    return position


def _by_seed(part: pd.DataFrame, position: np.ndarray, n_archs: int) -> tuple[np.ndarray, np.ndarray]:
    """One estimator's scores, NaN where missing, and where a measurement exists; both (n_archs, n_seeds)."""
    seeds, column = np.unique(part["seed"].to_numpy(), return_inverse=True)
    matrix = np.full((n_archs, len(seeds)), np.nan)
    matrix[position, column] = part["score"].to_numpy()
    measured = np.zeros(matrix.shape, dtype=bool)
    measured[position, column] = True
    return matrix, measured


def _judged_on(estimator: str, matrix: np.ndarray, measured: np.ndarray, missing: str, n_unknown: int) -> Aligned:
    """The estimator on rows of the complete ground truth; its columns lack the ground truth."""
    everywhere = measured.all(axis=1)
    failed = everywhere & np.isnan(matrix).any(axis=1)
    kept = np.flatnonzero(everywhere & ~failed) if missing == "omit" else np.flatnonzero(everywhere)
    ranked = np.where(np.isnan(matrix), -np.inf, matrix)[kept]
    columns = [(kept, score, np.empty(0)) for score in ranked.T]
    return Aligned(estimator, kept, columns, int(failed.sum()), int((~everywhere).sum()), n_unknown)


def _within(one: Aligned, judged: np.ndarray, true: np.ndarray) -> Aligned:
    """The same on the rows of the ground truth that some estimator is evaluated on."""
    kept = np.searchsorted(judged, one.kept)
    return replace(one, kept=kept, columns=[(kept, score, true[kept]) for _, score, _ in one.columns])
