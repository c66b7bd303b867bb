"""Dictionaries and lists of records, from JSON or Python, as data frames."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.memory import LISTED
from nasgauge.judging.scorefiles.purpose import Purpose

_FORMS = (
    "give architectures with their numbers, names with such dictionaries, columns with a key 'arch', or a list of "
    "records"
)
_EACH = "give each column one value per architecture"
Pairs = list[tuple[Any, Any]]


def of_records(records: list[Any], where: str) -> pd.DataFrame:
    """One row per record; a key that a record lacks is an empty cell."""
    for row, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise UserError(
                f"{where}: row {row} is {_shown(record)}, not a record such as {{'arch': ..., 'mine': 0.5}}"
            )
    names = list(dict.fromkeys(name for record in records for name in record))
    return pd.DataFrame({name: _objects([record.get(name) for record in records]) for name in names})


def of_dictionary(table: Mapping[Any, Any], where: str, purpose: Purpose, *, named_first: bool) -> pd.DataFrame:
    """A dictionary as a data frame with the column `arch`.

    arch -> number; name -> {arch: number}, where a Series stands for its index and values; arch -> {name: number}; a
    column -> its list, or {row: cell} as pandas writes it, with `arch` among them, where an array or tensor of one
    dimension or a range is a list; one record. Of the two nested dictionaries `purpose` decides: by the columns that it
    needs, or by which keys are architectures. named_first: where that is undecided, names come first. UserError
    otherwise, with both readings.
    """
    if not table:
        return pd.DataFrame({"arch": []})
    nested = {key: _pairs(value) for key, value in table.items()}
    if "arch" in table:
        columns = {key: _listed(key, value) for key, value in table.items()}
        if all(values is not None for values in columns.values()):
            return _columns(columns, where)
        if any(_is_array(value) for value in table.values()):
            other = next(key for key, values in columns.items() if values is None)
            raise UserError(f"{where}: column {str(other)[:80]!r} is {_shown(table[other])}; {_EACH}")
        if all(pairs is not None for pairs in nested.values()):
            return _columns(_in_rows(nested, where), where)
        return of_records([table], where)
    if not any(isinstance(value, pd.Series | Mapping | list | tuple) or _is_array(value) for value in table.values()):
        return pd.DataFrame({"arch": _objects(list(table)), purpose.single: _objects(list(table.values()))})
    for key, pairs in nested.items():
        if pairs is None:
            raise UserError(f"{where}: entry {str(key)[:80]!r} is {_shown(table[key])}; {_FORMS}")
    if any(key == "arch" for pairs in nested.values() for key, _ in pairs or []):  # {row: record}, as pandas writes it
        return of_records([dict(pairs or []) for pairs in nested.values()], where)
    if _archs_first(nested, where, purpose, named_first):
        return _of_rows(nested, where, purpose)
    return _of_names(nested, outer=bool(purpose.columns))


def _pairs(value: Any) -> Pairs | None:
    if isinstance(value, pd.Series):
        return list(zip(value.index.tolist(), value.tolist(), strict=True))
    return list(value.items()) if isinstance(value, Mapping) else None


def _is_array(value: Any) -> bool:
    """Whether it is an array, a tensor, an index of pandas or a range, of one dimension or more."""
    return isinstance(value, range) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def _listed(name: Any, value: Any) -> list[Any] | None:
    """The cells of a column: a list, a tuple, or an array or tensor of one dimension; None of anything else.

    The columns of architectures may have more dimensions, of which the first counts the rows. A Series is one if its
    index only counts the rows, too.
    """
    if isinstance(value, list | tuple | range):
        return list(value)
    if not _is_array(value) or (value.ndim > 1 and name not in LISTED):
        return None
    if isinstance(value, pd.Series) and not isinstance(value.index, pd.RangeIndex):
        return None
    return list(value) if isinstance(value, np.ndarray) else value.tolist()  # dates of numpy would become numbers


def _columns(columns: dict[Any, list[Any]], where: str) -> pd.DataFrame:
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        sizes = ", ".join(f"{str(name)[:40]!r} {len(values)}" for name, values in list(columns.items())[:6])
        raise UserError(f"{where}: its columns differ in length ({sizes}); {_EACH}")
    return pd.DataFrame({name: _objects(values) for name, values in columns.items()})


def _in_rows(nested: Mapping[Any, Pairs | None], where: str) -> dict[Any, list[Any]]:
    """Columns of pandas, {row: cell}, as lists in the order of the rows of `arch`."""
    rows = [row for row, _ in nested["arch"] or []]
    found = {}
    for name, pairs in nested.items():
        cells = dict(pairs or [])
        if cells.keys() != set(rows):
            raise UserError(f"{where}: column {str(name)[:80]!r} has other rows than 'arch'; {_FORMS}")
        found[name] = [cells[row] for row in rows]
    return found


def _archs_first(nested: Mapping[Any, Pairs | None], where: str, purpose: Purpose, named_first: bool) -> bool:
    """Whether the keys of the dictionary are architectures, rather than those of the dictionaries within."""
    outer = [str(key) for key in nested]
    inner = list(dict.fromkeys(str(key) for pairs in nested.values() for key, _ in pairs or []))
    if purpose.columns:
        return not any(name in purpose.columns for name in outer)
    first, second = purpose.names_archs(outer), purpose.names_archs(inner)
    if first != second:
        return first
    if named_first:
        return False
    which = "both" if first else "neither"
    raise UserError(
        f"{where}: could be estimators with their architectures, or architectures with their estimators, as {which} of "
        f"{outer[0][:60]!r} and {(inner or [''])[0][:60]!r} can be an architecture; give a list of records with a key "
        "'arch'"
    )


def _of_rows(nested: Mapping[Any, Pairs | None], where: str, purpose: Purpose) -> pd.DataFrame:
    """arch -> {name: number}: one row per architecture, or one per number where scores lack a name of others."""
    records = [{"arch": arch, **dict(pairs or [])} for arch, pairs in nested.items()]
    if purpose.columns or all(record.keys() == records[0].keys() for record in records):
        return of_records(records, where)
    return _long([(name, arch, number) for arch, pairs in nested.items() for name, number in pairs or []])


def _of_names(nested: Mapping[Any, Pairs | None], *, outer: bool) -> pd.DataFrame:
    """name -> {arch: number}: one column per name where all have the same architectures, or else in long form.

    outer: always one column per name, empty where it lacks an architecture.
    """
    archs = list(dict.fromkeys(arch for pairs in nested.values() for arch, _ in pairs or []))
    cells = {name: dict(pairs or []) for name, pairs in nested.items()}
    unique = all(len(cells[name]) == len(pairs or []) for name, pairs in nested.items())
    if unique and (outer or all(len(found) == len(archs) for found in cells.values())):
        columns = {name: _objects([found.get(arch) for arch in archs]) for name, found in cells.items()}
        return pd.DataFrame({"arch": _objects(archs), **columns})
    return _long([(name, arch, number) for name, pairs in nested.items() for arch, number in pairs or []])


def _long(rows: list[tuple[Any, Any, Any]]) -> pd.DataFrame:
    names, archs, numbers = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame({"estimator": _objects(names), "arch": _objects(archs), "score": _objects(numbers)})


def _objects(values: Any) -> pd.Series:
    """The values one by one, whatever they are; tuples and lists stay one cell."""
    cells = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        cells[i] = value
    return pd.Series(cells)


def _shown(value: Any) -> str:
    kind = {"int": "a number", "float": "a number", "str": "text", "list": "a list", "NoneType": "null"}
    if _is_array(value) and not isinstance(value, range | pd.Series):
        return f"an array of shape {tuple(value.shape)}"
    return kind.get(type(value).__name__, f"a {type(value).__name__}")
