"""The folder of a study: a copy of the study, the environment, and the Parquet parts of every task.

A part is written under a temporary name and then renamed, so it is complete or absent; its key is the hash of the
task, so a resumed run skips the keys that exist. One writer per part: no lock, no database. The digests of a task's
parts are kept beside them: a part that is changed is not read, one that is missing makes its task incomplete.
"""

import codecs
import hashlib
import io
import json
import os
import re
import time
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nasgauge.core import references
from nasgauge.core.conditions import FORMAT, Conditions, environment
from nasgauge.core.errors import UserError
from nasgauge.core.remote import AnyPath, contents, path_of
from nasgauge.core.replacing import write_atomically

STUDY, STUDY_JSON, ENVIRONMENT, PLAN, PARTS = "study.toml", "study.json", "environment.json", "plan.json", "parts"
ORIGIN = "origin.json"  # the folder of the study's file, where its references start from
DIGESTS = "digests"  # of the parts of a task, by table, in a file of each run that wrote them
RESERVED = frozenset(
    (STUDY, STUDY_JSON, ENVIRONMENT, PLAN, PARTS, ORIGIN, DIGESTS, "checkpoints", "progress", "report.html", "sources")
)  # names in the folder of a study
_OWN = re.compile(r"(\.?)(environment|origin|study)\.(json|toml)(\.\d+\.tmp)?")  # what the first moments leave
_TEMPORARY = re.compile(r"\..+\.(\d+)\.tmp")
_STALE_SECONDS = 60  # a temporary file is that old before it is removed: writers may live on other machines
_MAX_TEXT = 100_000_000  # bytes
_ABSENT = object()
_AT_ONCE = 256  # files that are read into memory together
_CONDITIONS = b"nasgauge_conditions"  # key in the metadata of a part
_AGAIN = "delete it and run again to recompute it"


