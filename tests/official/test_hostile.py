"""Every kind of official file, damaged and made hostile by construction: a right table, or one line and no table.

Nothing here is timed. What would hang or crash is small: each file is below MAX_SIZE bytes, and the bounds that a
reader must keep are lowered where an official size would make a test slow.
"""

import bz2
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from nasgauge.cli import app
from nasgauge.core.errors import UserError
from nasgauge.core.tables import OFFICIAL, check
from nasgauge.official import entries, frames, json_lists, nats, opened, tfrecord, unpickle
from nasgauge.official.importing import import_file

spec = util.spec_from_file_location("official_builders", Path(__file__).parent / "builders.py")
make = util.module_from_spec(spec)
spec.loader.exec_module(make)

MAX_SIZE = 8 << 20
LONGEST_LINE = 1_500


def imported(kind, path, tmp_path):
    """The table, or the one line of the UserError; nothing half written stays, and the numbers are possible."""
    if path.is_file():
        assert path.stat().st_size <= MAX_SIZE
    out = tmp_path / "out"
    try:
        table = pd.read_parquet(import_file(kind, path, out).table)
    except UserError as error:
        line = str(error)
        assert line and "\n" not in line and len(line) <= LONGEST_LINE, line[:2000]
        assert not out.exists() or not list(out.iterdir())
        return line
    check(table, OFFICIAL)
    for column in ("valid_accuracy", "test_accuracy"):
        assert table[column].dropna().between(0, 1).all()
    assert table["epochs"].between(1, 100_000).all() and (table["n_params"].dropna() >= 1).all()
    assert table["train_seconds"].dropna().between(0, 1e10).all()
    return table


def refused(kind, path, tmp_path):
    found = imported(kind, path, tmp_path)
    assert isinstance(found, str), f"imported:\n{found}"
    return found


@pytest.fixture
def low_bounds(monkeypatch):
    """The bounds of bytes and characters, of official sizes, lowered to a mebibyte or so."""
    for module in (opened, frames, unpickle, nats):
        monkeypatch.setattr(module, "MAX_ENTRY", 1 << 20)
    for module in (opened, json_lists):
        monkeypatch.setattr(module, "MAX_JSON", 1 << 16)
    monkeypatch.setattr(unpickle, "MAX_STEPS", 100_000)


@pytest.mark.parametrize("layout", make.VALID)
def test_the_valid_files_are_read(tmp_path, layout):
    kind, build = make.VALID[layout]
    table = imported(kind, build(tmp_path), tmp_path)
    assert isinstance(table, pd.DataFrame), table
    assert len(table) == {"nats-bench": 16, "nb201": 16, "nb101": 3, "nb301": 2}.get(kind, 3)


# Files as such


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.9, 0.99, "all but one byte"])
@pytest.mark.parametrize("layout", make.FILES)
def test_truncated(tmp_path, layout, share):
    kind, build = make.VALID[layout]
    path = build(tmp_path)
    whole = path.read_bytes()
    if layout == "nats-tar":  # its last half is the padding of its last record
        whole = whole.rstrip(b"\0")
    if layout == "nb201-legacy":  # behind the architectures stand other things, in a pickle of its own
        whole = whole[: whole.rindex(b"total_archs")]
    path.write_bytes(whole[:-1] if isinstance(share, str) else whole[: int(share * len(whole))])
    refused(kind, path, tmp_path)


@pytest.mark.parametrize("kind", make.NDS)
def test_a_list_cut_off_behind_a_training_is_not_complete(tmp_path, kind):
    path = tmp_path / "x.json"
    texts = [json.dumps(make.nds_training(kind, i)) for i in range(3)]
    joined = ",".join(texts)
    for cut in (
        *(f"[{joined}", f"[{joined},", f'{{"top": [{joined}]', f'{{"top": [{joined}], "mid"', f"[{''.join(texts)}]"),
        *(f"[{joined}]]", f"[{joined}] more", f"[[{joined}]]", f'{{"a": 1, "b": [{texts[0]}]}}'),
    ):
        path.write_text(cut)
        assert "is truncated, or is not a JSON" in refused(kind, path, tmp_path)


