"""Forgetting values against a loop over the rows, and their sign."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.forgetting import compute, draw


def table_of(rows):
    columns = ["estimator", "seed", "epoch", "step", "arch", "accuracy_after_step", "accuracy_after_epoch"]
    return pd.DataFrame(rows, columns=columns)


def noisy(epochs=(1, 2, 7), n_steps=9):
    rng = np.random.default_rng(0)
    return table_of(
        [
            (e, seed, epoch, step, f"a{step}", rng.integers(0, 20) / 20, rng.integers(0, 20) / 20)
            for e in ("x", "y")
            for seed in (0, 1)
            for epoch in epochs
            for step in range(n_steps)
        ]
    )


def test_every_column_equals_the_loop():
    table = noisy()
    found = compute(None, None, forgetting=table)
    assert found[["estimator", "epoch"]].values.tolist() == [[e, epoch] for e in "xy" for epoch in (1, 2, 7)]
    for row in found.itertuples():
        values = [
            after - before
            for e, _, epoch, _, _, before, after in table.itertuples(index=False)
            if (e, epoch) == (row.estimator, row.epoch)
        ]
        mean = sum(values) / len(values)
        assert row.mean == pytest.approx(mean)
        assert row.std == pytest.approx((sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5)
        assert [row.quantile_10, row.median, row.quantile_90] == pytest.approx(np.quantile(values, [0.1, 0.5, 0.9]))
        assert row.share_negative == sum(v < -1e-9 for v in values) / 18 and row.n == 18


def test_harm_is_negative_and_no_change_is_not():
    table = table_of(
        [("e", 0, 1, 0, "a", 0.8, 0.5), ("e", 0, 1, 1, "b", 0.1 + 0.2, 0.3), ("e", 0, 1, 2, "c", 0.3, 0.4)]
    )
    row = compute(None, None, forgetting=table).iloc[0]
    assert row["share_negative"] == pytest.approx(1 / 3)
    assert row["median"] == 0 and row["mean"] == pytest.approx(-0.2 / 3)


def test_the_order_of_rows_decides_nothing():
    table = noisy()
    back = compute(None, None, forgetting=table[::-1])
    pd.testing.assert_frame_equal(compute(None, None, forgetting=table), back, check_exact=True)


@pytest.mark.parametrize("epochs", [(1,), (1, 2, 7), tuple(range(40))])
def test_the_drawing_has_a_zero_line_and_the_median_in_points(epochs):
    rows = compute(None, None, forgetting=noisy(epochs, 3)).query("estimator == 'x'")
    axes = Figure().add_subplot()
    draw(rows, axes)
    axes.figure.canvas.draw()
    zero, median = axes.lines
    assert set(zero.get_ydata()) == {0}
    assert median.get_ydata().tolist() == pytest.approx((100 * rows["median"]).tolist())


def test_without_rows_the_drawing_says_so():
    found = compute(None, None, forgetting=noisy()[:0])
    axes = Figure().add_subplot()
    draw(found, axes)
    assert found.empty and "no forgetting" in axes.texts[0].get_text()
