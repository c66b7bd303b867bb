"""Every score is counted once: in a bin, below or above."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.score_histogram import compute, draw
from nasgauge.core.errors import UserError


def scores_of(values, name="e"):
    archs = [f"a{i}" for i in range(len(values))]
    return pd.DataFrame({"estimator": name, "arch": archs, "seed": 0, "score": np.asarray(values, dtype=float)})


def test_counts_equal_a_loop_over_the_scores():
    values = np.random.default_rng(0).normal(size=137)
    table = compute(scores_of(values), None, quantiles=(0.1, 0.9), n_bins=8)
    assert table["left"].iloc[0] == np.quantile(values, 0.1) and table["right"].iloc[-1] == np.quantile(values, 0.9)
    for i, row in enumerate(table.itertuples()):
        inside = [v for v in values if row.left <= v < row.right or (i == 7 and v == row.right)]
        assert row.n_scores == len(inside)
    assert table["n_below"].iloc[0] == sum(v < table["left"].iloc[0] for v in values) == 14
    assert table["n_scores"].sum() + table["n_below"].iloc[0] + table["n_above"].iloc[0] == 137 == table["n"].iloc[0]


def test_the_whole_range_leaves_nothing_outside():
    table = compute(scores_of([1, 2, 3, 50]), None, quantiles=(0, 1), n_bins=7)
    assert table["n_scores"].sum() == 4 and set(table["n_below"]) == set(table["n_above"]) == {0}


def test_scores_over_many_magnitudes_get_bins_of_equal_ratio():
    table = compute(scores_of(10.0 ** np.arange(9)), None, quantiles=(0, 1), n_bins=8)
    assert set(table["scale"]) == {"log"}
    assert table["n_scores"].tolist() == [1] * 7 + [2]
    assert set(compute(scores_of([0.0, 1e9]), None, quantiles=(0, 1))["scale"]) == {"linear"}


@pytest.mark.parametrize("values", [[3.0, 3.0, 3.0], [1.0], [1.0, np.nextafter(1.0, 2.0)], [-2.0, -2.0]])
def test_scores_without_width_share_one_bin(values):
    table = compute(scores_of(values), None, quantiles=(0, 1))
    assert len(table) == 1 and table["n_scores"].iloc[0] == len(values)


@pytest.mark.parametrize("values", [[3.0, 3.0], [1.0, 2.0, 3.0], [1.0, 1e12], [-1e30, 0.0, 1e30], [1e-310, 1.0]])
def test_it_can_be_drawn(values):
    axes = Figure().add_subplot()
    draw(compute(scores_of(values), None, quantiles=(0, 1)), axes)
    axes.figure.canvas.draw()
    assert axes.get_xlabel() == "0 below, 0 above"


@pytest.mark.parametrize("options", [{"quantiles": (0.9, 0.1)}, {"quantiles": (0, 1.1)}, {"n_bins": 0}])
def test_senseless_options_are_refused(options):
    with pytest.raises(UserError, match="score_histogram"):
        compute(scores_of([1, 2]), None, **options)


def test_estimators_stay_apart():
    table = compute(pd.concat([scores_of([1, 2], "e"), scores_of([5, 9], "f")]), None, quantiles=(0, 1), n_bins=2)
    assert table[["estimator", "left", "right"]].values.tolist() == [
        ["e", 1, 1.5],
        ["e", 1.5, 2],
        ["f", 5, 7],
        ["f", 7, 9],
    ]
