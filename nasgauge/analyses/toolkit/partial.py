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
    step = max(1, _CELLS // max(1, len(score)))
    parts = [_batch(score, truth, given, counts[start : start + step]) for start in range(0, len(counts), step)]
    return np.concatenate(parts) if parts else np.empty(0)


def _batch(score: np.ndarray, truth: np.ndarray, given: np.ndarray, counts: np.ndarray) -> np.ndarray:
    ranks = np.stack([_ranks_of_draws(v, counts) for v in (score, truth, *given.T)])  # (2 + k, n_draws, n)
    weight, n_draws = counts.astype("float64"), len(counts)
    ranks -= (ranks * weight).sum(axis=2, keepdims=True) / np.maximum(weight.sum(axis=1), 1)[None, :, None]
    products = np.einsum("idn,dn,jdn->dij", ranks, weight, ranks, optimize=True)
    total, known = products[:, [0, 1], [0, 1]], products[:, 2:, 2:]
    spread = np.sqrt(np.maximum(np.einsum("dii->di", known), 1e-300))
    scaled = known / spread[:, :, None] / spread[:, None, :]  # correlations, so that pinv's tolerance has a scale
    cross = products[:, :2, 2:] / spread[:, None, :]
    left = products[:, :2, :2] - cross @ np.linalg.pinv(scaled, rcond=_VANISHED, hermitian=True) @ cross.transpose(
        0, 2, 1
    )
    own = left[:, [0, 1], [0, 1]]
    value = np.full(n_draws, np.nan)
    enough = (counts > 0).sum(axis=1) >= given.shape[1] + 3
    some = enough & (own > _VANISHED * total).all(axis=1) & (total > 0).all(axis=1)
    value[some] = left[some, 0, 1] / np.sqrt(own[some, 0]) / np.sqrt(own[some, 1])
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
