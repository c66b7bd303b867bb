"""The criteria table: one row per estimator, one column per criterion, with published values."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import CeilingSet, ceiling_sets
from nasgauge.report.labels import COUNTING, EN_DASH, Heading, best_first, by_key, headings, interval, leading, number


@dataclass(frozen=True)
class Cell:
    """One value: its text, sort key, interval, the reason if it is undefined, and the published value."""

    text: str
    sort: float | None
    interval: str = ""
    undefined: str = ""
    published: str = ""
    source: str = ""
    excluded: bool = False


@dataclass(frozen=True)
class Row:
    """One estimator; `kind` is "ceiling", "counting" or "". n, n_failed, n_absent, n_unknown: as in table VALUES, n as
    text. seconds: total cost per architecture, "" where unknown; n_trained: size of its training set. hint: tooltip of
    the row.
    """

    estimator: str
    kind: str
    cells: tuple[Cell, ...]
    n: str
    n_failed: int = 0
    n_absent: int = 0
    n_unknown: int = 0
    seconds: str = ""
    seconds_sort: float | None = None
    n_trained: int = 0
    hint: str = ""


def columns(bundle: Bundle) -> list[Heading]:
    """The criteria, the leading one first."""
    first = leading(bundle.values)
    return [first, *(h for h in headings(bundle.values) if h != first)]


def ceiling_rows(bundle: Bundle) -> list[Row]:
    """One row per set of architectures that estimators are evaluated on: its noise ceiling; none if unknown."""
    sets = ceiling_sets(bundle.ceiling)
    return [_ceiling(one, bundle, alone=len(sets) == 1) for one in sets]


def _ceiling(one: CeilingSet, bundle: Bundle, *, alone: bool) -> Row:
    cells = tuple(_span(one, h, bundle.ceiling_measure) for h in columns(bundle))
    low, high = one.n
    hint = "Split-half reliability of the ground truth on the evaluated architectures"
    return Row(
        one.label(alone=alone),
        "ceiling",
        cells,
        n=f"{high:,}" if low == high else f"{low:,}–{high:,}",
        n_absent=max(row.n_absent for rows in one.rows.values() for row in rows),
        hint=hint if alone else f"{hint}: {', '.join(one.names)}",
    )


def _span(one: CeilingSet, by: Heading, measure: str | None) -> Cell:
    """The value of one set with its interval, or the minimum and maximum over several sets."""
    values, rows = one.values(by), one.rows.get(by.key, [])
    if not values:
        other = f"not comparable: the noise ceiling is measured on {measure}" if measure and not rows else ""
        return Cell(EN_DASH, None, "", other or "undefined for this ground truth")
    low, high = (number(end, by.decimals, compact=True) for end in (min(values), max(values)))
    if len(rows) > 1:
        return Cell(low if low == high else f"{low} to {high}", min(values))
    return Cell(low, values[0], interval(rows[0].lower, rows[0].upper, by.decimals, compact=True))


def estimator_rows(bundle: Bundle) -> list[Row]:
    """One row per estimator, the best by the leading criterion first."""
    values, published = by_key(bundle.values), by_key(bundle.published)
    spent = (
        {row.estimator: row for row in bundle.records["expenses"].itertuples()} if "expenses" in bundle.records else {}
    )
    n_distinct = bundle.measured.groupby("estimator")["score"].nunique()
    rows = []
    for name in best_first(bundle.values, leading(bundle.values)):
        found = [values.get((name, h.key)) for h in columns(bundle)]
        first = next(row for row in found if row is not None)
        reason = _reason(first.n, int(n_distinct.get(name, 0)))
        cells = tuple(
            _cell(row, h, published.get((name, h.key)), reason) for row, h in zip(found, columns(bundle), strict=True)
        )
        cost = spent.get(name)
        seconds = cost.total_seconds / cost.n_scored if cost is not None and cost.n_scored else math.nan
        rows.append(
            Row(
                name,
                "counting" if name in COUNTING else "",
                cells,
                n=f"{first.n:,}",
                n_failed=int(first.n_failed),
                n_absent=int(first.n_absent),
                n_unknown=int(first.n_unknown),
                seconds="" if math.isnan(seconds) else f"{seconds:.2g}",
                seconds_sort=None if math.isnan(seconds) else seconds,
                n_trained=0 if cost is None else int(cost.n_trained),
            )
        )
    return rows


def sources(rows: Iterable[Row]) -> list[str]:
    """The sources of the published values in these rows, each once, in order of appearance."""
    return list(dict.fromkeys(cell.source for row in rows for cell in row.cells if cell.published))


def _cell(row, heading: Heading, published, reason: str) -> Cell:
    printed, source, outside = "", "", False
    if published is not None and not math.isnan(published.value):
        printed, source = number(float(published.value), heading.decimals, compact=True), str(published.source)
        # Rounded as printed: a published number has no more digits than that.
        outside = row is not None and _excludes(row.lower, row.upper, float(published.value), heading.decimals)
    if row is None or math.isnan(row.value):
        why = "not computed" if row is None else reason
        return Cell(EN_DASH, None, "", why, printed, source, outside)
    text = number(row.value, heading.decimals, compact=True)
    return Cell(
        text, row.value, interval(row.lower, row.upper, heading.decimals, compact=True), "", printed, source, outside
    )


def _excludes(lower: float, upper: float, value: float, decimals: int) -> bool:
    """Whether the interval, widened to its printed digits, leaves the value out; False where there is no interval."""
    half = 0.5 * 10**-decimals
    return value < lower - half or value > upper + half


def _reason(n: int, n_distinct: int) -> str:
    if n < 2:
        return "undefined: fewer than two architectures have a score"
    if n_distinct == 1:
        return "undefined: all scores are equal"
    return "undefined for these scores"
