"""Files read column by column have the cells that Python's csv module finds row by row."""

import csv
import io

import numpy as np
import pytest

from nasgauge.judging.scorefiles.csv_cells import read_csv
from nasgauge.judging.scorefiles.csv_plain import plain_cells


def by_rows(text, separator=","):
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_random_texts_have_the_same_cells_or_are_not_plain(separator):
    rng = np.random.default_rng(0)
    letters = [*"ab1.", " ", "NA", "nan", "é", "\u2028", "\x0b", "\x1c", "\\", "'", "#", '"', "\r"]
    chance = np.array([6.0] * 8 + [1.0] * 6 + [0.2, 0.2])
    n_plain = 0
    for _ in range(600):
        n_columns = int(rng.integers(1, 4))
        cells = [
            "".join(rng.choice(letters, int(rng.integers(0, 4)), p=chance / chance.sum()))
            for _ in range(n_columns * int(rng.integers(1, 6)) + int(rng.random() < 0.1))
        ]
        lines = [separator.join(cells[i : i + n_columns]) for i in range(0, len(cells), n_columns)]
        text = rng.choice(["\n", "\r\n"]).join(["x"] + lines + ([""] if rng.random() < 0.5 else []))
        found = plain_cells(text.encode(), n_columns, separator)
        if found is not None:
            n_plain += 1
            assert found.values.tolist() == by_rows(text, separator)[1:]
    assert n_plain > 100


@pytest.mark.parametrize(
    "text", ['a,b\n"1",2\n', "a,b\n1,2\n\n3,4\n", "\na,b\n1,2\n", "a,b\r1,2\r", "a,b\n1\n", "a,b\n"]
)
def test_other_texts_are_read_row_by_row(text):
    assert plain_cells(text.encode(), 2, ",") is None


def test_a_cell_beyond_the_limit_of_the_csv_module_is_not_plain():
    assert plain_cells(b"a,b\n1," + b"x" * csv.field_size_limit() + b"\n", 2, ",") is not None
    assert plain_cells(b"a,b\n1,x" + b"x" * csv.field_size_limit() + b"\n", 2, ",") is None


def test_both_ways_give_one_table():
    plain = read_csv(b"\xef\xbb\xbfarch, size\r\nNA,\r\n b ,2\r\n", "file").table
    quoted = read_csv(b'arch, size\nNA,""\n b ,2\n', "file").table
    assert plain.to_dict("list") == quoted.to_dict("list") == {"arch": ["NA", " b "], "size": ["", "2"]}
    assert list(plain.dtypes) == list(quoted.dtypes) and list(plain.index) == list(quoted.index) == [1, 2]
