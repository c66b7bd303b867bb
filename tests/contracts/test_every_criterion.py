"""Laws that every criterion obeys, and a reference of its own for each: a new entry fails here until it has one."""

import math
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy import stats

from nasgauge.criteria import CRITERIA, Resamples, borders, resolve

NAMES = sorted(CRITERIA)
ORDER_ONLY = [name for name in NAMES if CRITERIA[name].order_only]
CORRELATIONS = ["kendall_tau", "kendall_tau_at_top", "pearson_r", "spearman_rho"]


def bind(name, fraction=0.2):
    return resolve({"name": name, "fraction": fraction} if CRITERIA[name].takes_k else name)


def accuracies(rng, n):
    return np.round(0.9 + 0.05 * rng.random(n), 3)


# --- references: one architecture, one pair, one order at a time -----------------------------------------------------


def tau_b_by_pairs(score, truth):
    pairs = [(i, j) for i in range(len(score)) for j in range(i)]
    s = np.array([np.sign(score[i] - score[j]) for i, j in pairs])
    t = np.array([np.sign(truth[i] - truth[j]) for i, j in pairs])
    scale = (s**2).sum() * (t**2).sum()
    return (s * t).sum() / scale**0.5 if scale else np.nan


def rank_by_counting(values):
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def orders(values):
    """All orders, best first, that the ties of the values leave open."""
    n = range(len(values))
    return [p for p in permutations(n) if all(values[a] >= values[b] for a, b in pairwise(p))]


def over_orders(of_orders):
    def reference(score, truth, k):
        return np.mean([of_orders(s, t, truth, k) for s in orders(score) for t in orders(truth)])

    return reference


def overlap_of_bests(s, t, truth, k):
    return len(set(s[:k]) & set(t[:k])) / k


def overlap_of_worsts(s, t, truth, k):
    return len(set(s[-k:]) & set(t[-k:])) / k


def nasws_over_orders(score, truth, k):
    bins = np.floor(truth * 1000 + 1e-6)
    values = []
    for order in orders(score):
        at_position = np.empty(len(bins))
        at_position[list(order)] = np.sort(bins)[::-1]
        values.append(tau_b_by_pairs(at_position, bins))
    return np.mean(values)


REFERENCES = {
    "kendall_tau": lambda s, t, k: stats.kendalltau(s, t).statistic,
    "spearman_rho": lambda s, t, k: np.corrcoef(rank_by_counting(s), rank_by_counting(t))[0, 1],
    "pearson_r": lambda s, t, k: np.corrcoef(s, t)[0, 1],
    "precision_at_top": over_orders(overlap_of_bests),
    "precision_at_bottom": over_orders(overlap_of_worsts),
    "best_rank_at": over_orders(lambda s, t, truth, k: min(t.index(i) + 1 for i in s[:k]) / len(s)),
    "worst_rank_at": over_orders(lambda s, t, truth, k: max(t.index(i) + 1 for i in s[:k]) / len(s)),
    "best_accuracy_at": over_orders(lambda s, t, truth, k: max(truth[i] for i in s[:k])),
    "worst_accuracy_at": over_orders(lambda s, t, truth, k: min(truth[i] for i in s[:k])),
    "regret_at": over_orders(lambda s, t, truth, k: max(truth) - max(truth[i] for i in s[:k])),
    "kendall_tau_at_top": lambda s, t, k: np.mean([tau_b_by_pairs(s[list(o[:k])], t[list(o[:k])]) for o in orders(t)]),
    "sparse_kendall_tau_nasws": nasws_over_orders,
    "sparse_kendall_tau_aw_nas": lambda s, t, k: tau_b_by_pairs(s, [round(v * 100) for v in t]),
    "sparse_kendall_tau_both_rounded": lambda s, t, k: tau_b_by_pairs(*([round(v * 1000) for v in x] for x in (s, t))),
}


def test_every_criterion_has_a_reference():
    assert set(REFERENCES) == set(CRITERIA)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_levels", [2, 3, 6])
def test_equals_its_reference(name, n_levels):
    rng = np.random.default_rng(n_levels)
    compared = 0
    while compared < 6:
        score, truth = rng.integers(0, n_levels, 6) / 100, 0.9 + rng.integers(0, n_levels, 6) / 100
        if name == "kendall_tau_at_top":  # there the expectation of a ratio is exact for distinct scores only
            score = rng.permutation(6) / 100
        count = int(rng.integers(2, 6))
        criterion = resolve({"name": name, "count": count} if CRITERIA[name].takes_k else name)
        value = criterion(score, truth)
        if not np.isnan(value):
            assert value == pytest.approx(REFERENCES[name](score, truth, count), abs=1e-12)
            compared += 1


