"""A file's cells by its suffix."""

from pathlib import Path

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.csv_cells import read_csv
from nasgauge.judging.scorefiles.files import Cells, content
from nasgauge.judging.scorefiles.parquet_cells import read_parquet

_READERS = {".csv": read_csv, ".parquet": read_parquet}


def read(path: Path) -> Cells:
    """The cells of a CSV or Parquet file with at least one row; UserError for any other."""
    found = content(path, _READERS)
    cells = _READERS[path.suffix.lower()](found, path.name)
    if cells.table.empty:
        raise UserError(f"{path.name}: the file has no rows; give at least one architecture")
    return cells
