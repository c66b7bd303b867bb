"""judge and the noise ceiling: means over seeds, missing and unknown architectures, intervals as SciPy draws them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.core.tables import VALUES, check
from nasgauge.criteria import DEFAULT_CRITERIA, kendall_tau, pearson_r, resolve
from nasgauge.judging import Combined, contest, judge, noise_ceiling, noise_ceilings, paired, with_failures
from nasgauge.judging.values import draw_counts


def rng():
    return np.random.default_rng(7)


def truth_table(accuracy, seeds=(0,)):
    """accuracy: (n_archs,) or (n_archs, n_seeds)."""
    accuracy = np.atleast_2d(np.asarray(accuracy, float).T).T
    arch = [f"a{i}" for i in range(len(accuracy)) for _ in seeds]
    return pd.DataFrame(
        {"arch": arch, "iso_class": arch, "seed": list(seeds) * len(accuracy), "accuracy": accuracy.ravel()}
    )


def score_table(score, estimator="guess", seed=0):
    arch = [f"a{i}" for i in range(len(score))]
    return pd.DataFrame({"estimator": estimator, "arch": arch, "seed": seed, "score": np.asarray(score, float)})


@pytest.fixture(scope="module")
def planted():
    draw = np.random.default_rng(0)
    truth = 0.9 + 0.02 * draw.normal(size=120).clip(-3, 3)
    return truth, truth + 0.02 * draw.normal(size=120)


def only(values):
    assert len(values) == 1
    return values.iloc[0]


def test_values_are_those_of_the_criteria(planted):
    truth, score = planted
    values = judge(score_table(score), truth_table(truth), n_bootstrap=20, rng=rng())
    assert len(check(values, VALUES)) == len(DEFAULT_CRITERIA)
    for spec, row in zip(DEFAULT_CRITERIA, values.itertuples(), strict=True):
        assert row.value == resolve(spec)(score, truth)
        assert (row.n, row.n_failed, row.n_absent, row.n_unknown, row.n_seeds) == (120, 0, 0, 0, 1)
        assert row.lower <= row.upper


def test_the_interval_is_scipys_percentile_bootstrap(planted):
    truth, score = planted
    options = {"n_bootstrap": 200, "confidence": 0.9}
    row = only(judge(score_table(score), truth_table(truth), ["kendall_tau"], **options, rng=rng()))
    reference = stats.bootstrap(
        (score, truth),
        lambda s, t: stats.kendalltau(s, t).statistic,
        paired=True,
        vectorized=False,
        n_resamples=200,
        confidence_level=0.9,
        method="percentile",
        rng=rng(),
    ).confidence_interval
    assert (row["lower"], row["upper"]) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    # Pearson's r of a bivariate normal is known; 95 % intervals of 150 samples cover it in about 95 % of the trials.
    draw, rho, covered = np.random.default_rng(1), 0.6, 0
    for _ in range(40):
        truth = draw.normal(size=150)
        score = rho * truth + np.sqrt(1 - rho**2) * draw.normal(size=150)
        row = only(judge(score_table(score), truth_table(truth), ["pearson_r"], n_bootstrap=100, rng=draw))
        covered += row["lower"] <= rho <= row["upper"]
    assert 33 <= covered < 40


def test_the_truth_of_an_architecture_is_its_mean_over_seeds(planted):
    truth, score = planted
    several = truth[:, None] + np.array([-0.01, 0.0, 0.01])
    values = judge(score_table(score), truth_table(several, seeds=(1, 2, 3)), ["kendall_tau"], n_bootstrap=0, rng=rng())
    assert only(values)["value"] == pytest.approx(kendall_tau(score, truth))


def test_estimator_seeds_are_judged_one_by_one_and_averaged(planted):
    truth, score = planted
    scores = pd.concat([score_table(score, seed=4), score_table(-score, seed=9)])
    values = judge(scores, truth_table(truth), ["kendall_tau", "pearson_r"], n_bootstrap=50, rng=rng())
    assert values["value"].tolist() == pytest.approx([0, 0], abs=1e-12)
    # The draws are shared by the seeds, so that opposite seeds cancel in every one of them.
    assert values["upper"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert values["n_seeds"].tolist() == [2, 2]


def test_draws_are_shared_by_the_estimators(planted):
    truth, score = planted
    scores = pd.concat([score_table(score, "one"), score_table(np.exp(score), "two")])
    values = judge(scores, truth_table(truth), ["kendall_tau"], n_bootstrap=50, rng=rng())
    assert values["estimator"].tolist() == ["one", "two"]
    assert values["lower"].nunique() == values["upper"].nunique() == 1


def test_missing_scores_are_left_out_and_counted(planted):
    truth, score = planted
    lacking = score.copy()
    lacking[[3, 50]] = np.nan
    values = judge(score_table(lacking), truth_table(truth), ["pearson_r"], n_bootstrap=30, rng=rng())
    kept = ~np.isnan(lacking)
    row = only(values)
    assert row["value"] == pearson_r(score[kept], truth[kept])
    assert (row["n"], row["n_failed"], row["n_absent"]) == (118, 2, 0)
    assert row["lower"] < row["value"] < row["upper"]


def test_missing_scores_can_be_ranked_last_where_only_ranks_count(planted):
    truth, score = planted
    lacking = score.copy()
    lacking[[3, 50]] = np.nan
    criteria = ["kendall_tau", "pearson_r"]
    values = judge(score_table(lacking), truth_table(truth), criteria, missing="last", n_bootstrap=30, rng=rng())
    tau, pearson = values.iloc[0], values.iloc[1]
    assert tau["value"] == kendall_tau(np.where(np.isnan(lacking), -1.0, score), truth)
    assert (tau["n"], tau["n_failed"]) == (120, 2)
    # Pearson's r would depend on the number put in place of the missing score, so it has no value.
    assert pearson[["value", "lower", "upper"]].isna().all()
    complete = judge(score_table(score), truth_table(truth), criteria, missing="last", n_bootstrap=0, rng=rng())
    assert complete["value"].iloc[1] == pearson_r(score, truth)


def test_a_score_missing_in_one_seed_leaves_the_architecture_out_of_all(planted):
    truth, score = planted
    lacking = score.copy()
    lacking[3] = np.nan
    scores = pd.concat([score_table(score, seed=0), score_table(lacking, seed=1)])
    row = only(judge(scores, truth_table(truth), ["kendall_tau"], n_bootstrap=0, rng=rng()))
    kept = np.arange(120) != 3
    assert row["value"] == kendall_tau(score[kept], truth[kept])
    assert (row["n"], row["n_failed"]) == (119, 1)


def test_unknown_architectures_are_named_or_dropped(planted):
    truth, score = planted
    short = truth_table(truth[:-2])
    with pytest.raises(UserError, match=r"row 119 .*'a118'.*2 such"):
        judge(score_table(score), short, rng=rng())
    row = only(judge(score_table(score), short, ["kendall_tau"], unknown="drop", n_bootstrap=0, rng=rng()))
    assert (row["n"], row["n_unknown"], row["value"]) == (118, 2, kendall_tau(score[:-2], truth[:-2]))
    foreign = score_table(score).assign(estimator="foreign", arch=lambda t: "x" + t["arch"])
    with pytest.raises(UserError, match="'foreign' scores none of the architectures"):
        judge(pd.concat([score_table(score), foreign]), truth_table(truth), unknown="drop", rng=rng())


def test_constant_scores_have_neither_value_nor_interval(planted):
    values = judge(score_table(np.ones(120)), truth_table(planted[0]), n_bootstrap=10, rng=rng())
    assert values[["value", "lower", "upper"]].isna().all(axis=None)
    assert (values["n"] == 120).all()


def test_without_draws_there_is_no_interval(planted):
    truth, score = planted
    row = only(judge(score_table(score), truth_table(truth), ["kendall_tau"], n_bootstrap=0, rng=rng()))
    assert np.isnan(row["lower"]) and np.isfinite(row["value"])


@pytest.mark.parametrize(("levels", "shown"), [(3, False), (120, True)])
def test_a_criterion_that_many_resamples_leave_undefined_has_no_interval(planted, levels, shown):
    """Of coarse scores many resamples of the top are tied throughout; the others are a selection."""
    truth, score = planted
    coarse = np.floor(stats.rankdata(score) / len(score) * levels)
    top = [{"name": "kendall_tau_at_top", "fraction": 0.1}]
    row = only(judge(score_table(coarse), truth_table(truth), top, n_bootstrap=200, rng=rng()))
    assert np.isfinite(row[["lower", "upper"]].astype(float)).all() == shown
    compared = pd.concat([score_table(coarse, "coarse"), score_table(truth, "best")])
    pair = only(paired(compared, truth_table(truth), "coarse", "best", top, n_bootstrap=200, rng=rng()))
    assert np.isfinite(pair["p_value"]) == np.isfinite(pair["lower"]) == shown


def test_only_the_given_generator_decides(planted):
    truth, score = planted
    tables = []
    for global_seed in (0, 1):
        np.random.seed(global_seed)
        several = truth_table(np.stack([truth, truth[::-1]], axis=1), seeds=(0, 1))
        tables.append(
            (
                judge(score_table(score), several, n_bootstrap=30, rng=rng()),
                noise_ceilings(score_table(score), several, several, n_bootstrap=30, rng=rng()),
            )
        )
    for first, second in zip(*tables, strict=True):
        assert len(first)
        pd.testing.assert_frame_equal(first, second)


def test_a_function_of_ones_own_is_judged_with_an_interval(planted):
    truth, score = planted

    def twice_tau(score, truth):
        return 2 * kendall_tau(score, truth)

    values = judge(score_table(score), truth_table(truth), ["kendall_tau", twice_tau], n_bootstrap=20, rng=rng())
    numbers = values[["value", "lower", "upper"]].to_numpy()
    np.testing.assert_allclose(numbers[1], 2 * numbers[0], atol=1e-12)


def test_a_function_that_reads_more_than_its_arguments_is_computed_each_time(planted):
    truth, score = planted
    scale = [1.0]

    def scaled_tau(score, truth):
        return scale[0] * kendall_tau(score, truth)

    found = []
    for scale[0] in (1.0, 2.0):
        table = judge(score_table(score), truth_table(truth), [scaled_tau], n_bootstrap=20, rng=rng())
        found.append(table[["value", "lower", "upper"]].to_numpy())
    np.testing.assert_allclose(found[1], 2 * found[0], atol=1e-12)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"n_bootstrap": -1}, "n_bootstrap"),
        ({"confidence": 95}, "between 0 and 1"),
        ({"missing": "first"}, "omit"),
        ({"unknown": "keep"}, "drop"),
        ({"criteria": [{"name": "precision_at_top", "count": 121}]}, "estimator 'guess': the top 121 of 120"),
        ({"scores": score_table(np.arange(3.0), "noise_ceiling")}, "reserved"),
        ({"truth": truth_table([]).iloc[:0]}, "no rows"),
    ],
)
def test_what_cannot_be_judged_is_the_users_mistake(planted, change, message):
    truth, score = planted
    with pytest.raises(UserError, match=message):
        judge(**{"scores": score_table(score), "truth": truth_table(truth), "rng": rng(), **change})


# --- the noise ceiling -----------------------------------------------------------------------------------------------


def test_the_ceiling_averages_all_balanced_splits():
    accuracy = np.random.default_rng(2).random((30, 4))
    splits = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
    expected = np.mean([kendall_tau(accuracy[:, a].mean(1), accuracy[:, b].mean(1)) for a, b in splits])
    row = only(noise_ceiling(truth_table(accuracy, range(4)), ["kendall_tau"], n_bootstrap=20, rng=rng()))
    assert row["value"] == pytest.approx(expected, abs=1e-12)
    assert (row["estimator"], row["n"], row["n_absent"], row["n_seeds"]) == ("noise_ceiling", 30, 0, 6)
    assert row["lower"] < row["value"] < row["upper"]


def test_an_odd_number_of_seeds_is_split_in_both_directions():
    accuracy = np.random.default_rng(3).random((30, 3))
    best = resolve({"name": "best_rank_at", "count": 3})
    pairs = [(accuracy[:, i], np.delete(accuracy, i, axis=1).mean(1)) for i in range(3)]
    expected = np.mean([value for a, b in pairs for value in (best(a, b), best(b, a))])
    row = only(noise_ceiling(truth_table(accuracy, range(3)), [best], n_bootstrap=0, rng=rng()))
    assert row["value"] == pytest.approx(expected, abs=1e-12)


def test_many_seeds_are_split_at_random_a_bounded_number_of_times():
    draw = np.random.default_rng(4)
    accuracy = draw.normal(size=(400, 1)) + draw.normal(size=(400, 9))
    row = only(noise_ceiling(truth_table(accuracy, range(9)), ["pearson_r"], n_splits=12, n_bootstrap=0, rng=rng()))
    assert row["n_seeds"] == 12
    # Two means of four and five, noise as large as signal: r = 1 / sqrt((1 + 1/4)(1 + 1/5)).
    assert row["value"] == pytest.approx(1 / np.sqrt(1.25 * 1.2), abs=0.04)


def test_trainings_with_differing_seeds_are_halved_per_architecture():
    draw = np.random.default_rng(5)
    truth = truth_table(draw.normal(size=(600, 1)) + 0.5 * draw.normal(size=(600, 3)), (777, 888, 999))
    ragged = truth.drop(index=truth.index[truth.index % 9 == 5])  # a third of the architectures has two trainings only
    ragged = ragged[~((ragged["arch"] == "a0") & (ragged["seed"] > 777))]
    row = only(noise_ceiling(ragged, ["pearson_r"], n_bootstrap=20, n_splits=10, rng=rng()))
    assert (row["n"], row["n_absent"], row["n_seeds"]) == (599, 1, 10)
    # One training against one or two others: between 1 / 1.25 and 1 / sqrt(1.25 * 1.125).
    assert 0.77 < row["value"] < 0.86


def test_a_truth_trained_once_has_no_ceiling(planted):
    truth, score = planted
    assert noise_ceiling(truth_table(truth), rng=rng()).empty
    averaged = truth_table(truth).assign(seed=pd.array([pd.NA] * len(truth), dtype="Int64"))
    assert noise_ceiling(averaged, rng=rng()).empty
    nothing = noise_ceiling(None, rng=rng())
    assert nothing.empty and set(check(nothing, VALUES)) == {c.name for c in VALUES.columns}
    with pytest.raises(UserError, match="unknown criterion"):
        noise_ceiling(None, ["kendal_tau"], rng=rng())
    assert noise_ceilings(score_table(score), averaged, averaged, ["kendall_tau"], rng=rng()).empty
    assert noise_ceilings(score_table(score), averaged, None, ["kendall_tau"], rng=rng()).empty


# --- failed, absent, worst -------------------------------------------------------------------------------------------


def test_what_was_not_measured_is_never_ranked(planted):
    truth, score = planted
    part = score_table(score).iloc[:60]
    for missing in ("omit", "last"):
        row = only(judge(part, truth_table(truth), ["kendall_tau"], missing=missing, n_bootstrap=10, rng=rng()))
        assert row["value"] == kendall_tau(score[:60], truth[:60])
        assert (row["n"], row["n_failed"], row["n_absent"]) == (60, 0, 60)
        found = contest(part, truth_table(truth), missing=missing, n_bootstrap=10, rng=rng())
        assert found["n"].item() == 60


def test_a_seed_that_was_not_asked_leaves_the_architecture_out(planted):
    truth, score = planted
    table = pd.concat([score_table(score), score_table(score, seed=1).iloc[:50]])
    row = only(judge(table, truth_table(truth), ["kendall_tau"], missing="last", n_bootstrap=0, rng=rng()))
    assert (row["n"], row["n_failed"], row["n_absent"]) == (50, 0, 70)


def test_minus_infinity_is_the_worst_score(planted):
    truth, score = planted
    worst = np.where(np.arange(120) % 7 == 0, -np.inf, score)
    floor = np.where(np.isinf(worst), -9.0, worst)
    for missing in ("omit", "last"):
        found = judge(score_table(worst), truth_table(truth), missing=missing, n_bootstrap=30, rng=rng())
        known = judge(score_table(floor), truth_table(truth), missing=missing, n_bootstrap=30, rng=rng())
        read = found["criterion"] == "pearson_r"
        columns = ["value", "lower", "upper", "n"]
        pd.testing.assert_frame_equal(found[~read][columns], known[~read][columns])
        assert found[read][["value", "lower", "upper"]].isna().all(axis=None)


def test_an_estimator_that_failed_everywhere_is_undefined_and_shown(planted):
    truth, score = planted
    table = pd.concat([score_table(score), score_table(np.full(120, np.nan), "failing")])
    values = judge(table, truth_table(truth), n_bootstrap=10, rng=rng())
    rows = values[values["estimator"] == "failing"]
    assert rows["value"].isna().all() and (rows["n"] == 0).all() and (rows["n_failed"] == 120).all()
    last = contest(table, truth_table(truth), n_bootstrap=10, rng=rng()).iloc[-1]
    assert last["estimator"] == "failing" and last["n"] == 0 and last["p_best"] == 0


def test_the_truth_may_be_any_quantity_of_which_more_is_better(planted):
    truth, score = planted
    criteria = ["kendall_tau", "pearson_r", *({"name": n, "count": 5} for n in ("best_rank_at", "best_accuracy_at"))]
    accuracy = judge(score_table(score), truth_table(truth), criteria, n_bootstrap=0, rng=rng())
    loss = judge(score_table(score), truth_table(100 * truth - 500), criteria, n_bootstrap=0, rng=rng())
    assert loss["value"].iloc[:3].tolist() == pytest.approx(accuracy["value"].iloc[:3].tolist())
    assert np.isnan(loss["value"].iloc[3]) and np.isfinite(accuracy["value"].iloc[3])


def test_draws_are_of_the_architectures_that_are_judged(planted):
    truth, score = planted
    few = judge(score_table(score[:40]), truth_table(truth), ["kendall_tau"], n_bootstrap=50, rng=rng())
    alone = judge(score_table(score[:40]), truth_table(truth[:40]), ["kendall_tau"], n_bootstrap=50, rng=rng())
    assert few[["value", "lower", "upper"]].values.tolist() == alone[["value", "lower", "upper"]].values.tolist()


def test_failures_of_what_a_combination_is_made_of_are_its_own():
    scores = pd.DataFrame({"estimator": list("aab"), "arch": list("xyx"), "seed": 0, "score": [1.0, 2.0, 3.0]})
    vote = pd.DataFrame({"estimator": "vote", "arch": ["x"], "seed": 0, "score": [1.0]})
    mean = pd.DataFrame({"estimator": "mean", "arch": ["x"], "seed": 9, "score": [1.0]})
    errors = pd.DataFrame({"estimator": "b", "arch": ["y"], "seed": 0, "error": ["no"]})
    combined = [Combined("vote", ("a", "b")), Combined("mean", ("b",), every_seed=True)]
    found = with_failures(pd.concat([scores, vote, mean]), errors, combined)
    failed = found[found["score"].isna()]
    assert failed[["estimator", "arch", "seed"]].values.tolist() == [["b", "y", 0], ["vote", "y", 0], ["mean", "y", 9]]
    alone = with_failures(scores, errors, combined)
    assert alone[alone["estimator"] == "mean"].values.tolist() == [["mean", "y", 0, pytest.approx(np.nan, nan_ok=True)]]


def test_callable_criteria_are_judged_compared_and_have_a_ceiling(planted):
    truth, score = planted

    def agreement(score, truth):
        return float(np.mean((score > np.median(score)) == (truth > np.median(truth))))

    several = truth_table(truth[:, None] + 0.002 * np.random.default_rng(6).normal(size=(120, 2)), (0, 1))
    table = pd.concat([score_table(score, "good"), score_table(-score, "bad")])
    options = {"n_bootstrap": 20, "rng": rng()}
    values = judge(table, several, [agreement], **options)
    found = contest(table, several, agreement, **options)
    assert found["estimator"].tolist() == ["good", "bad"]
    assert found["value"].tolist() == values["value"].tolist()
    assert noise_ceilings(table, several, several, [agreement], **options)["value"].gt(0.8).all()


@pytest.mark.parametrize("n_bootstrap", [-1, 100_001, 10**10, 2.5, "5", None, True])
def test_bootstrap_draws_have_a_bound_that_the_message_names(n_bootstrap):
    truth = pd.DataFrame({"arch": list("abc"), "iso_class": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    scores = pd.DataFrame({"estimator": "size", "arch": list("abc"), "seed": 0, "score": [1.0, 3.0, 2.0]})
    for ask in (judge, contest):
        options = {"n_bootstrap": n_bootstrap, "rng": np.random.default_rng(0)}
        with pytest.raises(UserError, match=r"n_bootstrap is .*; give a whole number from 0 to 100,000"):
            ask(scores, truth, **options)


def test_draws_that_do_not_fit_are_refused_before_anything_is_allocated():
    with pytest.raises(
        UserError, match="100,000 draws of 423,624 architectures do not fit into memory; give at most 9,442"
    ):
        draw_counts(423_624, 100_000, rng=np.random.default_rng(0))
