"""Further numeric columns of a ground truth, such as latencies, as table ATTRIBUTES."""

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import ATTRIBUTES, check
from nasgauge.judging.scorefiles.cells import finite
from nasgauge.judging.scorefiles.columns import TRUTH_FILE, further, is_text, means, rename
from nasgauge.judging.scorefiles.files import Cells


def attributes_of(cells: Cells, arch: pd.Series) -> tuple[pd.DataFrame | None, list[str]]:
    """The attributes of the architectures, None without any, and notes on columns that are not read.

    attribute of an architecture = mean over its rows (its trainings) of the cells that are not empty; null: all are

    Attributes are the columns of numbers that `TRUTH_FILE` does not declare, in their order and units, row numbers
    apart. A column of text, one with an infinite number or a cell that is not a number, and one that may be `seed` or
    `arch` under another name are ignored, with a note. arch: the column of architectures, as they are spelled.
    """
    columns, notes = {}, []
    for name in further(cells, TRUTH_FILE):
        hint = rename(name, TRUTH_FILE)
        if is_text(cells, name) or means(name, "seed") or means(name, "arch"):
            notes.append(f"{cells.where}: column {name!r} is ignored{hint}")
            continue
        try:
            columns[name] = finite(cells, name)
        except UserError as error:
            notes.append(f"{cells.where}: column {name!r} is ignored{str(error).removeprefix(cells.where)}")
            continue
        if hint:
            notes.append(f"{cells.where}: column {name!r} is read as an attribute{hint}")
    if not columns:
        return None, notes
    table = pd.DataFrame({"arch": arch, **columns}).groupby("arch", sort=False).mean().reset_index()
    return check(table, ATTRIBUTES, where=cells.where), notes
