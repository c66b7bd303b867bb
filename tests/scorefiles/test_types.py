"""Every type of file, plain and compressed, as scores and as ground truth, through Python and the command line."""

import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nasgauge import cli
from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles import packed as packing
from nasgauge.judging.scorefiles import read_scores, read_truth, score_table
from nasgauge.judging.scorefiles.files import TYPES
from nasgauge.judging.scorefiles.packed import PACKED

ARCHS = load("digits-nb201").archs[:6]
SCORES = pd.DataFrame({"arch": ARCHS, "mine": [0.25, -1.5, 1e-6, 3.0, 20.0, 0.125], "theirs": [1.0, 2, 3, 4, 5, 6.5]})
TRUTH = pd.DataFrame({"arch": ARCHS, "accuracy": [0.5, 0.625, 0.75, 0.875, 0.9375, 0.25]})


def separated(separator, decimal="."):
    return lambda table: table.to_csv(index=False, sep=separator, decimal=decimal).encode()


def arrow_stream(table):
    out = io.BytesIO()
    rows = pa.Table.from_pandas(table)
    with pa.ipc.new_stream(out, rows.schema) as stream:
        stream.write_table(rows)
    return out.getvalue()


def to_bytes(write):
    def written(table):
        out = io.BytesIO()
        write(table, out)
        return out.getvalue()

    return written


def as_json(shape):
    return lambda table: json.dumps(shape(table)).encode()


FILES = {  # suffix and variant: the table as bytes
    ".csv": separated(","),
    ".csv with semicolons": separated(";"),
    ".csv with semicolons and decimal commas": separated(";", ","),
    ".csv with tabs": separated("\t"),
    ".csv with tabs and decimal commas": separated("\t", ","),
    ".tsv": separated("\t"),
    ".json of records": as_json(lambda table: table.to_dict("records")),
    ".json of records by row": as_json(lambda table: table.rename(str).to_dict("index")),
    ".json of architectures": as_json(lambda table: table.set_index("arch").to_dict("index")),
    ".json of columns by architecture": as_json(lambda table: table.set_index("arch").to_dict()),
    ".json of columns": as_json(lambda table: table.to_dict("list")),
    ".json of pandas": lambda table: table.to_json().encode(),
    ".json of lines": lambda table: table.to_json(orient="records", lines=True).encode(),
    ".jsonl": lambda table: table.to_json(orient="records", lines=True).encode(),
    ".ndjson": lambda table: table.to_json(orient="records", lines=True).encode(),
    ".parquet": to_bytes(lambda table, out: table.to_parquet(out)),
    ".pq": to_bytes(lambda table, out: table.to_parquet(out)),
    ".feather": to_bytes(lambda table, out: table.to_feather(out)),
    ".arrow": to_bytes(lambda table, out: table.to_feather(out, compression="uncompressed")),
    ".arrow stream": arrow_stream,
}


