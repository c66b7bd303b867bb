"""Scores on the first batches against a loop that adds up images, and against results worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.validation_size import compute, draw

NO_SCORES = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})


def truth_of(accuracies):
    archs = [f"a{i:03d}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def batch_scores(rng, n=25, n_batches=5, epochs=(1, 2, 3), seeds=(0, 1), names=("net",)):
    """Accuracies of 32 images a batch, 8 in the last one."""
    rows = []
    for name in names:
        for arch in range(n):
            for seed, epoch, batch in ((s, e, b) for s in seeds for e in epochs for b in range(n_batches)):
                n_images = 32 if batch < n_batches - 1 else 8
                accuracy = rng.integers(0, n_images + 1) / n_images
                rows.append((name, f"a{arch:03d}", seed, epoch, batch, n_images, accuracy, rng.exponential()))
    names = ["estimator", "arch", "seed", "epoch", "batch", "n_images", "accuracy", "loss"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.long
def test_tau_equals_a_loop_over_images():
    rng = np.random.default_rng(0)
    accuracies = rng.normal(size=25)
    truth, rows = truth_of(accuracies), batch_scores(rng)
    table = compute(NO_SCORES, truth, batch_scores=rows, criteria=["kendall_tau"])
    assert len(table) == 3 * 2 * 4 and table["n_batches"].unique().tolist() == [1, 2, 4, 5]
    for row in table.itertuples():
        taus = []
        for seed in (0, 1):
            score = []
            for arch in truth["arch"]:
                one = rows[(rows["arch"] == arch) & (rows["seed"] == seed) & (rows["epoch"] == row.epoch)]
                one = one[one["batch"] < row.n_batches]
                right = (one["accuracy"] * one["n_images"]).round().astype(int).sum()
                score.append(right if row.signal == "accuracy" else -(one["loss"] * one["n_images"]).sum())
            taus.append(stats.kendalltau(score, accuracies).statistic)
        assert np.allclose([row.value, row.low, row.high], [np.mean(taus), min(taus), max(taus)])
        assert (row.n, row.n_seeds, row.n_images) == (25, 2, min(32 * row.n_batches, 136))


def test_batches_weigh_by_their_images_and_a_loss_is_turned():
    columns = {"estimator": "net", "arch": ["a000", "a000", "a001", "a001"], "seed": 0, "epoch": 4}
    rows = pd.DataFrame({**columns, "batch": [0, 1, 0, 1], "n_images": [9, 1, 9, 1]})
    rows = rows.assign(accuracy=[0.5, 0.0, 0.4, 1.0], loss=[3.0, 1.0, 2.0, 9.0])  # .45 and .46; 2.8 and 2.7
    table = compute(NO_SCORES, truth_of([0.8, 0.7]), batch_scores=rows, criteria=["kendall_tau"])
    found = table.set_index(["signal", "n_batches"])["value"].to_dict()
    assert found == {("accuracy", 1): 1.0, ("loss", 1): -1.0, ("accuracy", 2): -1.0, ("loss", 2): -1.0}


def test_equal_counts_of_images_are_ties():
    columns = {"estimator": "net", "arch": np.repeat(["a000", "a001", "a002"], 3), "seed": 0, "epoch": 4}
    rows = pd.DataFrame({**columns, "batch": [0, 1, 2] * 3, "n_images": 49, "loss": 1.0})
    rows["accuracy"] = np.array([1, 16, 6, 6, 16, 1, 40, 40, 40]) / 49
    sums = (rows["accuracy"] * 49).groupby(rows["arch"]).sum()
    assert sums["a000"] != sums["a001"]  # rounding parts them
    table = compute(NO_SCORES, truth_of([0.1, 0.2, 0.3]), batch_scores=rows, criteria=["kendall_tau"])
    whole = table[(table["signal"] == "accuracy") & (table["n_batches"] == 3)]
    assert np.isclose(whole["value"].item(), 2 / np.sqrt(3 * 2))


def test_first_middle_and_last_checkpoint_of_each_estimator():
    rng = np.random.default_rng(1)
    rows = pd.concat([batch_scores(rng, 4, 1, e, (0,), (name,)) for name, e in (("x", (5, 1, 2, 9)), ("y", (7,)))])
    table = compute(NO_SCORES, truth_of([0.1, 0.2, 0.3, 0.4]), batch_scores=rows)
    assert {name: sorted(set(e)) for name, e in table.groupby("estimator")["epoch"]} == {"x": [1, 5, 9], "y": [7]}


def test_architectures_that_lack_a_batch_or_the_truth_are_left_out():
    rows = batch_scores(np.random.default_rng(2), n=9, epochs=(1,))
    rows = rows[~((rows["arch"] == "a008") & (rows["seed"] == 1) & (rows["batch"] == 4))]
    table = compute(NO_SCORES, truth_of(np.arange(9) / 9)[1:], batch_scores=rows)
    assert set(table["n"]) == {7}


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    truth, rows = truth_of(rng.normal(size=12)), batch_scores(rng, n=12, names=("x", "y"))
    one = compute(NO_SCORES, truth, batch_scores=rows)
    other = compute(NO_SCORES, truth[::-1], batch_scores=rows.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(one, other)


def test_every_panel_can_be_drawn():
    rng = np.random.default_rng(4)
    for n_batches, epochs in ((1, (3,)), (2, (0, 3)), (13, (0, 3, 1000))):
        rows = batch_scores(rng, n=8, n_batches=n_batches, epochs=epochs)
        table = compute(NO_SCORES, truth_of(np.arange(8) / 8), batch_scores=rows)
        for panel, part in table.groupby("panel", sort=False):
            axes = Figure().add_subplot()
            draw(part, axes)
            axes.figure.canvas.draw()
            assert panel.startswith("net: ") and len(axes.lines) == 2 * len(epochs)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "4", "8", "13"]


def test_nothing_evaluated_is_an_empty_table_and_a_drawing_that_says_so():
    table = compute(NO_SCORES, truth_of([0.1]), batch_scores=batch_scores(np.random.default_rng(5), n=2)[:0])
    assert table.empty and {"signal", "n_batches", "n", "panel"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "no batch" in axes.texts[0].get_text()
