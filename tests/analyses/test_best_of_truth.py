"""The truly best against subsets written out here, ties at the border against all ways to settle them."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.best_of_truth import compute, draw
from nasgauge.core.errors import UserError

RNG = np.random.default_rng


def scores_of(**by_estimator):
    rows = [
        (name, f"a{i}", seed, float(score))
        for name, seeds in by_estimator.items()
        for seed, vector in enumerate(seeds)
        for i, score in enumerate(vector)
        if score is not None
    ]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def truth_of(accuracies):
    archs = [f"a{i}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def test_means_and_taus_equal_those_of_the_sorted_truth():
    rng = RNG(0)
    truth, seeds = rng.permutation(600) / 600, rng.normal(size=(2, 600))
    found = compute(scores_of(e=seeds), truth_of(truth))
    assert found["n_best"].tolist() == [10, 25, 50, 100, 150, 250, 500, 600] and set(found["n"]) == {600}
    order = np.argsort(-truth)
    means = np.array([[seed[order[:size]].mean() for size in found["n_best"]] for seed in seeds])
    taus = np.array([[stats.kendalltau(s[order[:m]], truth[order[:m]])[0] for m in found["n_best"]] for s in seeds])
    tau_a = [stats.kendalltau(found["n_best"], of_seed)[0] for of_seed in means]
    of_the_mean = stats.kendalltau(found["n_best"], means.mean(axis=0))[0]
    for column, of in (("spearman", stats.spearmanr), ("pearson", stats.pearsonr)):
        values = [[of(s[order[:m]], truth[order[:m]])[0] for m in found["n_best"]] for s in seeds]
        assert np.allclose(found[column], np.mean(values, axis=0))
    assert np.allclose(found["mean_score"], means.mean(axis=0))
    for column, expected in {"tau": taus.mean(axis=0), "low": taus.min(axis=0), "high": taus.max(axis=0)}.items():
        assert np.allclose(found[column], expected)
    for column, expected in {"tau_a": of_the_mean, "tau_a_low": min(tau_a), "tau_a_high": max(tau_a)}.items():
        assert np.allclose(found[column], expected)


def test_a_score_that_falls_down_the_truth_reaches_minus_one():
    truth = np.linspace(1, 0, 60)
    found = compute(scores_of(good=[truth], bad=[-truth]), truth_of(truth)).set_index("estimator")
    assert set(found.loc["good", "tau_a"]) == {-1.0} and set(found.loc["bad", "tau_a"]) == {1.0}
    assert found.loc["good", "tau"].tolist() == pytest.approx([1.0] * 4)
    assert found.loc["good", "n_best"].tolist() == [10, 25, 50, 60]


def test_tau_a_is_of_the_mean_over_seeds_and_not_the_mean_of_their_tau_a():
    """Noise of the seeds hides a falling mean in each of them; over many seeds it is there."""
    rng = RNG(5)
    truth = np.linspace(1, 0, 600)
    seeds = 0.02 * truth + rng.normal(size=(40, 600)) * 0.1
    found = compute(scores_of(e=seeds), truth_of(truth))
    means = np.array([[seed[:size].mean() for size in found["n_best"]] for seed in seeds])
    of_seeds = [stats.kendalltau(found["n_best"], of_seed)[0] for of_seed in means]
    assert found["tau_a"].iloc[0] == pytest.approx(stats.kendalltau(found["n_best"], means.mean(axis=0))[0])
    assert found["tau_a"].iloc[0] < np.mean(of_seeds) - 0.2
    assert found["tau_a_low"].iloc[0] == pytest.approx(min(of_seeds))


def test_ties_at_the_border_are_shared_and_not_settled_by_name():
    truth, score = [0.9, 0.8, 0.8, 0.8, 0.7], [5.0, 1.0, 2.0, 6.0, 3.0]
    found = compute(scores_of(e=[score]), truth_of(truth), n_best=(3,)).set_index("n_best")
    choices = [(score[0] + sum(score[i] for i in tied)) / 3 for tied in combinations((1, 2, 3), 2)]
    assert found.loc[3, "mean_score"] == pytest.approx(sum(choices) / 3)
    # Best and one tied: one of three pairs is discordant, so 1 - 2/3 expected over two pairs; the third is a tie.
    assert found.loc[3, "tau"] == pytest.approx((2 - 2 * 2 / 3) / (3 * 2) ** 0.5)


def test_an_estimator_is_asked_for_the_best_of_what_it_scored():
    scores = pd.concat([scores_of(part=[[None, 4, None, 2, 1]]), scores_of(all=[[1, 2, 3, 4, 5]])])
    foreign = pd.DataFrame({"estimator": "all", "arch": ["x"], "seed": 0, "score": [99.0]})
    found = compute(pd.concat([scores, foreign]), truth_of([0.9, 0.8, 0.7, 0.6, 0.5]), n_best=(2, 4))
    columns = ["estimator", "n_best", "mean_score", "n"]
    assert found[columns].values.tolist() == [
        ["all", 2, 1.5, 5],
        ["all", 4, 2.5, 5],
        ["all", 5, 3.0, 5],
        ["part", 2, 3.0, 3],
        ["part", 3, pytest.approx(7 / 3), 3],
    ]


def test_constant_scores_and_a_single_size_are_undefined():
    truth = truth_of(np.linspace(1, 0, 40))
    found = compute(scores_of(flat=[[0.1] * 40]), truth)
    assert found[["tau", "low", "high", "tau_a", "tau_a_low", "tau_a_high"]].isna().all(axis=None)
    assert np.allclose(found["mean_score"], 0.1)
    few = compute(scores_of(e=[[3, 1, 2]]), truth)
    assert few["n_best"].tolist() == [3] and few["tau_a"].isna().all() and few["tau"].tolist() == pytest.approx([1 / 3])


def test_the_worst_score_counts_only_among_those_that_have_it():
    scores = scores_of(e=[[5, 4, 3, -np.inf], [5, 3, 4, -np.inf]])
    found = compute(scores, truth_of([0.9, 0.8, 0.7, 0.6]), n_best=(1, 2, 3))
    assert found["mean_score"].tolist() == [5, 4.25, 4, -np.inf] and found["tau_a"].eq(-1).all()
    assert found["tau"].iloc[-1] == pytest.approx((1 + 2 / 3) / 2)


def test_the_order_of_rows_decides_nothing():
    rng = RNG(1)
    scores, truth = scores_of(e=rng.normal(size=(3, 50)), f=rng.normal(size=(1, 50))), truth_of(rng.integers(0, 9, 50))
    back = compute(scores[::-1], truth[::-1])
    pd.testing.assert_frame_equal(compute(scores, truth), back)


def test_senseless_sizes_are_refused():
    with pytest.raises(UserError, match="best_of_truth"):
        compute(scores_of(e=[[1, 2]]), truth_of([0.1, 0.2]), n_best=(0, 1))


def test_the_drawing_names_the_leading_eight_with_their_tau_a():
    rng = RNG(2)
    truth = rng.permutation(300) / 300
    vectors = {f"e{i}": [truth + rng.normal(size=300) * i / 4] for i in range(10)}
    axes = Figure().add_subplot()
    draw(compute(scores_of(**vectors), truth_of(truth)), axes)
    axes.figure.canvas.draw()
    names = [t.get_text() for t in axes.get_legend().get_texts()]
    assert len(names) == 8 and names[0] == "−1.00  e0"
    assert "8 of 10" in axes.get_legend().get_title().get_text()
    assert [t.get_text() for t in axes.get_xticklabels()] == ["10", "25", "50", "100", "150", "all 300"]


@pytest.mark.parametrize("vector", [[], [1.0] * 30])
def test_without_a_ranking_the_drawing_says_so(vector):
    axes = Figure().add_subplot()
    draw(compute(scores_of(e=[vector]), truth_of(np.linspace(1, 0, 30))), axes)
    assert "undefined" in axes.texts[0].get_text()
