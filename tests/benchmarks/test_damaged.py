"""Tables and facts of benchmarks, damaged or of another kind: one line that names the file, whatever the damage."""

import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nasgauge.benchmarks
from nasgauge.benchmarks import files, load
from nasgauge.core.errors import UserError
from nasgauge.spaces import NB101, NB201, Darts

TABLES = Path(nasgauge.benchmarks.__file__).parent / "tables"
PERCENT = ("cifar10_valid_accuracy_percent", "cifar100_valid_and_test_accuracy_percent",
           "imagenet16_120_valid_and_test_accuracy_percent")  # fmt: skip


def first_cells():
    return [NB201().to_str(arch) for arch in itertools.islice(NB201().enumerate(), 40)]


def nb201(folder):
    archs = first_cells()
    index = np.arange(len(archs))
    plain = {"index": index, "arch": archs}
    accuracy = {**plain, "dataset": "cifar10", "split": "test", "epochs": 200, "accuracy_percent": 50.0 + index,
                "trained_on": "train", "aggregation": "one trial"}  # fmt: skip
    trials = {"index": index, "seed": 777, **{column: 40.0 + index for column in PERCENT}}
    sizes = {**plain, "params_million": 0.1 + index, "train_time_seconds_cifar10": 5.0}
    for name, content in (("accuracy", accuracy), ("trials", trials), ("architectures", sizes)):
        pd.DataFrame(content).to_parquet(folder / f"{name}.parquet")


def nb101(folder):
    rng = np.random.default_rng(0)
    archs = [NB101().sample(rng) for _ in range(40)]
    rows = [{"index": i, "n_vertices": 7, "adj_bits": arch[0], "ops": "".join(map(str, arch[1:])), "params": 1000 + i,
             "test_accuracy_108_epochs_mean": 0.9} for i, arch in enumerate(archs)]  # fmt: skip
    pd.DataFrame(rows).drop_duplicates(["adj_bits", "ops"]).to_parquet(folder / "accuracy.parquet")


def nb301(folder):
    rng, rows = np.random.default_rng(0), []
    for i in range(40):
        arch = Darts().sample(rng)
        cells = [[[arch[k], arch[k + 1]] for k in range(start, start + 16, 2)] for start in (0, 16)]
        rows.append({"arch": str(cells), "surrogate_valid_accuracy_percent": 90.0, "params_million": 1.0 + i,
                     "flops_million_as_published": 100.0})  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "surrogate_sample.parquet")


def built(folder):
    rows = pd.read_parquet(TABLES / "digits-darts.parquet")
    rows[rows["arch"].isin(rows["arch"].unique()[:40])].to_parquet(folder / "table.parquet", index=False)
    shutil.copy(TABLES / "digits-darts.json", folder / "table.json")


def imported(folder):
    space, archs = NB201(), first_cells()
    frame = pd.DataFrame(
        {"arch": archs, "iso_class": [space.to_str(space.canonical(space.from_str(a))) for a in archs]}
    )
    frame = frame.assign(
        dataset="cifar10", epochs=200, seed=1, valid_accuracy=0.5, test_accuracy=0.4, n_params=5, macs=6
    )
    frame.assign(train_seconds=1.0).to_parquet(folder / "table.parquet")
    record = {"kind": "nats-bench", "space": "nb201", "source": "NATS", "facts": {"n_archs": 40}}
    (folder / "table.json").write_text(json.dumps(record))


