"""Averages over seeds against a loop over all sets of seeds."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.seeds import compute, draw
from nasgauge.core.errors import UserError


def tables(by_seed, accuracies, name="net"):
    """Scores from an array (n_archs, n_seeds) with NaN for none, and the truth."""
    archs = [f"a{i:03d}" for i in range(len(accuracies))]
    rows = [(name, a, s, x) for a, row in zip(archs, by_seed, strict=True) for s, x in enumerate(row) if x == x]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"]), truth


def test_all_sets_of_four_seeds_equal_the_loop():
    rng = np.random.default_rng(0)
    accuracy = rng.normal(size=50)
    by_seed = accuracy[:, None] + rng.normal(size=(50, 4))
    table = compute(*tables(by_seed, accuracy))
    between = [stats.kendalltau(by_seed[:, i], by_seed[:, j]).statistic for i, j in combinations(range(4), 2)]
    for m, row in enumerate(table.itertuples(), start=1):
        sets = [by_seed[:, chosen].mean(axis=1) for chosen in combinations(range(4), m)]
        tau = [stats.kendalltau(mean, accuracy).statistic for mean in sets]
        assert np.allclose([row.kendall_tau, row.low, row.high], [np.mean(tau), min(tau), max(tau)])
        agreement = [row.agreement, row.agreement_low, row.agreement_high]
        assert np.allclose(agreement, [np.mean(between), min(between), max(between)])
        assert (row.n_averaged, row.n_combinations, row.n_seeds, row.n) == (m, len(sets), 4, 50)
    assert table["kendall_tau"].is_monotonic_increasing


def test_equal_means_of_different_scores_are_ties():
    by_seed = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.1, 0.3], [0.4, 0.5, 0.6]]
    assert len({sum(row) / 3 for row in by_seed[:3]}) > 1  # rounding parts them
    table = compute(*tables(by_seed, [0.1, 0.2, 0.3, 0.4]))
    assert np.isclose(table["kendall_tau"].iloc[-1], 3 / np.sqrt(6 * 3))


def test_many_seeds_are_averaged_in_runs_around_a_circle():
    rng = np.random.default_rng(1)
    by_seed, accuracy = rng.normal(size=(30, 6)), rng.normal(size=30)
    table = compute(*tables(by_seed, accuracy), n_combinations=15)
    assert table["n_combinations"].tolist() == [6, 15, 6, 15, 6, 1]
    runs = [by_seed[:, [i, (i + 1) % 6, (i + 2) % 6]].mean(axis=1) for i in range(6)]
    tau = [stats.kendalltau(mean, accuracy).statistic for mean in runs]
    assert np.isclose(table["kendall_tau"].iloc[2], np.mean(tau))


def test_single_seeds_are_left_out_and_missing_scores_lower_n():
    scores, truth = tables([[1, 2], [2, np.nan], [3, 1], [4, 5]], [0.1, 0.2, 0.3, 0.4])
    single, _ = tables([[1]] * 4, [0.1] * 4, name="single")
    table = compute(pd.concat([scores, single]), truth[:3])
    assert table["estimator"].unique().tolist() == ["net"] and set(table["n"]) == {2}
    assert table["agreement"].tolist() == [-1.0, -1.0] and table["n_averaged"].tolist() == [1, 2]


def test_no_estimator_with_two_seeds_gives_an_empty_table_and_a_drawing_that_says_so():
    scores, truth = tables([[1], [2]], [0.1, 0.2])
    for some in (scores, scores[:0]):
        table = compute(some, truth)
        assert table.empty and {"estimator", "n_averaged", "agreement", "n"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "two seeds" in axes.texts[0].get_text()


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(2)
    accuracy = rng.normal(size=20)
    scores = pd.concat([tables(rng.normal(size=(20, 3)), accuracy, name)[0] for name in "xy"])
    truth = tables(np.empty((20, 0)), accuracy)[1]
    one, other = compute(scores, truth), compute(scores.sample(frac=1, random_state=1), truth[::-1])
    pd.testing.assert_frame_equal(one, other)


def test_it_can_be_drawn_with_constant_seeds_and_more_estimators_than_lines():
    accuracy = np.arange(6) / 6
    rng = np.random.default_rng(3)
    parts = [tables(rng.normal(size=(6, 2)), accuracy, f"net_{i}")[0] for i in range(9)]
    table = compute(
        pd.concat([*parts, tables(np.ones((6, 2)), accuracy, "flat")[0]]), tables(np.ones((6, 1)), accuracy)[1]
    )
    assert table.loc[table["estimator"] == "flat", "kendall_tau"].isna().all() and table["place"].max() == 10
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    assert len(axes.get_legend().get_texts()) == 8 and "8 of 10" in axes.get_legend().get_title().get_text()
    flat = Figure().add_subplot()
    draw(table[table["estimator"] == "flat"], flat)
    assert flat.get_legend().get_texts()[0].get_text() == "flat: –"


def test_no_sets_are_refused():
    with pytest.raises(UserError, match="n_combinations"):
        compute(*tables([[1, 2]], [0.1]), n_combinations=0)
