"""Within a limit: by enumeration, at the ends of what is possible, and where there is nothing to find."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.under_limit import compute, expected_best, under_limit
from nasgauge.core.constraints import parse_constraints
from nasgauge.core.errors import UserError


def tables(accuracy, latency, n_seeds=1, **scores):
    archs = [f"a{i:04}" for i in range(len(accuracy))]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = [
        pd.DataFrame({"estimator": e, "arch": archs, "seed": seed, "score": np.asarray(s, dtype=float)})
        for e, s in scores.items()
        for seed in range(n_seeds)
    ]
    return pd.concat(parts, ignore_index=True), truth, pd.DataFrame({"arch": archs, "latency_ms": latency})


def asked(scores, truth, attributes, limit="latency_ms < 5", **options):
    return under_limit(scores, truth, attributes, limit, rng=np.random.default_rng(0), **options)


@pytest.mark.parametrize("k", range(1, 8))
def test_the_random_choice_is_the_mean_over_all_choices(k):
    true = np.random.default_rng(k).integers(0, 5, 7) / 10  # with ties
    assert expected_best(true, k) == pytest.approx(np.mean([max(c) for c in combinations(true, k)]))


def test_of_thousands_the_random_choice_is_that_of_draws():
    draw = np.random.default_rng(0)
    true = draw.random(5000)
    means = [draw.choice(true, 50, replace=False).max() for _ in range(4000)]
    assert expected_best(true, 50) == pytest.approx(np.mean(means), abs=5 * np.std(means) / np.sqrt(4000))


def test_the_best_of_those_within_the_limit_by_loops():
    draw = np.random.default_rng(1)
    accuracy, latency, score = draw.random(40), 10 * draw.random(40), draw.normal(size=40)
    table = asked(*tables(accuracy, latency, e=score), counts=(1, 3, 8)).set_index("k")
    inside = latency < 5
    order = np.argsort(-score[inside])
    for k in (1, 3, 8):
        row = table.loc[k]
        assert row["found_accuracy"] == accuracy[inside][order[:k]].max() and row["oracle"] == accuracy[inside].max()
        assert row["lower"] <= row["upper"] and (row["n"], row["n_scored"]) == (inside.sum(), 40)
        share = (row["found_accuracy"] - row["random"]) / (row["oracle"] - row["random"])
        assert row["share"] == pytest.approx(share)


def test_the_truth_finds_the_oracle_and_noise_what_chance_finds():
    draw = np.random.default_rng(2)
    accuracy = draw.random(60)
    noise = {f"noise{i}": draw.normal(size=60) for i in range(60)}
    table = asked(*tables(accuracy, np.full(60, 1.0), best=accuracy, **noise), counts=(1, 5), n_bootstrap=1)
    assert (table.loc[table["estimator"] == "best", "share"] == 1).all()
    of_noise = table[table["estimator"] != "best"].groupby("k")["share"].agg(["mean", "sem"])
    assert (of_noise["mean"].abs() < 4 * of_noise["sem"]).all()
    assert table.loc[table["estimator"] == "best", "place"].unique().tolist() == [1]


def test_tied_scores_are_an_expectation_and_seeds_a_mean():
    accuracy = np.array([0.1, 0.2, 0.9, 0.4, 0.5])
    table = asked(*tables(accuracy, [1, 2, 9, 3, 4], e=[1, 1, 5, 1, 0]), counts=(1,))
    assert table["found_accuracy"].iloc[0] == pytest.approx((0.1 + 0.2 + 0.4) / 3)
    scores, truth, latency = tables(accuracy, [1, 2, 9, 3, 4], n_seeds=2, e=[1, 2, 3, 4, 5])
    scores.loc[scores["seed"] == 1, "score"] *= -1
    row = asked(scores, truth, latency, counts=(1,)).iloc[0]
    assert row["found_accuracy"] == pytest.approx((0.5 + 0.1) / 2) and row["n_seeds"] == 2


def test_several_limits_unknown_quantities_and_estimators_outside():
    accuracy, latency = np.linspace(0.1, 0.9, 9), [1, 2, np.nan, 4, 5, 6, 7, 8, 9]
    scores, truth, attributes = tables(accuracy, latency, e=accuracy, f=accuracy)
    scores = scores[(scores["estimator"] == "e") | (scores["arch"] > "a0005")]
    table = asked(scores, truth, attributes, ["latency_ms <= 4", "latency_ms > 4"], counts=(1, 2, 5))
    n = table.groupby(["estimator", "constraint"])["n"].first().to_dict()
    assert n == {("e", "latency_ms <= 4"): 3, ("e", "latency_ms > 4"): 5, ("f", "latency_ms > 4"): 3}
    assert table["k"].max() == 5 and table.loc[table["n"] == 3, "k"].max() == 2  # no more than there are
    flat = asked(*tables(accuracy, latency, e=np.ones(9)), counts=(1,)).iloc[0]
    assert np.isnan(flat["found_accuracy"]) and np.isnan(flat["share"]) and not np.isnan(flat["random"])


def test_sizes_serve_as_quantities_and_what_is_unknown_is_named():
    scores, truth, latency = tables(np.arange(6) / 10, np.arange(6), e=np.arange(6))
    sizes = pd.DataFrame({"arch": truth["arch"], "n_params": 1000 * np.arange(6), "macs": None})
    options = {"constraints": parse_constraints(["n_params < 3.5k"]), "rng": np.random.default_rng(0)}
    found = compute(scores, truth, complexity=sizes, attributes=latency, **options)
    pd.testing.assert_frame_equal(
        found, compute(scores, truth, complexity=sizes, **options | {"rng": np.random.default_rng(0)})
    )
    assert set(found["n"]) == {4} and found["oracle"].iloc[0] == pytest.approx(0.3)
    with pytest.raises(UserError, match="unknown quantity 'n_params'"):
        compute(scores, truth, attributes=latency, **options)
    with pytest.raises(UserError, match="at least 1"):
        asked(scores, truth, latency, counts=(0,))
