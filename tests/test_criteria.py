"""Criteria at known values: hand arithmetic, closed forms at sizes no enumeration reaches, names and options."""

from math import comb

import numpy as np
import pytest
import torch
from scipy import stats

import nasgauge as ng
from nasgauge.core.errors import UserError
from nasgauge.criteria import (
    BoundCriterion,
    best_accuracy_at,
    best_rank_at,
    kendall_tau,
    kendall_tau_at_top,
    n_top,
    pearson_r,
    precision_at_bottom,
    precision_at_top,
    resolve,
    resolve_all,
    sparse,
    sparse_kendall_tau,
    spearman_rho,
    worst_rank_at,
)
from nasgauge.criteria.concordance import BLOCK, inversions

TRUTH = np.array([0.94, 0.93, 0.92, 0.91, 0.90, 0.89, 0.88, 0.87, 0.86, 0.85])


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.07, 0.1, 0.29, 0.58, 0.99])
@pytest.mark.parametrize("n", [100, 1000, 423_600])
def test_the_top_fraction_is_counted_without_binary_rounding(fraction, n):
    assert n_top(n, fraction=fraction) == round(100 * fraction) * n // 100


def test_the_top_holds_at_least_one():
    assert n_top(19, fraction=0.05) == n_top(1, fraction=0.5) == 1


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "exactly one"),
        ({"fraction": 0.1, "count": 2}, "exactly one"),
        ({"fraction": 1.0}, "between 0 and 1"),
        ({"fraction": 5}, "count"),
        ({"count": 0}, "integer"),
        ({"count": 2.5}, "integer"),
        ({"count": 11}, "top 11 of 10"),
    ],
)
def test_a_top_that_cannot_be_is_the_users_mistake(options, message):
    with pytest.raises(UserError, match=message):
        precision_at_top(TRUTH, TRUTH, **options)


def test_the_scores_may_be_lists():
    assert kendall_tau([1, 2, 3], [1, 3, 2]) == pytest.approx(1 / 3)


def test_vectors_of_different_length_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        pearson_r([1, 2, 3], [1, 2])


def test_spearman_is_scipys_with_ties():
    rng = np.random.default_rng(0)
    score, truth = rng.integers(0, 9, 200), rng.integers(0, 30, 200)
    assert spearman_rho(score, truth) == pytest.approx(stats.spearmanr(score, truth).statistic, abs=1e-12)


def test_pearson_survives_scores_of_any_size():
    rng = np.random.default_rng(0)
    truth = rng.random(50)
    score = truth + rng.random(50)
    assert pearson_r(score * 1e200, truth) == pytest.approx(pearson_r(score, truth), abs=1e-12)


def test_tied_scores_at_the_border_count_by_chance():
    # Two are chosen: the first for sure, and one of the three that tie for the second place.
    score = np.array([9, 0, 5, 5, 5, 1, 1, 1, 1, 1])
    assert precision_at_top(score, TRUTH, count=2) == (1 + 0 / 3) / 2
    assert precision_at_top(score, TRUTH, count=3) == pytest.approx((1 + 2 / 3) / 3)


def test_ties_on_both_sides_are_independent():
    # One of four is chosen, one of four is truly best: they meet with chance 1/4 * 1/4 for each of the four.
    tied = np.array([1, 1, 1, 1, 0])
    assert precision_at_top(tied, tied, count=1) == pytest.approx(1 / 4)
    assert precision_at_bottom(-tied, -tied, count=1) == pytest.approx(1 / 4)


@pytest.mark.parametrize("n, m, u", [(1000, 400, 7), (5000, 3000, 2500), (50, 49, 1)])
def test_ranks_of_a_random_choice_follow_the_order_statistics(n, m, u):
    # u of the m best architectures, chosen at random: the expected minimum of their ranks is (m + 1) / (u + 1).
    truth = np.arange(n, 0, -1.0)
    score = (truth > n - m).astype(float)
    assert best_rank_at(score, truth, count=u) == pytest.approx((m + 1) / (u + 1) / n, rel=1e-11)
    assert worst_rank_at(score, truth, count=u) == pytest.approx(u * (m + 1) / (u + 1) / n, rel=1e-11)


