"""Fitted predictors and other estimators on the same architectures and resamples, each evaluated once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.rank_errors import draws_of_rows
from nasgauge.analyses.toolkit.vectors import is_among
from nasgauge.criteria import BoundCriterion, Resamples

Evaluation = Callable[[object, "Scores", np.ndarray], tuple[float, np.ndarray]]


@final
@dataclass(frozen=True, eq=False)
class Scores:
    """One estimator: the rows of the ground truth that all its seeds scored, and their scores (n, n_seeds)."""

    rows: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame, accuracy: pd.Series) -> "Scores":
        """From scores by architecture (index) and seed, all of which are in the index of accuracy."""
        rows = accuracy.index.get_indexer(table.index)
        order = np.argsort(rows)
        return cls(rows[order], table.to_numpy("float64")[order])

    def on(self, rows: np.ndarray) -> np.ndarray:
        """The scores of rows that are among its own."""
        return self.matrix[np.searchsorted(self.rows, rows)]


def runs_of(scores: pd.DataFrame, lessons: pd.DataFrame, accuracy: pd.Series) -> pd.DataFrame:
    """Every fitted predictor: kind, n_seen, draw, seed, its scores `own`, those of their rows that are not in its
    training set (`unseen`), and a `key` for `evaluation`."""
    mine = scores[scores["score"].notna() & is_among(scores["estimator"], lessons["estimator"].unique())]
    mine = mine[is_among(mine["arch"], accuracy.index)]
    found = []
    by_run = dict(list(mine.groupby(["estimator", "seed"])))
    for (kind, drawn, name, seed), part in lessons.groupby(["kind", "draw", "estimator", "seed"]):
        if (name, seed) in by_run:
            own = Scores.of(by_run[name, seed].set_index("arch")[["score"]], accuracy)
            seen = accuracy.index.get_indexer(part["arch"])
            unseen = np.setdiff1d(own.rows, seen[seen >= 0])
            run = {"kind": kind, "n_seen": len(part), "draw": drawn, "seed": seed, "own": own, "unseen": unseen}
            found.append(run | {"key": f"{name}\n{seed}"})
    return pd.DataFrame(found)


def evaluation(accuracy: np.ndarray, counts: np.ndarray, criterion: BoundCriterion) -> Evaluation:
    """Function of (key, scores, rows): value of the criterion, mean over seeds, and its draws, higher is better.

    key: stands for the scores, so that each is evaluated once on the same rows.
    """
    sign = 1 if criterion.better == "higher" else -1
    found: dict[tuple[object, bytes], tuple[float, np.ndarray]] = {}

    def evaluate(key: object, scores: Scores, rows: np.ndarray) -> tuple[float, np.ndarray]:
        at = (key, rows.tobytes())
        if at not in found:
            true, drawn = accuracy[rows], counts[:, rows]
            columns = list(scores.on(rows).T)
            value = np.mean([criterion(score, true) for score in columns])
            draws = np.mean([criterion.values_of_draws(Resamples.of(score, true, drawn)) for score in columns], axis=0)
            found[at] = sign * float(value), sign * draws
        return found[at]

    return evaluate


def resampled_runs(draw: np.ndarray, n_bootstrap: int, rng: np.random.Generator) -> np.ndarray:
    """Weights of the runs (n_bootstrap, n_runs): training sets drawn with replacement, then the seeds of each."""
    known, place = np.unique(draw, return_inverse=True)
    of_draws = draws_of_rows(len(known), n_bootstrap, rng) / len(known)
    weights = np.empty((n_bootstrap, len(draw)))
    for number in range(len(known)):
        inside = np.flatnonzero(place == number)
        weights[:, inside] = of_draws[:, [number]] * draws_of_rows(len(inside), n_bootstrap, rng) / len(inside)
    return weights
