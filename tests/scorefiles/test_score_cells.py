"""Cells of score files: failed, worst, too good, in other units; and columns that are no estimators. Both formats."""

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import read_scores, score_file

ARCHS = ["a", "b", "c"]


@pytest.mark.parametrize(
    "missing", [None, "", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "None", "NULL", "null", " na "]
)
def test_an_empty_cell_is_a_measurement_that_failed_however_it_is_written(file, missing):
    wide = read_scores(file(arch=ARCHS, s=["1", missing, "3"]))
    long = read_scores(file("long", estimator=["s"] * 3, arch=ARCHS, score=["1", missing, "3"]))
    for scores in (wide, long):
        assert scores["arch"].tolist() == ARCHS, "a failure has a row, what was not asked has none"
        np.testing.assert_array_equal(scores["score"], [1, np.nan, 3])


@pytest.mark.parametrize("worst", ["-inf", "-Infinity", "-INF", -np.inf])
def test_minus_infinity_is_the_worst_score(file, worst):
    kind = type(worst)
    assert read_scores(file(arch=ARCHS, s=[kind(1), worst, kind(3)]))["score"].tolist() == [1, -np.inf, 3]


@pytest.mark.parametrize("best", ["inf", "+Infinity", np.inf])
def test_plus_infinity_is_refused(file, best):
    with pytest.raises(UserError, match=r"row 2, column 's' is infinite; -inf is the worst"):
        read_scores(file(arch=ARCHS, s=[type(best)(1), best, type(best)(3)]))


def test_an_estimator_without_any_score_is_named(file):
    with pytest.raises(UserError, match="estimator 'd': every score is missing"):
        read_scores(file(arch=ARCHS, s=[1, 2, 3], d=[None, None, None]))


def test_low_is_good_changes_the_sign_at_reading_and_what_is_worst_with_it(file):
    path = file(arch=ARCHS, s=[1.0, 2.0, 3.0], loss=[0.5, np.inf, None])
    scores = read_scores(path, lower_is_better=["loss"]).set_index(["estimator", "arch"])["score"]
    assert scores["s"].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(scores["loss"], [-0.5, -np.inf, np.nan])
    long = file("long", estimator=["s", "loss"], arch=["a", "a"], score=[1.0, 0.5])
    assert read_scores(long, lower_is_better=["loss"])["score"].tolist() == [1, -0.5]
    with pytest.raises(UserError, match="unknown estimator 'los'; nearest: loss"):
        read_scores(path, lower_is_better=["los"])
    with pytest.raises(UserError, match="row 2, column 'loss' is infinite"):
        read_scores(path)
    with pytest.raises(UserError, match=r"row 1, column 'loss' is infinite; inf is the worst"):
        read_scores(file(arch=ARCHS, loss=[-np.inf, 1, 2]), lower_is_better=["loss"])


@pytest.mark.parametrize(
    ("name", "noted"),
    [("val_loss", True), ("test error", True), ("Rank", True), ("RMSE", True), ("neg_loss", False), ("lossless", False),
     ("synflow", False), ("ranker", False), ("mirror", False)],
)  # fmt: skip
def test_a_name_that_sounds_lower_better_is_a_note_unless_the_direction_is_said(file, name, noted):
    path = file(arch=ARCHS, **{name: [1, 2, 3]})
    assert any("--lower-is-better" in note for note in score_file(path).notes) == noted
    assert not score_file(path, lower_is_better=[name]).notes


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("1,5", "decimal separator: write a point"),
        ("0,875", "decimal separator: write a point"),
        ("12,3456", "decimal separator: write a point"),
        ("1,234", "no thousands separator"),
        ("12,345.6", "no thousands separator"),
        ("91.5%", "as a fraction"),
        ("0.91 ± 0.02", "only the mean"),
        ("0.91 (0.02)", "only the mean"),
        ("True", "write 1 and 0"),
        ("large", "an empty cell where a measurement failed"),
        ("1e999", "beyond the range of a double"),
        ("-1e999", "beyond the range of a double"),
    ],
)
def test_the_remedy_is_that_of_what_stands_in_the_cell(file, cell, remedy):
    with pytest.raises(UserError, match=f"row 2, column 's' contains '.*{remedy}") as raised:
        read_scores(file(arch=ARCHS, s=["1", cell, "3"]))
    assert "leave the cell empty" not in str(raised.value)


@pytest.mark.parametrize("name", ["index", "Index", "idx", "Unnamed: 0", "Unnamed: 0.1", "level_0"])
def test_row_numbers_are_passed_over_with_a_note(file, name):
    found = score_file(file(**{name: [0, 1, 2]}, arch=ARCHS, s=[1, 2, 3]))
    assert found.scores["estimator"].unique().tolist() == ["s"]
    assert len(found.notes) == 1 and "ignored as row numbers" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("epoch", "keep the rows of one value"),
        ("Epochs", "keep the rows of one value"),
        ("checkpoint", "keep the rows of one value"),
        ("test_acc", "rename it after the estimator"),
        ("accuracy", "rename it after the estimator"),
        ("Valid-Accuracy", "rename it after the estimator"),
        ("ground_truth", "rename it after the estimator"),
        ("Seed", "rename it to that"),
        ("seeds", "rename it to that"),
        ("trial", "rename it to that"),
        ("random_seed", "rename it to that"),
    ],
)
def test_a_number_that_is_hardly_an_estimator_is_refused_with_the_remedy(file, name, remedy):
    with pytest.raises(UserError, match=f"column '{name}' .*{remedy}"):
        read_scores(file(arch=ARCHS, s=[1, 2, 3], **{name: [1, 2, 3]}))


