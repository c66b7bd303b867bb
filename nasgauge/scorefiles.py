"""Tables that people bring along: scores and truths from CSV or Parquet, checked cell by cell.

Rule: whatever is wrong with a file is told as one line with the file, the row, the column and the remedy. Rows are
counted from 1, the header not included.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from nasgauge.errors import UserError
from nasgauge.tables import COMPLEXITY, SCORES, TRUTH, check

# Columns of a wide score table that are not estimators.
_KEYS = ("arch", "seed", "iso_class")
_MISSING = ("", "nan")


def read_scores(path: str | Path, *, parse: Callable[[str], object] | None = None) -> pd.DataFrame:
    """Scores from a CSV or Parquet file, as table SCORES.

    Wide form: a column `arch` and one numeric column an estimator; long form: columns `estimator`, `arch`, `score`.
    Both may have an integer `seed` (0 where there is none); a wide file's `iso_class` is passed over. Scores are
    higher-better. An empty cell or NaN is a missing score and gives no row. `parse`: called with every architecture
    string; its UserError is passed on with the row and column.

    UserError: no such file, unknown suffix, unreadable or empty file, no architecture or estimator column, a score that
    is no number or infinite, an architecture scored twice by one estimator and seed.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "scores.csv").write_text("arch,size,depth\\na,10,3\\nb,20,\\n")
    ...     read_scores(Path(folder, "scores.csv")).values.tolist()
    [['size', 'a', 0, 10.0], ['size', 'b', 0, 20.0], ['depth', 'a', 0, 3.0]]
    """
    path = Path(path)
    table = _read(path)
    where = path.name
    _require(table, ["arch"], where, "name the column of architectures 'arch'")
    long = "estimator" in table.columns
    if long:
        _require(table, ["score"], where, "a table with a column 'estimator' needs its scores in a column 'score'")
    estimators = ["score"] if long else [name for name in table.columns if name not in _KEYS]
    if not estimators:
        raise UserError(f"{where}: no column of scores; it has {_listed(table)}; add one numeric column an estimator")
    keys = pd.DataFrame({"arch": _texts(table, "arch", where), "seed": _seeds(table, where, default=0)})
    if parse is not None:
        _refuse_foreign(keys["arch"], parse, where)
    if long:
        keys.insert(0, "estimator", _texts(table, "estimator", where))
    _refuse_repeats(keys, where)
    parts = []
    for name in estimators:
        score = _numbers(table, name, where)
        part = keys.assign(score=score)[score.notna()]
        parts.append(part if long else part.assign(estimator=str(name)))
    scores = pd.concat(parts, ignore_index=True)[[c.name for c in SCORES.columns]]
    if scores.empty:
        raise UserError(f"{where}: every score is missing; there is nothing to judge")
    return check(scores, SCORES, where=where)


def read_truth(path: str | Path, *, parse: Callable[[str], object] | None = None) -> pd.DataFrame:
    """Accuracies of trained architectures from a CSV or Parquet file, as table TRUTH.

    Columns `arch` and `accuracy` (a fraction), and where there are several trainings an architecture an integer `seed`
    (null where there is none); `iso_class` is the architecture itself where it is absent. `parse`: as for
    `read_scores`.

    UserError: as for `read_scores`; an empty accuracy; one outside [0, 1].

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "truth.csv").write_text("arch,accuracy\\na,0.91\\nb,0.93\\n")
    ...     read_truth(Path(folder, "truth.csv"))["accuracy"].tolist()
    [0.91, 0.93]
    """
    path = Path(path)
    table = _read(path)
    where = path.name
    _require(table, ["arch", "accuracy"], where, "a truth needs the columns 'arch' and 'accuracy'")
    arch = _texts(table, "arch", where)
    if parse is not None:
        _refuse_foreign(arch, parse, where)
    accuracy = _numbers(table, "accuracy", where)
    outside = np.flatnonzero((accuracy < 0) | (accuracy > 1))
    if len(outside):
        row = int(outside[0])
        remedy = "divide percent by 100" if accuracy.iloc[row] > 1 else "it cannot be negative"
        raise UserError(
            f"{where}: row {row + 1}, column 'accuracy' is {accuracy.iloc[row]:g}, but accuracy is a fraction: {remedy}"
        )
    iso_class = _texts(table, "iso_class", where) if "iso_class" in table.columns else arch
    seed = _seeds(table, where, default=None)
    _refuse_repeats(pd.DataFrame({"arch": arch, "seed": seed}), where)
    truth = pd.DataFrame({"arch": arch, "iso_class": iso_class, "seed": seed, "accuracy": accuracy})
    return check(truth, TRUTH, where=where)


def read_complexity(path: str | Path) -> pd.DataFrame | None:
    """The sizes in a truth file, as table COMPLEXITY: its columns `n_params` and `macs`; None if it has neither.

    Of several rows of an architecture the first counts. UserError: as for `read_scores`.
    """
    path = Path(path)
    table = _read(path)
    if not {"n_params", "macs"} & set(table.columns):
        return None
    sizes = {"arch": _texts(table, "arch", path.name)}
    for name in ("n_params", "macs"):
        sizes[name] = _numbers(table, name, path.name).round() if name in table.columns else pd.NA
    return check(pd.DataFrame(sizes).drop_duplicates("arch", ignore_index=True), COMPLEXITY, where=path.name)


def _refuse_foreign(archs: pd.Series, parse: Callable[[str], object], where: str) -> None:
    for arch in archs.unique():
        try:
            parse(arch)
        except UserError as error:
            row = int(np.flatnonzero(archs == arch)[0])
            raise UserError(f"{where}: row {row + 1}, column 'arch': {error}") from error


def _read(path: Path) -> pd.DataFrame:
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    if path.suffix.lower() not in readers:
        raise UserError(f"{path}: unknown suffix {path.suffix!r}; give a .csv or .parquet file")
    if not path.is_file():
        raise UserError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; give a .csv or .parquet file")
    try:
        table = readers[path.suffix.lower()](path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read ({reason}); check the file and its permissions") from error
    if table.empty:
        raise UserError(f"{path.name}: the file has no rows; give at least one architecture")
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    """All cells as text, so that a cell that is no number can be shown as it stands in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name}: is no text in UTF-8; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise UserError(f"{path.name}: is no proper CSV ({error}); save it anew, or is the file cut off?") from error
    if not rows:
        raise UserError(f"{path.name}: the file is empty; give a header and one row an architecture")
    header = [name.strip() for name in rows[0]]
    for name in header:
        if not name or header.count(name) > 1:
            fault = "stands twice" if name else "is empty"
            raise UserError(f"{path.name}: column name {name!r} {fault}; give each column its own name")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            remedy = "put cells with commas in double quotes" if len(row) > len(header) else "is the file cut off?"
            raise UserError(f"{path.name}: row {number} has {len(row)} cells, the header {len(header)}; {remedy}")
    return pd.DataFrame(rows[1:], columns=header, dtype="str")


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except pa.ArrowException as error:
        raise UserError(f"{path.name}: is no complete Parquet file; write it again") from error
    named = [name for name in table.index.names if name is not None]
    table = table.reset_index(named) if named else table
    return table.reset_index(drop=True).rename(columns=str)


