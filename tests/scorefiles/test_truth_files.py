"""Truth files: units, directions, sizes, trainings; and the units that docs/judge.md states."""

from pathlib import Path

import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import SCORE_FILE, TRUTH_FILE, read_truth, truth_file

ARCHS = ["a", "b", "c"]
DOCS = Path(__file__).parents[2] / "docs" / "judge.md"


def test_a_value_may_be_any_finite_number(file):
    told = truth_file(file(arch=ARCHS, value=[-12.5, 0.0, 31.2]))
    assert told.truth["accuracy"].tolist() == [-12.5, 0.0, 31.2]
    assert told.column == "value" and told.measure.startswith("value, one training")


def test_low_is_good_changes_the_sign_at_reading(file):
    told = truth_file(file(arch=ARCHS, value=[12.5, 0.5, 31.0]), lower_is_better=True)
    assert told.truth["accuracy"].tolist() == [-12.5, -0.5, -31.0]
    assert told.measure.startswith("value with its sign changed")
    with pytest.raises(UserError, match="an accuracy is higher-better; name the column 'value'"):
        truth_file(file(arch=ARCHS, accuracy=[0.1, 0.2, 0.3]), lower_is_better=True)


@pytest.mark.parametrize("value", ["inf", "-inf", "1e999"])
def test_a_value_is_finite(file, value):
    with pytest.raises(UserError, match="row 2, column 'value'"):
        read_truth(file(arch=ARCHS, value=["1", value, "3"]))


@pytest.mark.parametrize("missing", [None, "", "NA", "None"])
def test_a_value_is_told(file, missing):
    for name in ("value", "accuracy"):
        with pytest.raises(UserError, match=f"row 2, column '{name}' is empty"):
            read_truth(file(arch=ARCHS, **{name: ["1", missing, "0"]}))


def test_percent_is_still_refused_and_other_quantities_are_told_their_name(file):
    with pytest.raises(UserError, match=r"is 91\.5, .*divide percent by 100, or name the column 'value'"):
        read_truth(file(arch=ARCHS, accuracy=[0.9, 91.5, 0.8]))
    with pytest.raises(UserError, match=r"is -0\.5, .*name the column 'value'"):
        read_truth(file(arch=ARCHS, accuracy=[0.9, -0.5, 0.8]))
    with pytest.raises(UserError, match="both 'accuracy' and 'value'"):
        read_truth(file(arch=ARCHS, accuracy=[0.9, 0.5, 0.8], value=[1, 2, 3]))
    with pytest.raises(UserError, match="rename one of 'val_acc', 'test_acc' to 'accuracy'"):
        read_truth(file(arch=ARCHS, val_acc=[0.9, 0.5, 0.8], test_acc=[1, 2, 3]))


@pytest.mark.parametrize("name", ["n_params", "macs"])
def test_sizes_are_counts(file, name):
    columns = {"arch": ARCHS, "accuracy": [0.1, 0.2, 0.3]}
    told = truth_file(file(**columns, **{name: [10_000, 2_000_000, None]})).complexity
    assert told[name].tolist()[:2] == [10_000, 2_000_000] and told[name].isna().tolist() == [False, False, True]
    with pytest.raises(
        UserError, match=f"row 2, column '{name}' is 0.35: expected a count, not millions; multiply by 1e6"
    ):
        truth_file(file(**columns, **{name: [0.0, 0.35, 1.2]}))
    for foreign in (-1, 1e300, 2**53):
        with pytest.raises(UserError, match=f"row 2, column '{name}' is .*from 0, below 2"):
            truth_file(file(**columns, **{name: [1.0, foreign, 1.0]}))
    with pytest.raises(UserError, match=f"row 2, column '{name}' is infinite"):
        truth_file(file(**columns, **{name: [1.0, float("inf"), 1.0]}))
    (note,) = truth_file(file(**columns, **{name: [1, 2, 5]})).notes
    assert f"all {name} are at most 5; counts are expected, not millions" in note


def test_an_architecture_has_one_size(file):
    columns = {"arch": ["a", "b", "a"], "seed": [0, 0, 1], "accuracy": [0.1, 0.2, 0.3]}
    told = truth_file(file(**columns, n_params=[None, 200, 100])).complexity.set_index("arch")["n_params"]
    assert told.to_dict() == {"a": 100, "b": 200}
    with pytest.raises(UserError, match="row 3, column 'n_params' is 300, in row 1 it is 100"):
        truth_file(file(**columns, n_params=[100, 200, 300]))


def test_columns_that_are_not_read_are_told_and_near_ones_named(file):
    told = truth_file(file(arch=ARCHS, accuracy=[0.1, 0.2, 0.3], params=[1, 2, 3], index=[0, 1, 2], dataset=["x"] * 3))
    assert [note.partition(": ")[2] for note in told.notes] == [
        "column 'params' is ignored; rename it to 'n_params' if that is meant",
        "column 'dataset' is ignored",
    ]
    with pytest.raises(UserError, match="if column 'Seed' numbers the runs, rename it to 'seed'"):
        truth_file(file(arch=["a", "a"], accuracy=[0.1, 0.2], Seed=[0, 1]))


@pytest.mark.parametrize(
    ("archs", "seeds", "says"),
    [("abc", None, "one training per architecture"), ("aabb", [0, 1, 0, 1], "mean over 2 trainings per architecture"),
     ("aaabb", [0, 1, 2, 0, 1], "mean over 2 to 3 trainings per architecture"),
     ("aab", [0, 1, 0], "mean over 1 to 2 trainings per architecture")],
)  # fmt: skip
def test_the_number_of_trainings_is_that_of_the_architectures(file, archs, seeds, says):
    columns = {"arch": list(archs), "accuracy": [i / 10 for i in range(len(archs))]}
    columns |= {} if seeds is None else {"seed": seeds}
    assert truth_file(file(**columns)).measure == f"accuracy, {says}"


def test_docs_state_the_unit_of_every_column():
    text = DOCS.read_text()
    for title, columns in (("score file", SCORE_FILE), ("ground-truth file", TRUTH_FILE)):
        rows = [f"| {column.name} | {column.unit} |" for column in columns]
        assert all(column.unit for column in columns)
        assert "\n".join([f"| column of a {title} | unit |", "|---|---|", *rows]) + "\n\n" in text
