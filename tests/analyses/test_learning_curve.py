"""Criteria by the number learned from: values worked out by hand, a loop with SciPy, legible drawings."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from nasgauge.analyses.learning_curve import LEARNING_CRITERIA, compute, draw, kind_lines, kind_places
from nasgauge.analyses.toolkit.drawing import LINES
from nasgauge.core.errors import UserError
from nasgauge.core.recorded import LESSONS
from nasgauge.core.tables import check, empty

ARCHS = list("abcd")
TRUTH = pd.DataFrame({"arch": ARCHS, "iso_class": ARCHS, "seed": 0, "accuracy": [0.1, 0.2, 0.3, 0.4]})
# Kendall's tau with the truth: 1, 2/3 (one of six pairs turned), 1/3 (two turned), -1 (all turned).
RIGHT, ONE_TURNED, TWO_TURNED, REVERSED = [1, 2, 3, 4], [2, 1, 3, 4], [2, 1, 4, 3], [4, 3, 2, 1]


def lessons_of(*runs):
    """runs: (estimator, kind, draw, seed, what it learned from)."""
    rows = [(e, k, d, s, 0, arch) for e, k, d, s, archs in runs for arch in archs]
    columns = [c.name for c in LESSONS.columns if c.name != "signal"]
    return check(pd.DataFrame(rows, columns=columns).assign(signal=""), LESSONS)


def scores_of(*runs, archs=ARCHS):
    """runs: (estimator, seed, a score for each of archs)."""
    rows = [(e, a, s, float(x)) for e, s, each in runs for a, x in zip(archs, each, strict=True)]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


def tau(scores, lessons, truth=TRUTH):
    return compute(scores, truth, lessons=lessons, criteria=["kendall_tau"])


def many(kinds=("gates", "mlp"), sizes=(2, 5, 20), n_draws=3, seeds=(0, 1), n=40):
    """Random lessons, scores and a truth: every kind with every size, draw and seed."""
    rng = np.random.default_rng(0)
    archs = [f"a{i:02d}" for i in range(n)]
    runs = [(f"{k}{m}d{d}", k, d, s, m) for k in kinds for m in sizes for d in range(n_draws) for s in seeds]
    lessons = lessons_of(*((e, k, d, s, rng.choice(archs, m, replace=False)) for e, k, d, s, m in runs))
    scores = scores_of(*((e, s, rng.normal(size=n)) for e, _, _, s, _ in runs), archs=archs)
    truth = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": rng.permutation(n) / n})
    return scores, truth, lessons


def test_draws_with_equally_many_lessons_are_pooled_and_both_deviations_written_out():
    lessons = lessons_of(*((f"g{d}", "gates", d, s, "ab" if d else "cd") for d in (0, 1) for s in (0, 1)))
    scores = scores_of(("g0", 0, RIGHT), ("g0", 1, TWO_TURNED), ("g1", 0, ONE_TURNED), ("g1", 1, REVERSED))
    (row,) = tau(scores, lessons).to_dict("records")
    assert (row["kind"], row["n_seen"], row["panel"], row["place"]) == ("gates", 2, "Kendall's tau-b", 1)
    assert (row["n"], row["n_draws"], row["n_seeds"]) == (4, 2, 2)
    assert np.allclose([row["value"], row["low"], row["high"]], [(1 + 1 / 3 + 2 / 3 - 1) / 4, -1, 1])
    # The means of the draws are 2/3 and -1/6; two numbers x, y deviate by |x - y| / sqrt(2).
    assert np.isclose(row["sd_draws"], (2 / 3 + 1 / 6) / np.sqrt(2))
    # The variances within the draws are (2/3)^2 / 2 and (5/3)^2 / 2.
    assert np.isclose(row["sd_seeds"], np.sqrt((4 / 18 + 25 / 18) / 2))


@pytest.mark.parametrize("draws, seeds, known", [([0, 1], [0], "sd_draws"), ([0], [0, 1], "sd_seeds")])
def test_a_deviation_over_one_draw_or_one_seed_is_undefined(draws, seeds, known):
    pairs = [(d, s) for d in draws for s in seeds]
    lessons = lessons_of(*((f"g{d}", "gates", d, s, "ab") for d, s in pairs))
    scores = scores_of(*((f"g{d}", s, each) for (d, s), each in zip(pairs, (RIGHT, TWO_TURNED), strict=True)))
    row = tau(scores, lessons).iloc[0]
    assert np.isclose(row[known], (2 / 3) / np.sqrt(2))
    assert row[["sd_draws", "sd_seeds"]].isna().tolist() == [known != "sd_draws", known != "sd_seeds"]


def test_where_draws_differ_in_their_seeds_the_least_number_is_told():
    lessons = lessons_of(("g0", "g", 0, 0, "ab"), ("g0", "g", 0, 1, "ab"), ("g1", "g", 1, 0, "ab"))
    row = tau(scores_of(("g0", 0, RIGHT), ("g0", 1, TWO_TURNED), ("g1", 0, REVERSED)), lessons).iloc[0]
    assert (row["n_draws"], row["n_seeds"]) == (2, 1)
    assert np.allclose(row[["value", "sd_seeds"]].astype(float), [1 / 9, (2 / 3) / np.sqrt(2)])
    assert np.isclose(row["sd_draws"], (2 / 3 + 1) / np.sqrt(2))


def test_rows_are_told_apart_by_kind_and_by_the_number_of_lessons_of_all_stages():
    lessons = lessons_of(("g2", "gates", 0, 0, "ab"), ("g3", "gates", 0, 0, "abc"), ("m2", "mlp", 0, 0, "ab"))
    staged = lessons_of(("late", "gates", 1, 0, "dcb")).assign(stage=[0, 1, 2])
    scores = scores_of(("g2", 0, ONE_TURNED), ("g3", 0, RIGHT), ("m2", 0, REVERSED), ("late", 0, TWO_TURNED))
    table = tau(scores, pd.concat([lessons, staged]))
    assert table[["kind", "n_seen", "n_draws"]].values.tolist() == [["gates", 2, 1], ["gates", 3, 2], ["mlp", 2, 1]]
    assert np.allclose(table["value"], [2 / 3, 2 / 3, -1])
    assert table["place"].tolist() == [1, 1, 2]


def test_only_predictors_with_scores_and_architectures_with_truth_count():
    lessons = lessons_of(("g", "gates", 0, 0, "ab"), ("unscored", "gates", 1, 0, "ab"), ("only_new", "rf", 0, 0, "ab"))
    scores = pd.concat(
        [
            scores_of(("g", 0, RIGHT), ("n_params", 0, REVERSED)),
            scores_of(("only_new", 0, [1, 2]), archs=["x", "y"]),
            scores_of(("g", 0, [-5.0]), archs=["x"]),
        ]
    )
    (row,) = tau(scores, lessons).to_dict("records")
    assert (row["kind"], row["value"], row["n"], row["n_draws"]) == ("gates", 1.0, 4, 1)
    (row,) = tau(scores[scores["arch"] != "a"], lessons).to_dict("records")
    assert (row["kind"], row["value"], row["n"]) == ("gates", 1.0, 3)


def test_predictors_that_scored_different_architectures_are_each_judged_on_their_own():
    lessons = lessons_of(("g0", "g", 0, 0, "ab"), ("g1", "g", 1, 0, "cd"))
    scores = pd.concat(
        [scores_of(("g0", 0, [2, 1]), archs=["c", "d"]), scores_of(("g1", 0, [3, 5, 9]), archs=["a", "b", "c"])]
    )
    row = tau(scores, lessons).iloc[0]
    assert (row["value"], row["low"], row["high"], row["n"]) == (0.0, -1.0, 1.0, 2)


def test_one_undefined_criterion_makes_the_row_undefined_without_a_warning():
    lessons = lessons_of(("g0", "g", 0, 0, "ab"), ("g1", "g", 1, 0, "cd"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = tau(scores_of(("g0", 0, RIGHT), ("g1", 0, [1, 1, 1, 1])), lessons).iloc[0]
    assert row[["value", "low", "high", "sd_draws"]].isna().all() and row["n_draws"] == 2


def test_every_value_equals_a_plain_loop():
    scores, truth, lessons = many()
    table = compute(scores, truth, lessons=lessons)
    assert len(table) == 2 * 3 * len(LEARNING_CRITERIA)
    accuracy = dict(zip(truth["arch"], truth["accuracy"], strict=True))
    ranked = sorted(accuracy, key=lambda arch: -accuracy[arch])
    for kind in ("gates", "mlp"):
        for m in (2, 5, 20):
            found = {"kendall_tau": [], "precision_at_top": [], "best_rank_at": []}
            for d in range(3):
                for seed in (0, 1):
                    one = scores[(scores["estimator"] == f"{kind}{m}d{d}") & (scores["seed"] == seed)]
                    tau_b = stats.kendalltau(one["score"], one["arch"].map(accuracy)).statistic
                    found["kendall_tau"].append(tau_b)
                    first = one.nlargest(2, "score")["arch"]  # 5% of 40
                    found["precision_at_top"].append(len(set(first) & set(ranked[:2])) / 2)
                    found["best_rank_at"].append((ranked.index(first.iloc[0]) + 1) / 40)  # 1%: at least one
            rows = table[(table["kind"] == kind) & (table["n_seen"] == m)].set_index("criterion")
            for criterion, values in found.items():
                row, by_draw = rows.loc[criterion], np.reshape(values, (3, 2))
                expected = [np.mean(values), min(values), max(values)]
                expected += [by_draw.mean(axis=1).std(ddof=1), np.sqrt(by_draw.var(axis=1, ddof=1).mean())]
                columns = ["value", "low", "high", "sd_draws", "sd_seeds"]
                assert np.allclose(row[columns].astype(float), expected), (kind, m, criterion)
                assert row[["n", "n_draws", "n_seeds"]].tolist() == [40, 3, 2]


def test_the_truth_is_the_mean_over_trainings():
    twice = pd.concat(
        [TRUTH.assign(accuracy=[0.0, 0.2, 0.3, 0.9]), TRUTH.assign(seed=1, accuracy=[0.9, 0.2, 0.3, 0.0])]
    )
    table = tau(scores_of(("g", 0, [4, 1, 2, 3])), lessons_of(("g", "g", 0, 0, "ab")), twice)
    expected = stats.kendalltau([4, 1, 2, 3], [0.45, 0.2, 0.3, 0.45]).statistic
    assert np.isclose(table["value"].item(), expected)


def test_the_order_of_rows_does_not_matter():
    scores, truth, lessons = many(kinds=("gates", "mlp", "rf"))
    shuffled = [t.sample(frac=1, random_state=i) for i, t in enumerate((scores, truth, lessons))]
    one = compute(scores, truth, lessons=lessons, criteria=["kendall_tau", "pearson_r"])
    other = compute(*shuffled[:2], lessons=shuffled[2], criteria=["kendall_tau", "pearson_r"])
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_kinds_are_placed_by_their_best_estimator_and_unscored_ones_by_name_at_the_end():
    lessons = lessons_of(*((e, k, 0, 0, "ab") for e, k in zip("uvwxyz", ["b", "b", "a", "d", "c", "a"], strict=True)))
    scores = scores_of(("u", 0, REVERSED), ("v", 0, RIGHT), ("w", 0, TWO_TURNED), ("z", 0, ONE_TURNED))
    assert kind_places(lessons, scores, TRUTH) == {"b": 1, "a": 2, "d": 3, "c": 4}
    assert kind_places(lessons[:0], scores, TRUTH) == {}


@pytest.mark.parametrize("nothing", [empty(LESSONS), lessons_of(("unscored", "g", 0, 0, "ab"))])
def test_nothing_learned_is_an_empty_table_and_a_drawing_that_says_so(nothing):
    table = tau(scores_of(("n_params", 0, RIGHT)), nothing)
    assert table.empty and {"kind", "n_seen", "value", "n", "panel", "place"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert axes.texts[0].get_text() == "no predictor was evaluated"


def test_a_panel_without_a_defined_value_says_so():
    table = tau(scores_of(("g", 0, [1, 1, 1, 1])), lessons_of(("g", "g", 0, 0, "ab")))
    axes = Figure().add_subplot()
    draw(table, axes)
    assert axes.texts[0].get_text() == "undefined for every predictor"


def drawn(sizes, kinds=("gates", "mlp", "rf")):
    scores, truth, lessons = many(kinds=kinds, sizes=sizes)
    table = compute(scores, truth, lessons=lessons)
    for _, rows in table.groupby("panel", sort=False):
        axes = Figure(figsize=(3.4, 3.2), layout="constrained").add_subplot()
        draw(rows, axes)
        axes.figure.canvas.draw()
        yield rows, axes


@pytest.mark.parametrize(
    "sizes, scale, numbers", [((5, 10), "linear", "5 10"), ((2, 5, 8), "log", "2 5 8"), ((5, 30, 31), "log", "5  31")]
)
def test_every_panel_has_a_line_a_kind_over_the_actual_numbers(sizes, scale, numbers):
    labels = []
    for rows, axes in drawn(sizes):
        assert len(axes.lines) == 3 and len(axes.collections) == 3
        assert all(line.get_xdata().tolist() == list(sizes) for line in axes.lines)
        for line, (_, of_kind, _) in zip(axes.lines, kind_lines(rows), strict=True):
            assert line.get_ydata().tolist() == of_kind["value"].tolist()
        assert axes.get_xscale() == scale and axes.get_xlabel() == "training architectures"
        assert " ".join(t.get_text() for t in axes.get_xticklabels()) == numbers
        labels.append(axes.get_ylabel())
    assert labels == ["higher is better ↑", "higher is better ↑", "lower is better ↓"]


def test_numbers_on_the_axis_do_not_run_into_each_other():
    for _, axes in drawn((1, 2, 3, 4, 5, 10, 20, 30, 35, 39)):
        boxes = [t.get_window_extent() for t in axes.get_xticklabels() if t.get_text()]
        assert len(boxes) >= 5
        assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


def test_a_kind_with_one_number_is_a_marker_with_a_bar():
    scores, truth, lessons = many()
    lessons = lessons[(lessons["kind"] == "gates") | lessons["estimator"].str.startswith("mlp5")]
    table = compute(scores, truth, lessons=lessons, criteria=["kendall_tau"])
    axes = Figure().add_subplot()
    draw(table, axes)
    lone = next(line for line in axes.lines if line.get_label() == "mlp")
    row = table[table["kind"] == "mlp"].iloc[0]
    assert lone.get_xdata().tolist() == [5] and lone.get_ydata().tolist() == [row["value"]] and lone.get_marker() != ""
    bars = [c.get_segments() for c in axes.collections if hasattr(c, "get_segments")]
    assert np.allclose(bars, [[[[5, row["low"]], [5, row["high"]]]]])


def test_where_all_learned_from_equally_many_markers_stand_side_by_side():
    for _, axes in drawn((20,)):
        places = [line.get_xdata().item() for line in axes.lines]
        assert len(set(places)) == 3 and np.isclose(np.mean(places), 20)
        assert [t.get_text() for t in axes.get_xticklabels()] == ["20"]


def test_of_more_than_eight_kinds_the_first_eight_are_drawn_and_it_is_said():
    for rows, axes in drawn((2, 20), kinds=[f"kind {i:02d}" for i in range(10)]):
        shown = rows[rows["place"] <= 8].drop_duplicates("place").sort_values("place")["kind"].tolist()
        assert [line.get_label() for line in axes.lines] == shown and len(shown) == 8
        assert len({line.get_color() for line in axes.lines}) == 8
        assert axes.get_legend().get_title().get_text() == "best 8 of 10 kinds of predictors"


def test_a_kind_keeps_the_line_of_its_place_where_others_are_absent():
    scores, truth, lessons = many(kinds=("gates", "mlp", "rf"))
    table = compute(scores, truth, lessons=lessons, criteria=["kendall_tau"])
    ((_, _, line),) = kind_lines(table[table["place"] == 3])
    assert line == LINES[2]
    ninth = table[table["place"] == 3].assign(place=9)
    assert [each for _, _, each in kind_lines(pd.concat([table[table["place"] < 3], ninth]))] == list(LINES[:3])


def test_wrong_criteria_and_the_name_of_the_truth_are_refused():
    lessons = lessons_of(("truth", "g", 0, 0, "ab"))
    with pytest.raises(UserError, match="reserved"):
        tau(scores_of(("truth", 0, RIGHT)), lessons)
    with pytest.raises(UserError, match="kendall_tao"):
        compute(scores_of(("g", 0, RIGHT)), TRUTH, lessons=lessons, criteria=["kendall_tao"])
