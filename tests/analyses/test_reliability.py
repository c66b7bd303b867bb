"""Split-half agreement against a loop over all splits written out here, and its behaviour as seeds grow."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.reliability import compute, draw
from nasgauge.core.errors import UserError


def truth_of(wide):
    rows = [(f"a{i}", seed, x) for i, row in enumerate(wide) for seed, x in enumerate(row) if not np.isnan(x)]
    return pd.DataFrame(rows, columns=["arch", "seed", "accuracy"]).assign(iso_class=lambda t: t["arch"])


def noisy(rng, n=80, n_seeds=6, noise=0.5):
    return rng.normal(size=(n, 1)) + noise * rng.normal(size=(n, n_seeds))


def test_all_splits_of_few_seeds_equal_the_loop():
    wide = noisy(np.random.default_rng(0), n_seeds=4)
    table = compute(None, truth_of(wide), n_splits=50, rng=np.random.default_rng(1))
    single = [stats.kendalltau(wide[:, i], wide[:, j]).statistic for i, j in combinations(range(4), 2)]
    double = []
    for first in combinations(range(4), 2):
        rest = [s for s in range(4) if s not in first]
        if first < tuple(rest):
            double.append(stats.kendalltau(wide[:, first].mean(axis=1), wide[:, rest].mean(axis=1)).statistic)
    expected = [
        [1, np.mean(single), min(single), max(single), 6, 80],
        [2, np.mean(double), min(double), max(double), 3, 80],
    ]
    assert np.allclose(table.to_numpy(dtype=float), expected)


def test_the_last_bit_of_a_mean_breaks_no_tie():
    means = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.5, 0.6, 0.7], [0.9, 0.8, 0.7]]  # the first two are equal
    wide = [[*row, *row[::-1]] for row in means]
    table = compute(None, truth_of(wide), n_splits=50, rng=np.random.default_rng(0))
    assert table["upper"].iloc[2] == 1  # one half backwards against the other


def test_more_seeds_make_a_steadier_truth():
    table = compute(None, truth_of(noisy(np.random.default_rng(2), n=300, n_seeds=8)), rng=np.random.default_rng(0))
    assert table["n_seeds_per_half"].tolist() == [1, 2, 3, 4]
    assert table["kendall_tau"].is_monotonic_increasing
    assert table["n_splits"].tolist() == [28, 60, 60, 35]
    assert ((table["lower"] <= table["kendall_tau"]) & (table["kendall_tau"] <= table["upper"])).all()


def test_the_generator_and_nothing_else_decides():
    truth = truth_of(noisy(np.random.default_rng(3), n_seeds=8))
    tables = []
    for state in (1, 2):
        np.random.seed(state)
        tables.append(compute(None, truth, n_splits=5, rng=np.random.default_rng(9)))
    pd.testing.assert_frame_equal(*tables)
    other = compute(None, truth, n_splits=5, rng=np.random.default_rng(10))
    assert not np.allclose(tables[0]["kendall_tau"], other["kendall_tau"])


def test_architectures_with_different_numbers_of_trainings():
    wide = noisy(np.random.default_rng(4), n_seeds=4)
    wide[10:, 3] = np.nan
    wide[40:, 2] = np.nan
    wide[70:, 1] = np.nan
    table = compute(None, truth_of(wide), n_splits=8, rng=np.random.default_rng(0))
    assert table[["n_seeds_per_half", "n_splits", "n"]].values.tolist() == [[1, 8, 70], [2, 3, 10]]


def test_single_trainings_give_an_empty_table_and_a_drawing_that_says_so():
    truth = truth_of(noisy(np.random.default_rng(5), n_seeds=1))
    for seed in (0, pd.NA):
        table = compute(
            None, truth.assign(seed=pd.array([seed] * len(truth), dtype="Int64")), rng=np.random.default_rng(0)
        )
        assert table.empty and "kendall_tau" in table.columns
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "one training" in axes.texts[0].get_text()


def test_constant_accuracies_are_undefined():
    table = compute(None, truth_of(np.full((5, 2), 0.5)), rng=np.random.default_rng(0))
    assert table["kendall_tau"].isna().all() and len(table) == 1
    draw(table, Figure().add_subplot())


def test_no_splits_are_refused():
    with pytest.raises(UserError, match="n_splits"):
        compute(None, truth_of([[0.1, 0.2]]), n_splits=0, rng=np.random.default_rng(0))
