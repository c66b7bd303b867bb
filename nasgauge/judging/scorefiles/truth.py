"""Ground truth of files: accuracies or other values of architectures, as table TRUTH, sizes and attributes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import COMPLEXITY, TRUTH, check
from nasgauge.judging.scorefiles.attributes import attributes_of
from nasgauge.judging.scorefiles.cells import counts, finite, seeds, texts
from nasgauge.judging.scorefiles.columns import TRUTH_FILE, further, require
from nasgauge.judging.scorefiles.files import Cells
from nasgauge.judging.scorefiles.matching import Spellings
from nasgauge.judging.scorefiles.purpose import TRUTH as PURPOSE
from nasgauge.judging.scorefiles.reading import read
from nasgauge.judging.scorefiles.repeats import refuse_repeats
from nasgauge.judging.scorefiles.suspicious import equal_trainings
from nasgauge.spaces import Space

_SIZES = ("n_params", "macs")
_FEWEST = 100  # parameters or multiply-accumulates below which a number is unlikely to be a count


@dataclass(frozen=True, eq=False)
class TruthFile:
    """The content of a ground-truth file.

    where: its name. truth: table TRUTH; its accuracy is the file's `accuracy`, or its `value` as higher-better.
    complexity: table COMPLEXITY, None without sizes. attributes: table ATTRIBUTES, its further numeric columns; None
    without. column: "accuracy" or "value". measure: its description.
    spellings: its architectures, for matching. notes: warnings.
    """

    where: str
    truth: pd.DataFrame
    complexity: pd.DataFrame | None
    attributes: pd.DataFrame | None
    column: str
    measure: str
    spellings: Spellings
    notes: tuple[str, ...] = ()


def truth_table(
    table: Any,
    *,
    space: Space | None = None,
    lower_is_better: bool = False,
    arch_order: str | None = None,
    where: str = "the ground-truth table",
) -> TruthFile:
    """Accuracies, or other values, of trained architectures from a file or a table in memory.

    table: as of `score_table`; a Series, or a dictionary of architectures to numbers, contains accuracies, a Series
    named "value" values. arch_order: the order of operations in lists, see `spaces.reader`.

    Columns `arch`; `accuracy` or `value` (any finite number, higher is better; with `lower_is_better` lower, and its
    sign changes here and nowhere else); where there are several trainings per architecture an integer `seed` (null
    where there is none); `iso_class`, by default the architecture itself; `n_params` and `macs`, counts; other numeric
    columns are attributes (see `attributes_of`). Where the space is given, architectures are parsed and spelled as in
    the space.

    Accuracies are fractions where all lie between 0 and 1. Where all lie between 1 and 100, and one above 1, they are
    percentages and are divided by 100, with a note; those of a column `accuracy_percent`, from 0 to 100, always.

    UserError: as for `score_table`; an empty value; accuracies that are neither; sizes that are not counts, or differ
    between the trainings of an architecture.
    """
    cells = read(table, PURPOSE, where=where)
    require(cells, "arch", "a ground truth needs the columns 'arch' and 'accuracy'")
    spellings, arch = Spellings.of_file(texts(cells, "arch"), space, cells.where, arch_order)
    value, column, converted = _values(cells, lower_is_better)
    seed = seeds(cells, default=None)
    refuse_repeats(pd.DataFrame({"arch": arch, "seed": seed}), cells, further(cells, TRUTH_FILE))
    attributes, ignored = attributes_of(cells, arch)
    iso_class = texts(cells, "iso_class") if "iso_class" in cells.names else arch
    rows = pd.DataFrame({"arch": arch, "iso_class": iso_class, "seed": seed, "accuracy": value}).reset_index(drop=True)
    truth = check(rows, TRUTH, where=cells.where)
    complexity, small = _complexity(cells, arch)
    n = truth.groupby("arch").size()
    measure = f"{column}{' with its sign changed' if lower_is_better else ''}, {_trainings(n.min(), n.max())}"
    notes = (*cells.notes, *spellings.notes, *converted, *ignored, *small, *equal_trainings(truth))
    return TruthFile(cells.where, truth, complexity, attributes, column, measure, spellings, notes)


def truth_file(path: str | Path, *, space: Space | None = None, lower_is_better: bool = False) -> TruthFile:
    """As `truth_table`, of a file."""
    return truth_table(Path(path), space=space, lower_is_better=lower_is_better)


def read_truth(path: str | Path, *, space: Space | None = None, lower_is_better: bool = False) -> pd.DataFrame:
    """Accuracies or values from a file, as table TRUTH; columns, units and errors as of `truth_table`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "truth.csv").write_text("arch,accuracy\\na,0.91\\nb,0.93\\n")
    ...     read_truth(Path(folder, "truth.csv"))["accuracy"].tolist()
    [0.91, 0.93]
    """
    return truth_file(path, space=space, lower_is_better=lower_is_better).truth


def _values(cells: Cells, lower_is_better: bool) -> tuple[pd.Series, str, list[str]]:
    """The numbers that architectures are judged by, high ones good; "accuracy" or "value"; notes on their unit."""
    given = [name for name in PURPOSE.columns if name in cells.names]
    if not given:
        require(cells, "accuracy", "a ground truth needs the columns 'arch' and 'accuracy' (or 'value')")
    if len(given) > 1:
        both = " and ".join(map(repr, given[:2]))
        raise UserError(f"{cells.where}: has both {both}; keep the one that is the ground truth")
    if given[0] == "value":
        found = _filled(cells, "value")
        return (0.0 - found if lower_is_better else found), "value", []
    if lower_is_better:
        raise UserError(f"{cells.where}: an accuracy is higher-better; name the column 'value' if lower is better")
    found, is_percent = _accuracies(cells, given[0])
    if not is_percent:
        return found, "accuracy", []
    note = f"{cells.where}: column {given[0]!r}, from {found.min():g} to {found.max():g}, is read as percent"
    return found / 100, "accuracy", [f"{note} and divided by 100"] if given[0] == "accuracy" else []


def _accuracies(cells: Cells, name: str) -> tuple[pd.Series, bool]:
    """The accuracies as they stand, and whether they are percentages; UserError where they are neither, or could be
    either."""
    found = _filled(cells, name)
    is_percent = name == "accuracy_percent" or ((found >= 1).all() and (found > 1).any())
    outside = np.flatnonzero((found < 0) | (found > (100 if is_percent else 1)))
    if not len(outside):
        return found, is_percent
    row = int(outside[0])
    what, small = f"is {found.iloc[row]:g}", np.flatnonzero(found < 1)
    if found.iloc[row] < 0:
        what += ", but an accuracy cannot be negative: correct it"
    elif found.iloc[row] > 100:
        what += ", but an accuracy is a fraction from 0 to 1, or percent: correct it"
    else:
        other = int(small[0])
        what += (
            f" and row {cells.table.index[other]} is {found.iloc[other]:g}: fractions or percent; divide percent by "
            "100, or name the column 'accuracy_percent'"
        )
    raise cells.fault(row, name, f"{what}, or name the column 'value' if it is not an accuracy")


def _filled(cells: Cells, name: str) -> pd.Series:
    found = finite(cells, name, "give a number, or remove the row")
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
