"""NAS-Bench-101 record files written in their layout: round trip, checksums, damage, foreign cells."""

import base64
import json
import struct

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.official import KINDS, Foreign, Training
from nasgauge.official.tfrecord import masked_crc, records
from nasgauge.spaces import NB101

SPACE = NB101()


def framed(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def evaluation(epoch, seconds, valid, test):
    path = b"/tmp/model.ckpt"
    return (
        double(1, epoch) + double(2, seconds) + double(3, 0.99) + double(4, valid) + double(5, test)
        + varint(6 << 3 | 2) + varint(len(path)) + path
    )  # fmt: skip


def record(name, epochs, matrix, operations, valid, test, n_params=1_234_567):
    halves = [evaluation(epochs / 2, 50.0, 0.1, 0.2), evaluation(epochs, 100.5, valid, test)]
    metrics = b"".join(varint(1 << 3 | 2) + varint(len(e)) + e for e in halves)
    metrics += varint(2 << 3) + varint(n_params) + double(3, 140.0)
    text = "".join(str(int(v)) for row in matrix for v in row)
    return json.dumps([name, epochs, text, ",".join(operations), base64.b64encode(metrics).decode()]).encode()


def cell(seed):
    """Matrix and operations of a random cell with its seven vertices, and the architecture they are."""
    arch = SPACE.sample(np.random.default_rng(seed))
    matrix = [[y > x and arch[0] >> (x + y * (y - 1) // 2) & 1 for y in range(7)] for x in range(7)]
    return matrix, ["input", *(SPACE.ops[op] for op in arch[1:]), "output"], arch


def written(path, *contents):
    path.write_bytes(b"".join(map(framed, contents)))
    return path


def test_checksums_are_those_of_the_standard():
    assert masked_crc(b"") == 0xA282EAD8
    unmasked = (masked_crc(b"123456789") - 0xA282EAD8) & 0xFFFFFFFF
    assert (unmasked << 15 | unmasked >> 17) & 0xFFFFFFFF == 0xE3069283  # RFC 3720, appendix B.4


def test_round_trip_with_three_trials_of_each_cell(tmp_path):
    contents, expected = [], []
    for trial in range(3):
        for i in range(4):
            matrix, operations, arch = cell(i)
            for epochs in (12, 108):
                valid, test = 0.9 + i / 100 + trial / 1000, 0.8 + i / 100
                contents.append(record(f"hash{i}", epochs, matrix, operations, valid, test))
                expected.append(Training(arch, "cifar10", epochs, trial, valid, test, 1_234_567, 100.5))
    assert list(KINDS["nb101"].read(written(tmp_path / "nasbench.tfrecord", *contents))) == expected


def test_a_small_cell_keeps_its_layout(tmp_path):
    matrix = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    path = written(tmp_path / "x", record("h", 108, matrix, ["input", "maxpool3x3", "output"], 0.5, 0.4))
    [found] = KINDS["nb101"].read(path)
    assert SPACE.to_str(found.arch) == "maxpool3x3~0|output~1"


def test_cells_outside_the_space_are_foreign(tmp_path):
    matrix, operations, _ = cell(0)
    eight = np.triu(np.ones((8, 8), int), 1)
    unknown = [*operations[:1], "conv5x5-bn-relu", *operations[2:]]
    apart = np.zeros((7, 7), int)
    path = written(
        tmp_path / "x",
        record("a", 108, eight, ["input", *["maxpool3x3"] * 6, "output"], 0.5, 0.4),
        record("b", 108, matrix, unknown, 0.5, 0.4),
        record("c", 108, apart, operations, 0.5, 0.4),
        record("d", 108, matrix, operations, 0.5, 0.4),
    )
    found = list(KINDS["nb101"].read(path))
    assert [isinstance(f, Foreign) for f in found] == [True, True, True, False]
    assert "8 vertices" in found[0].why and "conv5x5" in found[1].why and "no path" in found[2].why


def test_damage_is_told_with_its_place(tmp_path):
    matrix, operations, _ = cell(0)
    good = framed(record("a", 108, matrix, operations, 0.5, 0.4))
    path = tmp_path / "x.tfrecord"
    for content, says in [
        (good + good[:5], "record 2, at byte .* length is damaged"),
        (good + good[:-1], "record 2, at byte .* is truncated"),
        (good + good[:40] + b"?" + good[41:], "record 2, at byte .* do not match their checksum"),
        (good + b"\xff" * 8 + good[8:], "record 2, at byte .* length is damaged"),
        (b"hello, this is a text file", "record 1, at byte 0: its length is damaged"),
        (framed(b"[1, 2]"), "record 1: is not a record of NAS-Bench-101"),
        (framed(json.dumps(["h", 108, "0", "input,output", "!!"]).encode()), "record 1: is not a record"),
        (b"", "contains no record"),
    ]:
        path.write_bytes(content)
        with pytest.raises(UserError, match=says):
            list(KINDS["nb101"].read(path))


def test_records_are_read_one_at_a_time(tmp_path):
    path = written(tmp_path / "x", b"first", b"second")
    with path.open("ab") as file:
        file.write(b"damaged")
    stream = records(path)
    assert [next(stream), next(stream)] == [b"first", b"second"]
    with pytest.raises(UserError):
        next(stream)
