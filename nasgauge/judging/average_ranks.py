"""Do estimators differ over several data sets? Average ranks, Friedman's test, and the pairs that differ."""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal, final

import numpy as np
import pandas as pd
from scipy import stats

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.criteria import CRITERIA
from nasgauge.judging.correction import adjusted

METHODS = ("nemenyi", "wilcoxon")


@final
@dataclass(frozen=True, eq=False)
class AverageRanks:
    """The outcome of `average_ranks`.

    ranks: mean rank by estimator, 1 the best, in ascending order. n: data sets. chi_square, f_statistic, p_value: of
    Friedman's test. method, alpha: of the comparison of pairs. critical_difference: of mean ranks by Nemenyi, NaN for
    wilcoxon. pairs: (estimator, rival, rank_difference, p_value, significant), p-values adjusted, the estimator being
    the one of the better mean rank. groups: the largest sets of estimators, neighbours by mean rank, of which no two
    differ significantly. left_out: estimators whose value is undefined on some data set.
    """

    ranks: pd.Series
    n: int
    chi_square: float
    f_statistic: float
    p_value: float
    method: str
    alpha: float
    critical_difference: float
    pairs: pd.DataFrame
    groups: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...] = ()


def average_ranks(
    contests: pd.DataFrame, *, method: Literal["nemenyi", "wilcoxon"] = "nemenyi", alpha: float = 0.05
) -> AverageRanks:
    """Mean ranks of the estimators over data sets, with Friedman's test and the comparison of all pairs.

    R_j = mean over the N data sets of the rank of estimator j among k, 1 the best, ties sharing their mean rank
    chi2 = 12 N / (k (k + 1)) (sum_j R_j^2 - k (k + 1)^2 / 4)
    F = (N - 1) chi2 / (N (k - 1) - chi2), with k - 1 and (k - 1) (N - 1) degrees of freedom; p_value is that of F
    nemenyi: pairs differ whose mean ranks differ by CD = q sqrt(k (k + 1) / (6 N)) or more; q: quantile 1 - alpha of
        the studentised range of k groups, divided by sqrt 2
    wilcoxon: signed-rank test of each pair on the values, adjusted by Holm's procedure

    The observations are the data sets, so that the result is on data sets like these, whereas a bootstrap interval is
    on architectures. With N data sets the smallest p-value of the signed-rank test is 2 / 2^N: below 6 nothing is
    significant at .05, and Nemenyi's test requires large differences. contests: columns part, estimator, value, and
    criterion, which decides whether higher is better (higher where it is not registered). Estimators without a value on
    every data set are left out. UserError: an unknown method, alpha outside (0, 1), fewer than two data sets or
    estimators, several criteria.

    >>> rows = [(p, e, v, "kendall_tau") for p in "xyz" for e, v in zip("abc", (0.9, 0.5, 0.1))]
    >>> found = average_ranks(pd.DataFrame(rows, columns=["part", "estimator", "value", "criterion"]))
    >>> found.ranks.to_dict(), round(found.chi_square, 3), round(found.critical_difference, 3)
    ({'a': 1.0, 'b': 2.0, 'c': 3.0}, 6.0, 1.914)

    Reference: demsar2006statistical, Sec. 3.2.2.
    """
    if method not in METHODS:
        raise unknown_name("comparison of ranks", method, METHODS)
    if not 0 < alpha < 1:
        raise UserError(f"alpha is {alpha}; give a number between 0 and 1, such as 0.05")
    values, left_out = _complete(contests)
    n, k = values.shape
    if n < 2 or k < 2:
        raise UserError(
            f"average ranks: {k} estimators have a value on each of {n} data sets; at least two of both are needed"
        )
    ranks = values.rank(axis=1, ascending=False)  # 1 is the best
    mean = ranks.mean().sort_values(kind="stable")
    chi_square = float(12 * n / (k * (k + 1)) * ((mean**2).sum() - k * (k + 1) ** 2 / 4))
    rest = n * (k - 1) - chi_square
    f_statistic = (n - 1) * chi_square / rest if rest > 1e-9 else np.inf
    cd = float(stats.studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))
    pairs = _nemenyi(mean, n, cd) if method == "nemenyi" else _wilcoxon(values, mean, alpha)
    return AverageRanks(
        ranks=mean,
        n=n,
        chi_square=chi_square,
        f_statistic=float(f_statistic),
        p_value=float(stats.f.sf(f_statistic, k - 1, (k - 1) * (n - 1))),
        method=method,
        alpha=alpha,
        critical_difference=cd if method == "nemenyi" else float("nan"),
        pairs=pairs,
        groups=_groups(list(mean.index), pairs),
        left_out=left_out,
    )


def _complete(contests: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Values by data set and estimator, higher-better, and the estimators left out."""
    criteria = contests["criterion"].unique()
    if len(criteria) != 1:
        raise UserError(f"average ranks: {len(criteria)} criteria; give the rows of one of {', '.join(criteria)}")
    entry = CRITERIA.get(criteria[0].partition("(")[0])
    sign = -1 if entry is not None and entry.better == "lower" else 1
    wide = sign * contests.pivot(index="part", columns="estimator", values="value")
    whole = wide.notna().all()
    return wide.loc[:, whole], tuple(wide.columns[~whole])


def _nemenyi(mean: pd.Series, n: int, cd: float) -> pd.DataFrame:
    k = len(mean)
    pairs = [(a, b, mean[b] - mean[a]) for a, b in combinations(mean.index, 2)]
    table = pd.DataFrame(pairs, columns=["estimator", "rival", "rank_difference"])
    scaled = table["rank_difference"].to_numpy() / np.sqrt(k * (k + 1) / (6 * n)) * np.sqrt(2)
    significant = table["rank_difference"] >= cd - 1e-12
    return table.assign(p_value=stats.studentized_range.sf(scaled, k, np.inf), significant=significant)


def _wilcoxon(values: pd.DataFrame, mean: pd.Series, alpha: float) -> pd.DataFrame:
    rows = []
    for a, b in combinations(mean.index, 2):
        gap = (values[a] - values[b]).to_numpy()
        p = float(stats.wilcoxon(gap).pvalue) if gap.any() else 1.0  # equal on every data set
        rows.append((a, b, mean[b] - mean[a], p))
    table = pd.DataFrame(rows, columns=["estimator", "rival", "rank_difference", "p_value"])
    corrected = adjusted(table["p_value"].to_numpy(), "holm")
    return table.assign(p_value=corrected, significant=corrected <= alpha)


def _groups(order: list[str], pairs: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """The longest runs of neighbours without a significant pair, of two or more."""
    differ = set(pairs[pairs["significant"]][["estimator", "rival"]].itertuples(index=False, name=None))
    found: list[tuple[int, int]] = []
    for start in range(len(order)):
        end = start
        while end + 1 < len(order) and all((order[i], order[end + 1]) not in differ for i in range(start, end + 1)):
            end += 1
        if end > start and not (found and found[-1][1] >= end):
            found.append((start, end))
    return tuple(tuple(order[start : end + 1]) for start, end in found)
