"""What a search finds, against pools small enough to be written out, and sparse tau against the criterion."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.search_quality import compute, draw
from nasgauge.core.errors import UserError
from nasgauge.criteria import sparse_kendall_tau

RNG = np.random.default_rng


def scores_of(**by_estimator):
    rows = [
        (name, f"a{i:03}", seed, float(score))
        for name, seeds in by_estimator.items()
        for seed, vector in enumerate(seeds)
        for i, score in enumerate(vector)
        if score is not None
    ]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def truth_of(accuracies):
    archs = [f"a{i:03}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def of(table, quantity, estimator="e"):
    return table[(table["estimator"] == estimator) & (table["quantity"] == quantity)].iloc[0]


TRUTH = [0.95, 0.9, 0.9, 0.8, 0.7, 0.6]


def test_a_pool_of_all_finds_the_best_by_score():
    table = compute(scores_of(e=[[1, 2, 6, 5, 4, 3]]), truth_of(TRUTH), k=2, n_draws=7, rng=RNG(0))
    found = of(table, "found_accuracy")
    assert found[["value", "lower", "upper"]].tolist() == pytest.approx([0.85] * 3)
    assert found[["best", "random"]].tolist() == pytest.approx([0.925, sum(TRUTH) / 6])
    assert found[["n", "n_pool", "n_draws"]].tolist() == [6, 6, 7]
    assert of(table, "mean_score")["value"] == 3.5


def test_two_random_trainings_surpass_as_often_as_all_their_pairs_do():
    table = compute(scores_of(e=[[1, 2, 6, 5, 4, 3]]), truth_of(TRUTH), k=2, n_draws=3, rng=RNG(0))
    surpass = of(table, "surpass_probability")

    def share(best):  # of all pairs drawn with replacement, those in which both are worse than `best`
        return sum(max(pair) < best for pair in product(TRUTH, repeat=2)) / 36

    assert surpass["value"] == pytest.approx(share(0.9)) == 0.25
    assert surpass["best"] == pytest.approx(share(0.95))
    chosen = [share(max(pair)) for pair in combinations(TRUTH, 2)]
    assert surpass["random"] == pytest.approx(sum(chosen) / 15)


def test_the_value_is_the_mean_over_pools_and_the_interval_holds_them():
    rng = RNG(1)
    truth, score = rng.permutation(40) / 50, rng.normal(size=40)
    table = compute(scores_of(e=[score]), truth_of(truth), n_pool=3, k=1, n_draws=4000, rng=RNG(0))
    every = [truth[max(pool, key=lambda i: score[i])] for pool in combinations(range(40), 3)]
    best = [max(truth[list(pool)]) for pool in combinations(range(40), 3)]
    found = of(table, "found_accuracy")
    tolerance = 4 * np.std(every) / 4000**0.5
    assert found["value"] == pytest.approx(np.mean(every), abs=tolerance)
    assert found["best"] == pytest.approx(np.mean(best), abs=tolerance)
    assert np.quantile(every, 0.01) <= found["lower"] <= np.quantile(every, 0.04)
    assert np.quantile(every, 0.96) <= found["upper"] <= np.quantile(every, 0.99)


def test_sparse_tau_is_the_criterion_of_the_pool():
    rng = RNG(2)
    truth, score = (0.9 + rng.normal(size=40) * 0.003).round(4), rng.permutation(40)
    table = compute(scores_of(e=[score]), truth_of(truth), n_draws=2, rng=RNG(0))
    expected = sparse_kendall_tau(score, truth)
    assert of(table, "sparse_kendall_tau")["value"] == pytest.approx(expected)
    wide = compute(scores_of(e=[score]), truth_of(truth), n_draws=2, width=0.002, rng=RNG(0))
    assert of(wide, "sparse_kendall_tau")["value"] == pytest.approx(sparse_kendall_tau(score, truth, width=0.002))
    tied = compute(scores_of(e=[score // 5]), truth_of(truth), n_draws=2000, rng=RNG(0))
    assert of(tied, "sparse_kendall_tau")["value"] == pytest.approx(sparse_kendall_tau(score // 5, truth), abs=0.01)


def test_an_accuracy_on_the_edge_of_a_bin_belongs_to_the_upper_one():
    table = compute(scores_of(e=[[1, 2]]), truth_of([0.1025, 0.103]), n_draws=1, rng=RNG(0))
    assert of(table, "sparse_kendall_tau")["value"] == 1.0


def test_seeds_take_turns():
    table = compute(scores_of(e=[[2, 1], [1, 2]]), truth_of([0.9, 0.5]), k=1, n_draws=4, rng=RNG(0))
    assert of(table, "found_accuracy")[["value", "lower", "upper"]].tolist() == pytest.approx([0.7, 0.5, 0.9])
    assert of(table, "sparse_kendall_tau")["value"] == 0


def test_constant_scores_pick_at_random_and_have_no_tau():
    table = compute(scores_of(e=[[1] * 6]), truth_of(TRUTH), k=1, n_draws=3000, rng=RNG(0))
    assert of(table, "found_accuracy")["value"] == pytest.approx(sum(TRUTH) / 6, abs=0.01)
    tau = of(table, "sparse_kendall_tau")
    assert np.isnan(tau["value"]) and tau["n_draws"] == 0
    flat = compute(scores_of(e=[[1, 2, 3]]), truth_of([0.5] * 3), n_draws=5, rng=RNG(0))
    assert np.isnan(of(flat, "sparse_kendall_tau")["value"]) and of(flat, "surpass_probability")["value"] == 0


def test_pools_depend_on_the_generator_and_not_on_who_else_is_judged():
    rng = RNG(3)
    truth, x, y = truth_of(rng.random(80)), rng.normal(size=80), rng.normal(size=80)
    options = {"n_pool": 9, "n_draws": 20}
    alone = compute(scores_of(x=[x]), truth, **options, rng=RNG(4))
    both = compute(scores_of(y=[y], x=[x]), truth, **options, rng=RNG(4))
    pd.testing.assert_frame_equal(alone, both[both["estimator"] == "x"].reset_index(drop=True))
    assert of(both, "found_accuracy", "x")["best"] == of(both, "found_accuracy", "y")["best"]
    other = compute(scores_of(x=[x]), truth, **options, rng=RNG(5))
    assert not np.allclose(alone["value"], other["value"])


def test_the_order_of_rows_decides_nothing():
    rng = RNG(6)
    scores, truth = scores_of(e=rng.integers(0, 3, (2, 30))), truth_of(rng.random(30))
    forth, back = (compute(s, t, n_pool=9, rng=RNG(0)) for s, t in ((scores, truth), (scores[::-1], truth[::-1])))
    pd.testing.assert_frame_equal(forth, back)


@pytest.mark.parametrize("options", [{"n_pool": 0}, {"k": 0}, {"n_draws": 0}, {"width": 0.0}])
def test_senseless_options_are_refused(options):
    with pytest.raises(UserError, match="search_quality"):
        compute(scores_of(e=[[1, 2]]), truth_of([0.1, 0.2]), **options, rng=RNG(0))


def test_the_drawing_has_the_best_estimator_above_between_the_references():
    rng = RNG(7)
    truth = rng.random(60)
    vectors = {f"e{i:02}": [truth + rng.normal(size=60) * i / 9] for i in range(18)}
    table = compute(scores_of(**vectors), truth_of(truth), n_pool=20, n_draws=30, rng=RNG(0))
    axes = Figure().add_subplot()
    draw(table, axes)
    axes.figure.canvas.draw()
    random, best, points = axes.lines
    assert len(axes.get_yticklabels()) == 16 and axes.get_yticklabels()[0].get_text() == "e00"
    assert "16 of 18" in axes.get_xlabel() and axes.get_ylim()[0] > axes.get_ylim()[1]
    assert points.get_xdata()[0] == best.get_xdata()[0] > random.get_xdata()[0]


def test_without_scores_the_drawing_says_so():
    table = compute(scores_of(), truth_of(TRUTH), rng=RNG(0))
    axes = Figure().add_subplot()
    draw(table, axes)
    assert table.empty and "no estimator" in axes.texts[0].get_text()