@pytest.mark.parametrize("i", [*range(4), *(pytest.param(i, marks=pytest.mark.full) for i in range(4, 12))])
@pytest.mark.parametrize("layout", make.FILES)
def test_changed_bytes(tmp_path, layout, i):
    """Where the layout has checksums the change is found; elsewhere nothing impossible comes out."""
    kind, build = make.VALID[layout]
    path = build(tmp_path)
    before = imported(kind, path, tmp_path / "before")
    whole = bytearray(path.read_bytes())
    rng = np.random.default_rng([i, len(layout)])
    for place in rng.integers(len(whole), size=1 + i % 3):
        whole[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(whole)
    found = imported(kind, path, tmp_path)
    if layout in ("nb101", "nb201-zip", "nats-file") and not isinstance(found, str):
        pd.testing.assert_frame_equal(found, before)


JUNK = {
    "empty": b"",
    "zeros": bytes(1 << 16),
    "text": b"hello\nworld\n",
    "utf16": "[{}]".encode("utf-16"),
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "gzip": b"\x1f\x8b\x08\x00",
    "bz2": b"BZh9",
    "xz": b"\xfd7zXZ\x00",
    "zip": b"PK\x05\x06" + bytes(18),
    "pickle": pickle.dumps({"a": [1, 2]}),
    "json": b'{"a": {"b": [1, 2]}}',
    "noise": np.random.default_rng(0).bytes(5_000),
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("layout", make.FILES)
def test_foreign_content(tmp_path, layout, junk):
    kind, build = make.VALID[layout]
    path = build(tmp_path)
    path.write_bytes(JUNK[junk])
    refused(kind, path, tmp_path)


@pytest.mark.parametrize("other", make.VALID)
@pytest.mark.parametrize("layout", make.VALID)
def test_a_file_of_another_kind(tmp_path, layout, other):
    kind, other_kind = make.VALID[layout][0], make.VALID[other][0]
    if kind != other_kind:
        refused(kind, make.VALID[other][1](tmp_path), tmp_path)


def odd_places(path):
    """Name -> function that puts something that is no regular file where `path` is."""

    def fifo():
        os.mkfifo(path)

    return {"folder": path.mkdir, "fifo": fifo, "dangling": lambda: path.symlink_to(path.parent / "nothing"),
            "loop": lambda: path.symlink_to(path), "device": lambda: path.symlink_to("/dev/zero")}  # fmt: skip


@pytest.mark.parametrize("odd", ["folder", "fifo", "dangling", "loop", "device"])
@pytest.mark.parametrize("layout", make.FILES)
def test_what_is_no_regular_file(tmp_path, layout, odd):
    kind, build = make.VALID[layout]
    path = build(tmp_path)
    path.unlink()
    odd_places(path)[odd]()
    refused(kind, path, tmp_path)


@pytest.mark.parametrize("odd", ["folder", "fifo", "dangling", "loop", "device"])
@pytest.mark.parametrize(("layout", "name"), [("nats-folder", "000001.pickle.pbz2"), ("nb301", "results_1.json")])
def test_what_is_no_regular_file_in_a_folder(tmp_path, layout, name, odd):
    kind, build = make.VALID[layout]
    folder = build(tmp_path)
    (folder / name).unlink()
    odd_places(folder / name)[odd]()
    assert name in refused(kind, folder, tmp_path)


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in make.VALID.values()}))
def test_names_that_no_file_can_have(tmp_path, kind):
    for name in ("x" * 300, "x/" * 3000, "a\0b", "[/x]", "line\nbreak"):
        found = import_error(kind, tmp_path / name, tmp_path / "out")
        assert len(found) <= LONGEST_LINE
    layout = next(name for name, (k, _) in make.VALID.items() if k == kind)
    path = make.VALID[layout][1](tmp_path)
    for out in (tmp_path / ("o" * 300), path / "below" if path.is_file() else tmp_path / "a\0b"):
        import_error(kind, path, out)


def import_error(kind, path, out):
    with pytest.raises(UserError) as raised:
        import_file(kind, path, out)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_command_line_tells_it_in_one_line_and_exits_with_2(tmp_path, capsys, monkeypatch):
    from nasgauge import cli

    path = tmp_path / "ResNet.json"
    path.write_text("[")
    monkeypatch.setattr(
        "sys.argv", ["nasgauge", "bench", "import", "nds-resnet", str(path), "--out", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit) as raised:
        cli.main()
    assert raised.value.code == 2 and len(capsys.readouterr().err.strip().splitlines()) == 1


# Values


def deep(n=100_000, leaf=0):
    value = leaf
    for _ in range(n):
        value = [value]
    return value


IMPOSSIBLE = {
    "9000 percent": 9000.0, "-0.5": -0.5, "-5": -5, "nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"),
    "1e308": 1e308, "huge": 10**400, "text": "x", "list": [], "map": {}, "true": True,
}  # fmt: skip
PICKLED = ("nats-folder", "nats-tar", "nats-file", "nb201-zip", "nb201-legacy")
FURTHER = ("nats-tar", "nats-file", "nb201-zip")  # packed otherwise; the pickles in all are read by one machine
EVERY_PICKLED = [pytest.param(name, marks=[pytest.mark.full] * (name in FURTHER)) for name in PICKLED]


