"""Who is judged on whose architectures, with values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.common_ground import compute, draw
from nasgauge.core.errors import UserError

TRUTH = pd.DataFrame(
    {"arch": list("abcde"), "iso_class": list("abcde"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6, 0.5]}
)


UNKNOWN = "not recorded"


def scores_of(estimator, by_arch, seed=0):
    rows = [(estimator, arch, seed, float(score)) for arch, score in by_arch.items()]
    return pd.DataFrame(rows, columns=["estimator", "arch", "seed", "score"])


FULL = scores_of("full", {"a": 1, "b": 2, "c": 3, "d": 4, "e": 0})
PART = scores_of("part", {"a": 9, "b": 7, "c": 8})


def test_the_others_are_judged_on_exactly_these_architectures():
    found = compute(pd.concat([FULL, PART]), TRUTH, fraction=0.5)
    assert found.values.tolist() == [
        ["part", "full", -1.0, 0.0, 2.0, 5, 3, UNKNOWN],
        ["part", "part", pytest.approx(1 / 3), 1.0, 8.0, 3, 3, UNKNOWN],
    ]


def test_what_else_differs_from_the_supernet_of_the_subset_is_named():
    scores = pd.concat(
        [
            FULL,
            PART,
            scores_of("tracked", {a: 1.0 * ord(a) for a in "abcde"}),
            scores_of("size", {a: 2.0 * ord(a) for a in "abcde"}),
        ]
    )
    settings = pd.DataFrame({"estimator": ["full", "part", "tracked"], "setting": "epochs", "value": 9.0})
    rows = [("full", "bn", "batch"), ("part", "bn", "batch"), ("tracked", "bn", "tracked")]
    rows += [("full", "without", "nothing"), ("part", "without", "none"), ("tracked", "without", "nothing")]
    choices = pd.DataFrame(rows, columns=["estimator", "setting", "value"])
    found = compute(scores, TRUTH, settings=settings, choices=choices)
    told = {"full": "nothing", "part": "nothing", "size": UNKNOWN, "tracked": "bn"}
    assert dict(zip(found["estimator"], found["also_differs"], strict=True)) == told
    epochs = settings.assign(value=[9.0, 8.0, 9.0])
    found = compute(scores, TRUTH, settings=epochs, choices=choices).set_index("estimator")["also_differs"]
    assert (found["full"], found["tracked"]) == ("epochs", "bn, epochs")


def test_a_subset_need_not_be_the_first_architectures():
    found = compute(pd.concat([FULL, scores_of("part", {"b": 3, "d": 1, "e": 2})]), TRUTH)
    assert found["kendall_tau"].tolist() == pytest.approx([1 / 3, 1 / 3]) and found["mean_score"].tolist() == [2, 2]


def test_equal_sets_are_one_subset_and_smaller_ones_are_their_own():
    twin = scores_of("alike", {"c": 1, "b": 2, "a": 3})
    small = scores_of("small", {"a": 1, "b": 2})
    apart = scores_of("apart", {"d": 1, "e": 2})
    found = compute(pd.concat([FULL, PART, twin, small, apart]), TRUTH)
    pairs = found[["subset_of", "estimator", "n_scored", "n"]].values.tolist()
    assert pairs == [
        ["alike", "alike", 3, 3],
        ["alike", "full", 5, 3],
        ["alike", "part", 3, 3],
        ["apart", "apart", 2, 2],
        ["apart", "full", 5, 2],
        ["small", "alike", 3, 2],
        ["small", "full", 5, 2],
        ["small", "part", 3, 2],
        ["small", "small", 2, 2],
    ]


def test_values_are_means_over_seeds_and_an_architecture_needs_them_all():
    seeds = [scores_of("part", {"a": 3, "b": 2, "c": 1, "d": 9}), scores_of("part", {"a": 4, "b": 5, "c": 6}, seed=1)]
    row = compute(pd.concat(seeds), TRUTH, fraction=0.4).iloc[0]
    assert row.tolist() == ["part", "part", 0.0, 0.5, 3.5, 3, 3, UNKNOWN]


def test_architectures_outside_the_truth_are_not_judged():
    foreign = scores_of("foreign", {"x": 1, "y": 2})
    more = pd.concat([FULL, scores_of("full", {"x": 5})])
    assert compute(pd.concat([more, foreign]), TRUTH).empty
    found = compute(pd.concat([more, PART, scores_of("part", {"x": 1})]), TRUTH)
    assert found["n"].tolist() == [3, 3] and found["n_scored"].tolist() == [5, 3]


def test_everybody_on_everything_leaves_nothing_to_compare():
    found = compute(FULL, TRUTH)
    assert found.empty and list(found.columns) == list(compute(PART, TRUTH).columns)


def test_constant_scores_and_single_architectures_are_undefined():
    found = compute(pd.concat([FULL, scores_of("flat", {"a": 1, "b": 1}), scores_of("one", {"a": 1})]), TRUTH)
    undefined = found[["kendall_tau", "precision_at_top"]].isna().all(axis=1)
    assert found.loc[~undefined, ["subset_of", "estimator"]].values.tolist() == [["flat", "full"]]


def test_the_order_of_rows_decides_nothing():
    scores = pd.concat([FULL, PART, scores_of("small", {"a": 1, "b": 2})])
    pd.testing.assert_frame_equal(compute(scores, TRUTH), compute(scores[::-1], TRUTH[::-1]))


def test_a_senseless_fraction_is_refused():
    with pytest.raises(UserError, match="common_ground"):
        compute(FULL, TRUTH, fraction=1.0)


def test_the_drawing_has_the_best_above_and_the_own_estimator_apart():
    axes = Figure().add_subplot()
    draw(compute(pd.concat([FULL, PART]), TRUTH), axes)
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_yticklabels()] == ["part", "full"]
    line, others, own = axes.lines
    assert own.get_xdata().tolist() == [pytest.approx(1 / 3)] == list(line.get_xdata())[:1]
    assert others.get_xdata().tolist() == [-1.0] and "(n = 3)" in axes.get_xlabel()


def test_many_others_are_cut_but_never_the_own():
    rng = np.random.default_rng(0)
    truth = pd.DataFrame({"arch": [f"a{i}" for i in range(30)], "seed": 0, "accuracy": np.arange(30) / 30})
    accuracy = dict(zip(truth["arch"], truth["accuracy"], strict=True))
    others = [scores_of(f"e{i}", {a: t + rng.normal() / 3 for a, t in accuracy.items()}) for i in range(10)]
    own = scores_of("own", {a: -t for a, t in list(accuracy.items())[:20]})
    axes = Figure().add_subplot()
    draw(compute(pd.concat([*others, own]), truth), axes)
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert len(names) == 8 and names[-1] == "own" and "8 of 11" in axes.get_xlabel()


@pytest.mark.parametrize("scores", [FULL, scores_of("flat", {"a": 1, "b": 1})])
def test_without_anything_to_compare_the_drawing_says_so(scores):
    axes = Figure().add_subplot()
    draw(compute(scores, TRUTH), axes)
    assert "no estimators" in axes.texts[0].get_text()


def test_an_own_tau_that_is_undefined_still_shows_the_others():
    axes = Figure().add_subplot()
    draw(compute(pd.concat([FULL, scores_of("flat", {"a": 1, "b": 1})]), TRUTH), axes)
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_yticklabels()] == ["full"]
