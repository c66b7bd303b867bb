"""Spreads within and between classes worked out by hand."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.iso_classes import compute, draw

SPREADS = ["within_score_std", "within_rank_std", "between_score_std", "global_score_std"]
CLASS_OF = {"a": "A", "b": "A", "c": "B", "d": "B", "e": "B", "f": "C", "g": "D"}


def table_of(by_arch, estimator="e", seed=0, epoch=5):
    rows = [(estimator, arch, CLASS_OF[arch], seed, epoch, score) for arch, score in by_arch.items()]
    return pd.DataFrame(rows, columns=["estimator", "arch", "iso_class", "seed", "epoch", "score"])


def test_two_classes_and_a_single_member_by_hand():
    table = table_of({"a": 0.5, "b": 0.7, "c": 0.9, "d": 0.9, "e": 0.3, "f": 0.1})
    # Ranks: c and d 1.5, b 3, a 4, e 5, f 6. Class means: .6, .7, .1.
    row = compute(None, None, class_scores=table).iloc[0]
    assert row["within_score_std"] == pytest.approx((0.1 + 0.08**0.5) / 2)
    assert row["within_rank_std"] == pytest.approx((0.5 + (49 / 18) ** 0.5) / 2)
    assert row["between_score_std"] == pytest.approx((0.62 / 9) ** 0.5)
    assert row["global_score_std"] == pytest.approx((0.8 / 9) ** 0.5)
    assert row[["n", "n_members", "n_seeds"]].tolist() == [2, 6, 1]


def test_the_spread_is_that_of_a_seed_and_not_of_the_mean_over_seeds():
    table = pd.concat([table_of({"a": 0.5, "b": 0.7}), table_of({"a": 0.9, "b": 0.5}, seed=1)])
    row = compute(None, None, class_scores=table).iloc[0]
    assert row[SPREADS].tolist() == pytest.approx([0.15, 0.5, 0.0, 0.15])
    assert row["n_seeds"] == 2


def test_a_member_that_one_seed_lacks_is_left_out():
    table = pd.concat(
        [table_of({"a": 0.5, "b": 0.7, "c": 0.4, "d": 0.4}), table_of({"a": 0.5, "b": 0.7, "c": 0.4}, seed=1)]
    )
    row = compute(None, None, class_scores=table).iloc[0]
    assert row[["n", "n_members"]].tolist() == [1, 3] and row["within_rank_std"] == 0.5


def test_estimators_and_epochs_stay_apart_and_in_order():
    far, near = {"a": 0.2, "b": 0.8}, {"a": 0.4, "b": 0.6}
    table = pd.concat([table_of(near, "y", epoch=10), table_of(far, "y", epoch=2), table_of(far, "x", epoch=10)])
    found = compute(None, None, class_scores=table)
    assert found[["estimator", "epoch"]].values.tolist() == [["x", 10], ["y", 2], ["y", 10]]
    assert found["within_score_std"].tolist() == pytest.approx([0.3, 0.3, 0.1])
    shuffled = compute(None, None, class_scores=table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(found, shuffled)


def test_twins_with_equal_scores_have_no_spread():
    row = compute(None, None, class_scores=table_of({"a": 0.5, "b": 0.5, "c": 0.1, "d": 0.1})).iloc[0]
    assert row[SPREADS].tolist() == pytest.approx([0.0, 0.0, 0.2, 0.2])


def test_no_twins_give_no_rows():
    table = table_of({"a": 0.5, "c": 0.5, "f": 0.1})
    for part in (table, table[:0]):
        found = compute(None, None, class_scores=part)
        assert found.empty and {"estimator", "epoch", *SPREADS, "n"} <= set(found.columns)


def test_the_drawing_shows_shares_with_the_closest_first():
    loose = [table_of({"a": 0.4, "b": 0.6, "f": 0.1, "g": 0.9}, "loose", epoch=e) for e in (1, 2)]
    close = [table_of({"a": 0.49, "b": 0.51, "f": 0.1, "g": 0.9}, "cl$se", epoch=e) for e in (1, 2)]
    found = compute(None, None, class_scores=pd.concat([*loose, *close]))
    axes = Figure().add_subplot()
    draw(found, axes)
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [r"cl\$se", "loose"]
    shares = [line.get_ydata()[0] for line in axes.lines]
    assert shares == pytest.approx([0.01 / (0.3202 / 4) ** 0.5, 0.1 / (0.34 / 4) ** 0.5])


def test_more_estimators_than_marks_are_said():
    tables = [table_of({"a": 0.4, "b": 0.4 + i / 100, "f": 0.9}, f"e{i}") for i in range(9)]
    axes = Figure().add_subplot()
    draw(compute(None, None, class_scores=pd.concat(tables)), axes)
    assert axes.get_legend().get_title().get_text() == "smallest 8 of 9 estimators" and len(axes.lines) == 8


@pytest.mark.parametrize("by_arch", [{}, {"a": 0.5, "b": 0.5}, dict.fromkeys("abcdef", 0.1)])
def test_without_anything_to_compare_the_drawing_says_so(by_arch):
    axes = Figure().add_subplot()
    draw(compute(None, None, class_scores=table_of(by_arch)), axes)
    axes.figure.canvas.draw()
    assert "two scored members" in axes.texts[0].get_text()


def test_equal_twins_of_one_epoch_can_be_drawn():
    axes = Figure().add_subplot()
    draw(compute(None, None, class_scores=table_of({"a": 0.5, "b": 0.5, "c": 0.1, "d": 0.1})), axes)
    axes.figure.canvas.draw()
    assert axes.lines[0].get_ydata().tolist() == [0.0] and axes.get_xticks().tolist() == [5]