def build_nats(layout, to, contents):
    if layout == "nats-folder":
        return make.nats_folder(to / "NATS", contents)
    if layout == "nats-tar":
        return make.nats_tar(to / "NATS.tar", contents)
    if layout == "nats-file":
        return make.nats_file(to / "NATS.pickle.pbz2", contents)
    return make.nb201_file(to / "NAS.pth", contents, layout.removeprefix("nb201-"))


@pytest.mark.parametrize("value", IMPOSSIBLE)
@pytest.mark.parametrize("field", ["eval_acc1es", "epochs", "params", "flop", "train_times", "seed", "arch_str"])
@pytest.mark.parametrize("layout", ["nats-folder", "nats-file", "nb201-zip"])
def test_impossible_values_in_pickles(tmp_path, layout, field, value):
    given = IMPOSSIBLE[value]
    if field == "arch_str":
        if isinstance(given, str):
            return  # a text is a foreign architecture
    if field == "train_times" and value == "9000 percent":
        return  # possible
    if field in ("params", "flop") and value == "9000 percent":
        given = 1e9  # millions
    content = make.nats_content(1)
    results = content["200"]
    key = ("cifar10", 777)
    trial = results["all_results"][key]
    if field == "eval_acc1es":
        trial["eval_acc1es"]["ori-test@199"] = given
    elif field == "train_times":
        trial["train_times"] = {0: given}
    elif field == "seed":
        if not isinstance(given, int | float | str | bool):
            return
        del results["all_results"][key]
        results["all_results"]["cifar10", given] = trial
        if value == "9000 percent":
            results["all_results"]["cifar10", 0.5] = trial
    elif field == "arch_str":
        results["arch_str"] = given
    else:
        trial[field] = given
    refused(make.VALID[layout][0], build_nats(layout, tmp_path, [make.nats_content(0), content]), tmp_path)


@pytest.mark.parametrize("value", [v for v in IMPOSSIBLE if v not in ("huge", "text", "list", "map", "true")])
@pytest.mark.parametrize("field", ["valid", "test"])
def test_impossible_accuracies_in_records(tmp_path, field, value):
    refused("nb101", make.nb101_file(tmp_path / "x.tfrecord", **{field: IMPOSSIBLE[value]}), tmp_path)


@pytest.mark.parametrize("epochs", [0, -5, 1.5, 10**6, float("inf"), "108", [108], {}, None, True])
def test_impossible_epochs_in_records(tmp_path, epochs):
    matrix, operations, _ = make.nb101.cell(0)
    whole = json.loads(make.nb101.record("h", 108, matrix, operations, 0.9, 0.9))
    whole[1] = epochs
    path = make.nb101.written(tmp_path / "x.tfrecord", json.dumps(whole).encode())
    refused("nb101", path, tmp_path)


@pytest.mark.parametrize("value", [*IMPOSSIBLE, "deep"])
@pytest.mark.parametrize(
    "field", ["budget", "test_accuracy", "runtime", "val_accuracy", "model_parameters", "info", "op"]
)
def test_impossible_values_in_results_of_nb301(tmp_path, field, value):
    arch = make.jsons.two_inputs(1)
    content = json.loads(make.jsons.result(arch))
    if (field, value) in {
        ("runtime", "9000 percent"),
        ("model_parameters", "9000 percent"),
        ("budget", "9000 percent"),
    }:
        return  # possible
    if field == "op" and value != "deep":
        return  # a foreign operation
    text = json.dumps(IMPOSSIBLE.get(value)) if value != "deep" else "[" * 100_000 + "]" * 100_000
    holder = content["info"][0] if field in ("val_accuracy", "model_parameters") else content
    holder[field if field != "op" else "optimized_hyperparamater_config"] = "PUT HERE"
    folder = make.nb301_folder(tmp_path / "nb301", [make.jsons.result(make.jsons.two_inputs(0)),
                                                    json.dumps(content).replace('"PUT HERE"', text)])  # fmt: skip
    assert "results_1.json" in refused("nb301", folder, tmp_path)