def key_of(work: Any) -> str:
    """Sixteen hex digits that depend only on the content of the task (any JSON value).

    >>> key_of({"a": 1, "b": [2, 3]}) == key_of({"b": [2, 3], "a": 1})
    True
    """
    text = json.dumps(work, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(tables: Mapping[str, Any]) -> Any:
    """With lists for tuples, dates as text, and references that are the same wherever their files lie."""
    return references.shortened(json.loads(json.dumps(tables, default=str)))


def _difference(there: Any, here: Any, place: str = "") -> str:
    """The first key in which two studies differ, with both values.

    >>> _difference({"a": 1, "b": [{"c": 2}]}, {"a": 1, "b": [{"c": 3}]})
    'b.0.c is 2 there, 3 here'
    """
    if isinstance(there, dict) and isinstance(here, dict):
        keys: Any = [key for key in {**there, **here} if there.get(key, _ABSENT) != here.get(key, _ABSENT)]
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        keys = [i for i, pair in enumerate(zip(there, here, strict=True)) if pair[0] != pair[1]]
    else:
        keys = []
    if not keys:
        shown = ("not set" if value is _ABSENT else f"{value!r:.80}" for value in (there, here))
        return f"{place} is {' there, '.join(shown)} here"
    key, inside = keys[0], f"{place}.{keys[0]}" if place else str(keys[0])
    if isinstance(there, dict):
        return _difference(there.get(key, _ABSENT), here.get(key, _ABSENT), inside)
    return _difference(there[key], here[key], inside)


@final
class Store:
    """The folder of one study. `Store.open` creates it or resumes it."""

    def __init__(self, folder: AnyPath | str) -> None:
        self.folder = path_of(folder)
        self._digests_in: dict[str, dict[str, str]] = {}  # by the name of a file of digests, which its content decides

    @classmethod
    def open(
        cls,
        folder: AnyPath | str,
        tables: Mapping[str, Any],
        text: str | None = None,
        origin: Path | None = None,
        *,
        replaces: bool = False,
    ) -> "Store":
        """The store in `folder` for the study with these tables; a folder of anything else is refused, untouched.

        text: of the study's TOML file, which is kept as it is; without one the tables are kept as JSON. origin: the
        folder of that file, the current one if None, which is kept too where references start from it. replaces: the
        study takes the place of the one in the folder, whose finished parts its caller has found to be its own.
        """
        store = cls(folder)
        if cls.is_in(store.folder):
            difference = store.difference(tables)
            if difference and not replaces:
                raise UserError(
                    f"{folder}: contains another study, or this one with other settings ({difference}); "
                    "choose another folder with --out"
                )
        elif store.folder.exists() and not _is_ours_or_empty(store.folder):
            raise UserError(f"{folder}: exists and is not a study folder; choose another one with --out")
        name, content = (STUDY_JSON, json.dumps(tables, indent=1)) if text is None else (STUDY, text)
        is_moved = text is None and not (store.folder / STUDY).is_file()  # then its references may lie elsewhere
        is_other = replaces and cls.is_in(store.folder) and bool(store.difference(tables))
        start = json.dumps({"folder": os.path.abspath(origin or ".")}).encode()
        try:
            if not (store.folder / ENVIRONMENT).exists():
                write_atomically(store.folder / ENVIRONMENT, json.dumps(environment(), indent=2).encode())
            if is_moved or is_other or not cls.is_in(store.folder):
                write_atomically(store.folder / name, content.encode())
            if is_other and name == STUDY_JSON:
                (store.folder / STUDY).unlink(missing_ok=True)  # by which it would be read first
            if text is not None and references.anchored(tables) != tables:
                write_atomically(store.folder / ORIGIN, start)
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be written ({error.strerror}); choose another folder with --out"
            ) from error
        if isinstance(store.folder, Path):
            remove_stale(store.folder)
        return store

    @classmethod
    def existing(cls, folder: AnyPath | str) -> "Store":
        """The store in a folder, which must exist."""
        store = cls(folder)
        if not cls.is_in(store.folder):
            raise UserError(
                f"{folder}: is not a study folder (no {STUDY} in it); name the folder that `nasgauge run` wrote"
            )
        if (store.folder / ENVIRONMENT).is_file() and store.environment().get("format", FORMAT) > FORMAT:
            raise UserError(f"{folder}: was written by a newer version of nasgauge; update this one")
        return store

    @staticmethod
    def is_in(folder: AnyPath) -> bool:
        """Whether the folder holds a study."""
        return (folder / STUDY).is_file() or (folder / STUDY_JSON).is_file()

    def tables(self) -> dict[str, Any]:
        """The tables of the stored study; UserError where its file is damaged."""
        is_toml = (self.folder / STUDY).is_file()
        path = self.folder / (STUDY if is_toml else STUDY_JSON)
        text = text_of(path)
        try:
            return tomllib.loads(text) if is_toml else dict(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            kind = "TOML" if is_toml else "JSON"
            raise UserError(f"{path}: is not valid {kind} ({error}); run the study in another folder") from error

    def difference(self, tables: Mapping[str, Any]) -> str:
        """The first key in which these tables differ from the stored study's, with both values; "" where in none."""
        there, here = _plain(self.tables()), _plain(tables)
        return "" if there == here else _difference(there, here)

    @property
    def origin(self) -> Path | None:
        """The folder where the references of the study start from, None where it has none, or absolute ones."""
        path = self.folder / ORIGIN
        if not path.is_file():
            return None
        try:
            return Path(json.loads(text_of(path))["folder"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UserError(f"{path}: is damaged ({error}); remove it, the next run regenerates it") from error

    def environment(self) -> dict[str, Any]:
        """The environment record of the first run; UserError where its file is damaged."""
        path = self.folder / ENVIRONMENT
        try:
            return dict(json.loads(text_of(path)))
        except (ValueError, TypeError, RecursionError) as error:
            raise UserError(f"{path}: is damaged ({error}); remove it, the next run regenerates it") from error

    def plan(self, parts: Mapping[str, Sequence[str]]) -> None:
        """Record the keys of all planned parts, by table, so that `progress` can count without parsing the study."""
        content = json.dumps({table: list(keys) for table, keys in parts.items()}).encode()
        path = self.folder / PLAN
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)

    def progress(self) -> tuple[int, int] | None:
        """(planned parts that are complete, planned parts); None without a plan."""
        planned = self._planned()
        if planned is None:
            return None
        done = self.done_in(planned)
        n_done = sum(key in done[table] for table, keys in planned.items() for key in keys)
        return n_done, sum(map(len, planned.values()))

    def planned(self, table: str) -> list[str]:
        """Keys of the parts of a table that are complete, and were written by planned tasks; without a plan all."""
        planned, there = self._planned(), self.keys(table)
        return sorted(there if planned is None else there & {key for keys in planned.values() for key in keys})

    def _planned(self) -> dict[str, list[str]] | None:
        path = self.folder / PLAN
        if not path.is_file():
            return None
        try:
            return {table: [str(key) for key in keys] for table, keys in json.loads(text_of(path)).items()}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{path}: is damaged ({error}); remove it, the next run regenerates it") from error

    def names(self) -> list[str]:
        """The tables of which a part is there."""
        return sorted(path.name for path in (self.folder / PARTS).glob("*") if self.keys(path.name))

    def keys(self, table: str) -> set[str]:
        """Keys of the parts of a table that are complete."""
        return {path.stem for path in (self.folder / PARTS / table).glob("[!.]*.parquet")}

    def done(self, table: str) -> set[str]:
        """Keys of the tasks whose last part, of that table, is there with all others that were written with it."""
        return self.done_in([table])[table]

    def done_in(self, tables: Iterable[str]) -> dict[str, set[str]]:
        """`done` by table, for several tables from one listing of each that there is, as listings may be paid for."""
        there = {name.name: self.keys(name.name) for name in (self.folder / PARTS).glob("*")}
        lacking = {
            key
            for key, written in self._digests().items()
            if any(key not in there.get(name, ()) for digests in written for name in digests)
        }
        return {table: there.get(table, set()) - lacking for table in tables}

    def write(self, table: str, key: str, rows: pd.DataFrame) -> None:
        """Write one part, whole or not at all; an existing part of that key is replaced."""
        write_atomically(self._path(table, key), _parquet(rows))

    def write_task(self, key: str, tables: Mapping[str, pd.DataFrame], conditions: Conditions | None = None) -> None:
        """Write the parts of one task, the last table last: while it is absent, the task is not done.

        conditions: under which they were computed, kept inside each of them.

        Their digests are written first, to a file whose name their content decides: two runs that do the same task at
        the same time measure other seconds, and whichever part remains has its digest.
        """
        parts = {table: _parquet(rows, conditions) for table, rows in tables.items()}
        digests = json.dumps({table: _digest(content) for table, content in parts.items()}).encode()
        write_atomically(self.folder / DIGESTS / f"{key}-{_digest(digests)[:16]}.json", digests)
        for table, content in parts.items():
            write_atomically(self._path(table, key), content)

    def read(self, table: str, keys: list[str] | None = None) -> pd.DataFrame | None:
        """All parts of a table, one below the other, in the order of their keys (or of `keys`); None without parts.

        UserError: a part that is damaged, or that is not what was written.
        """
        names = sorted(self.keys(table)) if keys is None else keys
        written = self._digests(set(names))
        parts = [
            self._part(path, content, {digests[table] for digests in written.get(path.stem, ()) if table in digests})
            for path, content in _loaded([self._path(table, key) for key in names])
        ]
        return pd.concat(parts, ignore_index=True) if parts else None

    def conditions(self, table: str, key: str) -> Conditions:
        """Under which conditions a part was computed; parts of older versions record nothing."""
        return _conditions_in(self._path(table, key))

    @staticmethod
    def _part(path: AnyPath, content: bytes, written: Collection[str]) -> pd.DataFrame:
        """The rows of a part; written: the digests that it may have, any if there are none."""
        if written and _digest(content) not in written:
            raise UserError(f"{path}: has changed since it was written; {_AGAIN}")
        return _rows_in(path, io.BytesIO(content))

    def _digests(self, keys: Collection[str] | None = None) -> dict[str, list[dict[str, str]]]:
        """By the key of a task, what each run of it has written: digests by table; of all tasks where keys is None."""
        files = list((self.folder / DIGESTS).glob("[!.]*.json"))
        files = [file for file in files if keys is None or file.stem.partition("-")[0] in keys]
        for file, content in _loaded([file for file in files if file.name not in self._digests_in]):
            if _digest(content)[:16] != file.stem.partition("-")[2]:
                raise UserError(f"{file}: is damaged; delete it: parts are read without")
            self._digests_in[file.name] = json.loads(content)
        found: dict[str, list[dict[str, str]]] = {}
        for file in files:
            found.setdefault(file.stem.partition("-")[0], []).append(self._digests_in[file.name])
        return found

    def _path(self, table: str, key: str) -> Any:
        return self.folder / PARTS / table / f"{key}.parquet"


def _parquet(rows: pd.DataFrame, conditions: Conditions | None = None) -> bytes:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    kept = {} if conditions is None else {_CONDITIONS: json.dumps(dict(conditions)).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **kept}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _loaded(paths: Sequence[AnyPath]) -> Iterator[tuple[Any, bytes]]:
    """Files with their content, a few at once, which matters where each answer of an object store takes a while."""
    for start in range(0, len(paths), _AT_ONCE):
        few = paths[start : start + _AT_ONCE]
        yield from zip(few, contents(few), strict=True)


def _conditions_in(path: AnyPath) -> Conditions:
    try:
        with path.open("rb") as file:
            kept = (pq.read_schema(file).metadata or {}).get(_CONDITIONS)
        return {} if kept is None else dict(json.loads(kept))
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}); {_AGAIN}") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_ours_or_empty(folder: AnyPath) -> bool:
    """Whether a folder without a study holds nothing, or only what a run leaves that was ended at its very start."""
    return folder.is_dir() and all(path.is_file() and _OWN.fullmatch(path.name) for path in folder.iterdir())


