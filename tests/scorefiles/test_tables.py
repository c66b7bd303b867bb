"""Tables in memory: the same scores, ground truth and errors as from a file."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.judging.scorefiles import score_table, truth_table

ARCHS = ["a", "b", "c"]
WIDE = pd.DataFrame({"arch": ARCHS, "s": [1.0, 2.5, -3.0], "t": [4.0, np.nan, 6.0]})
LONG = WIDE.melt("arch", var_name="estimator", value_name="score")
BY_ARCH = WIDE.set_index("arch")

TABLES = {
    "wide": WIDE,
    "wide, another order of rows' numbers": WIDE.set_axis([7, 7, 9]),
    "the index is named arch": BY_ARCH,
    "the index has no name": BY_ARCH.rename_axis(None),
    "objects": WIDE.astype(object).where(WIDE.notna(), None),
    "categories": WIDE.astype({"arch": "category"}),
    "nullable": WIDE.astype({"s": "Float64", "t": "Float64"}),
    "scalars of numpy": WIDE.assign(s=pd.Series([np.float64(1), np.float64(2.5), np.int64(-3)], dtype=object)),
    "decimals": WIDE.assign(s=[decimal.Decimal("1"), decimal.Decimal("2.5"), decimal.Decimal("-3")]),
    "arrays of one number": WIDE.assign(s=pd.Series([np.array(1.0), np.array(2.5), np.array(-3.0)], dtype=object)),
    "long": LONG,
    "long, indexed": LONG.set_index(["estimator", "arch"]),
    "long with seeds": LONG.assign(seed=0),
    "a dictionary of Series": {"s": BY_ARCH["s"], "t": BY_ARCH["t"]},
    "a dictionary of dictionaries": {name: BY_ARCH[name].to_dict() for name in ("s", "t")},
    "a dictionary of lists": WIDE.to_dict("list"),
    "a dictionary of arrays' lists": {"arch": ARCHS, "s": list(WIDE["s"].to_numpy()), "t": list(WIDE["t"])},
    "records": WIDE.to_dict("records"),
    "arrays": {"arch": np.array(ARCHS), "s": WIDE["s"].to_numpy(), "t": WIDE["t"].to_numpy()},
    "arrays and lists": {"arch": ARCHS, "s": WIDE["s"].to_numpy("float32"), "t": list(WIDE["t"])},
    "an index and arrays": {"arch": pd.Index(ARCHS), "s": WIDE["s"].array, "t": WIDE["t"].to_numpy()},
    "lists and Series": {"arch": ARCHS, "s": WIDE["s"], "t": WIDE["t"].to_numpy()},
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_gives_the_scores_of_the_file(tmp_path, name):
    WIDE.to_csv(tmp_path / "s.csv", index=False)
    expected = score_table(tmp_path / "s.csv")
    found = score_table(TABLES[name])
    pd.testing.assert_frame_equal(found.scores.sort_values(["estimator", "arch"], ignore_index=True), expected.scores)
    assert not found.notes and found.where == "the table" and expected.where == "s.csv"


def test_tensors_ranges_and_archives_are_columns(tmp_path):
    torch = pytest.importorskip("torch")
    np.savez(tmp_path / "s.npz", arch=np.array(ARCHS), s=np.arange(3))
    expected = score_table({"arch": ARCHS, "s": [0, 1, 2]}).scores
    for column in (range(3), torch.arange(3), torch.arange(3.0, dtype=torch.bfloat16, requires_grad=True)):
        pd.testing.assert_frame_equal(score_table({"arch": ARCHS, "s": column}).scores, expected)
    with np.load(tmp_path / "s.npz") as archive:
        pd.testing.assert_frame_equal(score_table(dict(archive)).scores, expected)
        pd.testing.assert_frame_equal(score_table(archive).scores, expected)
    accuracies = truth_table({"arch": ARCHS, "accuracy": np.array([0.5, 0.25, 0.75])}).truth["accuracy"]
    assert accuracies.tolist() == [0.5, 0.25, 0.75]


@pytest.mark.parametrize("orient", ["columns", "records", "index", "split", "table"])
@pytest.mark.parametrize("index", ["arch", None, "rows"])
def test_what_pandas_writes_as_json(tmp_path, orient, index):
    table = WIDE if index == "rows" else BY_ARCH.rename_axis(index)
    if index == "arch" and orient in ("records", "split"):  # in which pandas leaves out the index, or its name
        table = table.reset_index() if orient == "records" else table
    if index is None and orient == "records":
        return
    table.to_json(tmp_path / "s.json", orient=orient)
    found = score_table(tmp_path / "s.json", archs=ARCHS)
    pd.testing.assert_frame_equal(
        found.scores.sort_values(["estimator", "arch"], ignore_index=True), score_table(WIDE).scores
    )
    assert not [note for note in found.notes if "row numbers" not in note]


def test_a_split_table_of_other_lengths(tmp_path):
    (tmp_path / "s.json").write_text('{"columns": ["arch", "s"], "index": [0], "data": [["a"]]}')
    with pytest.raises(UserError, match="columns, index and data differ in length"):
        score_table(tmp_path / "s.json")


def test_a_table_is_left_as_it_is():
    for table in TABLES.values():
        if isinstance(table, pd.DataFrame):
            before = table.copy()
            score_table(table, lower_is_better=["s"])
            pd.testing.assert_frame_equal(table, before)


def test_numbers_by_architecture_are_one_estimator():
    for table in (BY_ARCH["s"].rename(None), BY_ARCH["s"].to_dict()):
        assert score_table(table).scores["estimator"].unique().tolist() == ["scores"]
    assert score_table(BY_ARCH["s"]).scores["estimator"].unique().tolist() == ["s"]
    seeded = pd.Series(
        [1.0, 2.0], index=pd.MultiIndex.from_tuples([("a", 0), ("a", 1)], names=["arch", "seed"]), name="s"
    )
    assert score_table(seeded).scores.values.tolist() == [["s", "a", 0, 1.0], ["s", "a", 1, 2.0]]


def test_architectures_of_one_estimator_only_are_not_measured_by_the_other():
    found = score_table({"x": {"a": 1.0, "b": None}, "y": pd.Series([2.0], index=["a"])}).scores
    assert found[["estimator", "arch"]].values.tolist() == [["x", "a"], ["x", "b"], ["y", "a"]]


TRUTHS = {
    "a data frame": pd.DataFrame({"arch": ARCHS, "accuracy": [0.5, 0.25, 0.75]}),
    "indexed": pd.DataFrame({"accuracy": [0.5, 0.25, 0.75]}, index=ARCHS),
    "a Series": pd.Series([0.5, 0.25, 0.75], index=ARCHS),
    "a named Series": pd.Series([0.5, 0.25, 0.75], index=ARCHS, name="cifar10"),
    "a dictionary": {"a": 0.5, "b": 0.25, "c": 0.75},
    "percent": {"a": 50, "b": 25, "c": 75},
    "a dictionary of columns by architecture": {"accuracy": {"a": 0.5, "b": 0.25, "c": 0.75}},
    "a dictionary of architectures": {a: {"accuracy": x} for a, x in zip(ARCHS, [0.5, 0.25, 0.75], strict=True)},
}


@pytest.mark.parametrize("name", TRUTHS)
def test_a_ground_truth_in_memory_is_that_of_the_file(tmp_path, name):
    TRUTHS["a data frame"].to_csv(tmp_path / "t.csv", index=False)
    found = truth_table(TRUTHS[name])
    pd.testing.assert_frame_equal(found.truth, truth_table(tmp_path / "t.csv").truth)
    assert found.column == "accuracy" and found.where == "the ground-truth table"


def test_a_series_of_values_is_no_accuracy():
    found = truth_table(pd.Series([50.0, -2.0], index=["a", "b"], name="value"), lower_is_better=True)
    assert found.column == "value" and found.truth["accuracy"].tolist() == [-50.0, 2.0]


WRONG = {
    "no table": ([1, 2], "is a list; give a pandas DataFrame or Series, a dictionary, or the path of a file"),
    "an array": (np.zeros(3), "is a ndarray; give"),
    "no architectures": (pd.Series([1.0, 2.0]), "the index of the Series is 0, 1, 2"),
    "no column arch": (pd.DataFrame({"s": [1.0]}), "column 'arch' is missing"),
    "no rows": (WIDE.iloc[:0], "it has no rows"),
    "nothing": ({}, "it has no rows"),
    "text": (WIDE.assign(s=["1", "x", "2"]), "row 2, column 's' contains 'x'"),
    "booleans": (WIDE.assign(s=True), "row 1, column 's' contains booleans"),
    "dates": (WIDE.assign(s=pd.Timestamp("2020-01-01")), "row 1, column 's' contains dates or times"),
    "dates among numbers": (WIDE.assign(s=[1.0, datetime.date(2020, 1, 1), 2.0]), "row 2, column 's' contains dates"),
    "a time of numpy": (WIDE.assign(s=pd.Series([np.timedelta64(1, "s")] * 3, dtype=object)), "dates or times"),
    "lists": (WIDE.assign(s=[1.0, 2.0, [3.0]]), "row 3, column 's' contains several values per cell"),
    "bytes": (WIDE.assign(s=[b"1", b"2", b"3"]), "row 1, column 's' contains bytes"),
    "objects": (WIDE.assign(s=[object()] * 3), "row 1, column 's' contains values of type object"),
    "complex": (WIDE.assign(s=[1j, 2j, 3j]), "row 1, column 's' contains values of type complex"),
    "an infinite score": (WIDE.assign(s=[1.0, np.inf, 2.0]), "row 2, column 's' is infinite"),
    "a huge number": (WIDE.assign(s=[1, 10**400, 2]), "row 2, column 's' contains '10.*, which is beyond"),
    "an empty architecture": (WIDE.assign(arch=["a", None, "c"]), "row 2, column 'arch' is empty"),
    "a fractional architecture": (WIDE.assign(arch=[1.5, 2.5, 3.5]), r"row 1, column 'arch' contains the number 1\.5"),
    "an architecture twice": (WIDE.assign(arch=["a", "b", "a"]), "row 3 repeats row 1"),
    "a Series with one twice": (pd.Series([1.0, 2.0], index=["a", "a"], name="s"), "row 2 repeats row 1"),
    "one twice within": ({"s": pd.Series([1.0, 2.0], index=["a", "a"])}, "row 2 repeats row 1"),
    "a name twice": (pd.DataFrame([["a", 1, 2]], columns=["arch", "s", "s"]), "column name 's' occurs twice"),
    "an empty name": (pd.DataFrame({"arch": ["a"], "": [1]}), "column name '' is empty"),
    "levels of columns": (pd.DataFrame({("x", "arch"): ["a"], ("x", "s"): [1]}), "its columns have 2 levels"),
    "index and column": (WIDE.set_index("arch", drop=False), "'arch' is the name of its index and of a column"),
    "an accuracy": (WIDE.assign(test_acc=0.5), "column 'test_acc' looks like a ground truth"),
    "lists without arch": ({"s": [1.0, 2.0]}, "entry 's' is a list"),
    "lengths": ({"arch": ["a", "b"], "s": [1.0]}, "its columns differ in length"),
    "an array of two dimensions": ({"arch": ARCHS, "s": np.zeros((3, 2))}, r"column 's' is an array of shape \(3, 2\)"),
    "an array and a number": ({"arch": np.array(ARCHS), "s": 5}, "column 's' is a number; give each column one value"),
    "an array without arch": ({"s": np.zeros(3)}, r"entry 's' is an array of shape \(3,\)"),
    "lengths of arrays": ({"arch": ARCHS, "s": np.zeros(2)}, r"its columns differ in length \('arch' 3, 's' 2\)"),
    "dates in an array": ({"arch": ARCHS, "s": np.zeros(3, "datetime64[ns]")}, "column 's' contains dates"),
    "mixed": ({"s": 1.0, "t": {"a": 2.0}}, "entry 's' is a number"),
    "a record that is none": ([{"arch": "a", "s": 1}, 3], "is a list"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_table_is_said_as_of_a_file(case):
    table, says = WRONG[case]
    with pytest.raises(UserError, match=f"^the table: .*{says}") as raised:
        score_table(table)
    assert "\n" not in str(raised.value)


def test_tables_are_judged_as_files_are(tmp_path):
    bench = load("digits-nb201")
    archs = bench.archs[:20]
    table = pd.DataFrame({"mine": np.arange(20.0)}, index=archs)
    table.rename_axis("arch").to_csv(tmp_path / "s.csv")
    truth = bench.truth[bench.truth["arch"].isin(archs)]
    truth[["arch", "seed", "accuracy"]].to_csv(tmp_path / "t.csv", index=False)
    options = {"criteria": ["kendall_tau"], "n_bootstrap": 0}
    for (one, other) in (({"benchmark": "digits-nb201"}, {"benchmark": bench}),
                         ({"truth": tmp_path / "t.csv"}, {"truth": truth[["arch", "seed", "accuracy"]]})):  # fmt: skip
        file, memory = judge_scores(tmp_path / "s.csv", **one, **options), judge_scores(table, **other, **options)
        pd.testing.assert_frame_equal(file.values, memory.values)
        pd.testing.assert_frame_equal(file.ceiling, memory.ceiling)
        assert file.settings["scores"] == "s.csv" and memory.settings["scores"] == "the table"
    assert memory.provenance["ground truth"] == "the ground-truth table"
    with pytest.raises(UserError, match="options of a benchmark apply to its name"):
        judge_scores(table, benchmark=bench, choices={"metric": "valid_accuracy"})
    with pytest.raises(
        UserError, match=r"give either --benchmark NAME or --truth FILE \(in Python, the argument of that name"
    ):
        judge_scores(table)
