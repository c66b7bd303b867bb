"""P-values of a bootstrap distribution, and their correction for several comparisons."""

from typing import Literal, get_args

import numpy as np
from scipy import stats

from nasgauge.core.errors import unknown_name
from nasgauge.criteria import defined_draws

Correction = Literal["holm", "bonferroni", "benjamini-hochberg", "none"]


def p_value(draws: np.ndarray) -> float:
    """Two-sided p-value of the hypothesis that a quantity is 0, from its bootstrap draws.

    p = min(1, 2 (1 + min(#{d <= 0}, #{d >= 0})) / (B + 1)) over the B defined draws

    The inverse of the percentile interval: p is below 1 - confidence where that interval excludes 0, up to one draw.
    Its minimum is 2 / (B + 1). NaN where no draw is defined, or more than 5% are undefined.

    >>> p_value(np.array([1.0, 2.0, 3.0])), p_value(np.zeros(9))
    (0.5, 1.0)

    Reference: davison1997bootstrap, Sec. 4.2 (the 1 that is added).
    """
    defined = defined_draws(draws)
    if not len(defined):
        return float("nan")
    tail = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (1 + tail) / (len(defined) + 1))


def check_correction(correction: str) -> None:
    """UserError for an unknown correction."""
    if correction not in get_args(Correction):
        raise unknown_name("correction", correction, get_args(Correction))


def adjusted(p_values: np.ndarray, correction: Correction = "holm") -> np.ndarray:
    """The p-values (m,) corrected for being several, in the same order; NaN stays NaN and is not counted.

    With p_(1) <= ... <= p_(m): holm: max over j <= i of min(1, (m - j + 1) p_(j)), which bounds the probability of any
    false rejection, as does bonferroni: min(1, m p); benjamini-hochberg: min over j >= i of min(1, m p_(j) / j), which
    bounds the expected share of false rejections where the comparisons are independent or positively dependent; none.
    UserError: another correction.

    >>> adjusted(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    >>> adjusted(np.array([0.01, 0.04, 0.03]), "bonferroni").round(3).tolist()
    [0.03, 0.12, 0.09]

    Reference: holm1979simple; benjamini1995controlling.
    """
    check_correction(correction)
    result = np.array(p_values, dtype="float64")
    known = ~np.isnan(result)
    p, m = result[known], int(known.sum())
    if not m or correction == "none":
        return result
    if correction == "bonferroni":
        found = np.minimum(1.0, m * p)
    elif correction == "benjamini-hochberg":
        found = stats.false_discovery_control(p, method="bh")
    else:
        order = np.argsort(p, kind="stable")
        found = np.empty(m)
        found[order] = np.minimum(1.0, np.maximum.accumulate((m - np.arange(m)) * p[order]))
    result[known] = found
    return result
