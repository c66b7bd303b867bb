"""Rank difference and excess: errors of the estimated rank, and relative to architectures of equal accuracy."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.memo import sharable
from nasgauge.analyses.toolkit.vectors import is_among, mean_scores, mean_truth, ranks
from nasgauge.criteria import defined_draws

COLUMNS = ("score", "accuracy", "difference", "excess")


@sharable
def rank_errors(scores: pd.DataFrame, truth: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Per estimator, for each of n architectures with a ground truth and scores of all seeds, two errors of its rank.

    difference = (r - e) / n, where r is the true and e the estimated rank, 1 the best, ties sharing their mean rank
    excess = (m(r) - e) / n, where m is the monotone least-squares fit of e to r, decreasing if e decreases with r

    Positive: over-ranked, as a share of n. The difference is that of Ning et al. 2021; it is negative among the best
    and positive among the worst architectures for any noisy estimator (regression to the mean). The excess compares an
    architecture with others of equal accuracy, so that properties of accurate architectures are not taken for biases,
    apart from the noise of the ground truth.

    Tables with index arch in alphabetical order and columns score, accuracy, difference, excess.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.4, 0.3, 0.2, 0.1]})
    >>> scores = pd.DataFrame({"estimator": "e", "arch": list("abcd"), "seed": 0, "score": [4.0, 2.0, 3.0, 1.0]})
    >>> rank_errors(scores, truth)["e"]["difference"].tolist()
    [0.0, -0.25, 0.25, 0.0]

    Reference: ning2021evaluating, Sec. 5.1.
    """
    from sklearn.isotonic import IsotonicRegression  # late: most commands import this module and have no use for it

    accuracy = mean_truth(truth).sort_index()
    found = {}
    for name, score in sorted(mean_scores(scores).items()):
        score = score[is_among(score.index, accuracy.index)].sort_index()
        if not len(score):
            continue
        true = accuracy.reindex(score.index)
        r, e, n = ranks(true.to_numpy()), ranks(score.to_numpy()), len(score)
        expected = IsotonicRegression(increasing=_rises(r, e)).fit_transform(r, e)
        columns = (score.to_numpy(), true.to_numpy(), (r - e) / n, (expected - e) / n)
        found[name] = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=score.index)
    return found


def _rises(r: np.ndarray, e: np.ndarray) -> bool:
    return float((r - r.mean()) @ (e - e.mean())) >= 0


def on_the_same(found: Mapping[str, pd.DataFrame]) -> list[tuple[pd.Index, dict[str, pd.DataFrame]]]:
    """Tables of `rank_errors` by estimator, in groups of the same architectures, which can share resamples."""
    groups: dict[tuple[str, ...], dict[str, pd.DataFrame]] = {}
    for name, errors in found.items():
        groups.setdefault(tuple(errors.index), {})[name] = errors
    return [(next(iter(alike.values())).index, alike) for alike in groups.values()]


def draws_of_rows(n: int, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Multiplicities of n rows in n_draws bootstrap resamples, integers (n_draws, n)."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_draws)


def narrowed(counts: np.ndarray) -> np.ndarray:
    """Multiplicities in a byte each, where all fit: criteria of resamples mostly wait for memory."""
    return counts.astype("uint8") if counts.max(initial=0) <= np.iinfo("uint8").max else counts


def interval_of(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentiles of the draws that stand for all (`criteria.defined_draws`); NaN where there are none."""
    kept = defined_draws(draws)
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
