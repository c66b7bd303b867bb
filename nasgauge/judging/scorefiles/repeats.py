"""Duplicate rows of a file."""

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.columns import means
from nasgauge.judging.scorefiles.files import Cells


class RepeatError(UserError):
    """Two rows of one key. archs: the architectures as the file spells them, by row; one of them may be invalid."""

    def __init__(self, message: str, archs: pd.Series, where: str) -> None:
        super().__init__(message)
        self.archs, self.where = archs, where


def refuse_repeats(keys: pd.DataFrame, cells: Cells, ignored: list[str]) -> None:
    """`RepeatError` where two rows have the same keys: both rows, and a likely cause.

    ignored: columns that are not read; one in which the two rows differ is a likely cause.
    """
    repeated = np.flatnonzero(keys.duplicated())
    if not len(repeated):
        return
    row = int(repeated[0])
    group = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
    first = int(np.argmax(group == group[row]))
    what = ", ".join(f"{name} {value}" for name, value in keys.iloc[row].items() if not pd.isna(value))
    table = cells.table
    differing = [name for name in ignored if table[name].iloc[row] != table[name].iloc[first]]
    numbered = [name for name in differing if means(name, "seed")]
    if numbered:
        remedy = f"if column {numbered[0]!r} numbers the runs, rename it to 'seed'"
    elif differing:
        remedy = f"they differ in column {differing[0]!r}, which is ignored: keep one of its values"
    elif "seed" in cells.names:
        remedy = "give each run a distinct seed, or keep one of them"
    else:
        remedy = "if these are several runs, number them in a column 'seed'; if not, keep one of them"
    message = f"{cells.where}: row {table.index[row]} repeats row {table.index[first]} ({what}); {remedy}"
    raise RepeatError(message, keys["arch"], cells.where)
