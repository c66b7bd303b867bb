"""Score and truth files: both forms, both formats, and one clear line for each thing that can be wrong with them."""

import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import read_scores, read_truth

WIDE = "arch,size,depth\na,10,3\nb,20,\nc,-1.5e3,5\n"
LONG = "estimator,arch,score,seed\nsize,a,10,1\nsize,a,11,2\ndepth,b,3,1\n"


@pytest.fixture
def written(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_wide_csv_has_one_estimator_a_column(written):
    rows = read_scores(written(WIDE)).astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [
        ["size", "a", 0, 10.0],
        ["size", "b", 0, 20.0],
        ["size", "c", 0, -1500.0],
        ["depth", "a", 0, 3.0],
        ["depth", "b", 0, None],
        ["depth", "c", 0, 5.0],
    ]


def test_a_long_csv_may_have_seeds(written):
    rows = read_scores(written(LONG)).values.tolist()
    assert rows == [["size", "a", 1, 10.0], ["size", "a", 2, 11.0], ["depth", "b", 1, 3.0]]


def test_a_wide_csv_may_have_seeds_too(written):
    rows = read_scores(written("arch,seed,size\na,1,10\na,2,11\n")).values.tolist()
    assert rows == [["size", "a", 1, 10.0], ["size", "a", 2, 11.0]]


def test_quoted_architectures_keep_their_commas_and_a_byte_order_mark_is_no_name(written):
    rows = read_scores(written('\ufeffarch , size\n"(0, 1)", 4\n')).values.tolist()
    assert rows == [["size", "(0, 1)", 0, 4.0]]


@pytest.mark.parametrize("content", [WIDE, LONG])
def test_parquet_reads_as_csv_does(written, tmp_path, content):
    expected = read_scores(written(content))
    table = pd.read_csv(written(content))
    table.to_parquet(tmp_path / "plain.parquet")
    table.set_index("arch").to_parquet(tmp_path / "indexed.parquet")
    pd.testing.assert_frame_equal(read_scores(tmp_path / "plain.parquet"), expected)
    pd.testing.assert_frame_equal(read_scores(tmp_path / "indexed.parquet"), expected)


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "empty"),
        ("arch,size\n", "no rows"),
        ("name,size\na,1\n", "column 'arch' is missing; it has 'name', 'size'"),
        ("arch\na\n", "no column with scores; it has 'arch'"),
        ("estimator,arch,value\nx,a,1\n", "column 'score' is missing"),
        ("arch,size\na,1\nb,large\n", "row 2, column 'size' contains 'large'"),
        ("arch,size\na,1\nb,inf\n", "row 2, column 'size' is infinite"),
        ("arch,size\na,1\nb,2\na,3\n", r"row 3 repeats row 1 \(arch a"),
        ("arch,seed,size\na,1,1\na,1,2\n", r"row 2 repeats row 1 \(arch a, seed 1\)"),
        ("estimator,arch,score\nx,a,1\nx,a,1\n", r"row 2 repeats row 1 \(estimator x, arch a"),
        ("arch,size\na,1\n,2\n", "row 2, column 'arch' is empty"),
        ("arch,seed,size\na,1.5,1\n", "row 1, column 'seed' is 1.5"),
        ("arch,seed,size\na,,1\n", "row 1, column 'seed' is empty"),
        ("arch,size,size\na,1,2\n", "column name 'size' occurs twice"),
        ("arch,size,\na,1,2\n", "is empty"),
        ("arch,size,depth\na,1,2\nb,3\n", "row 2 has 2 cells, the header 3; check whether the file is truncated"),
        ("arch,size\na,1\nb,c,2\n", "row 2 has 3 cells, the header 2.*double quotes"),
        ('arch,size\na,1\n"b,2\n', "not valid CSV"),
        ("arch,size\na,\nb,nan\n", "every score is missing"),
        (b"arch,size\n\xff\xfe\x00,1\n", "UTF-8"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(written, content, message):
    with pytest.raises(UserError, match=message) as raised:
        read_scores(written(content))
    assert "\n" not in str(raised.value)
    assert "table.csv" in str(raised.value)


def test_what_is_wrong_with_a_parquet_file_is_said(written, tmp_path):
    with pytest.raises(UserError, match="not a complete Parquet"):
        read_scores(written(b"PAR1 this is none", "foreign.parquet"))
    whole = tmp_path / "whole.parquet"
    pd.DataFrame({"arch": ["a", "b"], "size": [1.0, 2.0]}).to_parquet(whole)
    with pytest.raises(UserError, match="not a complete Parquet"):
        read_scores(written(whole.read_bytes()[:-20], "cut.parquet"))
    with pytest.raises(UserError, match="not a complete Parquet"):
        read_scores(written(b"", "empty.parquet"))
    pd.DataFrame({"arch": ["a", "b"], "size": [1.0, float("inf")]}).to_parquet(whole)
    with pytest.raises(UserError, match="row 2, column 'size' is infinite"):
        read_scores(whole)
    pd.DataFrame({"arch": ["a", None], "size": [1.0, 2.0]}).to_parquet(whole)
    with pytest.raises(UserError, match="row 2, column 'arch' is empty"):
        read_scores(whole)
    pd.DataFrame({"arch": ["a", "b"], "size": [[1.0], [2.0]]}).to_parquet(whole)
    with pytest.raises(UserError, match="row 1, column 'size'"):
        read_scores(whole)


def test_a_file_that_is_not_there_or_of_another_kind_is_said(written, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_scores(tmp_path / "absent.csv")
    with pytest.raises(UserError, match=r"unknown suffix '\.xlsx'"):
        read_scores(written("{}", "table.xlsx"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        read_scores(tmp_path / "folder.csv")


def test_a_truth_has_accuracies_seeds_and_classes(written):
    plain = read_truth(written("arch,accuracy\na,0.9\nb,1\n"))
    assert plain["accuracy"].tolist() == [0.9, 1.0]
    assert plain["iso_class"].tolist() == ["a", "b"]
    assert plain["seed"].isna().all()
    full = read_truth(written("arch,iso_class,seed,accuracy\na,A,1,0.9\na,A,2,0.8\n"))
    assert full[["iso_class", "seed"]].values.tolist() == [["A", 1], ["A", 2]]


@pytest.mark.parametrize(
    "content, message",
    [
        ("arch,accuracy\na,0.9\nb,91.5\n", "row 2, column 'accuracy' is 91.5.*divide percent by 100"),
        ("arch,accuracy\na,-0.1\n", "row 1.*negative"),
        ("arch,accuracy\na,\n", "row 1, column 'accuracy' is empty"),
        ("arch,accuracy\na,x\n", "row 1, column 'accuracy' contains 'x'"),
        ("arch,score\na,0.5\n", "column 'accuracy' is missing"),
        ("arch,accuracy\na,0.5\na,0.6\n", "row 2 repeats row 1"),
        ("arch,seed,accuracy\na,1,0.5\na,1,0.6\n", "row 2 repeats row 1"),
    ],
)
def test_what_is_wrong_with_a_truth_is_said(written, content, message):
    with pytest.raises(UserError, match=message):
        read_truth(written(content))
