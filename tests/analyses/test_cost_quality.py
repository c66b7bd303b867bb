"""Values by hand, the front against a double loop, and what the drawing says of costs that it cannot place."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from nasgauge.analyses.cost_quality import COST_CRITERIA, _time_ticks, compute, draw
from nasgauge.core.errors import UserError
from nasgauge.core.tables import EXPENSES, check

# Four architectures, d the best; taus with the truth: pairs in order less pairs out of order, by six.
TRUTH = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.5, 0.6, 0.7, 0.9]})
ORDERS = {"right": [1, 2, 3, 4], "one_swap": [2, 1, 3, 4], "other_swap": [1, 3, 2, 4], "best_last": [2, 3, 4, 1]}
TAUS = {"right": 1.0, "one_swap": 4 / 6, "other_swap": 4 / 6, "best_last": 0.0}


def scores_of(orders, seed=0):
    rows = [(name, "abcd"[i], seed, float(score)) for name, order in orders.items() for i, score in enumerate(order)]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def expenses_of(totals, *, fit=(), trained=()):
    """Expenses with these totals; names in fit train weights, names in trained train 3 architectures."""
    rows = []
    for name in totals:
        parts = {"score_seconds": 1.0, "fit_seconds": 2.0 * (name in fit), "n_trained": 3 * (name in trained)}
        rows.append({"estimator": name, "n_scored": 4, **parts, "truth_seconds": 0.0, "other_seconds": 0.0})
    return check(pd.DataFrame(rows).assign(total_seconds=list(totals.values())), EXPENSES)


def front_of(orders, totals, criterion="kendall_tau"):
    table = compute(scores_of(orders), TRUTH, expenses=expenses_of(totals), criteria=[criterion])
    return {row.estimator for row in table.itertuples() if row.on_front}


def drawn(table):
    axes = Figure(figsize=(5, 4)).add_subplot()
    draw(table, axes)
    axes.figure.draw_without_rendering()
    return axes


def test_values_costs_and_kinds_by_hand():
    totals = {"right": 50.0, "one_swap": 10.0, "best_last": 2.0, "truth": 200.0, "unscored": 1.0}
    expenses = expenses_of(totals, fit=["one_swap", "right"], trained=["right", "truth"])
    criteria = ["kendall_tau", {"name": "regret_at", "count": 1}]
    table = compute(scores_of(ORDERS), TRUTH, expenses=expenses, criteria=criteria)
    names = ["best_last", "one_swap", "right"]
    assert list(table["estimator"]) == names * 2
    assert list(table["panel"]) == ["Kendall's tau-b"] * 3 + ["Regret of the selected 1"] * 3
    # best_last chooses c, which is 0.9 - 0.7 worse than d; the others choose d.
    assert np.allclose(table["value"], [TAUS[name] for name in names] + [0.2, 0.0, 0.0])
    assert np.allclose(table["share_of_truth"], [0.01, 0.05, 0.25] * 2)
    assert list(table["pays_for"]) == ["scoring", "training weights", "trained architectures"] * 2
    assert list(table["on_front"]) == [True, True, True, True, True, False]
    assert (table["truth_total_seconds"] == 200).all() and (table["n"] == 4).all() and (table["n_seeds"] == 1).all()
    assert list(table["n_trained"]) == [0, 0, 3] * 2 and list(table["fit_seconds"]) == [0.0, 2.0, 2.0] * 2


def test_the_value_is_the_mean_over_seeds_of_the_architectures_that_all_of_them_scored():
    scores = pd.concat([scores_of({"e": [1, 2, 3, 4]}), scores_of({"e": [4, 1, 3, 2]}, seed=1)])
    row = compute(scores, TRUTH, expenses=expenses_of({"e": 1.0}), criteria=["kendall_tau"]).iloc[0]
    # Second seed: ab, ac, ad and cd are out of order, bc and bd in order.
    assert np.allclose([row["value"], row["low"], row["high"]], [(1 - 2 / 6) / 2, -2 / 6, 1])
    row = compute(scores[1:], TRUTH, expenses=expenses_of({"e": 1.0}), criteria=["kendall_tau"]).iloc[0]
    assert np.allclose([row["value"], row["low"], row["high"]], [(1 + 1 / 3) / 2, 1 / 3, 1])
    assert (row["n"], row["n_seeds"]) == (3, 2)


def test_equal_estimators_stand_on_the_front_together_and_a_dearer_equal_does_not():
    some = {name: ORDERS[name] for name in ("one_swap", "other_swap")}
    assert front_of(some, {"one_swap": 3.0, "other_swap": 3.0}) == {"one_swap", "other_swap"}
    assert front_of(some, {"one_swap": 3.0, "other_swap": 4.0}) == {"one_swap"}
    assert front_of(ORDERS, dict.fromkeys(ORDERS, 3.0)) == {"right"}
    # 0.1 + 0.2 is not 0.3 in binary.
    assert front_of(some, {"one_swap": 0.1 + 0.2, "other_swap": 0.3}) == {"one_swap", "other_swap"}


def test_where_lower_is_better_the_front_falls():
    totals = {"right": 9.0, "one_swap": 5.0, "other_swap": 5.0, "best_last": 1.0}
    regret = {"name": "regret_at", "count": 1}
    assert front_of(ORDERS, totals, regret) == {"best_last", "one_swap", "other_swap"}
    assert front_of(ORDERS, totals) == {"best_last", "one_swap", "other_swap", "right"}
    assert front_of(ORDERS, {**totals, "right": 1.0}, regret) == {"right"}


def test_neither_an_unknown_total_nor_an_undefined_value_is_on_the_front_or_keeps_others_off_it():
    orders = {**ORDERS, "constant": [1, 1, 1, 1]}
    totals = {"right": np.nan, "one_swap": 5.0, "other_swap": 6.0, "best_last": 1.0, "constant": 0.5}
    assert front_of(orders, totals) == {"best_last", "one_swap"}


@pytest.mark.parametrize("seed", range(8))
def test_the_front_is_that_of_a_double_loop(seed):
    rng = np.random.default_rng(seed)
    orders = {f"e{i:02d}": rng.integers(1, 5, 4) for i in range(25)}
    totals = {name: float(rng.integers(0, 7)) if rng.random() < 0.9 else np.nan for name in orders}
    criteria = ["kendall_tau", {"name": "regret_at", "count": 2}, {"name": "precision_at_top", "fraction": 0.5}]
    table = compute(scores_of(orders), TRUTH, expenses=expenses_of(totals), criteria=criteria)
    for (criterion,), rows in table.groupby(["criterion"]):
        sign = -1 if criterion == "regret_at" else 1
        points = {r.estimator: (r.total_seconds, round(sign * r.value, 9)) for r in rows.itertuples()}
        points = {name: point for name, point in points.items() if not np.isnan(point).any()}
        front = {
            one
            for one, (cost, worth) in points.items()
            if not any(c <= cost and w >= worth and (c < cost or w > worth) for c, w in points.values())
        }
        assert set(rows["estimator"][rows["on_front"]]) == front and 0 < len(front) < len(rows)


def test_an_untold_cost_of_the_truth_is_unknown_and_says_nothing_of_shares():
    untold = expenses_of({"right": 2.0, "truth": np.nan})
    for expenses in (untold, untold[:1], expenses_of({"right": 2.0, "truth": 0.0})):
        table = compute(scores_of({"right": ORDERS["right"]}), TRUTH, expenses=expenses, criteria=["kendall_tau"])
        assert table["share_of_truth"].isna().all() and table["on_front"].all()
        assert "training all architectures" not in [text.get_text() for text in drawn(table).texts]


def test_a_count_of_more_than_all_architectures_is_undefined():
    table = compute(scores_of(ORDERS), TRUTH, expenses=expenses_of(dict.fromkeys(ORDERS, 1.0)))
    assert list(table["criterion"].unique()) == ["kendall_tau", "precision_at_top", "regret_at"]
    undefined = table["criterion"] == "regret_at"
    assert (table["value"].isna() == undefined).all() and not table["on_front"][undefined].any()


def test_the_order_of_rows_does_not_matter_and_the_tables_stay_as_they_are():
    scores = pd.concat([scores_of(ORDERS), scores_of(ORDERS, seed=1)], ignore_index=True)
    tables = scores, TRUTH, expenses_of({**dict.fromkeys(ORDERS, 1.0), "truth": 5.0})
    kept = [table.copy() for table in tables]
    one = compute(*tables[:2], expenses=tables[2], criteria=["kendall_tau"])
    shuffled = [table.sample(frac=1, random_state=4) for table in tables]
    pd.testing.assert_frame_equal(one, compute(*shuffled[:2], expenses=shuffled[2], criteria=["kendall_tau"]))
    for table, before in zip(tables, kept, strict=True):
        pd.testing.assert_frame_equal(table, before)


def test_nothing_scored_or_nothing_known_of_costs_is_an_empty_table_and_a_drawing_that_says_so():
    scores, expenses = scores_of(ORDERS), expenses_of(dict.fromkeys(ORDERS, 1.0))
    elsewhere = TRUTH.assign(arch=list("wxyz"))
    for some in ((scores[:0], TRUTH, expenses), (scores, TRUTH, expenses[:0]), (scores, elsewhere, expenses)):
        table = compute(*some[:2], expenses=some[2])
        assert table.empty and {"estimator", "criterion", "at", "value", "on_front", "n", "panel"} <= set(table.columns)
        assert "no estimator has a cost and a value" in drawn(table).texts[0].get_text()


def test_the_name_of_the_truth_is_refused():
    with pytest.raises(UserError, match="reserved"):
        compute(scores_of({"truth": ORDERS["right"]}), TRUTH, expenses=expenses_of({"right": 1.0}))


def many(n=300, n_estimators=20, seed=0):
    """Scores that agree with the truth the better the more their estimators cost, and expenses in seconds."""
    rng = np.random.default_rng(seed)
    archs = [f"a{i:03d}" for i in range(n)]
    truth = pd.DataFrame({"arch": archs, "seed": 0, "accuracy": rng.random(n)})
    names = [f"estimator${i:02d}" for i in range(n_estimators)]
    noise = dict(zip(names, np.linspace(1.0, 0.05, n_estimators), strict=True))
    scores = [
        pd.DataFrame({"estimator": name, "arch": archs, "seed": s, "score": truth["accuracy"] + w * rng.normal(size=n)})
        for name, w in noise.items()
        for s in (0, 1)
    ]
    totals = dict(zip(names, np.geomspace(0.1, 700, n_estimators).tolist(), strict=True))
    expenses = expenses_of({**totals, "truth": 3600.0}, fit=names[8:], trained=names[14:])
    return pd.concat(scores, ignore_index=True), truth, expenses


def test_every_panel_can_be_drawn_with_the_names_of_the_front_and_the_cost_of_the_truth():
    scores, truth, expenses = many()
    table = compute(scores, truth, expenses=expenses)
    assert table["panel"].nunique() == len(COST_CRITERIA)
    for _, rows in table.groupby("panel"):
        axes = drawn(rows)
        texts = [text.get_text().replace(r"\$", "$") for text in axes.texts]
        front = list(rows["estimator"][rows["on_front"]])
        assert texts.count("training all architectures") == 1
        assert len(set(texts) & set(front)) == min(len(front), 10) and len(texts) <= 13
        assert {front[0], front[-1]} <= set(texts)
        legend = axes.get_legend()
        labels = [text.get_text() for text in legend.get_texts()]
        assert labels == ["scoring", "training weights", "trained architectures", "Pareto front"]
        assert legend.get_title().get_text() == "main cost component"
        assert axes.get_xscale() == "log" and axes.get_xlim()[0] < 0.1 and axes.get_xlim()[1] > 3600
        ticks = [tick.get_text() for tick in axes.get_xticklabels()]
        assert ticks == ["100 ms", "1 s", "10 s", "1 min", "10 min", "1 h"]
        better = "lower is better ↓" if rows["criterion"].iloc[0] == "regret_at" else "higher is better ↑"
        assert axes.get_ylabel() == better


def test_names_lie_inside_the_axes_and_apart():
    scores, truth, expenses = many(n_estimators=12)
    axes = drawn(compute(scores, truth, expenses=expenses, criteria=["kendall_tau"]))
    boxes = [Text.get_window_extent(text).extents for text in axes.texts if text.get_text().startswith("estimator")]
    frame = axes.bbox.extents
    assert len(boxes) == 10
    for i, box in enumerate(boxes):
        assert (box[:2] >= frame[:2] - 2).all() and (box[2:] <= frame[2:] + 2).all()
        for other in boxes[:i]:
            assert (np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])).min() <= 1


def test_it_is_said_how_many_are_left_out():
    orders = {**ORDERS, "constant": [1, 1, 1, 1]}
    totals = {"right": 8.0, "one_swap": 0.0, "other_swap": np.nan, "best_last": np.nan, "constant": 0.5}
    table = compute(scores_of(orders), TRUTH, expenses=expenses_of(totals), criteria=["kendall_tau"])
    axes = drawn(table)
    said = "main cost component (omitted: 1 without cost, 2 of unknown cost, 1 without a value)"
    assert axes.get_legend().get_title().get_text().replace("\n", " ") == said
    line = next(line for line in axes.lines if line.get_label() == "Pareto front")
    # The one that costs nothing is best from the left edge on, the dearer one from its cost.
    left, right = axes.get_xlim()
    assert np.allclose(line.get_xdata(), [left, 8.0, right]) and np.allclose(line.get_ydata(), [4 / 6, 1, 1])
    none = table[~(table["total_seconds"] > 0)]
    assert "(1 without cost, 2 of unknown cost)" in drawn(none).texts[0].get_text()


def test_a_kind_without_a_member_of_the_front_has_the_name_of_its_best():
    totals = {"right": 1.0, "one_swap": 5.0, "other_swap": 7.0, "best_last": 6.0}
    expenses = expenses_of(totals, fit=["one_swap", "best_last"], trained=["other_swap"])
    axes = drawn(compute(scores_of(ORDERS), TRUTH, expenses=expenses, criteria=["kendall_tau"]))
    assert {text.get_text() for text in axes.texts} == {"right", "one_swap", "other_swap"}


@pytest.mark.parametrize("low", [1e-5, 0.2, 3.0, 70.0, 5e3, 1e5])
@pytest.mark.parametrize("times", [16, 500, 1e6])
def test_ticks_are_few_but_never_one(low, times):
    ticks = list(_time_ticks(low, low * times).values())
    assert 2 <= len(ticks) <= 8 and ticks == sorted(ticks) and low <= ticks[0] and ticks[-1] <= low * times
    assert min(b / a for a, b in pairwise(ticks)) >= 2
