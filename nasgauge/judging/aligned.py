"""Scores and truth row by row: what every judgement starts from."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from nasgauge.errors import UserError
from nasgauge.judging.values import Column


def aligned(
    scores: pd.DataFrame, accuracy: pd.Series, missing: str, *, drop: bool
) -> Iterator[tuple[str, list[Column], int]]:
    """Of every estimator its name, a column a seed, and how many architectures of the truth some seed of it lacks.

    scores: table SCORES. accuracy: by architecture. missing: "omit" or "last", see `judge`. drop: scores of
    architectures outside the truth are dropped, otherwise a UserError; another one: an estimator that scores none.
    """
    position = _positions(scores, accuracy.index, drop=drop)
    for estimator in scores["estimator"].unique():
        part = ((scores["estimator"] == estimator) & (position >= 0)).to_numpy()
        if not part.any():
            raise UserError(f"estimator {estimator!r} scores no architecture of the truth; leave it out")
        matrix = _by_seed(scores[part], position[part], len(accuracy))
        columns = list(_columns(matrix, accuracy.to_numpy(), missing))
        yield estimator, columns, int(np.isnan(matrix).any(axis=1).sum())


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


def _by_seed(part: pd.DataFrame, position: np.ndarray, n_archs: int) -> np.ndarray:
    """One estimator's scores, (n_archs, n_seeds), NaN where there is none."""
    seeds, column = np.unique(part["seed"].to_numpy(), return_inverse=True)
    matrix = np.full((n_archs, len(seeds)), np.nan)
    matrix[position, column] = part["score"].to_numpy()
    return matrix


def _columns(matrix: np.ndarray, accuracy: np.ndarray, missing: str) -> Iterator[Column]:
    absent = np.isnan(matrix)
    kept = np.flatnonzero(~absent.any(axis=1)) if missing == "omit" else np.arange(len(matrix))
    for score, lacks in zip(matrix.T, absent.T, strict=True):
        last = np.nextafter(score.min(where=~lacks, initial=np.inf), -np.inf)
        yield kept, np.where(lacks, last, score)[kept], accuracy[kept]
