"""Decimal commas in tables whose cells are separated by semicolons or tabs."""

import pandas as pd

from nasgauge.core.errors import UserError

_TEXTS = ("arch", "estimator", "iso_class", "matrix", "operations")  # columns without numbers
_EXPONENT = r"([eE][-+]?\d+)?"
_COMMA = rf"[-+]?(\d*,\d+|\d+,){_EXPONENT}"  # one comma, no point
_POINT = rf"[-+]?(\d*\.\d+|\d+\.){_EXPONENT}"
_THOUSANDS = r"[-+]?[1-9]\d{0,2},\d{3}"  # 1,234: a thousand and more, or a number between 1 and 2
_MIXED = r"[-+]?\d{1,3}(\.\d{3})+,\d+|[-+]?\d{1,3}(,\d{3})+\.\d+|[-+]?\d{1,3}([,.]\d{3}){2,}"


def with_points(table: pd.DataFrame, where: str) -> tuple[pd.DataFrame, bool]:
    """The table with a point for the comma of every number such as 0,93, and whether there is one.

    A comma is a decimal separator in all numbers of the table or in none. UserError: numbers with a comma and others
    with a point; numbers that could all have a comma between thousands; thousands separators.
    """
    numbers = table[[name for name in table.columns if name not in _TEXTS]].apply(lambda column: column.str.strip())
    commas, points, mixed = (_cells(numbers, pattern) for pattern in (_COMMA, _POINT, _MIXED))
    if mixed:
        row, name = mixed[0]
        raise UserError(
            f"{where}: row {row}, column {name!r} is {numbers.loc[row, name]!r}; write no thousands separator"
        )
    if not commas:
        return table, False
    row, name = commas[0]
    comma = f"row {row}, column {name!r} is {numbers.loc[row, name]!r}"
    if points:
        row, name = points[0]
        point = f"row {row}, column {name!r} is {numbers.loc[row, name]!r}"
        raise UserError(f"{where}: {comma} and {point}; the decimal separator could be either: write one of them")
    if len(_cells(numbers, _THOUSANDS)) == len(commas):
        raise UserError(
            f"{where}: {comma}; its comma could be a decimal separator or one between thousands: write points, or no "
            "thousands separator"
        )
    changed = {
        name: column.where(~_matches(column, _COMMA), column.str.replace(",", ".", regex=False))
        for name, column in numbers.items()
    }
    return table.assign(**changed), True


def _cells(numbers: pd.DataFrame, pattern: str) -> list[tuple[int, str]]:
    """Row and column of the cells that match, row by row."""
    found = [
        (row, i, name) for i, name in enumerate(numbers) for row in numbers.index[_matches(numbers[name], pattern)]
    ]
    return [(row, name) for row, _, name in sorted(found)]


def _matches(column: pd.Series, pattern: str) -> pd.Series:
    return column.str.fullmatch(pattern).fillna(False).astype(bool)