def _runs(process: int) -> bool:
    """Whether a process with this number runs on this machine; said of all where that cannot be asked."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def remove_stale(folder: Path) -> None:
    """Remove the temporary files below a folder whose writers have ended, unless they are new."""
    for path in folder.rglob(".*.tmp"):
        named = _TEMPORARY.fullmatch(path.name)
        if named and not _runs(int(named[1])):
            try:
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()
            except OSError:  # removed meanwhile, or not ours to remove: it is in nobody's way
                continue


def text_of(path: AnyPath) -> str:
    """A text file in UTF-8, whatever the locale says, with "\\n" for every line end and without a byte order mark.

    UserError: it cannot be read, is not a regular file, is larger than 100 MB, or is in another encoding.
    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not a regular file" if path.exists() else "no such file"
            raise UserError(f"{path}: {what}; name a text file")
        if path.stat().st_size > _MAX_TEXT:
            raise UserError(f"{path}: has {path.stat().st_size:,} bytes, too many for a text file; check the path")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError(f"{path}: is text in UTF-16; save it in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 text (byte {error.start + 1:,}); save it in UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_parquet(path: AnyPath) -> pd.DataFrame:
    """A Parquet file as a table; a damaged or foreign file is an error that names the remedy."""
    try:
        with path.open("rb") as file:  # Arrow takes no path whose name is no UTF-8
            return _rows_in(path, file)
    except OSError as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}); {_AGAIN}") from error


def _rows_in(path: AnyPath, file: Any) -> pd.DataFrame:
    """The table in an opened Parquet file, whose path a message names."""
    try:
        # One thread: a short command may end while Arrow still starts its pool, which aborts it.
        return pd.read_parquet(file, use_threads=False, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}); {_AGAIN}") from error
