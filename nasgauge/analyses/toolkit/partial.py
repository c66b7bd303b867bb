"""Partial rank correlation: of two vectors given others, for many resamples at once."""

import numpy as np

_VANISHED = 1e-9  # share of a variance below which nothing of it is left
_CELLS = 2_000_000  # of (draws, rows) per batch: 16 MB per vector


def partial_spearman_of_draws(
    score: np.ndarray, truth: np.ndarray, given: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Partial Spearman correlation of score and truth given the columns of `given`, for each draw.

    rho = Pearson's r of the residuals of rank(score) and rank(truth), each after linear regression on the ranks of the
    columns of `given` and a constant; ties have their mean rank, and ranks are those within the draw

    score, truth: (n,). given: (n, k). counts: multiplicities (n_draws, n). A constant or redundant column of `given`
    changes nothing; with no column it is Spearman's rho. NaN: score or truth are constant, or a monotone function of
    what is given in so far as nothing is left of their ranks, or fewer than k + 3 different rows are drawn. Range
    [-1, 1].

    >>> ones = np.ones((1, 5), dtype=int)
    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> partial_spearman_of_draws(x, x[[1, 0, 2, 4, 3]], np.zeros((5, 0)), ones).round(6).tolist()
    [0.8]
    """
    return Partial(truth, given, counts).spearman(score)


class Partial:
    """The partial correlations of `partial_spearman_of_draws`, of several scores with one truth on the same draws."""

    def __init__(self, truth: np.ndarray, given: np.ndarray, counts: np.ndarray) -> None:
        step = max(1, _CELLS // max(1, len(truth)))
        self._batches = [_Batch(truth, given, counts[start : start + step]) for start in range(0, len(counts), step)]

    def spearman(self, score: np.ndarray) -> np.ndarray:
        """The partial Spearman correlation of the score and the truth, for each draw."""
        return np.concatenate([batch.spearman(score) for batch in self._batches]) if self._batches else np.empty(0)


class _Batch:
    """A few draws: ranks of the truth and of what is given (draws, n), less their means, and their products."""

    def __init__(self, truth: np.ndarray, given: np.ndarray, counts: np.ndarray) -> None:
        self._counts, self._weight = counts, counts.astype("float64")
        self._sums = np.maximum(self._weight.sum(axis=1), 1)
        self._truth, *self._given = (self._centred(v) for v in (truth, *given.T))
        self._enough = (counts > 0).sum(axis=1) >= given.shape[1] + 3
        weighted = [ranks * self._weight for ranks in (self._truth, *self._given)]
        self._with_truth = np.vecdot(weighted[0], self._truth)
        known = np.empty((len(counts), len(self._given), len(self._given)))
        for i, j in np.ndindex(known.shape[1:]):
            known[:, i, j] = known[:, j, i] if j < i else np.vecdot(weighted[1 + i], self._given[j])
        spread = np.sqrt(np.maximum(np.einsum("dii->di", known), 1e-300))
        scaled = known / spread[:, :, None] / spread[:, None, :]  # correlations, so that pinv's tolerance has a scale
        self._spread, self._inverse = spread, np.linalg.pinv(scaled, rcond=_VANISHED, hermitian=True)
        self._truth_given = self._cross(weighted[0])

    def _centred(self, values: np.ndarray) -> np.ndarray:
        ranks = _ranks_of_draws(values, self._counts)
        ranks -= (np.vecdot(ranks, self._weight) / self._sums)[:, None]
        return ranks

    def _cross(self, weighted: np.ndarray) -> np.ndarray:
        """Products with what is given, scaled by its spread, (draws, k)."""
        found = [np.vecdot(weighted, ranks) for ranks in self._given]
        return np.stack(found, axis=1) / self._spread if found else np.zeros(self._spread.shape)

    def spearman(self, score: np.ndarray) -> np.ndarray:
        ranks = self._centred(score)
        weighted = ranks * self._weight
        total = np.stack([np.vecdot(weighted, ranks), self._with_truth])
        cross = np.stack([self._cross(weighted), self._truth_given])  # (2, draws, k)
        explained = np.einsum("adi,dij,bdj->abd", cross, self._inverse, cross, optimize=True)
        own, both = total - explained[[0, 1], [0, 1]], np.vecdot(weighted, self._truth) - explained[0, 1]
        some = self._enough & (own > _VANISHED * total).all(axis=0) & (total > 0).all(axis=0)
        value = np.full(len(ranks), np.nan)
        value[some] = both[some] / np.sqrt(own[0, some]) / np.sqrt(own[1, some])
        return np.clip(value, -1.0, 1.0)


def _ranks_of_draws(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean rank of each row in each draw, from the smallest value; (n_draws, n), also of rows not drawn."""
    known, place = np.unique(values, return_inverse=True)
    size = np.zeros((len(counts), len(known)))
    if len(known) == len(values):
        size[:, place] = counts
    else:
        for draw, row in enumerate(counts):
            size[draw] = np.bincount(place, weights=row, minlength=len(known))
    return (np.cumsum(size, axis=1) - size / 2)[:, place]