# --- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_rows_may_stand_in_any_order(name, n=60):
    rng = np.random.default_rng(1)
    score, truth = rng.integers(0, 12, n) / 12, accuracies(rng, n)
    shuffled = rng.permutation(n)
    assert bind(name)(score[shuffled], truth[shuffled]) == pytest.approx(bind(name)(score, truth), abs=1e-12)


@pytest.mark.parametrize("name", ORDER_ONLY)
def test_only_the_order_of_the_score_matters(name, n=60):
    rng = np.random.default_rng(2)
    score, truth = rng.integers(0, 12, n) / 12, accuracies(rng, n)
    assert bind(name)(np.exp(40 * score) - 1e9, truth) == bind(name)(score, truth)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_a_negated_score_negates_a_correlation(name):
    rng = np.random.default_rng(3)
    score, truth = rng.random(50), rng.permutation(50) / 50
    assert bind(name)(-score, truth) == pytest.approx(-bind(name)(score, truth), abs=1e-12)


@pytest.mark.parametrize(
    ("of_best", "of_worst"), [("precision_at_top", "precision_at_bottom"), ("best_accuracy_at", "worst_accuracy_at")]
)
def test_both_signs_turned_swap_top_and_bottom(of_best, of_worst):
    rng = np.random.default_rng(4)
    score, truth = rng.integers(0, 9, 50) / 9, accuracies(rng, 50)
    if of_best == "precision_at_top":
        assert bind(of_best)(-score, -truth) == pytest.approx(bind(of_worst)(score, truth), abs=1e-12)
    else:
        assert bind(of_best)(score, -truth) == pytest.approx(-bind(of_worst)(score, truth), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_better_guess_of_a_planted_truth_is_judged_better(name):
    rng = np.random.default_rng(5)
    truth = 0.5 + 0.1 * rng.normal(size=3000).clip(-4, 4)
    noise = 0.1 * rng.normal(size=truth.size)
    values = [bind(name, fraction=0.02)(truth + level * noise, truth) for level in (0.2, 1.0, 5.0)]
    if name == "best_rank_at":  # with 60 choices even a poor guess finds a good one; it must not be better
        assert values[0] <= values[1] <= values[2]
    else:
        assert values == sorted(values, reverse=CRITERIA[name].better == "higher")
        assert len(set(values)) == 3 or name in ("best_accuracy_at", "regret_at")


IDEAL_OF_20_AT_4 = {
    "best_rank_at": 1 / 20,
    "worst_rank_at": 4 / 20,
    "best_accuracy_at": 0.69,
    "worst_accuracy_at": 0.66,
    "regret_at": 0.0,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_score_is_ideal(name):
    truth = 0.5 + np.random.default_rng(6).permutation(20) / 100
    assert bind(name)(truth, truth) == pytest.approx(IDEAL_OF_20_AT_4.get(name, 1.0), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_value_lies_in_the_declared_range(name):
    rng = np.random.default_rng(7)
    low, high = CRITERIA[name].range
    for _ in range(20):
        value = bind(name)(rng.integers(0, 5, 30) / 5, accuracies(rng, 30))
        assert low <= value <= high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "score, truth", [([1, 1, 1], [0.1, 0.2, 0.3]), ([1, 2, 3], [0.2, 0.2, 0.2]), ([1], [1]), ([], [])]
)
def test_without_anything_to_rank_the_value_is_undefined(name, score, truth):
    assert np.isnan(bind(name)(np.array(score, float), np.array(truth, float)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_but_for_the_worst_score(name, bad):
    if bad != -np.inf:
        with pytest.raises(ValueError, match="finite"):
            bind(name)(np.array([1.0, bad, 2.0]), np.array([0.1, 0.2, 0.3]))
    with pytest.raises(ValueError, match="finite"):
        bind(name)(np.array([0.1, 0.2, 0.3]), np.array([1.0, bad, 2.0]))


@pytest.mark.parametrize("name", NAMES)
def test_minus_infinity_is_the_worst_score_and_ties_with_its_like(name):
    draw = np.random.default_rng(2)
    score, truth = draw.random(40), draw.random(40)
    counts = draw.multinomial(40, [1 / 40] * 40, size=8)
    worst, floor = (np.where(np.arange(40) % 9 == 0, value, score) for value in (-np.inf, -5.0))
    found = [bind(name)(worst, truth), *bind(name).values_of_draws(Resamples.of(worst, truth, counts))]
    known = [bind(name)(floor, truth), *bind(name).values_of_draws(Resamples.of(floor, truth, counts))]
    if name == "pearson_r":  # reads the values, and there is none to read
        assert np.isnan(found).all()
    else:
        np.testing.assert_allclose(found, known, atol=1e-12)
    assert np.isnan(bind(name)(np.full(40, -np.inf), truth))


@pytest.mark.parametrize(
    "make", [lambda x: 1e308 * (2 * x - 1), lambda x: 1e15 + np.round(400 * x) / 4, lambda x: 1e-300 * x]
)
def test_pearsons_r_of_numbers_that_are_huge_tiny_or_far_from_zero(make):
    draw = np.random.default_rng(3)
    score, truth = make(draw.random(50)), 1e-3 * draw.random(50) + 0.9
    exact = [Fraction(s) for s in score], [Fraction(t) for t in truth]
    x, y = ([v - sum(part) / len(part) for v in part] for part in exact)
    r = sum(a * b for a, b in zip(x, y, strict=True)) ** 2 / (sum(a * a for a in x) * sum(b * b for b in y))
    sign = 1 if sum(a * b for a, b in zip(x, y, strict=True)) > 0 else -1
    known = sign * math.sqrt(r)
    assert bind("pearson_r")(score, truth) == pytest.approx(known, abs=1e-12)
    ones = np.ones((2, 50), dtype="uint8")
    assert bind("pearson_r").values_of_draws(Resamples.of(score, truth, ones)) == pytest.approx([known] * 2, abs=1e-12)


# --- resamples -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n, n_levels", [(40, 1000), (40, 6), (3, 3), (700, 30), (700, 10**6)])
def test_a_resample_by_counts_equals_the_resample_written_out(name, n, n_levels):
    rng = np.random.default_rng(n + n_levels)
    score, truth = rng.integers(0, n_levels, n) / n_levels, 0.5 + rng.integers(0, n_levels, n) / n_levels / 4
    sizes = [n, n, n, n // 2 + 1, 1, 0]  # the size of a resample varies where scores are missing
    counts = np.stack([np.bincount(rng.integers(0, n, size), minlength=n) for size in sizes]).astype("uint8")
    values = bind(name).values_of_draws(Resamples.of(score, truth, counts))
    written_out = [bind(name)(np.repeat(score, c), np.repeat(truth, c)) for c in counts]
    np.testing.assert_allclose(values, written_out, rtol=1e-12, atol=1e-12)
    if n_levels > 6:
        assert np.isfinite(values[:3]).all()


@pytest.mark.parametrize("size", [1e3, 1e8, 1e300])
def test_pearsons_r_of_a_resample_without_the_outlier_is_that_of_the_others(size):
    draw = np.random.default_rng(4)
    score, truth = draw.random(60), draw.random(60)
    score[7] = size
    counts = draw.multinomial(60, [1 / 60] * 60, size=6).astype("uint8")
    counts[::2, 7], counts[1::2, 7] = 0, 1
    values = bind("pearson_r").values_of_draws(Resamples.of(score, truth, counts))
    written_out = [bind("pearson_r")(np.repeat(score, c), np.repeat(truth, c)) for c in counts]
    np.testing.assert_allclose(values, written_out, rtol=0, atol=1e-12)
    assert (np.abs(values[::2]) < 0.6).all()


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_levels", [6, 10**6])
def test_the_values_of_many_draws_are_those_of_each_draw_alone_to_the_last_bit(monkeypatch, name, n_levels):
    rng = np.random.default_rng(n_levels)
    score, truth = rng.integers(0, n_levels, 600) / n_levels, rng.integers(0, n_levels, 600) / n_levels / 4
    counts = rng.multinomial(600, [1 / 600] * 600, size=12).astype("uint8")
    together = bind(name).values_of_draws(Resamples.of(score, truth, counts))
    alone = [bind(name).values_of_draws(Resamples.of(score, truth, draw[None]))[0] for draw in counts]
    monkeypatch.setattr(borders, "_CELLS", 3_000)  # blocks of five draws
    in_blocks = bind(name).values_of_draws(Resamples.of(score, truth, counts))
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(in_blocks, alone)


@pytest.mark.parametrize("name", [name for name in NAMES if CRITERIA[name].takes_k])
def test_a_resample_smaller_than_the_count_is_undefined(name):
    rows = Resamples.of(
        np.arange(5.0), np.array([0.1, 0.3, 0.2, 0.5, 0.4]), np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    )
    values = resolve({"name": name, "count": 3}).values_of_draws(rows)
    assert np.isnan(values[0]) and np.isfinite(values[1])
