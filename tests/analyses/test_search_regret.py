"""Regret of searches, against every subset written out and against the searches themselves."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.search_regret import ANALYSIS, compute, draw
from nasgauge.analyses.toolkit.chances import chances_of_top, over_ties
from nasgauge.analyses.toolkit.search_choices import sizes_of
from nasgauge.core.errors import UserError
from nasgauge.search import SEARCHES, Search, get_search, random_sample
from nasgauge.spaces import NB201

CELLS = NB201()
RNG = np.random.default_rng


def truth_of(accuracies, archs=None):
    archs = archs or [f"a{i}" for i in range(len(accuracies))]
    return pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": accuracies})


def scores_of(archs, **by_estimator):
    """One vector per seed of each estimator."""
    parts = [
        pd.DataFrame({"estimator": name, "arch": archs, "seed": seed, "score": np.asarray(vector, dtype="float64")})
        for name, vectors in by_estimator.items()
        for seed, vector in enumerate(vectors)
    ]
    return pd.concat(parts, ignore_index=True)


def named(*searches):
    return pd.DataFrame({"search": searches})


@pytest.mark.parametrize(("n", "budget", "k"), [(7, 3, 1), (7, 3, 2), (7, 3, 5), (7, 7, 2), (60, 20, 10), (60, 59, 3)])
def test_chances_are_hypergeometric_and_sum_up(n, budget, k):
    expected = budget / n * stats.hypergeom.cdf(k - 1, n - 1, np.arange(n), budget - 1)
    assert chances_of_top(n, budget, k) == pytest.approx(expected, abs=1e-12)
    assert chances_of_top(n, budget, k).sum() == pytest.approx(min(k, budget))


@pytest.mark.parametrize(
    "score",
    [[1, 1, 0, 0, 2], [-np.inf, 1, -np.inf, 2, -np.inf], [-np.inf] * 5, [np.inf, np.inf, 0, -np.inf, -np.inf], [3] * 5],
)
def test_ties_are_settled_at_random_also_those_of_infinite_scores(score):
    """The mean over all orders of equal ones."""
    places = chances_of_top(5, 3, 2)
    orders = [sorted(range(5), key=lambda i, order=order: (-score[i], order[i])) for order in permutations(range(5))]
    expected = np.mean([[places[order.index(i)] for i in range(5)] for order in orders], axis=0)
    assert over_ties(places, np.array(score, dtype="float64")) == pytest.approx(expected, abs=1e-12)


def test_a_random_search_is_the_mean_over_all_that_it_may_draw():
    """Ties in the score in every order; two seeds."""
    true, vectors = [0.9, 0.5, 0.8, 0.8, 0.7, 0.6], [[1, 2, 3, 3, 0, 3], [6, 5, 4, 3, 2, 1]]
    table = compute(scores_of([f"a{i}" for i in range(6)], e=vectors), truth_of(true), rng=RNG(0)).set_index("budget")
    for budget in (1, 2, 5, 6):
        found, tens, ranks = [], [], []
        for score in vectors:
            for drawn in combinations(range(6), budget):
                for order in permutations(range(6)):
                    ranked = sorted(drawn, key=lambda i: (-score[i], order[i]))
                    found.append(0.9 - true[ranked[0]])
                    tens.append(np.mean([true[i] for i in ranked[:10]]))
                    ranks.append(sum(t >= true[ranked[0]] for t in true))
        row = table.loc[budget]
        assert row[["regret", "top_10", "rank"]].tolist() == pytest.approx([np.mean(x) for x in (found, tens, ranks)])
        low, high = np.quantile(found, [0.25, 0.75], method="inverted_cdf")
        assert row[["lower", "upper"]].tolist() == pytest.approx([low, high])
        assert row["surpass"] == pytest.approx(1 - np.mean(ranks) / 6) and row["top_1"] == pytest.approx(
            0.9 - row["regret"]
        )
        best = np.mean([0.9 - max(true[i] for i in drawn) for drawn in combinations(range(6), budget)])
        assert row["oracle"] == pytest.approx(best) and row["random"] == pytest.approx(0.9 - np.mean(true))
    assert set(table["n_seeds"]) == {2} and table["n_runs"].isna().all() and (table["search"] == "random").all()


@pytest.fixture(scope="module")
def planted():
    rng = RNG(1)
    archs = sorted({CELLS.to_str(CELLS.sample(rng)) for _ in range(300)})
    true = np.array([sum(CELLS.from_str(arch)) for arch in archs]) / 30 + rng.random(len(archs)) / 1e3
    noisy = true + rng.normal(size=(2, len(archs))) / 8
    return scores_of(archs, exact=[true], noisy=noisy, noise=[rng.random(len(archs))]), truth_of(true, archs)


def test_a_better_estimate_leaves_less_regret_and_the_truth_none_in_the_end(planted):
    table = compute(*planted, rng=RNG(0))
    for budget, rows in table.groupby("budget"):
        regret = rows.set_index("estimator")["regret"]
        assert regret["exact"] == pytest.approx(rows["oracle"].iloc[0])
        assert budget == 1 or regret["exact"] < regret["noisy"] < regret["noise"]
    assert table["n_share"].unique() == [planted[1]["arch"].nunique() // 20]


def test_searches_that_are_run_find_what_they_find(planted):
    scores, truth = planted
    table = compute(scores, truth, CELLS, searches=named("evolution", "local"), n_runs=3, rng=RNG(7))
    state, true = int(RNG(7).integers(2**63)), truth.set_index("arch")["accuracy"]
    for name in ("evolution", "local"):
        regrets, tens = [], []
        for _, of_seed in scores[scores["estimator"] == "noisy"].groupby("seed"):
            score = of_seed.set_index("arch")["score"]
            for i in range(3):
                found = get_search(name)(
                    CELLS, lambda archs, s=score: s[list(map(CELLS.to_str, archs))].to_numpy(), list(score.index),
                    budget=50, rng=RNG([state, i]),
                )  # fmt: skip
                ranked = found.sort_values("value", ascending=False, kind="stable")["arch"]
                regrets.append(true.max() - true[ranked.iloc[0]])
                tens.append(true[ranked.iloc[:10]].mean())
        row = table.query("estimator == 'noisy' and search == @name and budget == 50").iloc[0]
        assert row["regret"] == pytest.approx(np.mean(regrets)) and row["top_10"] == pytest.approx(np.mean(tens))
        assert min(regrets) - 1e-9 <= row["lower"] <= row["upper"] <= max(regrets) + 1e-9 and row["n_runs"] == 3
        assert table.query("search == @name")["budget"].max() == 200
    alone = scores[scores["estimator"] == "noisy"]
    alone = compute(alone, truth, CELLS, searches=named("evolution", "local"), n_runs=3, rng=RNG(7))
    of_all = table[table["estimator"] == "noisy"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.drop(columns="place"), of_all.drop(columns="place"))


def test_a_random_search_that_is_named_is_the_exact_one(planted):
    """As in folders of earlier versions, whose studies may name it."""
    plain = compute(*planted, CELLS, rng=RNG(7))
    pd.testing.assert_frame_equal(compute(*planted, CELLS, searches=named("random"), n_runs=2, rng=RNG(7)), plain)
    both = compute(*planted, CELLS, searches=named("random", "local"), n_runs=2, rng=RNG(7))
    assert not both.duplicated(["estimator", "search", "budget"]).any() and set(both["search"]) == {"random", "local"}


@pytest.mark.parametrize("n_runs", [1, 3, 7, 20])
def test_what_is_found_without_regret_has_none(planted, n_runs):
    """No remainder of a float: a search of everything with the exact scores chooses the best in every run."""
    scores, truth = (table[table["arch"].isin(planted[1]["arch"][:40])] for table in planted)
    table = compute(scores, truth, CELLS, searches=named("local"), n_runs=n_runs, rng=RNG(0))
    found = table[table["estimator"] == "exact"].query("budget == n")
    assert found[["regret", "lower", "upper", "oracle"]].to_numpy().tolist() == [[0, 0, 0, 0]] * 2
    assert (table[["regret", "lower", "upper", "oracle"]] >= 0).all(axis=None)


def test_searches_agree_with_the_exact_chances_where_they_are_random(planted, monkeypatch):
    monkeypatch.setitem(SEARCHES, "drawn", Search(random_sample))
    table = compute(*planted, CELLS, searches=named("drawn"), n_runs=150, rng=RNG(2)).query("estimator == 'exact'")
    exact, run = (table[table["search"] == name].set_index("budget") for name in ("random", "drawn"))
    for column, budget in (("regret", 5), ("regret", 50), ("top_10", 20), ("top_share", 100), ("surpass", 5)):
        assert run.loc[budget, column] == pytest.approx(exact.loc[budget, column], rel=0.2)


def test_a_random_search_of_the_same_cost_has_as_many_trainings_as_it_pays_for():
    """Ten seconds of fitting and half a second per score, against trainings of five seconds."""
    costs = {"n_scored": [4, 0], "score_seconds": [2.0, 0.0], "fit_seconds": [10.0, 0.0], "n_trained": [0, 4]}
    costs |= {"truth_seconds": [0.0, 20.0], "other_seconds": 0.0, "total_seconds": [12.0, 20.0]}
    expenses = pd.DataFrame({"estimator": ["e", "truth"], **costs})
    scores, truth = scores_of(["a0", "a1", "a2", "a3"], e=[[3, 4, 2, 1]]), truth_of([0.9, 0.8, 0.7, 0.6])
    table = compute(scores, truth, expenses=expenses, rng=RNG(0)).set_index("budget")
    assert table["trainings"].to_dict() == pytest.approx({1: 3.1, 2: 3.2, 4: 3.4})
    assert table.loc[4, "surpass_at_cost"] == pytest.approx(0.5**3.4)  # two of four are worse than the second best
    assert table.loc[1, "surpass_at_cost"] == pytest.approx(np.mean([x**3.1 for x in (0, 0.25, 0.5, 0.75)]))
    for change in ({"score_seconds": [np.nan, 0]}, {"truth_seconds": [0.0, np.nan]}, {"estimator": ["other", "truth"]}):
        unknown = compute(scores, truth, expenses=expenses.assign(**change), rng=RNG(0))
        assert unknown[["trainings", "surpass_at_cost"]].isna().all(axis=None) and unknown["surpass"].notna().all()
    assert compute(scores, truth, rng=RNG(0))["trainings"].isna().all()


def test_pareto_evolution_gets_the_parameters_where_all_are_known(planted, monkeypatch):
    archs = planted[1]["arch"].tolist()
    known = pd.DataFrame({"arch": archs, "n_params": np.arange(len(archs)), "macs": None})
    size = sizes_of(archs, known, CELLS)
    assert size([CELLS.from_str(archs[5]), CELLS.from_str(archs[2])]).tolist() == [5.0, 2.0]
    assert sizes_of(archs, known.head(9), CELLS) is None
    given = []

    def spy(space, objective, candidates, *, budget, rng, size=None):
        given.append(size)
        return random_sample(space, objective, candidates, budget=budget, rng=rng)

    monkeypatch.setitem(SEARCHES, "spy", Search(spy))
    for complexity in (known, known.head(9), None):
        compute(*planted, CELLS, searches=named("spy"), complexity=complexity, n_runs=1, rng=RNG(0))
    assert [size is None for size in given] == [False] * 4 + [True] * 8


def test_one_architecture_and_equal_scores_are_no_special_case():
    table = compute(scores_of(["a0"], e=[[1.0]]), truth_of([0.5]), rng=RNG(0))
    assert table[["budget", "regret", "rank", "surpass"]].to_numpy().tolist() == [[1.0, 0.0, 1.0, 0.0]]
    flat = compute(scores_of(["a0", "a1"], e=[[1.0, 1.0]]), truth_of([0.5, 0.7]), rng=RNG(0))
    assert flat["regret"].tolist() == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_runs": 0}, "0 runs"),
        ({"coverage": 1.5}, "coverage 1.5"),
        ({"searches": named("exhaustive")}, "'exhaustive' evaluates every architecture"),
        ({"searches": named("evolutoin")}, "unknown search 'evolutoin'; nearest: evolution"),
    ],
)
def test_mistakes_are_told(options, says, planted):
    with pytest.raises(UserError, match=says):
        compute(*planted, CELLS, rng=RNG(0), **options)


def test_every_search_has_its_panel_with_axes_that_say_what_they_show(planted):
    table = compute(*planted, CELLS, searches=named("local"), n_runs=2, rng=RNG(0))
    panels = ANALYSIS.panels(table)
    assert {label for label, _ in panels} == {"random", "local"}
    for _, rows in panels:
        axes = Figure(figsize=(4, 3)).add_subplot()
        draw(rows, axes)
        assert axes.get_xlabel() == "architectures scored" and "regret" in axes.get_ylabel()
        assert {text.get_text() for text in axes.get_legend().get_texts()} == {"exact", "noisy", "noise"}
    assert "14 of" in ANALYSIS.note(table) or "15 of" in ANALYSIS.note(table)
