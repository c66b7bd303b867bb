"""`nasgauge bench import`: an official benchmark file becomes a table that studies and `judge` accept."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nasgauge.errors import UserError, unknown_name
from nasgauge.official import KINDS, Foreign, Kind, Training
from nasgauge.spaces import get_space
from nasgauge.store import write_atomically
from nasgauge.tables import OFFICIAL, check

_CHUNK = 20_000  # trainings of which the columns are held at a time
_N_REASONS = 20
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("arch", "iso_class", "dataset")),
        ("epochs", pa.int32()),
        ("seed", pa.int64()),
        ("valid_accuracy", pa.float64()),
        ("test_accuracy", pa.float64()),
        ("n_params", pa.int64()),
        ("train_seconds", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Import:
    """What was written: the table, its counts, and how often which architecture lay outside the space."""

    table: Path
    n_trainings: int
    n_archs: int
    foreign: dict[str, int]


def import_file(kind: str, path: Path, out: Path, *, progress: Callable[[int], None] = lambda n: None) -> Import:
    """Read `path`, laid out as `kind`, into `<out>/<kind>.parquet` (table OFFICIAL) and `<kind>.json` beside it.

    Trainings are written as they are read, so memory grows with the number of architectures at most (a name and a class
    of each), not with the file. The table appears whole or not at all. `progress(n)`: trainings so far. UserError: an
    unknown kind; a path that is not there; a table that is; whatever the reader finds wrong; no training at all.
    """
    if kind not in KINDS:
        raise unknown_name("kind of benchmark file", kind, KINDS)
    if not path.exists():
        raise UserError(f"{path}: is not there; name the official file or folder")
    table = out / f"{kind}.parquet"
    if table.exists():
        raise UserError(f"{table}: exists already; choose another folder with --out, or remove it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror}); choose another folder with --out") from error
    temporary = out / f".{kind}.{os.getpid()}.tmp"
    try:
        counts = _write(KINDS[kind], path, temporary, progress)
        if not counts.n_trainings:
            raise UserError(f"{path}: holds no training of the space {KINDS[kind].space}; is it a file of kind {kind}?")
        write_atomically(table.with_suffix(".json"), json.dumps(counts.record(kind, path), indent=2).encode())
        os.replace(temporary, table)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return Import(table, counts.n_trainings, len(counts.archs), dict(counts.foreign.most_common(_N_REASONS)))


class _Counts:
    """What the facts are made of."""

    def __init__(self) -> None:
        self.archs: set[str] = set()
        self.series: Counter[tuple[str, int]] = Counter()
        self.foreign: Counter[str] = Counter()

    @property
    def n_trainings(self) -> int:
        return self.series.total()

    def record(self, kind: str, path: Path) -> dict[str, object]:
        """The JSON file beside the table."""
        series = [{"dataset": d, "epochs": e, "n_trainings": n} for (d, e), n in sorted(self.series.items())]
        facts = {"n_archs": len(self.archs), "n_trainings": self.n_trainings, "n_foreign": self.foreign.total()}
        origin = {"kind": kind, "space": KINDS[kind].space, "source": path.name, "reference": KINDS[kind].reference}
        return {**origin, "facts": facts, "series": series, "foreign": dict(self.foreign.most_common(_N_REASONS))}


def _write(kind: Kind, path: Path, target: Path, progress: Callable[[int], None]) -> _Counts:
    counts = _Counts()
    rows = _rows(kind, path, counts)
    with pq.ParquetWriter(target, _SCHEMA, compression="zstd") as writer:
        while part := list(islice(rows, _CHUNK)):
            table = check(pd.DataFrame(part), OFFICIAL, where=str(path))
            writer.write_table(pa.Table.from_pandas(table, schema=_SCHEMA, preserve_index=False))
            progress(counts.n_trainings)
    return counts


def _rows(kind: Kind, path: Path, counts: _Counts) -> Iterator[dict[str, object]]:
    space = get_space(kind.space)

    @cache
    def names(arch: tuple[int, ...]) -> tuple[str, str]:
        return space.to_str(arch), space.to_str(space.canonical(arch))

    for found in kind.read(path):
        if isinstance(found, Foreign):
            counts.foreign[found.why] += 1
            continue
        arch, iso_class = names(found.arch)
        counts.archs.add(arch)
        counts.series[found.dataset, found.epochs] += 1
        yield _row(found, arch, iso_class)


def _row(found: Training, arch: str, iso_class: str) -> dict[str, object]:
    return {
        "arch": arch,
        "iso_class": iso_class,
        "dataset": found.dataset,
        "epochs": found.epochs,
        "seed": found.seed,
        "valid_accuracy": found.valid_accuracy,
        "test_accuracy": found.test_accuracy,
        "n_params": found.n_params,
        "train_seconds": found.seconds,
    }
