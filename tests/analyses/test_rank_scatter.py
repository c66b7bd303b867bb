"""Ranks by hand: ties, missing architectures, several seeds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.rank_scatter import N_POINTS, compute, draw

TRUTH = pd.DataFrame({"arch": list("abcd"), "iso_class": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.8, 0.1]})


def scores_of(rows):
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def test_ties_share_their_mean_rank_and_the_best_is_first():
    table = compute(scores_of([("e", a, 0, s) for a, s in zip("abcd", [1.0, 7.0, 1.0, 1.0], strict=True)]), TRUTH)
    assert table.set_index("arch")["truth_rank"].to_dict() == {"a": 1, "b": 2.5, "c": 2.5, "d": 4}
    assert table.set_index("arch")["score_rank"].to_dict() == {"a": 3, "b": 1, "c": 3, "d": 3}
    assert table["score_rank_fraction"].tolist() == [0.75, 0.25, 0.75, 0.75]
    assert set(table["n"]) == {4}


def test_each_estimator_is_ranked_among_its_own_architectures():
    table = compute(scores_of([("e", "c", 0, 1.0), ("e", "d", 0, 2.0), ("e", "x", 0, 3.0), ("f", "a", 0, 0.0)]), TRUTH)
    assert table[["estimator", "arch", "truth_rank", "score_rank", "n"]].values.tolist() == [
        ["e", "c", 1, 2, 2],
        ["e", "d", 2, 1, 2],
        ["f", "a", 1, 1, 1],
    ]


def test_seeds_are_averaged_and_incomplete_architectures_left_out():
    rows = [("e", "a", 0, 1.0), ("e", "a", 1, 5.0), ("e", "b", 0, 2.0), ("e", "b", 1, 2.0), ("e", "c", 0, 9.0)]
    table = compute(scores_of(rows), TRUTH)
    assert table.set_index("arch")["score_rank"].to_dict() == {"a": 1, "b": 2}


def test_ranks_equal_scipy_and_do_not_depend_on_row_order():
    rng = np.random.default_rng(3)
    archs = [f"a{i}" for i in range(60)]
    accuracy, score = rng.integers(0, 20, 60) / 20, rng.integers(0, 9, 60).astype(float)
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": score})
    found = compute(scores.sample(frac=1, random_state=1), truth).set_index("arch").loc[archs]
    assert np.array_equal(found["truth_rank"], stats.rankdata(-accuracy))
    assert np.array_equal(found["score_rank"], stats.rankdata(-score))


def test_nothing_scored_gives_an_empty_table_with_its_columns():
    table = compute(scores_of([]), TRUTH)
    assert len(table) == 0 and "truth_rank_fraction" in table.columns


@pytest.mark.parametrize("n", [5, N_POINTS + 1])
def test_few_are_drawn_as_points_and_many_as_densities(n):
    x = np.linspace(0, 1, n)
    axes = Figure().add_subplot()
    draw(pd.DataFrame({"score_rank_fraction": x, "truth_rank_fraction": x}), axes)
    kind = type(axes.collections[0]).__name__
    assert kind == ("PathCollection" if n == 5 else "PolyCollection")