SOURCES = {  # name -> (folder below the data, what writes its files, the files)
    "nb201": ("nas-bench-201", nb201, ("accuracy.parquet", "trials.parquet", "architectures.parquet")),
    "nb101": ("nas-bench-101", nb101, ("accuracy.parquet",)),
    "nb301": ("nas-bench-301", nb301, ("surrogate_sample.parquet",)),
    "built": ("own", built, ("table.parquet", "table.json")),
    "imported": ("own", imported, ("table.parquet", "table.json")),
}
FILES = [(name, file) for name, (_, _, names) in SOURCES.items() for file in names]
PARQUETS = [(name, file) for name, file in FILES if file.endswith(".parquet")]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Writes the files of a source; gives their folder and what loads them."""

    def written(name):
        below, write, _ = SOURCES[name]
        folder = tmp_path / below
        folder.mkdir()
        write(folder)
        monkeypatch.setenv("NASGAUGE_DATA", str(tmp_path))
        spec = {"name": "nb101", "n": None} if name == "nb101" else name
        return folder, (str(folder / "table.parquet") if name in ("built", "imported") else spec)

    return written


def refused(spec, file):
    with pytest.raises(UserError) as raised:
        load(spec)
    line = str(raised.value)
    assert "\n" not in line and len(line) < 1_500 and file.split(".")[0] in line, line
    return line


@pytest.mark.parametrize("name", SOURCES)
def test_the_files_are_read_as_they_are(source, name):
    _, spec = source(name)
    assert len(load(spec).archs) >= 20


CONTENT = {
    "empty": lambda whole: b"",
    "text": lambda whole: b"hello\n",
    "binary": lambda whole: np.random.default_rng(0).bytes(3_000),
    "half": lambda whole: whole[: len(whole) // 2],
    "all but the end": lambda whole: whole[:-5],
    "all but the beginning": lambda whole: whole[5:],
    "zeros within": lambda whole: whole[: len(whole) // 3] + bytes(len(whole) // 3) + whole[2 * (len(whole) // 3) :],
    "ones within": lambda whole: whole[:8] + b"\xff" * (len(whole) - 16) + whole[-8:],
    "utf-16": lambda whole: '{"kind": "a"}'.encode("utf-16"),
    "deep": lambda whole: b"[" * 200_000,
    "another object": lambda whole: b'{"a": 1}',
    "a list": lambda whole: b"[1, 2]",
    "strange facts": lambda whole: b'{"name": 1, "title": [], "kind": {}, "space": 5, "source": null, "facts": [1]}',
    "another space": lambda whole: whole.replace(b'"space": "nb201"', b'"space": "nb999"').replace(b'"darts"', b'"nb"'),
    "the wrong space": lambda whole: whole.replace(b'"nb201"', b'"darts"').replace(
        b'"space": "darts"', b'"space": "nb101"'
    ),
    "no number": lambda whole: (
        b'{"name": "a", "title": "b", "space": "darts", "facts": {"n_archs": "x", "n_seeds": 1}}'
    ),
}


@pytest.mark.parametrize("content", CONTENT)
@pytest.mark.parametrize(("name", "file"), FILES)
def test_damaged_and_foreign_files(source, name, file, content):
    folder, spec = source(name)
    path = folder / file
    whole = path.read_bytes()
    path.write_bytes(CONTENT[content](whole))
    if path.read_bytes() != whole:
        refused(spec, file)


@pytest.mark.parametrize("odd", ["folder", "fifo", "dangling", "device"])
@pytest.mark.parametrize(("name", "file"), FILES)
def test_what_is_no_regular_file(source, name, file, odd):
    folder, spec = source(name)
    path = folder / file
    path.unlink()
    {"folder": path.mkdir, "fifo": lambda: os.mkfifo(path), "dangling": lambda: path.symlink_to("nowhere"),
     "device": lambda: path.symlink_to("/dev/zero")}[odd]()  # fmt: skip
    assert "is missing" in refused(spec, file)


def odd_columns(rows, column):
    """Name -> the table with that column changed to what no benchmark holds."""
    n = len(rows)
    first = [*rows[column]]
    yield "absent", rows.drop(columns=column)
    yield "lists", rows.assign(**{column: [[1, 2]] * n})
    yield "maps", rows.assign(**{column: [{"a": 1}] * n})
    yield "dates", rows.assign(**{column: pd.Timestamp("2020-01-01")})
    yield "letters", rows.assign(**{column: "x"})
    yield "bytes", rows.assign(**{column: b"\xff\xfe"})
    if isinstance(first[0], str):
        yield "one changed", rows.assign(**{column: ["no such thing", *first[1:]]})
        yield "numbers", rows.assign(**{column: 5})
    else:
        for value in (-1.0, float("inf"), 1e300):
            yield f"one is {value}", rows.assign(**{column: [value, *map(float, first[1:])]})


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "file"),
    [pytest.param(*one, marks=[pytest.mark.full] * (one == ("nb201", "accuracy.parquet"))) for one in PARQUETS],
)
def test_odd_columns_are_told_or_do_not_matter(source, name, file):
    """Each column in turn: one line, or, where the column is not of this truth, a truth as possible as before."""
    folder, spec = source(name)
    before = load(spec).truth
    rows = pd.read_parquet(folder / file)
    for column in rows.columns:
        for what, changed in odd_columns(rows, column):
            changed.to_parquet(folder / file)
            try:
                found = load(spec).truth
            except UserError as error:
                line = str(error)
                assert "\n" not in line and len(line) < 1_500, (column, what, line)
                continue
            assert found["accuracy"].between(0, 1).all(), (column, what)
            assert set(found["arch"]) <= set(before["arch"]), (column, what)


@pytest.mark.parametrize(("name", "file"), PARQUETS)
def test_a_column_twice_no_rows_and_rows_twice(source, name, file):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder, spec = source(name)
    table = pq.read_table(folder / file)
    first = table.column_names[1]
    pq.write_table(pa.Table.from_arrays([*table.columns, table[first]], [*table.column_names, first]), folder / file)
    refused(spec, file)
    pq.write_table(table.slice(0, 0), folder / file)
    refused(spec, file)
    pq.write_table(pa.concat_tables([table, table]), folder / file)
    assert "repeats" in refused(spec, file)


def test_a_table_that_promises_too_many_rows(source, monkeypatch):
    folder, spec = source("nb101")
    monkeypatch.setattr(files, "MAX_ROWS", 10)
    assert "at most 10 are read" in refused(spec, "accuracy.parquet")
    monkeypatch.undo()
    monkeypatch.setenv("NASGAUGE_DATA", str(folder.parent))
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    refused(spec, "accuracy.parquet")


def test_facts_that_are_too_long(source, monkeypatch):
    _, spec = source("imported")
    monkeypatch.setattr(files, "MAX_FACTS", 10)
    assert "is larger than" in refused(spec, "table.json")
