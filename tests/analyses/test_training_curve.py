"""Means over seeds worked out by hand, and drawings of long and short trainings."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nasgauge.analyses.training_curve import compute, draw

SCORES = pd.DataFrame(
    [("net", "a", 0, 2.0), ("net", "b", 0, 1.0), ("fair", "a", 0, 1.0), ("fair", "b", 0, 2.0)],
    columns=["estimator", "arch", "seed", "score"],
)
TRUTH = pd.DataFrame({"arch": ["a", "b"], "iso_class": ["a", "b"], "seed": 0, "accuracy": [0.5, 0.6]})


def log_of(name, seed, losses, rates):
    epochs = range(1, len(losses) + 1)
    rows = {"estimator": name, "seed": seed, "epoch": epochs, "lr": rates, "train_loss": losses, "train_seconds": 1.0}
    return pd.DataFrame(rows)


LOG = pd.concat(
    [
        log_of("net", 0, [2.0, 1.0], [0.1, 0.05]),
        log_of("net", 1, [1.0, 0.5, 0.25], [0.1, 0.1, 0.1]),
        log_of("fair", 0, [3.0], [0.2]),
        log_of("fair", 1, [3.0], [0.2]),
        log_of("fair", 2, [6.0], [0.2]),
    ]
)


def test_means_over_the_seeds_that_trained_the_epoch():
    table = compute(SCORES, TRUTH, training_log=LOG)
    columns = ["estimator", "epoch", "value", "low", "high", "n"]
    loss, rate = (table.loc[table["quantity"] == q, columns].values.tolist() for q in ("train_loss", "lr"))
    assert loss == [
        ["fair", 1, 4.0, 3.0, 6.0, 3],
        ["net", 1, 1.5, 1.0, 2.0, 2],
        ["net", 2, 0.75, 0.5, 1.0, 2],
        ["net", 3, 0.25, 0.25, 0.25, 1],
    ]
    assert np.allclose(
        [row[2:] for row in rate], [[0.2, 0.2, 0.2, 3], [0.1, 0.1, 0.1, 2], [0.075, 0.05, 0.1, 2], [0.1] * 3 + [1]]
    )
    assert table.drop_duplicates("estimator")[["estimator", "place"]].values.tolist() == [["fair", 1], ["net", 2]]


def test_the_order_of_rows_does_not_matter():
    one = compute(SCORES, TRUTH, training_log=LOG)
    pd.testing.assert_frame_equal(one, compute(SCORES[::-1], TRUTH[::-1], training_log=LOG[::-1]))


def test_both_panels_can_be_drawn_however_long_the_training_and_small_the_rate():
    n = 1500
    log = log_of("net", 0, np.linspace(2, 0.5, n), np.geomspace(0.1, 1e-5, n))
    for part, scale in ((log, "log"), (log[:3], "linear"), (log.assign(lr=0.0), "linear")):
        table = compute(SCORES, TRUTH, training_log=part)
        for panel, rows in table.groupby("panel", sort=False):
            axes = Figure().add_subplot()
            draw(rows, axes)
            axes.figure.canvas.draw()
            assert axes.get_ylabel() == panel.lower() and 3 <= len(axes.lines[0].get_xdata()) <= 200
        assert axes.get_yscale() == scale


def test_no_training_is_an_empty_table_and_a_drawing_that_says_so():
    for log in (LOG[:0], pd.DataFrame(columns=LOG.columns)):
        table = compute(SCORES, TRUTH, training_log=log)
        assert table.empty and {"quantity", "value", "n", "panel"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "nothing was trained" in axes.texts[0].get_text()
