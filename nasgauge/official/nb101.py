"""NAS-Bench-101: the record file nasbench_full.tfrecord or nasbench_only108.tfrecord.

Each record is JSON: [hash of the cell, epochs, adjacency matrix as a string of 0 and 1 row by row, operations joined by
commas with input and output, metrics]. The metrics are a protocol buffer in base64: field 1, repeated, an evaluation;
field 2 the number of parameters; field 3 the seconds in all. Of an evaluation, 2 is the training time until then, 4 the
validation and 5 the test accuracy, as fractions. The last evaluation is the end of the training. A cell and length of
training has three records; as they tell no seed, theirs are 0, 1, 2 in the order of the file.
"""

import base64
import json
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.official.opened import BROKEN, reason
from nasgauge.official.tfrecord import records
from nasgauge.official.training import MAX_EPOCHS, Foreign, Training, whole
from nasgauge.spaces import NB101, Arch

_SPACE = NB101()
_DATASET = "cifar10"
_N_TRIALS = 3
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read(path: Path) -> Iterator[Training | Foreign]:
    """All trainings in the order of the file; of each cell and length of training a count is kept, and nothing else."""
    seen: Counter[tuple[str, int]] = Counter()
    for number, data in enumerate(records(path), start=1):
        where = f"{path}: record {number}"
        try:
            name, epochs, matrix, operations, metrics = json.loads(data)
            if not all(isinstance(text, str) for text in (name, matrix, operations, metrics)):
                raise TypeError("expected text for hash, matrix, operations and metrics")
            told = _metrics(base64.b64decode(metrics, validate=True))
            key = name, whole(epochs, "the number of epochs", 1, MAX_EPOCHS)
            found = Training(_arch(matrix, operations.split(",")), _DATASET, key[1], seen[key], **told)
        except UserError as error:
            yield Foreign(f"no cell of the space: {error}")
            continue
        except BROKEN as error:
            raise UserError(
                f"{where}: is not a record of NAS-Bench-101 ({reason(error)}); name nasbench_*.tfrecord"
            ) from error
        seen[key] += 1
        if seen[key] > _N_TRIALS:
            raise UserError(
                f"{where}: is training {seen[key]} of one cell and length, of which {_N_TRIALS} are published; check "
                "that the file is not concatenated with itself, or download it again"
            )
        yield found
    if not seen:
        raise UserError(f"{path}: contains no records; name nasbench_full.tfrecord or nasbench_only108.tfrecord")


def _arch(matrix: str, operations: list[str]) -> Arch:
    n = len(operations)
    if len(matrix) != n * n or operations[0] != "input" or operations[-1] != "output":
        raise ValueError(f"{len(matrix)} entries of a matrix for {n} vertices")
    if n > 7:
        raise UserError(f"{n} vertices; at most 7 are allowed")
    if set(matrix) - {"0", "1"}:
        raise ValueError("a matrix with other entries than 0 and 1")
    bits = sum(
        1 << x + y * (y - 1) // 2 for y in range(n) for x in range(y) if matrix[x * n + y] == "1"
    )  # fmt: skip
    if any(matrix[x * n + y] == "1" for x in range(n) for y in range(x + 1)):
        raise UserError("an edge leads backwards")
    unknown = [name for name in operations[1:-1] if name not in _SPACE.ops]
    if unknown:
        raise UserError(f"operation {unknown[0][:40]}")
    return _SPACE.from_table(n, bits, "".join(str(_SPACE.ops.index(name)) for name in operations[1:-1]))


def _metrics(content: bytes) -> dict[str, Any]:
    last: bytes | None = None
    n_params = seconds = None
    for field, value in _fields(content):
        if field == 1:
            last = value
        elif field == 2:
            n_params = int(value)
        elif field == 3:
            seconds = float(value)
    if last is None:
        raise ValueError("no evaluation")
    told = dict(_fields(last))
    return {
        "valid_accuracy": told[4],
        "test_accuracy": told[5],
        "n_params": n_params,
        "seconds": told.get(2, seconds),
    }


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protocol buffer: doubles, integers, or bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(content, at)
        elif kind == _FIXED64:
            value, at = struct.unpack_from("<d", content, at)[0], at + 8
        elif kind == _FIXED32:
            value, at = struct.unpack_from("<f", content, at)[0], at + 4
        elif kind == _BYTES:
            length, at = _varint(content, at)
            value, at = content[at : at + length], at + length
            if len(value) < length:
                raise ValueError("a field is truncated")
        else:
            raise ValueError(f"a field of unknown kind {kind}")
        yield key >> 3, value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number of over ten bytes")