def zipped(content, name="a folder/inside.csv"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._inside", b"x")
        archive.mkdir("a folder")
        archive.writestr(name, content)
    return out.getvalue()


def zstandard(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard, ".zip": zipped}
PLAIN = [pytest.param(name, "", id=name) for name in FILES]
BOTH = [
    pytest.param(name, pack, id=f"{name} {pack}", marks=[] if name in (".csv", ".json of records", ".parquet") else
                 pytest.mark.full)
    for name in FILES for pack in PACKERS
]  # fmt: skip


@pytest.fixture
def given(tmp_path):
    """A function that writes a table as a file of the named type, compressed or not, and gives its path."""

    def write(table, name, pack="", called="table"):
        suffix, content = name.split()[0], FILES[name](table)
        if pack == ".zip":
            content = zipped(content, f"a folder/inside{suffix}")
        elif pack:
            content = PACKERS[pack](content)
        path = tmp_path / f"{called}{suffix}{pack}"
        path.write_bytes(content)
        return path

    return write


def judged(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["nasgauge", "judge", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    return end.value.code, out, err


OPTIONS = ("--bootstrap", 0, "--criterion", "kendall_tau", "--json")


def test_every_type_and_compression_is_tried():
    assert {name.split()[0] for name in FILES} == TYPES.keys() and PACKERS.keys() == set(PACKED)


@pytest.mark.parametrize(("name", "pack"), PLAIN + BOTH)
def test_a_table_is_the_same_from_every_type_of_file(given, name, pack):
    pd.testing.assert_frame_equal(
        read_scores(given(SCORES, name, pack)), read_scores(given(SCORES, ".csv", called="plain"))
    )
    pd.testing.assert_frame_equal(
        read_truth(given(TRUTH, name, pack)), read_truth(given(TRUTH, ".csv", called="plain"))
    )


@pytest.mark.parametrize(("name", "pack"), [*PLAIN, *[pytest.param(".csv", pack, id=pack) for pack in PACKERS]])
def test_the_command_line_reads_every_type_of_file(monkeypatch, capsys, given, name, pack):
    plain = (given(SCORES, ".csv", called="s"), "--truth", given(TRUTH, ".csv", called="t"))
    expected = judged(monkeypatch, capsys, *plain, *OPTIONS)
    code, out, err = judged(
        monkeypatch, capsys, given(SCORES, name, pack), "--truth", given(TRUTH, name, pack, "truth"), *OPTIONS
    )
    assert code == expected[0] == 0 and out == expected[1] and json.loads(out)
    assert set(err.splitlines()) == (
        {f"note: {kind}{name.split()[0]}: commas are read as decimal points" for kind in ("table", "truth")}
        if "decimal commas" in name
        else set()
    )


@pytest.mark.parametrize("pack", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("name", FILES)
def test_the_content_decides_where_a_compressed_file_has_no_other_suffix(given, tmp_path, name, pack):
    if name in (".tsv", ".jsonl", ".ndjson", ".arrow stream"):
        name = ".csv with tabs" if name == ".tsv" else ".json of lines"
    (tmp_path / f"scores{pack}").write_bytes(given(SCORES, name, pack).read_bytes())
    pd.testing.assert_frame_equal(
        read_scores(tmp_path / f"scores{pack}"), read_scores(given(SCORES, ".csv", called="plain"))
    )


@pytest.mark.parametrize("pack", PACKERS)
def test_a_damaged_compressed_file_is_one_line(given, tmp_path, pack):
    whole = given(SCORES, ".csv", pack).read_bytes()
    path = tmp_path / f"cut.csv{pack}"
    for size in range(0, len(whole), max(1, len(whole) // 20)):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=rf"cut\.csv{pack}: is not a complete \w+ file; write it again"):
            read_scores(path)
    path.write_bytes(b"arch,s\na,1\n")
    with pytest.raises(UserError, match=f"if it is not compressed, remove '{pack}' from its name"):
        read_scores(path)


def test_what_unpacks_to_too_much_is_refused(monkeypatch, given):
    monkeypatch.setattr(packing, "MAX_BYTES", 100)
    for pack in PACKERS:
        with pytest.raises(UserError, match="unpacks to more than 100 bytes"):
            read_scores(given(SCORES, ".csv", pack))


def archive(tmp_path, **files):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as out:
        for name, content in files.items():
            out.writestr(name.replace("_", "."), content)
    return tmp_path / "s.zip"


def test_an_archive_has_one_file(tmp_path):
    for files, n in (({}, 0), ({"a_csv": "arch,s\na,1\n", "b_csv": "arch,s\nb,1\n"}, 2)):
        with pytest.raises(UserError, match=rf"s\.zip: contains {n} files; give an archive with one"):
            read_scores(archive(tmp_path, **files))
    for name, remedy in (
        ("s_csv_gz", "unpack it first"),
        ("s_pkl", "files that may contain code"),
        ("s_xlsx", "sheet"),
    ):
        with pytest.raises(UserError, match=f"unknown suffix .* of the file within; .*{remedy}"):
            read_scores(archive(tmp_path, **{name: "x"}))


@pytest.mark.parametrize("name", ["s.pkl.gz", "s.tar.gz", "s.npz.xz", "s.xlsx.zip"])
def test_a_compressed_file_of_another_type_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UserError, match=r"unknown suffix '.*' of the file within"):
        read_scores(tmp_path / name)


DECIMALS = {  # cells of two rows: their numbers, or the refusal
    ("0,5", "0,25"): [0.5, 0.25],
    ("1,234", "0,5"): [1.234, 0.5],
    ("1,234", "1"): "could be a decimal separator or one between thousands",
    ("-12,345", "1,000"): "could be a decimal separator or one between thousands",
    ("1,5", "2.5"): "row 1, column 's' is '1,5' and row 2, column 's' is '2.5'; the decimal separator could be either",
    ("1.234,5", "1"): "row 1, column 's' is '1.234,5'; write no thousands separator",
    ("1,234.5", "1"): "write no thousands separator",
    ("1,234,567", "1"): "write no thousands separator",
    ("1,5e-3", ",5"): [0.0015, 0.5],
    ("1.5", "2.25"): [1.5, 2.25],
    ("1,5", ""): [1.5, np.nan],
    ("1,5,", "2"): "contains '1,5,', which is not a number",
}


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("cells", DECIMALS)
def test_decimal_commas_are_read_where_nothing_else_is_possible(text, cells, separator):
    path, expected = text(f"arch;s\na;{cells[0]}\nb;{cells[1]}\n".replace(";", separator)), DECIMALS[cells]
    if isinstance(expected, str):
        with pytest.raises(UserError, match=expected):
            read_scores(path)
    else:
        np.testing.assert_array_equal(read_scores(path)["score"], expected)


def test_commas_within_architectures_and_names_are_no_decimals(text):
    found = score_table(text("arch;my,scores\n(0, 1);1,5\n1,5;2,5\n"))
    assert found.scores[["estimator", "arch", "score"]].values.tolist() == [
        ["my,scores", "(0, 1)", 1.5], ["my,scores", "1,5", 2.5]
    ]  # fmt: skip


def test_two_possible_separators_are_both_named(text):
    with pytest.raises(UserError, match="could be separated by ',' or by ';'"):
        read_scores(text("arch,s;arch\na,1;b\n"))
    assert read_scores(text("arch,s;arch\na,1\n"))["estimator"].tolist() == ["s;arch"], "one fits every row"


AMBIGUOUS = {
    "neither": ({"x": {"a": 1.0}, "y": {"a": 2.0}}, "as neither of 'x' and 'a' can be an architecture"),
    "both": ({ARCHS[0]: {ARCHS[1]: 1.0}}, "as both of "),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_a_dictionary_that_could_be_read_both_ways_is_refused_with_both(text, case):
    table, says = AMBIGUOUS[case]
    with pytest.raises(UserError, match="estimators with their architectures, or architectures with their.*" + says):
        read_scores(text(json.dumps(table), "t.json"))


def test_known_architectures_decide_between_the_readings_of_a_dictionary(text):
    names, rows = {"x": {"a": 1.0, "b": 2.0}}, {"a": {"x": 1.0}, "b": {"x": 2.0}}
    for table in (names, rows):
        found = score_table(text(json.dumps(table), "t.json"), archs=["a", "c"]).scores
        assert found.values.tolist() == [["x", "a", 0, 1.0], ["x", "b", 0, 2.0]]


def test_what_a_dictionary_lacks_was_not_measured_and_null_has_failed(text):
    for table in ({"x": {"1": 1.0, "2": None}, "y": {"1": 3.0}}, {"1": {"x": 1.0, "y": 3.0}, "2": {"x": None}}):
        found = read_scores(text(json.dumps(table), "t.json")).sort_values(["estimator", "arch"])
        assert found[["estimator", "arch"]].values.tolist() == [["x", "1"], ["x", "2"], ["y", "1"]]
        np.testing.assert_array_equal(found["score"], [1, np.nan, 3])


WRONG_JSON = {
    '{"a": 1, "a": 2}': "key 'a' occurs twice",
    '{"a": 1': "is not valid JSON",
    "[1, 2]": "row 1 is a number, not a record",
    "3": "is not a JSON dictionary or list of records",
    "": "the file is empty",
    "{}": "no rows",
    "[]": "no rows",
    '{"x": [1, 2]}': "entry 'x' is a list",
    '{"a": 1, "b": {"c": 2}}': "entry 'a' is a number",
    '{"arch": ["a", "b"], "s": [1]}': "columns differ in length",
    '{"arch": {"0": "a"}, "s": {"1": 1}}': "column 's' has other rows than 'arch'",
    '[{"arch": "a", "s": {"x": 1}}]': "row 1, column 's' contains several values per cell",
    '[{"arch": "a", "s": 1}, {"arch": "b", "s": [1]}]': "row 2, column 's' contains several values per cell",
    '[{"arch": "a", "s": 1}, {"arch": "b", "s": "x"}]': "row 2, column 's' contains 'x'",
    '[{"arch": "a", "s": true}]': "booleans",
    '[{"arch": "a", "s": 1e999}]': "row 1, column 's' is infinite",
    '[{"arch": "a", "s": ' + "9" * 400 + "}]": "beyond the range of a double",
    '[{"arch": "a", "s": ' + "9" * 5000 + "}]": "a number of too many digits",
    '[{"s": 1}]': "column 'arch' is missing",
    "[" * 100_000: "not valid JSON",
}


@pytest.mark.parametrize("content", WRONG_JSON, ids=lambda content: content[:40])
def test_what_is_wrong_with_json_is_said(text, content):
    with pytest.raises(UserError, match=WRONG_JSON[content]) as raised:
        read_scores(text(content, "t.json"))
    assert "\n" not in str(raised.value) and "t.json" in str(raised.value)


def test_rows_of_json_lines_are_lines(text):
    lines = '\n{"arch": "a", "s": 1}\n\n{"arch": "b", "s": %s}\n'
    found = score_table(text(lines % "2", "t.jsonl"))
    assert found.rows.tolist() == [2, 4]
    for cell, says in (('"x"', "row 4, column 's' contains 'x'"), ("[1]", "row 4, column 's' contains several")):
        with pytest.raises(UserError, match=says):
            read_scores(text(lines % cell, "t.jsonl"))
    with pytest.raises(UserError, match="row 2 is not valid JSON"):
        read_scores(text('{"arch": "a"}\n{"arch"\n', "t.jsonl"))
    with pytest.raises(UserError, match="row 1 is not a record"):
        read_scores(text('[{"arch": "a"}]\n', "t.jsonl"))


def test_numbers_of_a_dictionary_are_one_estimator_or_the_accuracies(text):
    path = text('{"a": 0.5, "b": null}', "t.json")
    np.testing.assert_array_equal(read_scores(path)["score"], [0.5, np.nan])
    assert read_scores(path)["estimator"].tolist() == ["scores"] * 2
    assert read_truth(text('{"a": 0.5, "b": 0.25}', "t.json"))["accuracy"].tolist() == [0.5, 0.25]


def test_text_of_another_type_is_named(text):
    for name in ("t.tsv", "t.json", "t.jsonl"):
        with pytest.raises(UserError, match=r"is not .*, but a Parquet file; rename it to \.parquet"):
            read_scores(text(b"PAR1....", name))
    with pytest.raises(UserError, match=r"separated by ','; rename it to \.csv"):
        read_scores(text("arch,s\na,1\n", "t.tsv"))
