"""`nasgauge bench import`: an official benchmark file becomes a table that studies and `judge` accept."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, count, islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.remote import AnyPath, local
from nasgauge.core.replacing import write_atomically
from nasgauge.core.tables import OFFICIAL, check
from nasgauge.official import KINDS, Foreign, Kind, Training, kind_of
from nasgauge.spaces import get_space

_CHUNK = 20_000  # trainings of which the columns are held at a time
_N_REASONS = 20
_N_FOREIGN = 1_000  # where so many entries in a row from the beginning lie outside the space, all do
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("arch", "iso_class", "dataset")),
        ("epochs", pa.int32()),
        ("seed", pa.int64()),
        ("valid_accuracy", pa.float64()),
        ("test_accuracy", pa.float64()),
        ("n_params", pa.int64()),
        ("macs", pa.int64()),
        ("train_seconds", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Import:
    """What was written: the table, its counts, and how often which architecture lay outside the space.

    n_repeats: trainings left out because they repeat another one, number by number; n_renumbered: those of an
    architecture and seed that were there before with other results, kept under a seed that was free.
    """

    table: Path
    n_trainings: int
    n_archs: int
    foreign: dict[str, int]
    n_repeats: int
    n_renumbered: int


def import_file(
    kind: str, path: Path | Sequence[Path], out: AnyPath, *, progress: Callable[[int], None] = lambda n: None
) -> Import:
    """Read `path`, laid out as `kind`, into `<out>/<kind>.parquet` (table OFFICIAL) and `<kind>.json` beside it.

    Several paths are read one after the other into one table. Trainings are written as they are read, so memory grows
    with the number of architectures (name, class and results of each by seed), not with the file. The table appears
    whole or not at all. `progress(n)`: trainings so far. UserError: an unknown kind; a path that is not there or comes
    twice; a table that is there; whatever the reader finds wrong; no training at all.
    """
    if kind not in KINDS:
        raise unknown_name("kind of benchmark file", kind, KINDS)
    out = local(out, "an import")
    paths = [path] if isinstance(path, Path) else list(path)
    _check_paths(kind, paths)
    table = out / f"{kind}.parquet"
    temporary = out / f".{kind}.{os.getpid()}.tmp"
    with _written(out):
        if table.exists():
            raise UserError(f"{table}: exists already; choose another folder with --out, or remove it")
        out.mkdir(parents=True, exist_ok=True)
    try:
        counts = _write(KINDS[kind], paths, temporary, progress)
        if not counts.n_trainings:
            raise _no_training(kind, paths, counts)
        with _written(out):
            write_atomically(table.with_suffix(".json"), json.dumps(counts.record(kind, paths), indent=2).encode())
            os.replace(temporary, table)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    found = dict(counts.foreign.most_common(_N_REASONS))
    return Import(table, counts.n_trainings, len(counts.archs), found, counts.n_repeats, counts.n_renumbered)


@contextmanager
def _written(out: Path) -> Iterator[None]:
    """What the folder's name, the disk or its rights forbid is a UserError."""
    try:
        yield
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{out}: cannot be written ({reason}); choose another folder with --out") from error


def _check_paths(kind: str, paths: list[Path]) -> None:
    if not paths or (KINDS[kind].numbered and len(paths) > 1):
        raise UserError(f"bench import {kind}: give one path")
    seen: set[Path] = set()
    for path in paths:
        kind_of(path)
        if (real := path.resolve()) in seen:
            raise UserError(f"{path}: is named twice; name each file once")
        seen.add(real)


def _no_training(kind: str, paths: list[Path], counts: "_Counts") -> UserError:
    why = "".join(f"; left out: {n:,} x {reason}" for reason, n in counts.foreign.most_common(1))
    return UserError(
        f"{paths[0]}: contains no trainings of the space {KINDS[kind].space}; check that it is a file of kind "
        f"{kind}{why}"
    )


class _Counts:
    """What the facts are made of."""

    def __init__(self) -> None:
        self.archs: set[str] = set()
        self.series: Counter[tuple[str, int]] = Counter()
        self.foreign: Counter[str] = Counter()
        self.n_repeats = self.n_renumbered = 0

    @property
    def n_trainings(self) -> int:
        return self.series.total()

    def record(self, kind: str, paths: list[Path]) -> dict[str, object]:
        """The JSON file beside the table."""
        series = [{"dataset": d, "epochs": e, "n_trainings": n} for (d, e), n in sorted(self.series.items())]
        facts = {"n_archs": len(self.archs), "n_trainings": self.n_trainings, "n_foreign": self.foreign.total()}
        source = ", ".join(path.name for path in paths)
        origin = {"kind": kind, "space": KINDS[kind].space, "source": source, "reference": KINDS[kind].reference}
        left_out = {"foreign": dict(self.foreign.most_common(_N_REASONS)), "n_repeats": self.n_repeats}
        return {**origin, "facts": facts, "series": series, **left_out, "n_renumbered": self.n_renumbered}


class _Seeds:
    """The results of each architecture, data set and length of training by seed, so that every seed is there once."""

    def __init__(self, counts: _Counts) -> None:
        self.counts = counts
        self.known: dict[tuple[str, str, int], dict[int | None, tuple[object, ...]]] = {}

    def placed(self, arch: str, found: Training) -> Training | None:
        """The training, under a free seed if its own is taken by other results; None if it was there before."""
        taken = self.known.setdefault((arch, found.dataset, found.epochs), {})
        results = found.seed, found.valid_accuracy, found.test_accuracy, found.n_params, found.seconds
        if results in taken.values():
            self.counts.n_repeats += 1
            return None
        seed = found.seed
        if seed in taken:
            self.counts.n_renumbered += 1
            seed = next(number for number in count() if number not in taken)
        taken[seed] = results
        return replace(found, seed=seed)


def _write(kind: Kind, paths: list[Path], target: Path, progress: Callable[[int], None]) -> _Counts:
    counts = _Counts()
    rows = _rows(kind, paths, counts)
    with pq.ParquetWriter(target, _SCHEMA, compression="zstd") as writer:
        while part := list(islice(rows, _CHUNK)):
            table = check(pd.DataFrame(part), OFFICIAL, where=str(paths[0]))
            with _written(target):
                writer.write_table(pa.Table.from_pandas(table, schema=_SCHEMA, preserve_index=False))
            progress(counts.n_trainings)
    return counts


def _rows(kind: Kind, paths: list[Path], counts: _Counts) -> Iterator[dict[str, object]]:
    space = get_space(kind.space)
    seeds = None if kind.numbered else _Seeds(counts)

    @cache
    def names(arch: tuple[int, ...]) -> tuple[str, str]:
        return space.to_str(arch), space.to_str(space.canonical(arch))

    for found in chain.from_iterable(map(kind.read, paths)):
        if isinstance(found, Foreign):
            counts.foreign[found.why] += 1
            if not counts.n_trainings and counts.foreign.total() == _N_FOREIGN:
                return
            continue
        arch, iso_class = names(found.arch)
        placed = found if seeds is None else seeds.placed(arch, found)
        if placed is not None:
            counts.archs.add(arch)
            counts.series[placed.dataset, placed.epochs] += 1
            yield _row(placed, arch, iso_class)


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
        "macs": found.macs,
        "train_seconds": found.seconds,
    }
