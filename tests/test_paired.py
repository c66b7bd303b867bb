"""Paired comparisons: by hand, against SciPy's bootstrap and published corrections, and their level and coverage."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.core.tables import PAIRED, PAIRED_OVER, check
from nasgauge.criteria import best_rank_at, kendall_tau
from nasgauge.judging import adjusted, contest, judge, paired, paired_over
from nasgauge.judging.correction import p_value


def rng(seed=0):
    return np.random.default_rng(seed)


def table(**scores):
    archs = [f"a{i:04}" for i in range(len(next(iter(scores.values()))))]
    parts = [pd.DataFrame({"estimator": e, "arch": archs, "seed": 0, "score": s}) for e, s in scores.items()]
    return pd.concat(parts, ignore_index=True)


def truth_of(accuracy):
    archs = [f"a{i:04}" for i in range(len(accuracy))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})


def drawn(seed, n=60, noise=(0.7, 0.7)):
    """Truth in (0, 1), and scores that are its logit with independent noise."""
    draw = rng(seed)
    z = draw.normal(size=n)
    a, b = (z + sd * draw.normal(size=n) for sd in noise)
    return table(a=a, b=b), truth_of(1 / (1 + np.exp(-z)))


def tau(*noise):
    """Kendall's tau in the population of `drawn`: 2 / pi arcsin(rho) of two normal variables."""
    return [2 / np.pi * np.arcsin(1 / np.sqrt(1 + sd**2)) for sd in noise]


# Holm by hand: sorted .005 .011 .02 .04 times 4 3 2 1, then the running maximum; the order of rows is kept.
def test_holm_is_the_step_down_procedure():
    p = np.array([0.02, 0.005, np.nan, 0.04, 0.011])
    np.testing.assert_allclose(adjusted(p), [0.04, 0.02, np.nan, 0.04, 0.033], atol=1e-12)
    np.testing.assert_allclose(adjusted(np.array([0.01, 0.02, 0.0205])), [0.03, 0.04, 0.04], atol=1e-12)
    assert adjusted(np.array([0.6, 0.9])).tolist() == [1.0, 1.0]


def test_corrections_are_those_of_their_definitions():
    for seed in range(20):
        p = np.round(rng(seed).random(7), 1)  # with ties
        m, order = len(p), np.argsort(p, kind="stable")
        holm, running = np.empty(m), 0.0
        for place, i in enumerate(order):
            running = max(running, min(1.0, (m - place) * p[i]))
            holm[i] = running
        np.testing.assert_allclose(adjusted(p), holm)
        hochberg = [min(min(1.0, m * q / (p <= q).sum()) for q in p[p >= one]) for one in p]
        np.testing.assert_allclose(adjusted(p, "benjamini-hochberg"), hochberg)
        np.testing.assert_allclose(adjusted(p, "bonferroni"), [min(1.0, m * one) for one in p])
        assert adjusted(p, "none").tolist() == p.tolist()


def test_a_p_value_counts_one_more_and_both_sides():
    assert p_value(np.arange(1.0, 100.0)) == 2 / 100
    assert p_value(np.array([-1.0, *np.arange(1.0, 99.0)])) == 4 / 100
    assert p_value(np.array([np.nan, np.nan, 1.0])) != p_value(np.array([np.nan, np.nan, 1.0]))
    assert p_value(-np.arange(1.0, 100.0)) == p_value(np.arange(1.0, 100.0))


@pytest.mark.parametrize("criterion", ["kendall_tau", {"name": "best_rank_at", "fraction": 0.05}])
def test_values_are_those_of_judge_and_intervals_those_of_a_paired_bootstrap(criterion):
    scores, truth = drawn(1, noise=(0.4, 0.8))
    found = paired(scores, truth, "a", "b", [criterion], n_bootstrap=300, rng=rng()).iloc[0]
    each = judge(scores, truth, [criterion], n_bootstrap=0, rng=rng()).set_index("estimator")["value"]
    sign = 1 if criterion == "kendall_tau" else -1
    assert (found["value"], found["rival_value"]) == (each["a"], each["b"]) and found["n"] == 60
    assert found["difference"] == sign * (each["a"] - each["b"])
    by_name = {name: part["score"].to_numpy() for name, part in scores.groupby("estimator")}

    of_one = kendall_tau if criterion == "kendall_tau" else partial(best_rank_at, fraction=0.05)
    data = (by_name["a"], by_name["b"], truth["accuracy"].to_numpy())
    options = dict(paired=True, vectorized=False, n_resamples=300, method="percentile")

    def gap(x, y, t):
        return sign * (of_one(x, t) - of_one(y, t))

    theirs = stats.bootstrap(data, gap, rng=rng(), **options).confidence_interval
    np.testing.assert_allclose([found["lower"], found["upper"]], theirs, atol=1e-12)


