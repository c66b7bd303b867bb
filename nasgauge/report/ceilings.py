"""The noise ceilings and the estimators that they apply to: one per set of architectures."""

import math
from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.report.labels import Heading, Key, key_of

_MOST = 4  # sets that are listed one by one
LABEL = "noise ceiling"


@final
@dataclass(frozen=True, eq=False)
class CeilingSet:
    """The ceiling of one set of architectures, or the range over several sets.

    names: the estimators evaluated on them. n: minimum and maximum number of architectures. rows: lists of rows of
    table CEILING by criterion, one per set.
    """

    names: tuple[str, ...]
    n: tuple[int, int]
    rows: dict[Key, list]

    def label(self, *, alone: bool) -> str:
        """Its label in tables; alone: it is the only one."""
        low, high = self.n
        many = f"n = {high:,}" if low == high else f"n = {low:,} to {high:,}"
        return LABEL if alone and low == high else f"{LABEL}, {many}"

    def values(self, by: Heading) -> list[float]:
        """The defined values under one criterion."""
        return [row.value for row in self.rows.get(by.key, []) if not math.isnan(row.value)]


def ceiling_sets(ceiling: pd.DataFrame) -> list[CeilingSet]:
    """One entry per set of architectures, in order of appearance; beyond four sets, one entry for all of them.

    ceiling: table CEILING.
    """
    found = [_of([part]) for _, part in ceiling.groupby("archs", sort=True)]
    if len(found) <= _MOST:
        return found
    return [_of([part for _, part in ceiling.groupby("archs", sort=True)])]


def ceiling_row(ceiling: pd.DataFrame, estimator: str, by: Heading):
    """The row of table CEILING of an estimator under one criterion; None where there is no value."""
    for row in ceiling[ceiling["estimator"] == estimator].itertuples(index=False):
        if key_of(row.criterion, row.at) == by.key and not math.isnan(row.value):
            return row
    return None


def shared_ceiling(ceiling: pd.DataFrame, rows: pd.DataFrame, key: Key) -> float | None:
    """The noise ceiling of a figure, if a single one applies to all rows; None otherwise.

    rows: the rows of the figure, with the number of architectures as `n`, and `estimator` where each row has one. All
    must have been evaluated on one set of architectures, of that size.
    """
    named = ceiling[ceiling["estimator"].isin(rows["estimator"])] if "estimator" in rows else ceiling
    same = [key_of(c, at) == key for c, at in zip(named["criterion"], named["at"], strict=True)]
    named = named[pd.Series(same, index=named.index, dtype=bool)]
    sizes = set(rows["n"]) if "n" in rows else set()
    if named["archs"].nunique() != 1 or sizes != {named["n"].iloc[0] + named["n_absent"].iloc[0]}:
        return None
    value = float(named["value"].iloc[0])
    return None if math.isnan(value) else value


def _of(parts: list[pd.DataFrame]) -> CeilingSet:
    rows: dict[Key, list] = {}
    for part in parts:
        first = part[part["estimator"] == part["estimator"].iloc[0]]
        for row in first.itertuples(index=False):
            rows.setdefault(key_of(row.criterion, row.at), []).append(row)
    names = tuple(dict.fromkeys(name for part in parts for name in part["estimator"]))
    sizes = [int(part["n"].iloc[0] + part["n_absent"].iloc[0]) for part in parts]
    return CeilingSet(names, (min(sizes), max(sizes)), rows)


def measured_on(measure: str | None) -> str:
    """The end of a sentence on the noise ceiling: the measured quantity, where it differs from the ground truth's."""
    return f"; measured on a quantity other than the ground truth: {measure}." if measure else "."
