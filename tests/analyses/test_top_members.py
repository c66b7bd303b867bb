"""Members of the top among the first by score: by enumeration of ties, as P@topK, and between chance and maximum."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.top_members import compute, members
from nasgauge.core.errors import UserError
from nasgauge.criteria import precision_at_top


def tables(accuracy, n_seeds=1, **scores):
    archs = [f"a{i:04}" for i in range(len(accuracy))]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = [pd.DataFrame({"estimator": e, "arch": archs, "seed": 0, "score": s}) for e, s in scores.items()]
    return pd.concat(parts, ignore_index=True), truth


def asked(scores, truth, **options):
    return compute(scores, truth, rng=np.random.default_rng(0), **options)


def orders(values):
    """All orders from the best in which only tied ones change places."""
    return [o for o in permutations(range(len(values))) if all(values[i] >= values[j] for i, j in pairwise(o))]


@pytest.mark.parametrize("seed", range(4))
def test_ties_are_the_mean_over_all_orders(seed):
    draw = np.random.default_rng(seed)
    score, true = draw.integers(0, 3, 6).astype(float), draw.integers(0, 3, 6).astype(float)
    first = np.arange(1, 7)
    for k in (1, 2, 4):
        all_of_them = [
            [len(set(by_score[:m]) & set(by_truth[:k])) for m in first]
            for by_score in orders(score)
            for by_truth in orders(true)
        ]
        found = members(score, true, k, first, np.ones((1, 6)))[0]
        np.testing.assert_allclose(found, np.mean(all_of_them, axis=0))


def test_a_resample_is_the_rows_that_it_holds_several_times():
    draw = np.random.default_rng(0)
    score, true = draw.integers(0, 9, 30).astype(float), draw.integers(0, 9, 30).astype(float)
    counts = draw.multinomial(30, np.full(30, 1 / 30), 5)
    found = members(score, true, 4, np.array([1, 3, 10, 30]), counts)
    for row, values in zip(counts, found, strict=True):
        again = members(np.repeat(score, row), np.repeat(true, row), 4, np.array([1, 3, 10, 30]), np.ones((1, 30)))
        np.testing.assert_allclose(values, again[0])


def test_at_m_of_k_it_is_the_precision_at_the_top():
    draw = np.random.default_rng(1)
    accuracy = draw.integers(0, 40, 200) / 40
    score = accuracy + draw.integers(0, 20, 200) / 20
    table = asked(*tables(accuracy, e=score), fraction=0.1).set_index("m")
    assert table.loc[20, "share"] == pytest.approx(precision_at_top(score, accuracy, fraction=0.1))
    assert (table["k"] == 20).all() and table.loc[200, "members"] == 20 and table.loc[200, "random"] == 20


def test_the_truth_reaches_the_maximum_noise_the_random_choice_and_the_opposite_nothing():
    draw = np.random.default_rng(2)
    accuracy = draw.permutation(100) / 100
    noise = {f"n{i}": draw.normal(size=100) for i in range(60)}
    table = asked(*tables(accuracy, best=accuracy, worst=-accuracy, **noise), n_bootstrap=1).set_index("estimator")
    best, worst = table.loc["best"], table.loc["worst"]
    assert (best["members"] == best["maximum"]).all() and (worst.loc[worst["m"] < 95, "members"] == 0).all()
    of_noise = table.drop(["best", "worst"]).groupby("m")
    gap = of_noise["members"].mean() - of_noise["random"].first()
    m = gap.index.to_numpy()
    spread = np.sqrt(m * 0.05 * 0.95 * (100 - m) / 99)  # of a hypergeometric number
    assert (gap.abs() <= 4 * spread / np.sqrt(60) + 1e-12).all()


def test_seeds_are_averaged_intervals_hold_the_value_and_constants_are_undefined():
    draw = np.random.default_rng(3)
    accuracy = draw.random(80)
    scores, truth = tables(accuracy, e=accuracy + 0.1 * draw.normal(size=80))
    table = asked(scores, truth, firsts=(4, 10))
    assert (table["lower"] <= table["members"]).all() and (table["members"] <= table["upper"]).all()
    opposite = scores.assign(seed=1, score=-scores["score"])
    both = asked(pd.concat([scores, opposite]), truth, firsts=(4,))
    assert both["members"].iloc[0] == table["members"].iloc[0] / 2 and both["n_seeds"].iloc[0] == 2
    assert asked(scores.assign(score=1.0), truth)[["members", "lower", "share"]].isna().all().all()
    with pytest.raises(UserError, match="between 0 and 1"):
        asked(scores, truth, fraction=1.5)