@pytest.mark.parametrize("value", [*IMPOSSIBLE, "deep"])
@pytest.mark.parametrize(
    "field", ["test_ep_top1", "a test error", "min_test_top1", "params", "flops", "rng_seed", "net"]
)
@pytest.mark.parametrize("kind", make.NDS)
def test_impossible_values_in_nds(tmp_path, kind, field, value):
    if value == "9000 percent" and field in ("params", "flops", "rng_seed"):
        return  # possible
    contents = [make.nds_training(kind, i) for i in range(3)]
    text = json.dumps(IMPOSSIBLE.get(value)) if value != "deep" else "[" * 100_000 + "]" * 100_000
    contents[1]["test_ep_top1" if field == "a test error" else field] = "PUT HERE"
    text = f"[50.0, {text}]" if field == "a test error" else text
    path = tmp_path / "x.json"
    path.write_text(json.dumps(contents).replace('"PUT HERE"', text))
    refused(kind, path, tmp_path)


@pytest.mark.parametrize("field", ["ds", "ws", "bot_muls", "num_gs"])
@pytest.mark.parametrize(
    "value", [[], [1], [1] * 5, [1.5, 1, 1], ["a"] * 3, [[1]] * 3, [None] * 3, {}, 3, [10**400] * 3]
)
def test_impossible_networks_in_nds(tmp_path, field, value):
    contents = [make.nds_training("nds-resnext-a", i) for i in range(2)]
    contents[1]["net"][field] = value
    path = tmp_path / "x.json"
    path.write_text(json.dumps(contents))
    if field == "bot_muls" and value == [1.5, 1, 1]:
        return  # another ratio: foreign
    refused("nds-resnext-a", path, tmp_path)


# Pickles


def nested_tuple(n):
    value = ()
    for _ in range(n):
        value = (value,)
    return value


def raw(*parts):
    return b"\x80\x04" + b"".join(parts) + b"."