def _listed(table: pd.DataFrame) -> str:
    return ", ".join(map(repr, table.columns))


def _require(table: pd.DataFrame, names: list[str], where: str, remedy: str) -> None:
    for name in names:
        if name not in table.columns:
            raise UserError(f"{where}: column {name!r} is missing; it has {_listed(table)}; {remedy}")


def _texts(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    text = table[name].astype("str").str.strip()
    blank = np.flatnonzero(table[name].isna() | (text == ""))
    if len(blank):
        raise UserError(f"{where}: row {int(blank[0]) + 1}, column {name!r} is empty; fill it or remove the row")
    return text


def _numbers(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    """The column as floats; empty cells and NaN become NaN, everything else must be a finite number."""
    column = table[name]
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        text = column.astype("str").str.strip()
        missing = column.isna() | text.str.lower().isin(_MISSING)
        numbers = pd.to_numeric(text.where(~missing), errors="coerce")
        foreign = np.flatnonzero(numbers.isna() & ~missing)
        if len(foreign):
            row = int(foreign[0])
            hint = "leave the cell empty if there is no value"
            cell = f"row {row + 1}, column {name!r} holds {text.iloc[row]!r}"
            raise UserError(f"{where}: {cell}, which is no number; {hint}")
    else:
        numbers = column
    numbers = pd.Series(numbers.to_numpy(dtype="float64", na_value=np.nan))
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        row = int(infinite[0])
        raise UserError(f"{where}: row {row + 1}, column {name!r} is infinite; leave the cell empty instead")
    return numbers


def _seeds(table: pd.DataFrame, where: str, *, default: int | None) -> pd.Series:
    if "seed" not in table.columns:
        return pd.Series([default] * len(table), dtype="Int64")
    seeds = _numbers(table, "seed", where)
    broken = np.flatnonzero(seeds.notna() & (seeds % 1 != 0))
    if len(broken):
        row = int(broken[0])
        raise UserError(f"{where}: row {row + 1}, column 'seed' is {seeds.iloc[row]:g}; a seed is an integer")
    if default is not None and seeds.isna().any():
        row = int(np.flatnonzero(seeds.isna())[0])
        raise UserError(f"{where}: row {row + 1}, column 'seed' is empty; fill it, or leave the column out")
    return seeds.astype("Int64")


def _refuse_repeats(keys: pd.DataFrame, where: str) -> None:
    repeated = np.flatnonzero(keys.duplicated())
    if len(repeated):
        row = int(repeated[0])
        group = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
        first = int(np.argmax(group == group[row]))
        what = ", ".join(f"{name} {value}" for name, value in keys.iloc[row].items() if not pd.isna(value))
        raise UserError(f"{where}: row {row + 1} repeats row {first + 1} ({what}); keep one of them")
