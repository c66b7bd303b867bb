"""Levels and the tau within them against plain loops and typed tables."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.intra_level import compute, draw

NO_SCORES = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})


def truth_of(accuracies):
    archs = [f"a{i:03d}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def rows_of(batches, seed=0, epoch=1, name="net", n_images=10):
    """Batch scores from accuracies (n_archs, n_batches)."""
    rows = [(f"a{i:03d}", b, x) for i, each in enumerate(batches) for b, x in enumerate(each)]
    table = pd.DataFrame(rows, columns=["arch", "batch", "accuracy"])
    return table.assign(estimator=name, seed=seed, epoch=epoch, n_images=n_images, loss=1.0)


def test_typed_levels():
    batches = [[0.5, 0.1], [0.5, 0.2], [0.5, 0.3], [0.7, 0.9], [0.7, 0.1], [0.9, 0.2], [0.2, 0.1], [0.2, 0.1]]
    truth = truth_of([0.80, 0.90, 0.85, 0.70, 0.75, 0.60, 0.50, 0.55])
    table = compute(NO_SCORES, truth, batch_scores=rows_of(batches))
    assert table[["level", "n", "n_levels"]].values.tolist() == [[0.2, 2, 4], [0.5, 3, 4], [0.7, 2, 4]]
    assert np.allclose(table["kendall_tau"], [np.nan, 1 / 3, -1], equal_nan=True)  # level .2 stays tied on all batches


def test_a_level_of_equal_truths_has_no_row():
    table = compute(NO_SCORES, truth_of([0.8, 0.8, 0.3]), batch_scores=rows_of([[0.5, 0.1], [0.5, 0.2], [0.1, 0.4]]))
    assert table.empty and "kendall_tau" in table.columns


def test_every_level_equals_a_loop():
    rng = np.random.default_rng(0)
    accuracies = rng.normal(size=80)
    drawn = {(s, e): rng.integers(0, 11, size=(80, 3)) / 10 for s in (0, 1) for e in (5, 6)}
    rows = pd.concat([rows_of(batches, s, e) for (s, e), batches in drawn.items()])
    table = compute(NO_SCORES, truth_of(accuracies), batch_scores=rows)
    expected = []
    for e in (5, 6):
        for s in (0, 1):
            batches = drawn[s, e]
            for level in sorted(set(batches[:, 0])):
                inside = [i for i in range(80) if batches[i, 0] == level]
                if len(inside) > 1:
                    right = (10 * batches[inside]).round().sum(axis=1)
                    tau = stats.kendalltau(right, accuracies[inside]).statistic
                    expected.append((e, s, level, tau, len(set(batches[:, 0])), len(inside)))
    found = table[["epoch", "seed", "level", "kendall_tau", "n_levels", "n"]].to_numpy("float64")
    assert np.allclose(found, expected, equal_nan=True)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    rows = pd.concat([rows_of(rng.integers(0, 4, size=(30, 2)) / 10, s, 1, n) for s in (0, 1) for n in "xy"])
    truth = truth_of(rng.normal(size=30))
    one = compute(NO_SCORES, truth, batch_scores=rows)
    pd.testing.assert_frame_equal(
        one, compute(NO_SCORES, truth[::-1], batch_scores=rows.sample(frac=1, random_state=2))
    )


def test_the_legend_counts_the_levels_of_all_seeds():
    first, last = [[0.5, 0.1], [0.5, 0.2], [0.6, 0.3]], [[0.5, 0.1], [0.5, 0.2], [0.5, 0.3]]
    rows = pd.concat([rows_of(first, 0, 1), rows_of(first, 1, 1), rows_of(last, 0, 2000), rows_of(last, 1, 2000)])
    table = compute(NO_SCORES, truth_of([0.1, 0.2, 0.3]), batch_scores=rows)
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["epoch 1: 2 of 4 levels", "epoch 2,000: 2 of 2 levels"]
    assert [patch.get_data().values.sum() for patch in axes.patches] == [2, 2]


def test_one_epoch_and_undefined_levels_can_be_drawn_and_an_empty_table_says_so():
    table = compute(NO_SCORES, truth_of([0.1, 0.2]), batch_scores=rows_of([[0.5, 0.1], [0.5, 0.1]]))
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    assert axes.get_legend().get_texts()[0].get_text() == "epoch 1: 0 of 1 levels"
    empty = compute(NO_SCORES, truth_of([0.1, 0.2]), batch_scores=rows_of([[0.5]])[:0])
    axes = Figure().add_subplot()
    draw(empty, axes)
    assert empty.empty and "single architecture" in axes.texts[0].get_text()
