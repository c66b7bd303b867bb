"""A planted bias to size is found with its sign, noise alone is not, and plain numbers are those of double loops."""

import os

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.analyses.complexity_bias import compute
from nasgauge.analyses.toolkit.rank_errors import rank_errors
from nasgauge.core.errors import UserError
from nasgauge.criteria import kendall_tau

N_SEEDS = 20


def tables(size, accuracy, score):
    archs = [f"a{i:05}" for i in range(len(size))]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": score})
    return scores, truth, pd.DataFrame({"arch": archs, "n_params": size, "macs": None})


def planted(strength, seed, n=600):
    """Large architectures are better, and scores are the truth, noise, and so much of the size besides."""
    draw = np.random.default_rng(seed)
    size = draw.normal(size=n)
    accuracy = 0.6 * size + draw.normal(size=n)
    return tables(size, accuracy, accuracy + 0.7 * draw.normal(size=n) + strength * size)


def sure(table):
    """Groups whose excess has an interval off 0, with its sign."""
    found = table.set_index("group")
    return {g: np.sign(r["excess"]) for g, r in found.iterrows() if r["excess_lower"] > 0 or r["excess_upper"] < 0}


@pytest.mark.long
@pytest.mark.parametrize("strength", [0.5, -0.5])
def test_a_planted_bias_to_size_is_found_in_the_outer_groups_with_its_sign(strength):
    for seed in range(N_SEEDS):
        scores, truth, size = planted(strength, seed)
        found = sure(compute(scores, truth, complexity=size, rng=np.random.default_rng(seed)))
        assert found[5] == np.sign(strength) and found[1] == -np.sign(strength)


@pytest.mark.long
def test_noise_alone_is_found_no_oftener_than_the_level_says():
    n_found, ends = 0, []
    for seed in range(N_SEEDS):
        scores, truth, size = planted(0.0, 100 + seed)
        table = compute(scores, truth, complexity=size, rng=np.random.default_rng(seed))
        n_found += len(sure(table))
        ends.append(table["rank_difference"].iloc[[0, -1]].to_numpy())
    assert n_found <= 10  # of 100 groups at 95%: more have a probability of 1%
    first, last = np.mean(ends, axis=0)
    assert last < -0.02 < 0.02 < first  # the plain difference takes noise for a bias against large and good ones


@pytest.mark.long
def test_numbers_are_those_of_loops_over_the_real_table():
    if not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("NASGAUGE_DATA is not set: nas-bench-201/accuracy.parquet is needed")
    benchmark = benchmarks.load("nb201").sample_classes(300, rng=np.random.default_rng(0))
    accuracy = benchmark.truth.set_index("arch")["accuracy"]
    archs = sorted(accuracy.index)
    draw = np.random.default_rng(1)
    size = pd.Series({a: 10 * a.count("3x3~") + a.count("nor_conv_1x1") for a in archs})
    score = pd.Series({a: accuracy[a] + 0.05 * draw.normal() for a in archs})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": score[archs].to_numpy()})
    sizes = pd.DataFrame({"arch": archs, "n_params": size[archs].to_numpy(), "macs": None})
    table = compute(scores, benchmark.truth, complexity=sizes, rng=np.random.default_rng(0))

    def rank(values, a):
        return sum(values[b] > values[a] for b in archs) + (sum(values[b] == values[a] for b in archs) + 1) / 2

    groups: dict[int, list[str]] = {}
    for a in archs:
        below = sum(size[b] < size[a] for b in archs) + sum(size[b] == size[a] for b in archs) / 2
        groups.setdefault(1 + min(4, int(below / 300 * 5)), []).append(a)
    assert sorted(groups) == table["group"].tolist()
    for row in table.itertuples():
        members = groups[row.group]
        assert row.n == len(members) and row.smallest == size[members].min() and row.largest == size[members].max()
        expected = np.mean([(rank(accuracy, a) - rank(score, a)) / 300 for a in members])
        assert row.rank_difference == pytest.approx(expected)
        assert row.kendall_tau == pytest.approx(kendall_tau(score[members].to_numpy(), accuracy[members].to_numpy()))


def test_the_excess_compares_with_equally_good_architectures():
    errors = rank_errors(*planted(0.0, 0)[:2])["e"]
    assert abs(errors["excess"].mean()) < 1e-12 and abs(np.corrcoef(errors["excess"], errors["accuracy"])[0, 1]) < 0.05
    backwards, truth, _ = planted(0.0, 0)
    flipped = rank_errors(backwards.assign(score=-backwards["score"]), truth)["e"]
    assert np.allclose(flipped["excess"], -errors["excess"])


def test_no_interval_of_the_few_resamples_in_which_tau_is_defined():
    scores, truth, size = tables([1.0] * 8, [6.0, 3, 0, 4, 7, 5, 2, 1], [0.0, 0, 1, 0, 0, 0, 0, 0])
    row = compute(scores, truth, complexity=size, n_groups=1, rng=np.random.default_rng(0)).iloc[0]
    assert row["kendall_tau"] == pytest.approx(-0.5)  # a third of the resamples lacks the one score that differs
    assert row[["kendall_tau_lower", "kendall_tau_upper"]].isna().all()


def test_degenerate_tables():
    scores, truth, size = planted(0.0, 0, n=30)
    rng = np.random.default_rng(0)
    flat = compute(scores.assign(score=1.0), truth, complexity=size, rng=rng)
    assert flat["kendall_tau"].isna().all() and (flat["excess"] == 0).all()
    one = compute(scores[:1], truth, complexity=size, rng=rng)
    assert len(one) == 1 and one["n"].item() == 1 and np.isnan(one["kendall_tau"].item())
    same = compute(scores, truth, complexity=size.assign(n_params=7), rng=rng)
    assert len(same) == 1 and same["n"].item() == 30
    assert compute(scores, truth, complexity=size.assign(n_params=np.nan), rng=rng).empty
    with pytest.raises(UserError, match="no column 'flops'; they have arch, n_params, macs"):
        compute(scores, truth, complexity=size, by="flops", rng=rng)
    with pytest.raises(UserError, match="0 groups"):
        compute(scores, truth, complexity=size, n_groups=0, rng=rng)
