"""Against residuals of ranks and loops over bands; what only follows size is found to, what knows more is found to."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.analyses.beyond_size import compute
from nasgauge.analyses.toolkit.partial import partial_spearman_of_draws
from nasgauge.core.errors import UserError

QUANTITIES = ["kendall_tau", "kendall_tau_within_bands", "partial_spearman_rho"]


def tables(accuracy, n_params, macs=None, **scores):
    archs = [f"a{i:05}" for i in range(len(accuracy))]
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracy})
    parts = [pd.DataFrame({"estimator": e, "arch": archs, "seed": 0, "score": s}) for e, s in scores.items()]
    return pd.concat(parts, ignore_index=True), truth, pd.DataFrame({"arch": archs, "n_params": n_params, "macs": macs})


def asked(scores, truth, sizes, seed=0, **options):
    return compute(scores, truth, complexity=sizes, rng=np.random.default_rng(seed), **options)


def of(table, name="e"):
    return table[table["estimator"] == name].set_index("quantity")


def by_residuals(score, true, given):
    """Correlation of what a regression of ranks on ranks leaves."""
    x = np.column_stack([np.ones(len(score)), *[stats.rankdata(column) for column in given.T]])
    left = [v - x @ np.linalg.lstsq(x, v, rcond=None)[0] for v in (stats.rankdata(score), stats.rankdata(true))]
    return np.corrcoef(*left)[0, 1]


def planted(seed, beyond, n=250):
    """Truth of size and something else; scores of size, of noise, and so much of that something else."""
    draw = np.random.default_rng(seed)
    size, other = draw.normal(size=(2, n))
    accuracy = size + other + 0.3 * draw.normal(size=n)
    score = np.exp(size + beyond * other + 0.5 * draw.normal(size=n))
    return tables(accuracy, (1e5 * np.exp(size)).astype(int), (1e6 * np.exp(size)).astype(int), e=score)


@pytest.mark.parametrize("seed", range(5))
def test_the_partial_correlation_is_that_of_residuals_of_ranks_in_every_resample(seed):
    draw, n = np.random.default_rng(seed), 60
    given = draw.integers(0, 9, (n, 2)).astype(float)  # with ties everywhere
    score, true = (np.round(given @ draw.normal(size=2) + draw.normal(size=n), 1) for _ in range(2))
    counts = np.vstack([np.ones(n, dtype=int), draw.multinomial(n, np.full(n, 1 / n), 4)])
    found = partial_spearman_of_draws(score, true, given, counts)
    for row, value in zip(counts, found, strict=True):
        again = [np.repeat(v, row, axis=0) for v in (score, true, given)]
        assert value == pytest.approx(by_residuals(*again), abs=1e-9)
    doubled = np.column_stack([given, given[:, 0] * 3 + 1, np.ones(n)])
    np.testing.assert_allclose(partial_spearman_of_draws(score, true, doubled, counts), found, atol=1e-9)
    alone = partial_spearman_of_draws(score, true, np.zeros((n, 0)), counts[:1])
    assert alone[0] == pytest.approx(stats.spearmanr(score, true).statistic)


def test_bands_are_weighted_by_their_pairs_and_paired_with_the_best_baseline():
    scores, truth, sizes = planted(0, 0.5, n=90)
    table = of(asked(scores, truth, sizes, n_bands=4, n_bootstrap=5))
    frame = truth.merge(scores, on="arch").merge(sizes, on="arch")
    place = frame["n_params"].rank()
    total = weight = pairs = own = 0
    for band in range(4):
        part = frame[(place > 90 * band / 4 + 0.25) & (place <= 90 * (band + 1) / 4 + 0.25)]
        w = len(part) * (len(part) - 1) / 2
        total += w * stats.kendalltau(part["score"], part["accuracy"]).statistic
        own += w * stats.kendalltau(part["n_params"], part["accuracy"]).statistic
        weight, pairs = weight + w, pairs + w
    row = table.loc["kendall_tau_within_bands"]  # of the sizes the one is a function of the other
    assert row["value"] == pytest.approx(total / weight) and row["n_pairs"] == pairs and row["n"] == 90
    assert row["baseline"] == "n_params" and row["baseline_value"] == pytest.approx(own / weight)
    assert row["difference"] == pytest.approx((total - own) / weight)
    whole = table.loc["kendall_tau"]
    taus = [stats.kendalltau(frame[c], frame["accuracy"]).statistic for c in ("score", "n_params", "macs")]
    assert whole["difference"] == pytest.approx(taus[0] - max(taus[1:])) and whole["n_pairs"] == 90 * 89 // 2
    assert table.loc["partial_spearman_rho", "value"] == pytest.approx(
        by_residuals(frame["score"], frame["accuracy"], frame[["n_params", "macs"]].to_numpy())
    )


def test_a_score_that_only_follows_size_is_found_to():
    inside, values = 0, []
    for seed in range(20):
        scores, truth, sizes = planted(seed, 0.0)
        table = of(asked(scores, truth, sizes, seed, n_bootstrap=100))
        assert table.loc["kendall_tau", "lower"] > 0.2  # which looks like a good estimator
        assert table.loc["kendall_tau", "difference"] < 0
        row = table.loc["partial_spearman_rho"]
        inside += row["lower"] <= 0 <= row["upper"]
        values.append(table.loc[QUANTITIES[1:], "value"])
    assert inside >= 16  # 19 expected
    partial, within = np.mean([v.iloc[1] for v in values]), np.mean([v.iloc[0] for v in values])
    assert abs(partial) < 0.04 and abs(within) < 0.08


def test_information_beyond_size_is_found():
    for seed in range(10):
        table = of(asked(*planted(seed, 0.6), seed, n_bootstrap=100))
        assert (table.loc[QUANTITIES, "lower"] > 0.1).all()
        assert table.loc["kendall_tau_within_bands", "difference_lower"] > 0


def test_of_two_baselines_the_better_one_is_chosen_and_its_own_partial_is_undefined():
    draw = np.random.default_rng(0)
    macs = draw.permutation(200) + 100
    accuracy = macs + draw.normal(size=200)
    table = asked(*tables(accuracy, draw.permutation(200), macs, e=macs.astype(float)))
    found = of(table)
    assert found["baseline"].tolist() == ["macs", "macs", "none"] and found.loc["kendall_tau", "difference"] == 0
    assert found.loc["kendall_tau", ["difference_lower", "difference_upper"]].tolist() == [0, 0]
    assert np.isnan(found.loc["partial_spearman_rho", "value"])


def test_constant_and_unknown_sizes():
    draw = np.random.default_rng(1)
    accuracy, score = draw.normal(size=(2, 40))
    same = of(asked(*tables(accuracy, 7, 9, e=score)))
    assert set(same["baseline"]) == {"none"} and same["difference"].isna().all()
    np.testing.assert_allclose(same.loc["partial_spearman_rho", "value"], stats.spearmanr(score, accuracy).statistic)
    assert same.loc["kendall_tau", "value"] == same.loc["kendall_tau_within_bands", "value"]
    scores, truth, sizes = tables(accuracy, np.arange(40), None, e=score)
    assert set(asked(scores, truth, sizes)["baseline"]) == {"n_params", "none"}
    some = sizes.assign(n_params=sizes["n_params"].where(sizes["n_params"] > 9).astype("Int64"))
    assert asked(scores, truth, some)["n"].unique().tolist() == [30]
    assert asked(scores, truth, sizes.assign(n_params=None)).empty


def test_a_baseline_that_is_constant_within_a_band_counts_nothing_there():
    n_params = np.repeat([1, 2, 3, 4], 5)
    true = np.tile([0.1, 0.2, 0.3, 0.4, 0.5], 4) + 0.01 * n_params
    true[:5] = 0.5  # nothing to rank in the first band
    score = np.tile([1.0, 2.0, 3.0, 5.0, 4.0], 4)
    score[5:10] = 1.0  # and no ranking in the second
    row = of(asked(*tables(true, n_params, e=score), n_bands=4)).loc["kendall_tau_within_bands"]
    assert row["value"] == pytest.approx((0 + 0.8 + 0.8) / 3) and row["n_pairs"] == 40
    assert (row["baseline"], row["baseline_value"]) == ("none", pytest.approx(np.nan, nan_ok=True))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_architectures_are_no_error_and_leave_undefined_what_is(n):
    table = of(asked(*tables(np.arange(n) / 9, np.arange(n) % 3, np.arange(n) % 2, e=np.arange(n)[::-1] * 1.0)))
    assert np.isnan(table.loc["kendall_tau", "value"]) == (n < 2)
    assert np.isnan(table.loc["partial_spearman_rho", "value"]) == (n < 5)


def test_options_out_of_range():
    with pytest.raises(UserError, match="both must be at least 1"):
        asked(*planted(0, 0.0), n_bands=0)
