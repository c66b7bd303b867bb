"""Average ranks over data sets: Demšar's worked example, other implementations, and what is no evidence."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.judging import adjusted, average_ranks

# Demšar (2006), Table 6: ranks of four variants of C4.5 by AUC on 14 data sets.
NAMES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
RANKS = [
    *[(4, 3, 2, 1), (1, 2, 3, 4), (4, 1, 2, 3), (4, 1, 3, 2), (4, 2, 3, 1), (1, 2.5, 4, 2.5), (3, 2, 4, 1)],
    *[(2.5, 2.5, 4, 1), (4, 3, 2, 1), (2.5, 2.5, 2.5, 2.5), (4, 2.5, 1, 2.5), (3, 2, 4, 1), (4, 1, 2, 3), (3, 1, 4, 2)],
]


def contests(values, names=NAMES, criterion="kendall_tau"):
    rows = [(f"d{i}", name, v) for i, row in enumerate(values) for name, v in zip(names, row, strict=True)]
    return pd.DataFrame(rows, columns=["part", "estimator", "value"]).assign(criterion=criterion)


def test_the_example_of_demsar():
    found = average_ranks(contests(-np.array(RANKS)))
    assert found.ranks.round(3).to_dict() == {"C4.5+m+cf": 1.964, "C4.5+m": 2.0, "C4.5+cf": 2.893, "C4.5": 3.143}
    assert found.chi_square == pytest.approx(9.28, abs=0.005) and found.f_statistic == pytest.approx(3.69, abs=0.005)
    assert found.p_value == pytest.approx(stats.f.sf(3.69, 3, 39), abs=2e-4) and found.p_value < 0.05
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert not found.pairs["significant"].any() and found.groups == (tuple(found.ranks.index),)
    at_tenth = average_ranks(contests(-np.array(RANKS)), alpha=0.1)
    assert at_tenth.critical_difference == pytest.approx(1.12, abs=0.005)  # C4.5 and C4.5+m+cf differ by 1.179
    assert at_tenth.pairs.query("significant")[["estimator", "rival"]].values.tolist() == [
        ["C4.5+m+cf", "C4.5"], ["C4.5+m", "C4.5"]]  # fmt: skip
    assert at_tenth.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (7, 2.949), (10, 3.164)])
def test_critical_values_are_those_of_demsars_table(k, q):
    values = np.random.default_rng(k).normal(size=(12, k))
    found = average_ranks(contests(values, [f"e{i}" for i in range(k)]))
    assert found.critical_difference / np.sqrt(k * (k + 1) / 72) == pytest.approx(q, abs=1e-3)  # cut off, not rounded
    chi_square = stats.friedmanchisquare(*values.T).statistic if k > 2 else found.chi_square
    assert found.chi_square == pytest.approx(chi_square)
    assert ((found.pairs["p_value"] <= 0.05) == found.pairs["significant"]).all()


def test_signed_ranks_with_holm_and_lower_is_better():
    rng = np.random.default_rng(0)
    values = np.arange(3) * 0.5 + rng.normal(size=(15, 3)) * 0.2
    found = average_ranks(contests(values, "abc", "best_rank_at"), method="wilcoxon")
    assert list(found.ranks.index) == ["a", "b", "c"] and np.isnan(found.critical_difference)
    raw = [stats.wilcoxon(values[:, i], values[:, j]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found.pairs["p_value"].tolist() == pytest.approx(adjusted(raw).tolist())
    assert found.pairs["significant"].all() and found.groups == ()
    few = average_ranks(contests(values[:5], "abc"), method="wilcoxon")
    assert not few.pairs["significant"].any()  # 2 / 2^5 is above .05


def test_undefined_estimators_are_left_out_and_equal_ones_do_not_differ():
    values = np.array([[3.0, 3.0, 1.0], [3.0, 3.0, np.nan], [1.0, 1.0, 2.0]])
    for method in ("nemenyi", "wilcoxon"):
        found = average_ranks(contests(values, "abc"), method=method)
        assert found.left_out == ("c",) and found.ranks.to_dict() == {"a": 1.5, "b": 1.5}
        assert not found.pairs["significant"].any() and found.p_value == pytest.approx(1)


def test_usage_errors():
    with pytest.raises(UserError, match="unknown comparison of ranks 'nemeny'; nearest: nemenyi"):
        average_ranks(contests(RANKS), method="nemeny")
    with pytest.raises(UserError, match="alpha is 5"):
        average_ranks(contests(RANKS), alpha=5)
    with pytest.raises(UserError, match="4 estimators have a value on each of 1 data sets"):
        average_ranks(contests(RANKS[:1]))
    with pytest.raises(UserError, match="2 criteria; give the rows of one"):
        average_ranks(pd.concat([contests(RANKS), contests(RANKS, criterion="spearman_rho")]))
