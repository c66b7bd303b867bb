"""Formatting of criteria and numbers, on the page and in the terminal."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.criteria import CRITERIA, BoundCriterion, CriterionSpec, resolve

COUNTING = ("n_params", "macs", "n_convs")
EN_DASH = "–"
Key = tuple[str, float | None]


@dataclass(frozen=True)
class Heading:
    """One criterion with its `at`, as a column: symbol, title, which way is better, decimals, reference."""

    criterion: str
    at: float | None
    symbol: str
    title: str
    better: str
    decimals: int
    reference: str | None

    @property
    def key(self) -> Key:
        return key_of(self.criterion, self.at)

    @property
    def name(self) -> str:
        """The criterion as text, name or name@K."""
        return self.criterion if self.at is None else f"{self.criterion}@{self.at:g}"

    @property
    def arrow(self) -> str:
        return "↑" if self.better == "higher" else "↓"

    def better_than(self, a: float, b: float) -> bool:
        """Whether value a is better than value b."""
        return a > b if self.better == "higher" else a < b


def key_of(criterion: str, at: float | None) -> Key:
    """The identity of a criterion in the tables, with None for an absent `at`, because NaN equals nothing.

    >>> key_of("kendall_tau", float("nan"))
    ('kendall_tau', None)
    """
    return criterion, None if at is None or math.isnan(at) else round(float(at), 12)


def headings(values: pd.DataFrame) -> list[Heading]:
    """The criteria of a VALUES table in order of appearance, with their registry entries."""
    keys = dict.fromkeys(key_of(c, a) for c, a in zip(values["criterion"], values["at"], strict=True))
    return [heading(criterion, at) for criterion, at in keys]


def heading(criterion: str, at: float | None) -> Heading:
    """The heading of one criterion; an unregistered one keeps its name and is taken as higher-better.

    >>> heading("precision_at_top", 0.05).symbol, heading("regret_at", 10).symbol, heading("mine", None).symbol
    ('P@top 5%', 'regret@10', 'mine')
    """
    base, _, options = criterion.partition("(")
    entry = CRITERIA.in_tables(base)
    if entry is None:
        return Heading(criterion, at, criterion, "", "higher", 3, None)
    symbol = (entry.symbol if at is None else entry.symbol_at(at)) + (f" ({options}" if options else "")
    decimals = 4 if "accuracy" in base or base == "regret_at" else 3
    return Heading(criterion, at, symbol, entry.title, entry.better, decimals, entry.reference)


def chosen(known: Sequence[Heading], criterion: CriterionSpec | BoundCriterion, what: str) -> list[Heading]:
    """The headings that a criterion stands for, in any form of `criteria.resolve`; a bare name for each of its `at`.

    UserError: none of them, with the nearest. what: what they are of in the message.
    """
    found = [h for h in known if criterion == h.name] or [h for h in known if criterion in (h.criterion, h.symbol)]
    if not found:
        try:
            bound = resolve(criterion)
        except UserError:
            bound = None
        found = [h for h in known if bound is not None and h.key == key_of(bound.name, bound.at)]
    if not found:
        raise unknown_name(f"criterion of {what}", criterion, [h.name for h in known])
    return found


def number(value: float, decimals: int = 3, *, compact: bool = False) -> str:
    """A value with fixed decimals, a true minus sign, and an en dash where it is undefined; tiny ones keep one digit.

    compact: without the zero before the point.

    >>> number(0.61234), number(-0.5, compact=True), number(float("nan")), number(0.0002)
    ('0.612', '−.500', '–', '0.0002')
    """
    if math.isnan(value):
        return EN_DASH
    tiny = value != 0 and abs(value) < 0.5 * 10**-decimals
    text = (f"{value:.0e}" if abs(value) < 1e-6 else f"{value:.1g}") if tiny else f"{value:.{decimals}f}"
    text = re.sub(r"^(-?)0\.", r"\1.", text) if compact else text
    return text.replace("-", "−")


def interval(lower: float, upper: float, decimals: int = 3, *, compact: bool = False) -> str:
    """An interval in brackets, empty where there is none.

    >>> interval(0.58, 0.64), interval(float("nan"), 0.64)
    ('[0.580, 0.640]', '')
    """
    if math.isnan(lower) or math.isnan(upper):
        return ""
    low, high = (number(end, decimals, compact=compact) for end in (lower, upper))
    return f"[{low}, {high}]"


def by_key(table: pd.DataFrame | None) -> dict[tuple[str, Key], object]:
    """Rows of a table with estimator, criterion and at, by (estimator, key); the first where one repeats."""
    rows: dict[tuple[str, Key], object] = {}
    for row in () if table is None else table.itertuples(index=False):
        rows.setdefault((str(row.estimator), key_of(row.criterion, row.at)), row)
    return rows


def best_first(values: pd.DataFrame, by: Heading) -> list[str]:
    """Estimators by one criterion, the best first, equal ones by name, undefined ones last."""
    rows = by_key(values)
    value = {name: rows[name, by.key].value if (name, by.key) in rows else math.nan for name in values["estimator"]}
    sign = -1 if by.better == "higher" else 1
    return sorted(value, key=lambda name: (math.isnan(value[name]), sign * value[name], name))


def leading(values: pd.DataFrame) -> Heading:
    """The criterion that orders table and answer: Kendall's tau where it was computed, else the first."""
    found = headings(values)
    return next((h for h in found if h.criterion == "kendall_tau"), found[0])