def test_the_interval_agrees_with_the_contest():
    scores, truth = drawn(2, noise=(0.4, 0.8))
    one = paired(scores, truth, "all", "best", n_bootstrap=200, rng=rng()).iloc[0]
    other = contest(scores, truth, n_bootstrap=200, rng=rng()).iloc[1]
    assert one["rival"] == "a" and one["estimator"] == "b"
    gap = other[["behind", "behind_upper", "behind_lower"]].astype(float)
    np.testing.assert_allclose(one[["difference", "lower", "upper"]].astype(float), -gap)


def rates(noise, n_runs):
    """Share of runs with p < .05, and of those whose interval covers the planted difference."""
    a, b = tau(*noise)
    n_rejected = n_covered = 0
    for seed in range(n_runs):
        row = paired(*drawn(seed, n=40, noise=noise), "a", "b", n_bootstrap=99, rng=rng(seed)).iloc[0]
        n_rejected += row["p_value"] < 0.05
        n_covered += row["lower"] <= a - b <= row["upper"]
    return n_rejected / n_runs, n_covered / n_runs


@pytest.mark.long
@pytest.mark.parametrize(("n_runs", "off"), [(100, 0.065), pytest.param(600, 0.03, marks=pytest.mark.full)])
def test_under_the_null_five_percent_are_rejected_and_a_planted_difference_is_covered(n_runs, off):
    rejected, covered = rates((0.7, 0.7), n_runs)  # 99 draws give p-values in steps of .02, so .04 are rejected
    assert max(0.005, 0.04 - off) <= rejected <= 0.05 + off and abs(covered - 0.95) <= off
    rejected, covered = rates((0.5, 1.5), n_runs)
    assert rejected > 0.8 and abs(covered - 0.95) <= off


def test_holm_bounds_the_probability_of_any_false_rejection():
    n_any, n_plain = 0, 0
    for seed in range(40):
        draw = rng(seed)
        z = draw.normal(size=40)
        scores = table(**{f"e{i}": z + 0.8 * draw.normal(size=40) for i in range(5)})
        found = paired(scores, truth_of(1 / (1 + np.exp(-z))), "all", "e0", n_bootstrap=199, rng=draw)
        n_any += (found["p_adjusted"] < 0.05).any()
        n_plain += (found["p_value"] < 0.05).any()
        assert (found["p_adjusted"] >= found["p_value"]).all()
    assert n_any <= 5 and n_any < n_plain  # at most 2 expected; uncorrected about 6


def test_only_common_architectures_count_and_n_says_how_many():
    scores, truth = drawn(3)
    some = scores[(scores["estimator"] == "a") | (scores["arch"] < "a0040")]
    some = some[(some["estimator"] == "b") | (some["arch"] >= "a0010")].reset_index(drop=True)
    found = paired(some, truth, "a", "b", n_bootstrap=50, rng=rng()).iloc[0]
    inside = scores[scores["arch"].between("a0010", "a0039")]
    alone = judge(inside, truth, ["kendall_tau"], n_bootstrap=0, rng=rng()).set_index("estimator")["value"]
    assert found["n"] == 30 and found["difference"] == alone["a"] - alone["b"]
    apart = scores[(scores["estimator"] == "a") == (scores["arch"] < "a0030")]
    none = paired(apart, truth, "a", "b", n_bootstrap=50, rng=rng()).iloc[0]
    assert none["n"] == 0 and none[["difference", "lower", "p_value", "p_adjusted"]].isna().all()


def test_failed_measurements_seeds_and_constant_scores():
    scores, truth = drawn(4)
    failed = scores.assign(score=scores["score"].where(scores["arch"] != "a0000"))
    omitted, last = (paired(failed, truth, "a", "b", n_bootstrap=9, missing=m, rng=rng()) for m in ("omit", "last"))
    assert omitted["n"].tolist() == [59] and last["n"].tolist() == [60]
    seeds = pd.concat([scores, scores.assign(seed=1, score=scores["score"][::-1].to_numpy())])
    value = judge(seeds, truth, ["kendall_tau"], n_bootstrap=0, rng=rng()).set_index("estimator")["value"]
    assert paired(seeds, truth, "a", "b", n_bootstrap=9, rng=rng())["value"].tolist() == [value["a"]]
    flat = pd.concat([scores, scores[scores["estimator"] == "a"].assign(estimator="flat", score=1.0)])
    found = paired(flat, truth, "all", "best", n_bootstrap=9, rng=rng()).set_index("estimator")
    assert np.isnan(found.loc["flat", "p_value"]) and found["p_adjusted"].notna().sum() == 1
    same = pd.concat([scores, scores[scores["estimator"] == "a"].assign(estimator="copy")])
    assert paired(same, truth, "copy", "a", n_bootstrap=9, rng=rng())["p_value"].tolist() == [1.0]


