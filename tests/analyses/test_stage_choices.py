"""What was chosen in every stage: values written out by hand, a plain loop, drawings that can be read."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.stage_choices import compute, draw
from nasgauge.analyses.toolkit.drawing import LINES
from nasgauge.core.errors import UserError
from nasgauge.core.recorded import LESSONS
from nasgauge.core.tables import check, empty

NO_SCORES = pd.DataFrame({"estimator": [], "arch": [], "seed": [], "score": []})
QUANTITIES = ["lowest_accuracy", "mean_accuracy", "highest_accuracy", "accuracy_std", "best_rank_so_far"]
PANELS = [
    "Accuracy of the acquired architectures",
    "Standard deviation of their accuracy",
    "True rank of the best so far",
]


def truth_of(accuracies):
    return pd.DataFrame(
        [(a, a, 0, x) for a, x in accuracies.items()], columns=["arch", "iso_class", "seed", "accuracy"]
    )


TRUTH = truth_of({"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.6, "e": 0.8, "f": 0.9})


def lessons_of(*runs):
    """runs: (estimator, kind, draw, seed, what it chose in each stage)."""
    rows = [(e, k, d, s, i, arch) for e, k, d, s, stages in runs for i, stage in enumerate(stages) for arch in stage]
    columns = [c.name for c in LESSONS.columns if c.name != "signal"]
    return check(pd.DataFrame(rows, columns=columns).assign(signal=""), LESSONS)


def asked(lessons, truth=TRUTH, scores=NO_SCORES):
    return compute(scores, truth, lessons=lessons)


def by_stage(table, quantity, column="value"):
    return table.loc[table["quantity"] == quantity, column].tolist()


def random_runs(kinds=("gates", "mlp"), n_stages=4, n=60, size=5, draws=(0, 1), seeds=(0, 1)):
    """A truth, and runs that all estimators of their early stages accompany: after each stage one was judged."""
    rng = np.random.default_rng(0)
    archs = [f"a{i:02d}" for i in range(n)]
    truth = truth_of(dict(zip(archs, rng.integers(1, 25, n) / 25, strict=True)))  # of 60 accuracies many are tied
    runs = []
    for kind in kinds:
        for d in draws:
            for s in seeds:
                stages = rng.permutation(archs)[: n_stages * size].reshape(n_stages, size).tolist()
                runs += [(f"{kind} d{d} after {i}", kind, d, s, stages[: i + 1]) for i in range(n_stages)]
    return truth, runs


def test_a_typed_run_with_values_written_out():
    table = asked(lessons_of(("net", "mlp", 0, 0, ["ac", "de", "f"])))
    assert np.allclose(by_stage(table, "lowest_accuracy"), [0.1, 0.6, 0.9])
    assert np.allclose(by_stage(table, "mean_accuracy"), [0.3, 0.7, 0.9])
    assert np.allclose(by_stage(table, "highest_accuracy"), [0.5, 0.8, 0.9])
    assert np.allclose(by_stage(table, "accuracy_std"), [0.2, 0.1, 0.0])
    assert by_stage(table, "best_rank_so_far") == [4, 2, 1]
    for quantity in QUANTITIES:
        assert by_stage(table, quantity, "stage") == [0, 1, 2] and by_stage(table, quantity, "n_chosen") == [2, 2, 1]
    assert (table["n"] == 6).all() and (table["n_runs"] == 1).all() and (table["place"] == 1).all()
    assert table["low"].equals(table["value"]) and table["high"].equals(table["value"])
    assert list(table["quantity"].unique()) == QUANTITIES and list(table["panel"].unique()) == PANELS


def test_the_best_so_far_is_not_lost_where_a_stage_chooses_worse():
    table = asked(lessons_of(("net", "mlp", 0, 0, ["ae", "b", "d", "f"])))
    assert by_stage(table, "best_rank_so_far") == [2, 2, 2, 1]
    assert np.allclose(by_stage(table, "highest_accuracy"), [0.8, 0.3, 0.6, 0.9])


def test_over_draws_and_seeds_there_are_the_mean_the_least_and_the_greatest():
    lessons = lessons_of(
        ("g0", "gates", 0, 0, ["ab", "cd"]), ("g0", "gates", 0, 1, ["ab", "ef"]), ("g1", "gates", 1, 0, ["cf", "a"])
    )
    table = asked(lessons).set_index(["quantity", "stage"])
    rank = table.loc["best_rank_so_far", ["value", "low", "high"]]
    assert np.allclose(rank, [[(5 + 5 + 1) / 3, 1, 5], [(3 + 1 + 1) / 3, 1, 3]])
    mean = table.loc["mean_accuracy", ["value", "low", "high"]]
    assert np.allclose(mean, [[(0.2 + 0.2 + 0.7) / 3, 0.2, 0.7], [(0.55 + 0.85 + 0.1) / 3, 0.1, 0.85]])
    assert table.loc["accuracy_std", ["n_chosen", "n_runs"]].values.tolist() == [[2, 3], [1, 3]]


def test_early_stages_that_estimators_of_a_run_share_count_once():
    stages = ["ab", "cd", "ef"]
    alone = lessons_of(("after2", "gates", 0, 0, stages))
    shared = lessons_of(*((f"after{i}", "gates", 0, 0, stages[: i + 1]) for i in range(3)))
    assert len(shared) == 2 + 4 + 6
    pd.testing.assert_frame_equal(asked(shared), asked(alone))
    assert (asked(shared)["n_chosen"] == 2).all() and (asked(shared)["n_runs"] == 1).all()


def test_an_estimator_that_chose_otherwise_than_the_longest_of_its_run_is_not_mixed_in():
    lessons = lessons_of(("after1", "g", 0, 0, ["ab", "c"]), ("after2", "g", 0, 0, ["ab", "d", "c"]))
    table = asked(lessons)
    assert by_stage(table, "n_chosen") == [] and by_stage(table, "best_rank_so_far", "n_chosen") == [2, 1, 1]
    assert np.allclose(by_stage(table, "mean_accuracy"), [0.2, 0.6, 0.5])


def test_runs_with_one_stage_and_kinds_without_choice_are_left_out():
    lessons = lessons_of(("g", "gates", 0, 0, ["ab", "cd"]), ("one", "gates", 1, 0, ["ef"]), ("m", "mlp", 0, 0, ["ef"]))
    pd.testing.assert_frame_equal(asked(lessons), asked(lessons[lessons["estimator"] == "g"]))
    # Two estimators of one kind and draw are not two stages.
    assert asked(lessons_of(("m2", "mlp", 0, 0, ["ab"]), ("m3", "mlp", 0, 0, ["abc"]))).empty


def test_a_run_that_ends_early_counts_only_in_its_stages():
    table = asked(lessons_of(("g0", "g", 0, 0, ["a", "b", "f"]), ("g1", "g", 1, 0, ["c", "d"])))
    assert by_stage(table, "best_rank_so_far", "n_runs") == [2, 2, 1]
    assert by_stage(table, "best_rank_so_far") == [(6 + 4) / 2, (5 + 3) / 2, 1]


def test_tied_accuracies_share_the_least_of_their_ranks():
    truth = truth_of({"a": 0.9, "b": 0.9, "c": 0.9, "d": 0.5, "e": 0.5, "f": 0.1})
    assert by_stage(asked(lessons_of(("g", "g", 0, 0, ["f", "e", "c"])), truth), "best_rank_so_far") == [6, 4, 1]


def test_ranks_and_accuracies_are_those_of_the_mean_over_trainings():
    second = TRUTH.assign(seed=1, accuracy=[0.9, 0.3, 0.5, 0.6, 0.8, 0.9])
    table = asked(lessons_of(("g", "g", 0, 0, ["b", "a"])), pd.concat([TRUTH, second]))
    assert np.allclose(by_stage(table, "mean_accuracy"), [0.3, (0.1 + 0.9) / 2])
    assert by_stage(table, "best_rank_so_far") == [6, 4]  # a and c tie at .5, behind f, e and d
    assert (table["n"] == 6).all()


def test_equal_choices_have_no_spread_at_all():
    truth = truth_of({"a": 0.1, "b": 0.7, "c": 0.7, "d": 0.7})
    assert np.std([0.7] * 3) > 0  # what rounding would make of it
    assert by_stage(asked(lessons_of(("g", "g", 0, 0, ["a", "bcd"])), truth), "accuracy_std") == [0.0, 0.0]


def test_every_value_equals_a_plain_loop():
    truth, runs = random_runs()
    table = asked(lessons_of(*runs), truth).set_index(["kind", "stage", "quantity"])
    accuracy = dict(zip(truth["arch"], truth["accuracy"], strict=True))
    rank = {arch: 1 + sum(other > x for other in accuracy.values()) for arch, x in accuracy.items()}
    assert len(set(rank.values())) < len(rank)
    for kind in ("gates", "mlp"):
        longest = [stages for _, k, _, _, stages in runs if k == kind and len(stages) == 4]
        assert len(longest) == 4
        for stage in range(4):
            found = {quantity: [] for quantity in QUANTITIES}
            for stages in longest:
                values = [accuracy[arch] for arch in stages[stage]]
                so_far = [arch for each in stages[: stage + 1] for arch in each]
                best = min(rank[arch] for arch in so_far)
                summary = (min(values), np.mean(values), max(values), np.std(values), best)
                for quantity, value in zip(QUANTITIES, summary, strict=True):
                    found[quantity].append(value)
            for quantity, values in found.items():
                row = table.loc[(kind, stage, quantity)]
                expected = [np.mean(values), min(values), max(values), 5, 4, 60]
                assert np.allclose(row[["value", "low", "high", "n_chosen", "n_runs", "n"]].astype(float), expected)


def test_the_order_of_rows_does_not_matter():
    truth, runs = random_runs(kinds=("gates", "mlp", "rf"))
    lessons = lessons_of(*runs)
    other = asked(lessons.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(asked(lessons, truth), other, check_exact=True)


def test_scores_decide_the_order_of_kinds_and_nothing_else():
    lessons = lessons_of(("x", "first by name", 0, 0, ["a", "b"]), ("y", "later by name", 0, 0, ["c", "d"]))
    scores = pd.DataFrame({"estimator": ["x"] * 6 + ["y"] * 6, "arch": list("abcdef") * 2, "seed": 0})
    scores = scores.assign(score=[6.0, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6])
    without, having = asked(lessons), asked(lessons, scores=scores)
    assert list(without["kind"].unique()) == ["first by name", "later by name"]
    assert list(having["kind"].unique()) == ["later by name", "first by name"]
    keys = ["kind", "quantity", "stage"]
    one, other = (t.drop(columns="place").sort_values(keys, ignore_index=True) for t in (without, having))
    pd.testing.assert_frame_equal(one, other)


def test_choices_without_truth_are_refused():
    lessons = lessons_of(("g", "g", 0, 0, ["ab", "xy"]))
    with pytest.raises(
        UserError, match="2 architectures without ground truth, 'x' the first; give the ground truth of all"
    ):
        asked(lessons)
    chose_nothing = lessons_of(("m", "mlp", 0, 0, ["xy"]))
    assert asked(chose_nothing).empty


@pytest.mark.parametrize("nothing", [empty(LESSONS), lessons_of(("g", "g", 0, 0, ["abc"]))])
def test_nothing_chosen_is_an_empty_table_and_a_drawing_that_says_so(nothing):
    table = asked(nothing)
    assert table.empty and {"kind", "stage", "quantity", "value", "n_chosen", "n", "panel"} <= set(table.columns)
    axes = Figure().add_subplot()
    draw(table, axes)
    assert axes.texts[0].get_text() == "no predictor used active learning"


def drawn(table):
    panels = {}
    for panel, rows in table.groupby("panel", sort=False):
        axes = Figure(figsize=(3.4, 3.2), layout="constrained").add_subplot()
        draw(rows, axes)
        axes.figure.canvas.draw()
        panels[panel] = axes
    assert list(panels) == PANELS
    return panels


def segments(axes):
    return [collection.get_segments() for collection in axes.collections]


def test_every_panel_shows_a_line_a_kind_and_its_bars():
    lessons = lessons_of(
        *(("y", "mlp", 0, s, ["ac", "d" if s else "e"]) for s in (0, 1)), ("x", "gates", 0, 0, ["ab", "f"])
    )
    panels = drawn(asked(lessons))
    for axes in panels.values():
        assert [line.get_label() for line in axes.lines] == ["gates", "mlp"]
        assert [line.get_color() for line in axes.lines] == [LINES[0].colour, LINES[1].colour]
        assert np.allclose(sum(line.get_xdata() for line in axes.lines) / 2, [0, 1])
        assert [t.get_text() for t in axes.get_xticklabels()] == ["0", "1"]
        assert axes.get_xlabel() == "stage (0: initial random sample)"
    chosen, spread, rank = panels.values()
    assert np.allclose(chosen.lines[1].get_ydata(), 1 - np.array([0.3, 0.7]))
    assert np.allclose([bar[:, 1] for bar in segments(chosen)[1]], [[0.5, 0.9], [0.3, 0.3]])
    assert chosen.get_ylabel() == "1 − accuracy, lower is better ↓" and chosen.get_yscale() == "log"
    assert np.allclose(spread.lines[1].get_ydata(), [0.2, 0]) and spread.get_yscale() == "linear"
    assert np.allclose(rank.lines[1].get_ydata(), [4, 2.5])
    assert np.allclose([bar[:, 1] for bar in segments(rank)[1]], [[4, 4], [2, 3]])
    assert rank.get_ylabel() == "rank among 6, lower is better ↓" and rank.get_yscale() == "log"
    assert rank.get_ylim()[0] < 1 and "1" in [t.get_text() for t in rank.get_yticklabels()]


def test_a_wide_reach_has_written_out_numbers_that_do_not_run_into_each_other():
    accuracies = {f"a{i:04d}": 1 - 0.0003 * (i + 1) for i in range(3000)}
    archs = list(accuracies)
    lessons = lessons_of(("g", "g", 0, 0, [archs[900:2900:100], archs[30:90:3], archs[:10]]))
    words = {}
    for panel, axes in drawn(asked(lessons, truth_of(accuracies))).items():
        assert axes.get_yscale() == "log"
        shown = [t for t in axes.get_yticklabels() if t.get_text()]
        boxes = [t.get_window_extent() for t in shown]
        assert all(a.y1 < b.y0 for a, b in pairwise(boxes))
        words[panel] = [t.get_text() for t in shown]
    # Errors from .0003 to .8403, deviations from .0009 to .173, ranks from 1 to 901.
    assert words == {
        PANELS[0]: ["0.001", "0.01", "0.1", "1"],
        PANELS[1]: ["0.001", "0.01", "0.1"],
        PANELS[2]: ["1", "10", "100", "1,000"],
    }


def test_a_kind_that_always_has_the_best_stands_on_the_first_rank():
    axes = drawn(asked(lessons_of(("g", "g", 0, 0, ["af", "e"]))))[PANELS[2]]
    assert axes.lines[0].get_ydata().tolist() == [1, 1] and axes.get_ylim()[1] > 10


def test_perfect_choices_can_be_drawn():
    truth = truth_of({"a": 0.25, "b": 1.0, "c": 1.0})
    panels = drawn(asked(lessons_of(("g", "g", 0, 0, ["a", "bc"])), truth))
    assert panels[PANELS[0]].lines[0].get_ydata().tolist() == [0.75, 0.0]
    assert panels[PANELS[0]].get_yscale() == "linear"


def test_of_more_than_eight_kinds_the_first_eight_are_drawn_and_it_is_said():
    truth, runs = random_runs(kinds=[f"kind {i}" for i in range(9)], n_stages=14, size=2, draws=(0,))
    for axes in drawn(asked(lessons_of(*runs), truth)).values():
        assert [line.get_label() for line in axes.lines] == [f"kind {i}" for i in range(8)]
        assert len({line.get_color() for line in axes.lines}) == 8
        assert axes.get_legend().get_title().get_text() == "best 8 of 9 kinds of predictors"
        ticks = [float(t.get_text().replace("−", "-")) for t in axes.get_xticklabels() if t.get_text()]
        assert len(ticks) <= 12 and all(tick == int(tick) for tick in ticks)


def test_the_name_of_the_truth_is_refused():
    scores = pd.DataFrame({"estimator": "truth", "arch": list("abcdef"), "seed": 0, "score": 1.0})
    with pytest.raises(UserError, match="reserved"):
        asked(lessons_of(("truth", "g", 0, 0, ["a", "b"])), scores=scores)