def test_the_rank_of_a_random_choice_with_tied_truths_by_hypergeometric_tails():
    rng = np.random.default_rng(1)
    n, u = 300, 25
    truth, score = rng.integers(0, 20, n), np.where(rng.random(n) < 0.6, 1.0, 0.0)
    score[:3] = 2.0  # three chosen for sure, the others at random among the tied
    u -= 3
    order = np.argsort(-truth, kind="stable")
    tied = score == 1.0
    # P(no chosen one among the first r ranks), averaged over orders of the tied truths by simulation of the order only.
    expected, repeats = 0.0, 1000
    for _ in range(repeats):
        order = np.lexsort((rng.random(n), -truth))
        sure = np.flatnonzero(score[order] == 2.0)[0]
        before = np.cumsum(tied[order])[:sure]
        m = int(tied.sum())
        expected += 1 + sum(comb(m - int(j), u) / comb(m, u) for j in before)
    value = best_rank_at(score, truth, count=25) * n
    assert value == pytest.approx(expected / repeats, rel=0.05)


def test_the_best_accuracy_of_a_random_choice():
    # One of the last three is chosen: the mean of their accuracies.
    score = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    assert best_accuracy_at(score, TRUTH, count=1) == pytest.approx((0.87 + 0.86 + 0.85) / 3)


def test_kendall_at_the_top_of_distinct_truths_is_kendall_of_the_subset():
    rng = np.random.default_rng(2)
    truth, score = rng.random(400), rng.integers(0, 40, 400)
    best = np.argsort(-truth)[:40]
    assert kendall_tau_at_top(score, truth, fraction=0.1) == pytest.approx(
        stats.kendalltau(score[best], truth[best]).statistic, abs=1e-12
    )


@pytest.mark.parametrize("n", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
@pytest.mark.parametrize("kind", ["uint8", "int64", "float64"])
def test_inversions_equal_a_double_loop(n, kind):
    rng = np.random.default_rng(n)
    by_score = rng.permutation(n)
    counts = (rng.integers(0, 4, (3, n)) if kind != "float64" else rng.random((3, n))).astype(kind)
    place = np.argsort(by_score)
    inverted = np.triu(place[:, None] > place, 1).astype(float)
    wide = counts.astype(float)
    np.testing.assert_allclose(inversions(by_score, counts), np.einsum("bi,ij,bj->b", wide, inverted, wide), rtol=1e-12)


def test_sparse_variants_differ_as_their_definitions_do():
    score, truth = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.9002, 0.9104, 0.9108, 0.9301])
    # Bins of 1e-3: 900 < 910 = 910 < 930, in the score's order: no pair is discordant, the tie stands on both sides.
    assert sparse_kendall_tau(score, truth, variant="nasws") == pytest.approx(1.0)
    # Nearest 1 %: 90 < 91 = 91 < 93; five concordant pairs of six, one tied by truth only.
    assert sparse_kendall_tau(score, truth, variant="aw_nas") == pytest.approx(5 / np.sqrt(6 * 5))
    assert sparse_kendall_tau(score, truth, variant="aw_nas", width=1e-4) == pytest.approx(1.0)
    with pytest.raises(UserError, match="nasws"):
        sparse_kendall_tau(score, truth, variant="nasw")
    with pytest.raises(UserError, match="above 0"):
        sparse_kendall_tau(score, truth, width=0.0)


def test_sparse_variants_order_as_published_on_a_simulated_pool():
    # 200 accuracies with a deviation of 0.6 points, guessed with noise of 0.5 points; means over repeated pools.
    rng = np.random.default_rng(3)
    values = {"plain": [], "nasws": [], "both_rounded": []}
    for _ in range(30):
        truth = 0.93 + 0.006 * rng.normal(size=200)
        score = truth + 0.005 * rng.normal(size=200)
        values["plain"].append(kendall_tau(score, truth))
        for variant in ("nasws", "both_rounded"):
            values[variant].append(sparse_kendall_tau(score, truth, variant=variant))
    mean = {name: np.mean(v) for name, v in values.items()}
    assert mean["plain"] == pytest.approx(0.557, abs=0.015)
    assert mean["nasws"] - mean["plain"] == pytest.approx(0.580 - 0.557, abs=0.01)
    assert mean["both_rounded"] - mean["plain"] == pytest.approx(0.577 - 0.557, abs=0.01)


