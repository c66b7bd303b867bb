"""Ground-truth files: accuracies or other values of trained architectures, as table TRUTH, and their sizes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import COMPLEXITY, TRUTH, check
from nasgauge.judging.scorefiles.cells import counts, finite, seeds, texts
from nasgauge.judging.scorefiles.columns import TRUTH_FILE, require, unread
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.matching import Spellings
from nasgauge.judging.scorefiles.reading import read
from nasgauge.judging.scorefiles.repeats import refuse_repeats
from nasgauge.judging.scorefiles.suspicious import equal_trainings
from nasgauge.spaces import Space

_SIZES = ("n_params", "macs")
_FEWEST = 100  # parameters or multiply-accumulates below which a number is unlikely to be a count


@dataclass(frozen=True, eq=False)
class TruthFile:
    """The content of a ground-truth file.

    truth: table TRUTH; its accuracy is the file's `accuracy`, or its `value` as higher-better.
    complexity: table COMPLEXITY, None without sizes. column: "accuracy" or "value". measure: its description.
    spellings: its architectures, for matching. notes: warnings.
    """

    truth: pd.DataFrame
    complexity: pd.DataFrame | None
    column: str
    measure: str
    spellings: Spellings
    notes: tuple[str, ...] = ()


def truth_file(path: str | Path, *, space: Space | None = None, lower_is_better: bool = False) -> TruthFile:
    """Accuracies, or other values, of trained architectures from a CSV or Parquet file.

    Columns `arch`; `accuracy` (a fraction) or `value` (any finite number, higher is better; with `lower_is_better`
    lower, and its sign changes here and nowhere else); where there are several trainings per architecture an integer
    `seed` (null where there is none); `iso_class`, by default the architecture itself; `n_params` and `macs`, counts.
    Where the space is given, architectures are parsed and spelled as in the space.

    UserError: as for `score_file`; an empty value; an accuracy outside [0, 1]; sizes that are not counts, or differ
    between the trainings of an architecture.
    """
    cells = read(Path(path))
    require(cells, "arch", "a ground truth needs the columns 'arch' and 'accuracy'")
    spellings, arch = Spellings.of_file(texts(cells, "arch"), space, cells.where)
    value, column = _values(cells, lower_is_better)
    seed = seeds(cells, default=None)
    ignored, notes = unread(cells, TRUTH_FILE)
    refuse_repeats(pd.DataFrame({"arch": arch, "seed": seed}), cells, ignored)
    iso_class = texts(cells, "iso_class") if "iso_class" in cells.names else arch
    table = pd.DataFrame({"arch": arch, "iso_class": iso_class, "seed": seed, "accuracy": value}).reset_index(drop=True)
    truth = check(table, TRUTH, where=cells.where)
    complexity, small = _complexity(cells, arch)
    n = truth.groupby("arch").size()
    measure = f"{column}{' with its sign changed' if lower_is_better else ''}, {_trainings(n.min(), n.max())}"
    return TruthFile(truth, complexity, column, measure, spellings, (*notes, *small, *equal_trainings(truth)))


def read_truth(path: str | Path, *, space: Space | None = None, lower_is_better: bool = False) -> pd.DataFrame:
    """Accuracies or values from a CSV or Parquet file, as table TRUTH; columns, units and errors as of `truth_file`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "truth.csv").write_text("arch,accuracy\\na,0.91\\nb,0.93\\n")
    ...     read_truth(Path(folder, "truth.csv"))["accuracy"].tolist()
    [0.91, 0.93]
    """
    return truth_file(path, space=space, lower_is_better=lower_is_better).truth


def _values(cells: Cells, lower_is_better: bool) -> tuple[pd.Series, str]:
    """The numbers that architectures are judged by, high ones good, and the column that they stand in."""
    if "value" not in cells.names:
        require(cells, "accuracy", "a ground truth needs the columns 'arch' and 'accuracy' (or 'value')")
        if lower_is_better:
            raise UserError(f"{cells.where}: an accuracy is higher-better; name the column 'value' if lower is better")
        return _accuracies(cells), "accuracy"
    if "accuracy" in cells.names:
        raise UserError(f"{cells.where}: has both 'accuracy' and 'value'; keep the one that is the ground truth")
    found = _filled(cells, "value")
    return (0.0 - found if lower_is_better else found), "value"


def _accuracies(cells: Cells) -> pd.Series:
    found = _filled(cells, "accuracy")
    outside = np.flatnonzero((found < 0) | (found > 1))
    if len(outside):
        row = int(outside[0])
        remedy = "it cannot be negative" if found.iloc[row] < 0 else "divide percent by 100"
        what = f"is {found.iloc[row]:g}, but an accuracy is a fraction from 0 to 1: {remedy}"
        raise cells.fault(row, "accuracy", f"{what}, or name the column 'value' if it is not an accuracy")
    return found


def _filled(cells: Cells, name: str) -> pd.Series:
    found = finite(cells, name)
    empty = np.flatnonzero(found.isna())
    if len(empty):
        raise cells.fault(int(empty[0]), name, "is empty; fill it or remove the row")
    return found


def _complexity(cells: Cells, arch: pd.Series) -> tuple[pd.DataFrame | None, list[str]]:
    """The sizes by architecture, and a note on numbers too small to be counts."""
    names = [name for name in _SIZES if name in cells.names]
    if not names:
        return None, []
    sizes, notes = (
        pd.DataFrame({"arch": arch, **dict.fromkeys(_SIZES, pd.NA)}).astype(dict.fromkeys(_SIZES, "Int64")),
        [],
    )
    for name in names:
        sizes[name] = size = counts(cells, name)
        _refuse_two_sizes(cells, name, size, arch)
        if size.notna().any() and size.max() < _FEWEST:
            notes.append(f"{cells.where}: all {name} are at most {size.max()}; counts are expected, not millions")
    table = sizes.groupby("arch", sort=False)[list(_SIZES)].first().reset_index()
    return check(table, COMPLEXITY, where=cells.where), notes


def _refuse_two_sizes(cells: Cells, name: str, size: pd.Series, arch: pd.Series) -> None:
    first = size.groupby(arch).transform("first")
    other = np.flatnonzero((size != first).fillna(False))
    if len(other):
        row = int(other[0])
        same = np.flatnonzero((arch == arch.iloc[row]) & size.notna())
        known = f"in row {cells.table.index[same[0]]} it is {first.iloc[row]}"
        raise cells.fault(row, name, f"is {size.iloc[row]}, {known}; an architecture has one size")


def _trainings(fewest: int, most: int) -> str:
    if most == 1:
        return "one training per architecture"
    n = f"{most}" if fewest == most else f"{fewest} to {most}"
    return f"mean over {n} trainings per architecture"
