"""Which noise ceiling belongs to which estimators: one per set of architectures."""

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

    names: the estimators judged on them. n: how many architectures, or the fewest and the most. rows: lists of rows of
    table CEILING by criterion, one per set.
    """

    names: tuple[str, ...]
    n: tuple[int, int]
    rows: dict[Key, list]

    def label(self, *, alone: bool) -> str:
        """What a table calls it; alone: there is no other."""
        low, high = self.n
        many = f"n = {high:,}" if low == high else f"n = {low:,} to {high:,}"
        return LABEL if alone and low == high else f"{LABEL}, {many}"

    def values(self, by: Heading) -> list[float]:
        """The defined values under one criterion."""
        return [row.value for row in self.rows.get(by.key, []) if not math.isnan(row.value)]


def ceiling_sets(ceiling: pd.DataFrame) -> list[CeilingSet]:
    """One entry per set of architectures, in order of appearance; beyond four, one entry that spans them all.

    ceiling: table CEILING.
    """
    found = [_of([part]) for _, part in ceiling.groupby("archs", sort=True)]
    if len(found) <= _MOST:
        return found
    return [_of([part for _, part in ceiling.groupby("archs", sort=True)])]


def ceiling_row(ceiling: pd.DataFrame, estimator: str, by: Heading):
    """The row of table CEILING that belongs to an estimator under one criterion; None where there is no value."""
    for row in ceiling[ceiling["estimator"] == estimator].itertuples(index=False):
        if key_of(row.criterion, row.at) == by.key and not math.isnan(row.value):
            return row
    return None


def shared_ceiling(ceiling: pd.DataFrame, rows: pd.DataFrame, key: Key) -> float | None:
    """The ceiling of a figure, if one belongs to all that is drawn; None otherwise.

    rows: what is drawn, with the number of architectures as `n`, and `estimator` where each row has one. Everything
    must have been judged on one set of architectures, of that size.
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
    """The end of a sentence on the ceiling: what it measures, where that is not what the truth states."""
    return f"; measured on another quantity than the truth: {measure}." if measure else "."