def test_a_criterion_is_found_by_name_by_options_or_given_as_a_function():
    assert resolve("kendall_tau")([1, 2, 3], [1, 2, 3]) == pytest.approx(1.0)
    bound = resolve({"name": "best_rank_at", "count": 3})
    assert (bound.name, bound.at, bound.better) == ("best_rank_at", 3.0, "lower")
    assert np.isnan(resolve("pearson_r").at)
    assert resolve(bound) is bound

    def half_of_tau(score, truth):
        return kendall_tau(score, truth) / 2

    own = resolve(half_of_tau)
    assert isinstance(own, BoundCriterion)
    assert (own.name, own([1, 2], [1, 2])) == ("half_of_tau", pytest.approx(0.5))


@pytest.mark.parametrize(
    "spec, message",
    [
        ("kendal_tau", "kendall_tau"),
        ({"name": "precision_at_top"}, "it needs a top K"),
        ({"name": "precision_at_top", "fraction": 0.1, "count": 3}, "exactly one"),
        ({"name": "kendall_tau", "fraction": 0.1}, "no option 'fraction'"),
        ({"name": "precision_at_top", "fractoin": 0.1}, "no option 'fractoin'"),
        ({"name": "precision_at_top", "fraction": "0.1"}, "not a number"),
        ({"fraction": 0.1}, "mapping with a name"),
        (3, "neither a name"),
    ],
)
def test_a_criterion_that_cannot_be_is_the_users_mistake(spec, message):
    with pytest.raises(UserError, match=message):
        resolve(spec)


def test_the_same_criterion_twice_is_the_users_mistake():
    top = {"name": "precision_at_top", "fraction": 0.1}
    assert len(resolve_all([top, {**top, "fraction": 0.05}])) == 2
    with pytest.raises(UserError, match="twice"):
        resolve_all([top, "kendall_tau", dict(top)])


def test_sparse_tau_compares_few_tied_positions_pair_by_pair_and_many_by_counting_alike(monkeypatch):
    rng = np.random.default_rng(3)
    truth, score = rng.integers(0, 40, 300) / 20_000, rng.integers(0, 60, 300).astype(float)
    found = sparse_kendall_tau(score, truth)
    monkeypatch.setattr(sparse, "_FEW", 0)
    assert sparse_kendall_tau(score, truth) == pytest.approx(found, abs=1e-12)


class Outcome:
    """As scipy's results: several numbers, one of them the value."""


def raises(score, truth):
    return score[len(score)]


BROKEN = {
    "none": (lambda score, truth: None, "returned a NoneType; return one number"),
    "text": (lambda score, truth: "0.5", "returned a str; return one number"),
    "array": (lambda score, truth: score, "returned a ndarray; return one number"),
    "outcome": (lambda score, truth: Outcome(), "returned an Outcome; return one number"),
    "complex": (lambda score, truth: 1j, "returned a complex; return one number"),
    "infinite": (lambda score, truth: np.inf, "returned inf; return a finite number"),
    "exception": (raises, "failed with IndexError: index 4 is out of bounds"),
    "on a resample alone": (lambda s, t: 0.5 if len(set(s)) == 4 else None, "returned a NoneType; return one number"),
    "two lists": (lambda score, truth: score @ truth[:2], "failed with ValueError: "),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("way", ["function", "bound", "file"])
def test_a_function_that_gives_no_number_is_named_with_the_remedy(kind, way, tmp_path):
    function, message = BROKEN[kind]
    criterion, name = function, function.__name__
    if way == "bound":
        criterion, name = BoundCriterion("mine", np.nan, "higher", False, function), "mine"
    if way == "file":
        (tmp_path / "own.py").write_text(f"from {__name__} import BROKEN\nmine = BROKEN[{kind!r}][0]\n")
        criterion, name = f"{tmp_path / 'own.py'}:mine", "mine"
    both = {"s": dict(zip("abcd", [1.0, 2.0, 3.0, 4.0], strict=True))}
    with pytest.raises(UserError, match=f"criterion '{name}': {message}") as caught:
        ng.judge(both, truth=both["s"], criteria=[criterion], n_bootstrap=20)
    cause = caught.value.__cause__
    assert kind != "exception" or isinstance(cause.__cause__, IndexError)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5), True])
def test_a_function_may_give_a_number_of_any_type(value):
    assert resolve(lambda score, truth: value)(np.arange(3), np.arange(3)) == float(value)


def test_without_architectures_no_criterion_is_defined():
    assert np.isnan(resolve(raises)(np.empty(0), np.empty(0)))
    assert all(np.isnan(resolve(name)(np.empty(0), np.empty(0))) for name in ("kendall_tau", "pearson_r"))
