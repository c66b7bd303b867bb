"""A planted bias to size, to one operation or to depth is found as just that; noise alone is found free."""

import copy
from functools import cache

import numpy as np
import pandas as pd
import pytest

from nasgauge.analyses.bias_profile import compute
from nasgauge.analyses.toolkit.properties import properties_of
from nasgauge.spaces import NB201

N_SEEDS = 20
SPACE = NB201()


def cells(seed, n=600):
    """Distinct classes of cells, what is known of them, a truth that depends on size alone, and a generator."""
    *made, rng = drawn(seed, n)
    return *made, copy.deepcopy(rng)


@cache
def drawn(seed, n):
    rng = np.random.default_rng(seed)
    archs = sorted({SPACE.to_str(SPACE.canonical(SPACE.sample(rng))) for _ in range(4 * n)})
    archs = [archs[i] for i in rng.permutation(len(archs))[:n]]
    known = properties_of(archs, SPACE)
    size = 1000 + 80 * known["nor_conv_1x1"] + 120 * known["nor_conv_3x3"]  # not nearly the count of one of the two
    complexity = pd.DataFrame({"arch": archs, "n_params": size.to_numpy(), "macs": None})
    quality = standard(size) + rng.normal(size=n)
    return archs, known.assign(n_params=size), complexity, quality, rng


def standard(values):
    values = np.asarray(values, dtype="float64")
    return (values - np.nanmean(values)) / np.nanstd(values)


def profile(archs, complexity, quality, score, seed):
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": np.asarray(quality)})
    scores = pd.DataFrame({"estimator": "e", "arch": archs, "seed": 0, "score": np.asarray(score)})
    table = compute(scores, truth, SPACE, complexity=complexity, rng=np.random.default_rng(seed))
    return table.set_index("property")


@pytest.mark.long
@pytest.mark.parametrize("strength", [0.5, -0.5])
@pytest.mark.parametrize("planted", ["n_params", "avg_pool_3x3", "skip_connect", "nor_conv_1x1", "depth"])
def test_a_planted_bias_is_found_as_just_that_with_its_sign(planted, strength):
    alone = 0
    for seed in range(N_SEEDS):
        archs, known, complexity, quality, rng = cells(seed)
        term = np.nan_to_num(standard(known[planted]))
        found = profile(archs, complexity, quality, quality + 0.5 * rng.normal(size=len(archs)) + strength * term, seed)
        assert found["step"].idxmin() == planted
        assert np.sign(found["effect"][planted]) == np.sign(strength)
        assert found["lower"][planted] > 0 or found["upper"][planted] < 0
        alone += found["step"].count() == 1
    assert alone >= 16  # at 95% fewer than 16 of 20 would come by chance with a probability of 0.3%


@pytest.mark.long
def test_noise_alone_is_found_free_as_often_as_the_level_says():
    n_found = 0
    for seed in range(N_SEEDS):
        archs, _, complexity, quality, rng = cells(100 + seed)
        found = profile(archs, complexity, quality, quality + 0.7 * rng.normal(size=len(archs)), seed)
        n_found += found["step"].notna().any()
    assert n_found <= 3  # of 20 at 95%: more have a probability of 1.6%


@pytest.mark.parametrize("decimals", [2, 3])
def test_scores_that_are_the_rounded_truth_have_no_excess_and_intervals_of_no_width(decimals):
    archs = cells(0, 60)[0]
    quality = np.linspace(0.5, 0.9, len(archs))
    found = profile(archs, None, quality, quality.round(decimals), 0)
    assert len(found) and (found[["effect", "lower", "upper"]].abs() < 1e-12).all(axis=None)
    assert found["step"].isna().all()
