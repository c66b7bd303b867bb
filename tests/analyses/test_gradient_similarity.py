"""Cosines against a loop over the rows, and the order of the network."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.gradient_similarity import compute, draw, in_network_order

POSITIONS = ["stem", "cell0", "reduction0", "cell1", "head"]


def noisy(epochs=(1, 5), positions=POSITIONS, n_pairs=6):
    rng = np.random.default_rng(0)
    rows = [
        ("e", seed, epoch, position, f"a{i}", "b", rng.uniform(-1, 1))
        for seed in (0, 1)
        for epoch in epochs
        for position in positions
        for i in range(n_pairs)
    ]
    return pd.DataFrame(rows, columns=["estimator", "seed", "epoch", "position", "arch_a", "arch_b", "cosine"])


def test_every_row_equals_the_loop_and_stands_in_the_order_of_the_network():
    table = noisy()
    found = compute(None, None, gradients=table.sample(frac=1, random_state=3))
    assert found[["epoch", "position"]].values.tolist() == [[e, p] for e in (1, 5) for p in POSITIONS]
    for row in found.itertuples():
        values = [t.cosine for t in table.itertuples() if (t.epoch, t.position) == (row.epoch, row.position)]
        assert row.mean == pytest.approx(sum(values) / 12) and row.n == 12
        assert [row.quantile_10, row.quantile_90] == pytest.approx(np.quantile(values, [0.1, 0.9]))


def test_estimators_stay_apart():
    table = pd.concat([noisy().assign(estimator="y", cosine=0.5), noisy().assign(estimator="x", cosine=-0.5)])
    found = compute(None, None, gradients=table)
    assert found["estimator"].tolist() == ["x"] * 10 + ["y"] * 10
    assert found["mean"].tolist() == [-0.5] * 10 + [0.5] * 10


def test_the_order_of_rows_decides_nothing():
    table = noisy()
    back = compute(None, None, gradients=table[::-1])
    pd.testing.assert_frame_equal(compute(None, None, gradients=table), back, check_exact=True)


def test_reductions_stand_between_stages_of_equal_length():
    cells = [f"cell{i}" for i in range(15)]
    network = ["stem", *cells[:5], "reduction0", *cells[5:10], "reduction1", *cells[10:], "head"]
    assert in_network_order(sorted(network)) == network
    assert in_network_order(["head", "cell10", "other", "cell9"]) == ["cell9", "cell10", "other", "head"]
    assert in_network_order([]) == []


@pytest.mark.parametrize("n_epochs", [1, 2, 9])
def test_a_line_an_epoch_through_the_network(n_epochs):
    found = compute(None, None, gradients=noisy(range(n_epochs)))
    axes = Figure().add_subplot()
    draw(found, axes)
    axes.figure.canvas.draw()
    assert len(axes.lines) == n_epochs + 1
    assert [t.get_text() for t in axes.get_xticklabels()] == POSITIONS
    last = found[found["epoch"] == n_epochs - 1]
    assert axes.lines[-1].get_ydata().tolist() == last["mean"].tolist()
    names = [t.get_text() for t in axes.get_legend().get_texts()]
    assert len(names) == min(n_epochs, 6) and names[-1] == f"epoch {n_epochs - 1}"


@pytest.mark.parametrize("epochs", [(3,), (1, 2, 3)])
def test_one_position_is_drawn_over_the_epochs(epochs):
    found = compute(None, None, gradients=noisy(epochs, ["head"]))
    axes = Figure().add_subplot()
    draw(found, axes)
    axes.figure.canvas.draw()
    assert axes.lines[-1].get_xdata().tolist() == list(epochs) and "head" in axes.get_xlabel()


def test_without_rows_the_drawing_says_so():
    found = compute(None, None, gradients=noisy()[:0])
    axes = Figure().add_subplot()
    draw(found, axes)
    assert found.empty and "no gradients" in axes.texts[0].get_text()
