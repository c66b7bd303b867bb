"""Files as people have them and as they come off a broken disk: each ends in a table or in one line with a remedy."""

import datetime
import decimal
import os
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import read_scores, read_truth

PLAIN = "arch,s\na,1\nb,2\n"


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("arch s\na 1\n", "separated by a space; save it with commas, semicolons or tabs"),
        ("arch|s\na|1\n", "separated by '|'"),
        ("# made by us\narch,s\na,1\n", "starts with '#'"),
        ("# arch,s\na,1\n", "starts with '#'"),
        ("arch,s\na,1\n# the end\n", "row 2 has 1 cell, the header 2; CSV has no comments"),
        ("arch,s\n(0, 1),2\n", "row 1 has 3 cells, the header 2; put cells with commas in double quotes"),
        ("arch,s\na,1,\n", "row 1 has 3 cells, the header 2; remove the comma at its end"),
        ("arch,s,t\na,1,2\nb,1\n", "the file is truncated"),
        ("a,0.5\nb,0.25\n", "has no header"),
        (",s\na,1\n", "the first column has no name; call it 'arch'"),
        ("arch,s", "has no rows"),
        ("\n \n", "no rows|is empty|is missing"),
        ("arch,s\na\0,1\n", "line 2 contains a NUL byte"),
        (PLAIN.encode("utf-16"), "text in UTF-16; save it in UTF-8"),
        (PLAIN.encode("utf-16-be"), "NUL byte"),
        ("arch,s\nä,1\n".encode("latin-1"), "line 2 is not UTF-8 text"),
        (b"PAR1....PAR1", "a Parquet file; rename it"),
        (b"\x1f\x8b\x08\0", r"compressed by gzip; add \.gz"),
        (b"BZh9", r"compressed by bzip2; add \.bz2"),
        (b"\xfd7zXZ", r"compressed by xz; add \.xz"),
        (b"\x28\xb5\x2f\xfd", r"compressed by zstd; add \.zst"),
        (b"ARROW1", "a Feather file; rename it"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet"),
        (b"\x80\x04\x95", "a pickle; files that may contain code are not opened"),
        ("<!DOCTYPE html><html>", "a web page"),
        ('{"arch": ["a"], "s": [1]}', r"JSON; rename it to \.json"),
        ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ('arch,s\na,1\n"b,2\n', "not valid CSV"),
    ],
)
def test_the_cause_is_named_and_not_a_symptom_of_it(text, content, remedy):
    with pytest.raises(UserError, match=remedy) as raised:
        read_scores(text(content))
    assert "\n" not in str(raised.value) and "table.csv" in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("\n", "\r"), "\ufeff" + PLAIN, '"arch","s"\n"a","1"\n"b"," 2 "',
     ",arch,s\n0,a,1\n1,b,2\n", "\n" + PLAIN + "\n\n"],
)  # fmt: skip
def test_ways_of_writing_the_same_table(text, content):
    assert read_scores(text(content)).values.tolist() == [["s", "a", 0, 1.0], ["s", "b", 0, 2.0]]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("t.tar", "tar"),
        ("t.xlsx", "from the spreadsheet"),
        ("t.pkl", "files that may contain code"),
        ("t.npy", ".parquet table"),
        ("t.txt", "rename it to .csv"),
        ("t", r"give a .csv, .tsv, .json, .jsonl, .parquet or .feather file"),
    ],
)
@pytest.mark.parametrize("read", [read_scores, read_truth])
def test_other_formats_are_told_the_nearest_one(text, name, remedy, read):
    with pytest.raises(UserError, match=f"unknown suffix .*{remedy}"):
        read(text("x", name))


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match="is not a regular file"):
        read_scores(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match="cannot be read"):
        read_scores(tmp_path / f"{'x' * 300}.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(UserError, match="no such file"):
        read_scores(tmp_path / "loop.csv")


UNREADABLE = {
    "lists": (pa.array([[1.0], [2.0]]), "several values per cell"),
    "structs": (pa.array([{"x": 1}, {"x": 2}]), "several values per cell"),
    "bytes": (pa.array([b"1", b"2"]), "bytes; write it as text"),
    "days": (pa.array([datetime.date(2020, 1, 1)] * 2), "dates or times"),
    "instants": (pa.array([datetime.datetime(2020, 1, 1)] * 2), "dates or times"),
    "times": (pa.array([datetime.timedelta(seconds=1)] * 2), "dates or times"),
    "booleans": (pa.array([True, False]), "booleans; write 1 and 0"),
    "categories of booleans": (pa.array([True, False]).dictionary_encode(), "booleans"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_columns_of_parquet_that_hold_no_numbers(tmp_path, kind):
    column, says = UNREADABLE[kind]
    archs, numbers, path = pa.array(["a", "b"]), pa.array([0.5, 0.25]), tmp_path / "t.parquet"
    pq.write_table(pa.table({"arch": archs, "s": column}), path)
    with pytest.raises(UserError, match=f"row 1, column 's' contains {says}"):
        read_scores(path)
    pq.write_table(pa.table({"arch": column, "s": numbers}), path)
    with pytest.raises(UserError, match=f"row 1, column 'arch' contains {says}"):
        read_scores(path)
    pq.write_table(pa.table({"arch": archs, "accuracy": column}), path)
    with pytest.raises(UserError, match=f"row 1, column 'accuracy' contains {says}"):
        read_truth(path)
    pq.write_table(pa.table({"arch": archs, "seed": column, "accuracy": numbers}), path)
    with pytest.raises(UserError, match=f"row 1, column 'seed' contains {says}"):
        read_truth(path)
    pq.write_table(pa.table({"estimator": archs, "arch": archs, "score": numbers, "beside": column}), path)
    assert len(read_scores(path)) == 2, "what is not read does not matter"


def test_decimals_and_empty_columns_of_parquet(tmp_path):
    column = pa.array([decimal.Decimal("1.50"), None])
    pq.write_table(pa.table({"arch": ["a", "b"], "s": column}), tmp_path / "t.parquet")
    np.testing.assert_array_equal(read_scores(tmp_path / "t.parquet")["score"], [1.5, np.nan])
    pq.write_table(pa.table({"arch": ["a", "b"], "s": pa.nulls(2)}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match="every score is missing"):
        read_scores(tmp_path / "t.parquet")
    pq.write_table(pa.table({"arch": [1.5, 2.5], "s": [1, 2]}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"row 1, column 'arch' contains the number 1\.5; it must be text"):
        read_scores(tmp_path / "t.parquet")


def test_two_columns_of_one_name_are_told_in_parquet_too(tmp_path):
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array([1]), pa.array([2])], names=["arch", "s", " s"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(UserError, match="column name 's' occurs twice"):
        read_scores(tmp_path / "t.parquet")


def test_an_index_of_pandas_is_read_where_it_has_a_name(tmp_path):
    table = pd.DataFrame({"arch": ["a", "b", "c"], "s": [1.0, 2.0, 3.0]})
    for kept in (table.iloc[1:], table.set_index("arch").iloc[1:]):
        kept.to_parquet(tmp_path / "t.parquet")
        assert read_scores(tmp_path / "t.parquet").values.tolist() == [["s", "b", 0, 2.0], ["s", "c", 0, 3.0]]


@pytest.mark.parametrize(
    ("kind", "compression"),
    [("parquet", "snappy"), ("parquet", "zstd"), ("parquet", "none"), ("feather", "lz4"), ("feather", "uncompressed")],
)
def test_a_damaged_binary_file_is_a_table_or_one_line(tmp_path, kind, compression):
    path, draw = tmp_path / f"t.{kind}", random.Random(0)
    table = pd.DataFrame({"arch": [f"arch {i}" for i in range(50)], "s": np.linspace(0, 1, 50)})
    getattr(table, f"to_{kind}")(path, compression=compression)
    whole = path.read_bytes()
    for trial in range(150):
        broken = bytearray(whole)
        if trial % 3 == 0:
            broken = broken[: draw.randrange(len(whole))]
        elif trial % 3 == 1:
            for _ in range(draw.choice([1, 4, 40])):
                broken[draw.randrange(len(whole))] = draw.randrange(256)
        else:
            at = draw.randrange(len(whole))
            del broken[at : at + draw.randrange(1, 60)]
        path.write_bytes(broken)
        try:
            read_scores(path)
        except UserError as error:
            assert "\n" not in str(error)


def test_a_damaged_csv_file_is_a_table_or_one_line(text):
    draw, whole = random.Random(0), (PLAIN * 20).encode()
    for _ in range(300):
        broken = bytearray(whole[: draw.randrange(1, len(whole))])
        for _ in range(draw.choice([0, 1, 5])):
            broken[draw.randrange(len(broken))] = draw.choice(b'\0",;\n\r\xff\x80#1e-')
        try:
            read_scores(text(bytes(broken)))
        except UserError as error:
            assert "\n" not in str(error)
