"""Cells of a file by its type, or of a table in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.arrow_cells import read_feather, read_parquet
from nasgauge.judging.scorefiles.csv_cells import read_csv, read_tsv
from nasgauge.judging.scorefiles.dictionaries import of_dictionary, of_records
from nasgauge.judging.scorefiles.files import Cells, content
from nasgauge.judging.scorefiles.json_cells import read_json, read_lines
from nasgauge.judging.scorefiles.memory import of_frame
from nasgauge.judging.scorefiles.purpose import Purpose

_READERS = {
    "CSV": lambda found, where, purpose: read_csv(found, where),
    "TSV": lambda found, where, purpose: read_tsv(found, where),
    "JSON": read_json,
    "JSON Lines": lambda found, where, purpose: read_lines(found, where),
    "Parquet": lambda found, where, purpose: read_parquet(found, where),
    "Feather": lambda found, where, purpose: read_feather(found, where),
}


def read(table: Any, purpose: Purpose, *, where: str) -> Cells:
    """The cells of a table with at least one row and a column `arch`; UserError for any other.

    table: the path of a file, a data frame, a Series, a dictionary, or a list of records. where: what a table in memory
    is called in messages; a file has its name. The columns `matrix` and `operations` become `arch` where there is none.
    """
    if isinstance(table, str | Path):
        where = Path(table).name
        found, kind = content(Path(table))
        cells = _READERS[kind](found, where, purpose)
    else:
        cells = of_frame(_frame(table, purpose, where), where)
    if cells.table.empty:
        what = "the file" if isinstance(table, str | Path) else "it"
        raise UserError(f"{where}: {what} has no rows; give at least one architecture")
    return _with_arch(cells)


def _frame(table: Any, purpose: Purpose, where: str) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, pd.Series):
        return _of_series(table, purpose, where)
    if isinstance(table, Mapping):
        return of_dictionary(table, where, purpose, named_first=True)
    if isinstance(table, list) and all(isinstance(record, Mapping) for record in table):
        return of_records(table, where)
    raise UserError(
        f"{where}: is a {type(table).__name__}; give a pandas DataFrame or Series, a dictionary, or the path of a file"
    )


def _of_series(series: pd.Series, purpose: Purpose, where: str) -> pd.DataFrame:
    """One column of the Series' name, or of the purpose's where it has none or an accuracy is expected."""
    known = series.name in purpose.columns if purpose.columns else series.name is not None
    name = series.name if known else purpose.single
    if series.index.nlevels > 1:
        return series.to_frame(name)
    if isinstance(series.index, pd.RangeIndex) and series.index.name != "arch":
        raise UserError(
            f"{where}: the index of the Series is 0, 1, 2, ...; give the architectures as its index, or name it 'arch' "
            "if these are indices"
        )
    return pd.DataFrame({"arch": series.index.to_numpy(), name: series.to_numpy()})


def _with_arch(cells: Cells) -> Cells:
    """The cells with `matrix` and `operations` as one column `arch`, where there is none."""
    names = ["matrix", "operations"]
    if "arch" in cells.names or not set(names) <= set(cells.names):
        return cells
    for name in names:
        column = cells.table[name]
        empty = (column.isna() | (column.astype("str").str.strip() == "")).to_numpy()
        if name in cells.unreadable:
            row, what = cells.unreadable[name]
            raise UserError(f"{cells.where}: row {row}, column {name!r} contains {what}")
        if empty.any():
            raise cells.fault(int(empty.argmax()), name, "is empty; fill it or remove the row")
    matrix, operations = (cells.table[name].astype("str") for name in names)
    arch = '{"matrix": ' + matrix + ', "operations": ' + operations + "}"
    table = cells.table.drop(columns=names)
    table.insert(0, "arch", arch)
    return Cells(cells.where, table, cells.unreadable, cells.notes)
