"""Agreement of neighbouring checkpoints against SciPy and against tables typed by hand."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.stability import compute, draw

NO_SCORES = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})


def truth_of(n):
    archs = [f"a{i:03d}" for i in range(n)]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": 0.5})


def rows_of(scores, name="net"):
    """Checkpoint scores from {(seed, epoch): vector}."""
    return pd.DataFrame(
        [(name, f"a{i:03d}", s, e, float(x)) for (s, e), each in scores.items() for i, x in enumerate(each)],
        columns=["estimator", "arch", "seed", "epoch", "score"],
    )


def test_tau_equals_scipy_for_every_pair_of_neighbours():
    rng = np.random.default_rng(0)
    scores = {(s, e): rng.normal(size=40) for s in (0, 1, 2) for e in (10, 2, 50)}
    table = compute(NO_SCORES, truth_of(40), checkpoint_scores=rows_of(scores))
    tau = table[table["criterion"] == "kendall_tau"].reset_index()
    assert tau[["epoch", "next_epoch"]].values.tolist() == [[2, 10], [10, 50]]
    for row in tau.itertuples():
        each = [stats.kendalltau(scores[s, row.epoch], scores[s, row.next_epoch]).statistic for s in (0, 1, 2)]
        assert np.allclose([row.value, row.low, row.high], [np.mean(each), min(each), max(each)])
        assert (row.n, row.n_seeds) == (40, 3)


def test_the_later_checkpoint_is_the_truth():
    scores = {(0, 1): [4, 3, 2, 1], (0, 2): [2, 4, 3, 1]}
    criteria = [{"name": "best_rank_at", "count": 1}]
    table = compute(NO_SCORES, truth_of(4), checkpoint_scores=rows_of(scores), criteria=criteria)
    assert table["value"].tolist() == [0.75]  # the first choice of epoch 1 stands third at epoch 2


def test_top_and_bottom_worked_out_by_hand():
    first, later = np.arange(20.0), np.arange(20.0)
    later[[19, 10]] = later[[10, 19]]
    table = compute(NO_SCORES, truth_of(20), checkpoint_scores=rows_of({(0, 1): first, (0, 4): later}))
    values = table.set_index("criterion")["value"]
    assert values["precision_at_top"] == 0.0 and values["precision_at_bottom"] == 1.0
    assert np.isclose(values["kendall_tau"], 1 - 2 * 17 / 190)  # the swap of places 10 and 19 inverts 17 pairs


def test_averages_are_compared_with_the_next_one_that_shares_no_checkpoint_with_them():
    """Weights of four independent rankings: any two averages of three have two of them in common."""
    rng = np.random.default_rng(0)
    each = {e: rng.normal(size=60) for e in (10, 20, 30, 40, 50, 60, 70)}
    epochs = list(each)
    averages = {(0, epochs[i]): sum(each[e] for e in epochs[i - 2 : i + 1]) for i in range(2, 7)}
    windows = pd.DataFrame({"estimator": "net_avg3", "epoch": epochs[2:], "oldest": epochs[:5]})
    rows = pd.concat([rows_of({(0, e): s for e, s in each.items()}), rows_of(averages, "net_avg3")])
    table = compute(NO_SCORES, truth_of(60), checkpoint_scores=rows, windows=windows, criteria=["kendall_tau"])
    found = table[table["estimator"] == "net_avg3"]
    assert found[["epoch", "next_epoch"]].values.tolist() == [[30, 60], [40, 70]]
    assert found["value"].abs().max() < 0.25  # of independent rankings; of overlapping averages it is above .4
    assert len(table) == 6 + 2
    few = windows[windows["epoch"] <= 50]
    rows = rows[rows["epoch"] <= 50]
    table = compute(NO_SCORES, truth_of(60), checkpoint_scores=rows, windows=few, criteria=["kendall_tau"])
    assert set(table["estimator"]) == {"net"}


def test_a_seed_without_a_checkpoint_is_compared_across_the_gap():
    scores = {(s, e): np.random.default_rng(e).permutation(9) for s in (0, 1) for e in (1, 2, 3)}
    del scores[1, 2]
    table = compute(NO_SCORES, truth_of(9), checkpoint_scores=rows_of(scores), criteria=["kendall_tau"])
    found = table[["epoch", "next_epoch", "n_seeds"]].values.tolist()
    assert found == [[1, 2, 1], [1, 3, 1], [2, 3, 1]]


def test_n_counts_architectures_of_the_truth_that_all_seeds_scored_at_both():
    rows = rows_of({(s, e): np.arange(9) for s in (0, 1) for e in (1, 2)})
    rows = rows[~((rows["arch"] == "a008") & (rows["seed"] == 1) & (rows["epoch"] == 2))]
    table = compute(NO_SCORES, truth_of(9)[1:], checkpoint_scores=rows)
    assert set(table["n"]) == {7} and (table["value"] == 1).all()


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    rows = pd.concat([rows_of({(s, e): rng.normal(size=25) for s in (0, 1) for e in (1, 2, 8)}, n) for n in "xyz"])
    scores = rows[rows["epoch"] == 8].drop(columns="epoch")
    one = compute(scores, truth_of(25), checkpoint_scores=rows)
    other = compute(scores, truth_of(25)[::-1], checkpoint_scores=rows.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(one, other)


def test_one_checkpoint_gives_an_empty_table_and_a_drawing_that_says_so():
    table = compute(NO_SCORES, truth_of(5), checkpoint_scores=rows_of({(0, 1): np.arange(5)}))
    assert table.empty and "next_epoch" in table.columns
    axes = Figure().add_subplot()
    draw(table, axes)
    assert "two checkpoints" in axes.texts[0].get_text()


def test_it_can_be_drawn_with_undefined_values():
    scores = {(0, 0): np.ones(6), (0, 1): np.arange(6), (0, 300): np.arange(6)}
    table = compute(NO_SCORES, truth_of(6), checkpoint_scores=rows_of(scores), criteria=["kendall_tau"])
    assert table["value"].isna().tolist() == [True, False]
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    assert axes.get_xscale() == "log" and axes.lines[0].get_xdata().tolist() == [1, 300]
