"""The forms of `DataFrame.to_json` in which column names and cells stand apart."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.dictionaries import of_records

_SPLIT, _TABLE = {"columns", "index", "data"}, {"schema", "data"}


def frame_of(value: Mapping[str, Any], where: str) -> pd.DataFrame | None:
    """The data frame of orient "split" or "table", with its index; None of any other dictionary.

    UserError: rows of another length than there are columns, or names.
    """
    if set(value) == _SPLIT and all(isinstance(part, list) for part in value.values()):
        names, rows, index = value["columns"], value["data"], value["index"]
        if any(not isinstance(row, list) or len(row) != len(names) for row in rows) or len(index) != len(rows):
            raise UserError(
                f"{where}: its columns, index and data differ in length; write it again with to_json(orient='split')"
            )
        records = [dict(zip(map(str, names), row, strict=True)) for row in rows]
        return of_records(records, where).set_axis(pd.Index(index, dtype=object), axis="index") if rows else None
    if set(value) == _TABLE and isinstance(value["schema"], dict) and isinstance(value["data"], list):
        frame = of_records(value["data"], where)
        return frame.set_index("index").rename_axis(None) if "index" in frame and "arch" not in frame else frame
    return None