@pytest.mark.parametrize("name", ["size", "n_params", "flops", "oneshot_accuracy", "epoch_10", "synflow", "my index"])
def test_estimators_are_not_taken_for_something_else(file, name):
    found = score_file(file(arch=ARCHS, **{name: [1, 2, 3]}))
    assert found.scores["estimator"].tolist() == [name] * 3 and not found.notes


@pytest.mark.parametrize("name", ["method", "proxy", "Estimator", "predictor"])
def test_a_column_that_names_the_estimators_is_told_what_it_must_be_called(file, name):
    with pytest.raises(UserError, match=f"column '{name}' looks like 'estimator'; rename it"):
        read_scores(file(**{name: ["x", "y", "x"]}, arch=["a", "a", "b"], score=[1, 2, 3]))
    with pytest.raises(
        UserError, match="column 'family' contains text; if it names the estimators, call it 'estimator'"
    ):
        read_scores(file(family=["x", "y", "x"], arch=["a", "a", "b"], score=[1, 2, 3]))


@pytest.mark.parametrize("name", ["Arch", "architecture", "arch_str", "genotype", "Arch String"])
def test_a_column_of_architectures_under_another_name_is_pointed_out(file, name):
    with pytest.raises(UserError, match=f"column 'arch' is missing; .*rename '{name}' to 'arch'"):
        read_scores(file(**{name: ARCHS}, s=[1, 2, 3]))


def test_an_index_is_no_architecture(file):
    with pytest.raises(UserError, match="indices differ between files"):
        read_scores(file(index=[0, 1, 2], s=[1, 2, 3]))


def test_several_runs_are_offered_a_column_seed(file):
    with pytest.raises(UserError, match=r"row 2 repeats row 1 \(arch a, seed 0\); if these are several runs, .*'seed'"):
        read_scores(file(arch=["a", "a", "a"], s=[1, 2, 3]))
    with pytest.raises(UserError, match=r"row 3 repeats row 1 .*a distinct seed"):
        read_scores(file(arch=["a", "a", "a"], seed=[0, 1, 0], s=[1, 2, 3]))


def test_rows_of_several_epochs_differ_in_a_column_that_is_not_read(file):
    columns = {"estimator": ["x", "x"], "score": [1, 2], "epoch": [10, 20]}
    with pytest.raises(UserError, match=r"row 2 repeats row 1 .*they differ in column 'epoch'"):
        read_scores(file(arch=["a", "a"], **columns))
    found = score_file(file(arch=["a", "b"], **columns))
    assert found.notes == (f"{found.where}: column 'epoch' is ignored",)
    with pytest.raises(UserError, match="if column 'trial' numbers the runs, rename it to 'seed'"):
        read_scores(file(arch=["a", "a"], estimator=["x", "x"], score=[1, 2], trial=[10, 20]))


@pytest.mark.parametrize("seed", [-1, 0.5, 2**53, 2**53 + 1, 2**62, "1e30"])
def test_a_seed_is_a_whole_number_that_a_double_can_hold(file, seed):
    with pytest.raises(UserError, match=r"row 2, column 'seed' is .*a seed is an integer"):
        read_scores(file(arch=ARCHS, seed=["0", str(seed), "0"], s=[1, 2, 3]))
    if not isinstance(seed, str):
        with pytest.raises(UserError, match=r"row 2, column 'seed' is .*a seed is an integer"):
            read_scores(file(arch=ARCHS, seed=[0, seed, 0], s=[1, 2, 3]))
    last = 2**53 - 1
    assert read_scores(file(arch=ARCHS, seed=[0, last, 0], s=[1, 2, 3]))["seed"].tolist() == [0, last, 0]


@pytest.mark.parametrize("name", ["x" * 256, "é" * 128, "two\nlines", "bell\a", "tab\tin it"])
def test_names_that_no_file_or_table_can_hold_are_refused(file, name):
    with pytest.raises(UserError, match="estimator's name") as raised:
        read_scores(file(arch=ARCHS, **{name: [1, 2, 3]}))
    assert "\n" not in str(raised.value)
    with pytest.raises(UserError, match="estimator's name"):
        read_scores(file(estimator=[name] * 3, arch=ARCHS, score=[1, 2, 3]))
    assert len(read_scores(file(arch=ARCHS, **{"x" * 255: [1, 2, 3]})))


def test_rows_are_those_of_the_file_in_both_forms(file):
    found = score_file(file(arch=ARCHS, s=[1, 2, 3], t=[4, 5, 6]))
    assert found.rows.tolist() == [1, 2, 3, 1, 2, 3]
    long = score_file(file(estimator=["s", "t", "s"], arch=ARCHS, score=[1, 2, 3]))
    assert long.rows.tolist() == [1, 2, 3]


def test_blank_lines_of_a_csv_count(text):
    found = score_file(text("\narch,s\na,1\n\n\nb,2\n"))
    assert found.rows.tolist() == [1, 4]
    with pytest.raises(UserError, match="row 4, column 's'"):
        score_file(text("arch,s\na,1\n\n\nb,x\n"))


def test_categories_and_numbers_of_any_width_are_read_from_parquet(tmp_path):
    kinds = ["int8", "uint64", "float16", "float32", "Int64", "category"]
    table = pd.DataFrame({"arch": pd.Categorical(ARCHS)} | {k: pd.Series([1, 2, 3]).astype(k) for k in kinds})
    table.to_parquet(tmp_path / "t.parquet")
    scores = read_scores(tmp_path / "t.parquet")
    assert scores["estimator"].unique().tolist() == kinds and scores["score"].tolist() == [1, 2, 3] * len(kinds)