def test_which_pairs_are_compared():
    archs = range(30)
    scores = table(**{e: [(i * k) % 31 for i in archs] for e, k in zip("wxyz", (1, 3, 5, 7), strict=True)})
    truth = truth_of(np.linspace(0, 1, 30))

    def pairs(a, b):
        found = paired(scores, truth, a, b, n_bootstrap=0, rng=rng())
        return list(zip(found["estimator"], found["rival"], strict=True))

    assert pairs("all", "w") == [("x", "w"), ("y", "w"), ("z", "w")] == pairs("all", "best")
    assert pairs(["x", "y"], ["y", "z"]) == [("x", "y"), ("y", "z")]
    assert pairs("x", ["y", "z"]) == [("x", "y"), ("x", "z")] and pairs(["x", "y"], "z") == [("x", "z"), ("y", "z")]
    assert pairs("all", "all") == [("w", "x"), ("w", "y"), ("w", "z"), ("x", "y"), ("x", "z"), ("y", "z")]
    check(paired(scores, truth, n_bootstrap=0, rng=rng()), PAIRED)
    for a, b, message in (("q", "w", "unknown estimator 'q'"), ("w", "w", "with itself"), (["x", "x"], "w", "twice")):
        with pytest.raises(UserError, match=message):
            pairs(a, b)
    with pytest.raises(UserError, match="unknown correction 'hollm'; nearest: holm"):
        paired(scores, truth, correction="hollm", rng=rng())


# Several data sets.


def three(seed=0, noise=(0.5, 0.9), n=60):
    """Three data sets of the same architectures: truths share most of what they are, scores all."""
    draw = rng(seed)
    z = draw.normal(size=n)
    a, b = (z + sd * draw.normal(size=n) for sd in noise)
    scores = table(a=a, b=b)
    return {d: (scores, truth_of(1 / (1 + np.exp(-z - 0.1 * draw.normal(size=n))))) for d in ("x", "y", "z")}


def test_a_mean_over_data_sets_and_its_rows():
    data = three()
    found = paired_over(data, "a", "b", n_bootstrap=200, rng=rng()).set_index("dataset")
    check(found.reset_index(), PAIRED_OVER)
    single = {name: paired(*pair, "a", "b", n_bootstrap=200, rng=rng()).iloc[0] for name, pair in data.items()}
    for name, row in single.items():  # the draws are those of one data set alone, as all share their architectures
        same = ["difference", "lower", "upper", "p_value", "n"]
        np.testing.assert_allclose(found.loc[name, same].astype(float), row[same].astype(float))
    mean = found.loc["mean"]
    assert mean["difference"] == pytest.approx(np.mean([row["difference"] for row in single.values()]))
    assert mean[["p_sign", "p_wilcoxon", "p_attainable"]].tolist() == [0.25, 0.25, 0.25]
    assert found.loc[["x", "y", "z"], "p_sign"].isna().all()


def test_shared_architectures_are_drawn_together_and_others_apart():
    joint = paired_over(three(), "a", "b", n_bootstrap=400, rng=rng()).set_index("dataset")
    apart = {}
    for name, tables in three().items():
        apart[name] = tuple(t.assign(arch=name + t["arch"]) for t in tables)
    apart = paired_over(apart, "a", "b", n_bootstrap=400, rng=rng()).set_index("dataset")
    np.testing.assert_array_equal(joint["difference"], apart["difference"])
    width = {name: t["upper"] - t["lower"] for name, t in (("joint", joint), ("apart", apart))}
    assert width["joint"]["mean"] > 0.85 * width["joint"]["x"]  # almost the same truth three times
    assert width["apart"]["mean"] < 0.7 * width["apart"]["x"]  # 1 / sqrt(3) = .58
    scores, truth = three()["y"]
    without_one = (scores[scores["arch"] != "a0000"].reset_index(drop=True), truth)
    nearly = paired_over({**three(), "y": without_one}, "a", "b", n_bootstrap=400, rng=rng()).set_index("dataset")
    assert nearly.loc["y", "n"] == 59 == nearly.loc["mean", "n"]
    assert (nearly["upper"] - nearly["lower"])["mean"] > 0.85 * width["joint"]["x"]


def test_the_mean_over_data_sets_covers_a_planted_difference():
    a, b = tau(0.5, 0.9)
    n_covered = 0
    for seed in range(20):
        data = {}
        for d in ("x", "y"):
            scores, truth = drawn(1000 * seed + ord(d), n=40, noise=(0.5, 0.9))
            data[d] = scores.assign(arch=d + scores["arch"]), truth.assign(arch=d + truth["arch"])
        row = paired_over(data, "a", "b", n_bootstrap=99, rng=rng(seed)).set_index("dataset").loc["mean"]
        n_covered += row["lower"] <= a - b <= row["upper"]
    assert 16 <= n_covered <= 20


def test_mistakes_over_data_sets():
    data = three()
    for datasets, b, message in (
        ({}, "b", "no data set"),
        ({"mean": data["x"]}, "b", "rename it"),
        (data, "best", "differs between data sets"),
        (data, "c", "unknown estimator 'c'"),
    ):
        with pytest.raises(UserError, match=message):
            paired_over(datasets, "a", b, n_bootstrap=0, rng=rng())
    flat = {**data, "z": (data["z"][0].assign(score=1.0), data["z"][1])}
    found = paired_over(flat, "all", "b", n_bootstrap=9, rng=rng()).set_index("dataset")
    assert found.loc["mean", ["difference", "p_value", "p_sign"]].isna().all() and not np.isnan(found.loc["x", "lower"])
