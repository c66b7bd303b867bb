"""Truth files: units, directions, sizes, trainings; and the units that docs/judge.md states."""

from pathlib import Path

import pytest

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.core.tables import ATTRIBUTES, check
from nasgauge.judging import judge_scores
from nasgauge.judging.scorefiles import SCORE_FILE, TRUTH_FILE, read_truth, truth_file
from nasgauge.spaces import get_space

ARCHS = ["a", "b", "c"]
FIRST = (  # the cells 0, 9 and 123, as the authors' program that numbers them asserts
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "|avg_pool_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
)
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


PERCENT = {  # accuracies: what they are divided by, or the refusal
    (91.5, 88.25, 1.0): 100,
    (100.0, 1.5, 1.25): 100,
    (0.9, 1.0, 0.0): 1,
    (1.0, 1.0, 1.0): 1,
    (
        0.9,
        91.5,
        0.8,
    ): r"row 2, column 'accuracy' is 91\.5 and row 1 is 0\.9: fractions or percent; divide percent by 100",
    (
        91.5,
        88.0,
        0.83,
    ): r"row 1, column 'accuracy' is 91\.5 and row 3 is 0\.83: fractions or percent; .*accuracy_percent",
    (91.5, -1.0, 88.0): "row 1, column 'accuracy' is 91.5 and row 2 is -1: fractions or percent",
    (-1.0, 91.5, 88.0): "row 1, column 'accuracy' is -1, but an accuracy cannot be negative",
    (91.5, 101.0, 88.0): "row 2, column 'accuracy' is 101, but an accuracy is a fraction from 0 to 1, or percent",
}


@pytest.mark.parametrize("given", PERCENT)
def test_percentages_are_recognised_and_what_could_be_either_is_refused(file, given):
    expected, path = PERCENT[given], file(arch=ARCHS, accuracy=list(given))
    if isinstance(expected, str):
        with pytest.raises(UserError, match=expected):
            read_truth(path)
        return
    found = truth_file(path)
    assert found.truth["accuracy"].tolist() == [number / expected for number in given] and found.column == "accuracy"
    what = f"column 'accuracy', from {min(given):g} to {max(given):g}, is read as percent and divided by 100"
    assert list(found.notes) == ([f"{found.where}: {what}"] if expected == 100 else [])


def test_a_column_of_percentages_says_so_by_its_name(file):
    found = truth_file(file(arch=ARCHS, accuracy_percent=[0.83, 47.3, 0.0]))
    assert found.truth["accuracy"].tolist() == [0.83 / 100, 47.3 / 100, 0] and not found.notes
    for wrong in (100.5, -0.5):
        with pytest.raises(UserError, match=f"row 2, column 'accuracy_percent' is {wrong}"):
            truth_file(file(arch=ARCHS, accuracy_percent=[0.83, wrong, 0.0]))
    with pytest.raises(UserError, match="both 'accuracy' and 'accuracy_percent'"):
        read_truth(file(arch=ARCHS, accuracy=[0.1] * 3, accuracy_percent=[1] * 3))


def test_other_quantities_are_told_their_name(file):
    with pytest.raises(UserError, match=r"row 2, .* is -0\.5, .*name the column 'value'"):
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
        "column 'params' is read as an attribute; rename it to 'n_params' if that is meant",
        "column 'dataset' is ignored",
    ]
    with pytest.raises(UserError, match="if column 'Seed' numbers the runs, rename it to 'seed'"):
        truth_file(file(arch=["a", "a"], accuracy=[0.1, 0.2], Seed=[0, 1]))


def test_further_numbers_are_attributes(file):
    table = truth_file(
        file(arch=["a", "b", "a", "c"], seed=[0, 0, 1, 0], accuracy=[0.1, 0.2, 0.3, 0.4], latency_ms=[2.0, 5, 4, None],
             energy=[1, 2, None, 4], flops=[1e9, 2e9, 1e9, 3e9], label=["x", "y", "x", "z"], note=["1", "2", "?", "4"],
             bound=[1.0, float("inf"), 2.0, 3.0], trial=[1, 2, 3, 4])
    )  # fmt: skip
    assert table.attributes.columns.tolist() == ["arch", "latency_ms", "energy", "flops"]
    rows = table.attributes.astype(object).where(table.attributes.notna(), None).values.tolist()
    assert rows == [["a", 3.0, 1.0, 1e9], ["b", 5.0, 2.0, 2e9], ["c", None, 4.0, 3e9]]
    assert set(table.attributes.dtypes.astype(str)[1:]) == {"float64"}
    check(table.attributes, ATTRIBUTES)
    assert [note.partition(": ")[2] for note in table.notes] == [
        "column 'flops' is read as an attribute; rename it to 'macs' if that is meant",
        "column 'label' is ignored",
        "column 'note' is ignored: row 3, column 'note' contains '?', which is not a number; give a number, or an "
        "empty cell where it is not known",
        "column 'bound' is ignored: row 2, column 'bound' is infinite; give a finite number",
        "column 'trial' is ignored; rename it to 'seed' if that is meant",
    ]
    assert truth_file(file("plain", arch=ARCHS, accuracy=[0.1, 0.2, 0.3], index=[1, 2, 3])).attributes is None


def test_attributes_have_the_spelling_of_the_ground_truth_and_reach_the_verdict(file):
    space = get_space("nb201")
    truth = file(arch=["0", "9", "123"], accuracy=[0.1, 0.2, 0.3], latency_ms=[1.0, 2.0, 3.0])
    archs = [space.to_str(space.from_str(text)) for text in FIRST]
    scores = file("scores", arch=archs, s=[1, 2, 3])
    verdict = judge_scores(scores, truth=truth, space="nb201", criteria=["kendall_tau"], n_bootstrap=0)
    assert verdict.attributes.values.tolist() == [[arch, i + 1.0] for i, arch in enumerate(archs)]
    own = {arch: i for i, arch in enumerate(load("digits-nb201").archs[:5])}
    assert judge_scores(own, benchmark="digits-nb201", criteria=["kendall_tau"], n_bootstrap=0).attributes is None


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