DEEP_KEY = b"}(" + b")" + b"\x85" * 200_000 + b"K\x01u"  # {((((...),),),): 1}
DOUBLED_KEY = b"}(K\x01" + b"2\x86" * 100 + b"K\x01u"  # {((t, t), (t, t)): 1} with a hundred levels
OPS = {
    "a deep tuple as key": raw(DEEP_KEY),
    "a doubled tuple as key": raw(DOUBLED_KEY),
    "a doubled tuple in a set": raw(b"\x8f(K\x01" + b"2\x86" * 100 + b"\x90"),
    "a doubled tuple in a frozenset": raw(b"(K\x01" + b"2\x86" * 100 + b"\x91"),
    "a doubled tuple in an ordered dictionary": raw(
        b"ccollections\nOrderedDict\n((K\x01" + b"2\x86" * 100 + b"K\x01\x86tt\x85R"
    ),
    "a doubled tuple by SETITEM": raw(b"}K\x01" + b"2\x86" * 100 + b"K\x01s"),
    "a doubled tuple by DICT": raw(b"(K\x01" + b"2\x86" * 100 + b"K\x01d"),
    "a doubled tuple that is called": raw(b"K\x01" + b"2\x86" * 100 + b")R"),
    "numbers of one hash as keys": raw(
        b"}("
        + b"".join(b"\x8a\x14" + (k * ((1 << 61) - 1)).to_bytes(20, "little") + b"N" for k in range(1, 4000))
        + b"u"
    ),
    "marks without end": raw(b"(" * 1_000_000),
    "lists without end": raw(b"]" * 1_000_000 + b"a" * 999_999),
    "steps without end": raw(b"N0" * 1_200_000),
    "bytes that are not there": raw(b"\x8e" + struct.pack("<Q", 1 << 60)),
    "more bytes than can be": raw(b"\x8e" + struct.pack("<Q", (1 << 64) - 1)),
    "a byte array that is not there": raw(b"\x96" + struct.pack("<Q", 1 << 50)),
    "text that is not there": raw(b"\x8d" + struct.pack("<Q", 1 << 60)),
    "a frame that is not there": raw(b"\x95" + struct.pack("<Q", 1 << 60)),
    "a frame of 4 GiB": raw(b"\x95" + struct.pack("<Q", 1 << 32)),
    "a number of negative length": raw(b"\x8b" + struct.pack("<i", -5)),
    "a number of a gigabyte": raw(b"\x8b" + struct.pack("<i", 1 << 30)),
    "bytes of negative length": raw(b"T" + struct.pack("<i", -5)),
    "a memo that is empty": raw(b"h\x07"),
    "a memo far away": raw(b"j\xff\xff\xff\xff"),
    "a memo by text": raw(b"gx\n"),
    "an empty stack": raw(b"0"),
    "no mark": raw(b"t"),
    "no such instruction": raw(b"\xff"),
    "an extension": raw(b"\x82\x01"),
    "a buffer beside": raw(b"\x97"),
    "a persistent name": raw(b"Pabc\n"),
    "a protocol of the future": b"\x80\x63.",
    "a call of a number": raw(b"K\x01)R"),
    "a call of a method": raw(b"cbuiltins\ngetattr\n(ccollections\nOrderedDict\nVupdate\ntR"),
    "a state for a function": raw(b"c_codecs\nencode\n}V__defaults__\nK\x01s\x86b"),
    "a state for a type": raw(b"ccollections\nOrderedDict\n}V__doc__\nK\x01sb"),
    "a class made without its call": raw(b"c_codecs\nencode\n)\x81"),
    "a scalar of strange type": raw(b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(VO8\ntRVabc\ntR"),
    "a scalar that is short": raw(b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(Vf8\ntRVabc\ntR"),
    "a number of 5,000 digits": raw(b"I" + b"9" * 5_000 + b"\n"),
    "a line without end": b"\x80\x02I" + b"9" * 100_000,
    "only its end": b".",
    "nothing": b"",
}


@pytest.mark.parametrize("place", ["whole", "within"])
@pytest.mark.parametrize("layout", EVERY_PICKLED)
@pytest.mark.parametrize("program", OPS)
def test_hostile_pickles(tmp_path, low_bounds, program, layout, place):
    """The program stands for the pickle, or is the value of one trial's network in it."""
    content = OPS[program]
    if place == "within":
        if not content.startswith(b"\x80") or not content.endswith(b"."):
            return
        content = within(layout, content[2:-1])
    path = with_pickles(layout, tmp_path, content)
    assert not isinstance(imported(make.VALID[layout][0], path, tmp_path), pd.DataFrame) or place == "within"


HARMLESS = {"lists without end", "a persistent name"}  # as a value that is not read


def within(layout, program):
    """A valid pickle with these instructions where the marker stands."""
    infos = make.nats_content(0)
    infos["12"]["all_results"]["cifar10", 777]["net_state_dict"] = "PUT HERE"
    if layout in ("nats-folder", "nats-tar"):
        whole = infos
    elif layout == "nats-file":
        whole = {"arch2infos": {0: infos}}
    else:
        whole = {"arch2infos": {0: {"less": infos["12"], "full": infos["200"]}}}
    plain = pickle.dumps(whole, protocol=2)
    marker = b"X\x08\x00\x00\x00PUT HERE"
    start = plain.index(marker)
    assert plain.count(marker) == 1 and plain[start + len(marker)] in b"qr"
    return plain[:start] + program + plain[start + len(marker) :]


def with_pickles(layout, to, content):
    packed = bz2.compress(content)
    if layout in ("nats-folder", "nats-tar"):
        (to / "N").mkdir()
        (to / "N" / "000000.pickle.pbz2").write_bytes(packed)
        if layout == "nats-folder":
            return to / "N"
        with tarfile.open(to / "N.tar", "w") as archive:
            archive.add(to / "N", "N")
        return to / "N.tar"
    path = to / {"nats-file": "N.pickle.pbz2"}.get(layout, "N.pth")
    if layout == "nats-file":
        path.write_bytes(packed)
    elif layout == "nb201-zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", content)
    else:
        head = b"".join(
            pickle.dumps(part, protocol=2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        )
        path.write_bytes(head + content + pickle.dumps([], protocol=2))
    return path


@pytest.mark.parametrize("layout", PICKLED)
def test_a_program_within_a_pickle_is_run_to_its_place(tmp_path, layout):
    """The hostile programs do stand where they are read: harmless ones in their place leave the table as it is."""
    path = with_pickles(layout, tmp_path, within(layout, b"K\x01"))
    table = imported(make.VALID[layout][0], path, tmp_path)
    assert len(table) == 8
    found = refused(
        make.VALID[layout][0], with_pickles(layout, new(tmp_path), within(layout, DEEP_KEY)), tmp_path / "b"
    )
    assert "a key is a tuple" in found


def new(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    return folder


SHARED = ["names of evaluations", "configurations", "times", "trials", "text of one architecture"]


@pytest.mark.parametrize("protocol", [2, pytest.param(3, marks=pytest.mark.full), 4])
@pytest.mark.parametrize("what", SHARED)
@pytest.mark.parametrize("layout", ["nats-file", "nb201-zip", "nb201-legacy"])
def test_architectures_that_share_objects(tmp_path, monkeypatch, layout, what, protocol):
    """A pickle writes a shared object once and refers to it; in twelve architectures much was forgotten between."""
    plain = [make.nats_content(i % 7) for i in range(12)]
    contents = [make.nats_content(i % 7) for i in range(12)]
    first = {}
    for content in contents:
        for results in content.values():
            for key, trial in results["all_results"].items():
                if what == "names of evaluations":
                    names = {name: first.setdefault(name, name) for name in trial["eval_acc1es"]}
                    trial["eval_acc1es"] = {names[name]: value for name, value in trial["eval_acc1es"].items()}
                elif what in ("configurations", "times"):
                    field = "arch_config" if what == "configurations" else "train_times"
                    trial[field] = first.setdefault((field, str(trial[field])), trial[field])
                elif what == "trials":
                    trial["eval_acc1es"] = first.setdefault(str(trial["eval_acc1es"]), trial["eval_acc1es"])
                results["all_results"][key] = trial
            if what == "text of one architecture":
                results["arch_str"] = first.setdefault(results["arch_str"], results["arch_str"])
    dumps = pickle.dumps
    monkeypatch.setattr(pickle, "dumps", lambda value, protocol=None: dumps(value, protocol=wanted))
    wanted = protocol
    kind = make.VALID[layout][0]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = imported(kind, build_nats(layout, tmp_path / "a", contents), tmp_path / "a")
    expected = imported(kind, build_nats(layout, tmp_path / "b", plain), tmp_path / "b")
    pd.testing.assert_frame_equal(found, expected)


def test_a_reference_to_what_was_forgotten_reads_the_file_again(tmp_path, monkeypatch):
    passes = []
    monkeypatch.setattr(entries._Scan, "load", lambda self, load=entries._Scan.load: passes.append(1) or load(self))
    contents = [make.nats_content(i) for i in range(3)]
    build_nats("nb201-legacy", new(tmp_path), contents)
    assert isinstance(imported("nb201", tmp_path / "new" / "NAS.pth", tmp_path), pd.DataFrame) and not passes
    name = "x-valid@199"
    for content in contents:
        evals = content["200"]["all_results"]["cifar100", 777]["eval_acc1es"]
        evals[name] = evals.pop(name)  # one object, the literal above
    path = build_nats("nb201-legacy", tmp_path, contents)
    assert isinstance(imported("nb201", path, tmp_path / "two"), pd.DataFrame) and passes == [1]


def test_weights_within_an_archive_are_left_aside(tmp_path):
    import torch

    contents = [make.nats_content(0)]
    weights = OrderedDict(stem=torch.ones(3, 4), half=torch.nn.Parameter(torch.zeros(2)))
    contents[0]["200"]["all_results"]["cifar10", 777]["net_state_dict"] = weights
    table = imported("nats-bench", make.nats_folder(tmp_path / "NATS", contents), tmp_path)
    assert len(table) == 8


# Archives


@pytest.mark.parametrize("packing", ["", ":gz", ":bz2", ":xz"])
@pytest.mark.parametrize("member", ["folder", "symlink", "hard link", "fifo", "device"])
def test_members_of_a_tar_that_are_no_files(tmp_path, packing, member):
    kinds = {"folder": b"5", "symlink": b"2", "hard link": b"1", "fifo": b"6", "device": b"3"}
    path = tmp_path / "N.tar"
    with tarfile.open(path, f"w{packing}") as archive:
        archive.add(make.nats_folder(tmp_path / "N", [make.nats_content(0)]), "N")
        info = tarfile.TarInfo("N/000001.pickle.pbz2")
        info.type, info.linkname = kinds[member], "nowhere"
        archive.addfile(info)
    assert "000001" in refused("nats-bench", path, tmp_path)


def tar_of_two(tmp_path):
    path = tmp_path / "N.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(make.nats_folder(tmp_path / "N", [make.nats_content(0), make.nats_content(1)]), "N")
        offsets = [member.offset for member in archive.getmembers()]
    return path, offsets


@pytest.mark.parametrize(
    "damage", ["checksum", "name", "zeros", "no end", "one member less and no end", "size", "negative"]
)
def test_headers_of_a_tar(tmp_path, damage):
    path, offsets = tar_of_two(tmp_path)
    whole = bytearray(path.read_bytes())
    second = offsets[2]
    if damage == "checksum":
        whole[second + 148] ^= 1
    elif damage == "name":
        whole[second] ^= 1
    elif damage == "zeros":
        whole[second : second + 512] = bytes(512)
    elif damage == "no end":
        whole = whole[: len(whole.rstrip(b"\0")) + (-len(whole.rstrip(b"\0"))) % 512]
    elif damage == "one member less and no end":
        whole = whole[:second]
    else:
        header = tarfile.TarInfo.frombuf(bytes(whole[second : second + 512]), "utf-8", "strict")
        header.size = 1 << 40 if damage == "size" else 0
        block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
        if damage == "negative":
            block[124:136] = b"\xff" * 8 + (2**32 - 1024).to_bytes(4, "big")
            block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:512]))
        whole[second : second + 512] = block[:512]
    path.write_bytes(whole)
    refused("nats-bench", path, tmp_path)


def test_long_headers_of_a_tar(tmp_path):
    for kind, size in ((b"x", 2 << 20), (b"L", 2 << 20), (b"g", 2 << 20), (b"x", 1 << 50)):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, size
        path = tmp_path / "N.tar"
        path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(3 << 20))
        assert "header" in refused("nats-bench", path, tmp_path)
    link = tarfile.TarInfo("x")
    link.type, link.size = b"x", 0
    path.write_bytes(link.tobuf() * 5_000 + bytes(1024))
    refused("nats-bench", path, tmp_path)


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_an_archive_that_unpacks_without_end(tmp_path, low_bounds, packing):
    path = tmp_path / f"N.tar.{packing}"
    info = tarfile.TarInfo("readme")
    info.size = 64 << 20
    with tarfile.open(path, f"w:{packing}") as archive:
        archive.addfile(info, io.BytesIO(bytes(info.size)))
        archive.add(make.nats_folder(tmp_path / "N", [make.nats_content(0)]), "N")
    assert "unpacks to more than" in refused("nats-bench", path, tmp_path)


@pytest.mark.parametrize("layout", ["nats-folder", "nats-tar", "nats-file"])
def test_an_architecture_that_unpacks_without_end(tmp_path, low_bounds, layout):
    text = b"X" + struct.pack("<I", 200_000) + bytes(200_000) + b"0"
    refused("nats-bench", with_pickles(layout, tmp_path, raw(text * 40)), tmp_path)


def test_entries_without_end(tmp_path, low_bounds, monkeypatch):
    """Thousands of architectures without trainings, from a file of a few hundred bytes."""
    monkeypatch.setattr(nats, "_PICKLE_RATIO", 1)
    entry = (
        b"K\x01}X\x03\x00\x00\x00200}(X\x08\x00\x00\x00arch_str" + b"X\x01\x00\x00\x00aX\x0b\x00\x00\x00all_results}us"
    )
    path = with_pickles("nats-file", tmp_path, raw(b"}(" + entry * 50_000 + b"u"))
    assert path.stat().st_size < 20_000
    refused("nats-bench", path, tmp_path)


ZIPS = {
    "deflated": {"compress_type": zipfile.ZIP_DEFLATED},
    "bzip2": {"compress_type": zipfile.ZIP_BZIP2},
    "lzma": {"compress_type": zipfile.ZIP_LZMA},
}


@pytest.mark.parametrize("packing", ZIPS)
def test_zips_that_are_packed(tmp_path, packing):
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", bytes(4 << 20), **ZIPS[packing])
    assert "encrypted or packed" in refused("nb201", path, tmp_path)


@pytest.mark.parametrize(
    "damage", ["encrypted", "method 99", "checksum", "no directory", "two", "none", "size", "offset"]
)
def test_damaged_zips(tmp_path, damage):
    path = make.nb201_file(tmp_path / "x.pth", [make.nats_content(0)], "zip")
    whole = bytearray(path.read_bytes())
    central = whole.index(b"PK\x01\x02")
    if damage == "encrypted":
        whole[6] |= 1
        whole[central + 8] |= 1
    elif damage == "method 99":
        whole[8] = whole[central + 10] = 99
    elif damage == "checksum":
        whole[14] ^= 1
        whole[central + 16] ^= 1
    elif damage == "no directory":
        whole = whole[:central]
    elif damage == "size":
        whole[central + 20 : central + 28] = struct.pack("<II", 1 << 30, 1 << 30)
    elif damage == "offset":
        whole[central + 42 : central + 46] = struct.pack("<I", 1 << 30)
    path.write_bytes(whole)
    if damage in ("two", "none"):
        with zipfile.ZipFile(path, "w") as archive:
            for name in ("a/data.pkl", "b/data.pkl") if damage == "two" else ("a/data.txt",):
                archive.writestr(name, b"")
    refused("nb201", path, tmp_path)


# Text and records


TEXTS = {
    "deep": "[" * 300_000, "deep objects": '[{"a":' * 300_000, "a long name": '{"' + "a" * 300_000,
    "a long text": '[{"net": "' + "a" * 300_000, "a long number": '[{"net": ' + "9" * 10_000 + "}]",
    "a number": "[{}, 1]", "an empty training": "[{}]", "null": "[null]", "an empty network": '[{"net": {}}]',
    "text alone": '"a"', "a number alone": "1", "no colon": '{"a" [{}]}', "two commas": '[{},,{}]', "a comma": "[,]",
}  # fmt: skip


@pytest.mark.parametrize("kind", make.NDS)
@pytest.mark.parametrize("text", TEXTS)
def test_hostile_json(tmp_path, low_bounds, kind, text):
    path = tmp_path / "x.json"
    path.write_text(TEXTS[text])
    refused(kind, path, tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe[{}]", b'[{"a": "\xff"}]', b"\xef\xbb\xbf[", b"[{\0}]"])
def test_json_of_another_encoding(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    refused("nds-resnet", tmp_path / "x.json", tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = make.VALID["nds-resnet"][1](tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(imported("nds-resnet", path, tmp_path)) == 3


RECORDS = {
    "deep": b"[" * 100_000,
    "five lists": b"[[],[],[],[],[]]",
    "no text": b'["h",108,1,"input,output","AA=="]',
    "a list for a hash": b'[[],108,"0100","input,output","AA=="]',
    "a huge number": b'["h",' + b"9" * 5000 + b',"0100","input,output","AA=="]',
    "no base64": b'["h",108,"0100","input,output","???"]',
    "a long number in the metrics": b'["h",108,"0100","input,output","' + b"////" * 30_000 + b'"]',
    "no metrics": b'["h",108,"0100","input,output",""]',
    "a matrix of letters": b'["h",108,"0x00","input,output","AA=="]',
    "a thousand vertices": b'["h",108,"' + b"1" * 490_000 + b'","' + b",".join([b"input"] * 700) + b'","AA=="]',
    "utf-16": '["h"]'.encode("utf-16"),
}


@pytest.mark.parametrize("record", RECORDS)
def test_hostile_records(tmp_path, record):
    refused("nb101", make.nb101.written(tmp_path / "x.tfrecord", RECORDS[record]), tmp_path)


def test_a_record_that_promises_too_much(tmp_path):
    length = struct.pack("<Q", tfrecord._LONGEST + 1)
    (tmp_path / "x").write_bytes(length + struct.pack("<I", tfrecord.masked_crc(length)) + bytes(1000))
    assert "longer than any record of a benchmark" in refused("nb101", tmp_path / "x", tmp_path)


def test_a_record_file_joined_with_itself(tmp_path):
    path = make.nb101_file(tmp_path / "x.tfrecord")
    path.write_bytes(path.read_bytes() * 2)
    assert "is training 4 of one cell and length, of which 3 are published" in refused("nb101", path, tmp_path)


def test_the_command_line_survives_brackets_in_what_was_left_out(tmp_path):
    content = make.nds_training("nds-darts")
    other = make.nds_training("nds-darts", 1)
    content["net"]["genotype"]["normal_concat"] = [4, 5]
    path = tmp_path / "DARTS.json"
    path.write_text(json.dumps([content, other]))
    result = CliRunner().invoke(
        app, ["bench", "import", "nds-darts", str(path), "--out", str(tmp_path / "[red]out[/x]")]
    )
    assert result.exit_code == 0, result.output
    assert "omitted, not in the search space: 1 x" in result.output and "[red]out[/x]" in result.output
