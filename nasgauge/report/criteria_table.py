"""The criteria table: estimators down, criteria across, published values beside ours."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from nasgauge.report.bundle import Bundle
from nasgauge.report.labels import COUNTING, EN_DASH, Heading, best_first, by_key, headings, interval, leading, number

CEILING_NAME = "noise ceiling"


@dataclass(frozen=True)
class Cell:
    """One number: its text, what sorts it, its interval, why it is undefined, and the published number beside it."""

    text: str
    sort: float | None
    interval: str = ""
    undefined: str = ""
    published: str = ""
    source: str = ""
    excluded: bool = False


@dataclass(frozen=True)
class Row:
    """One estimator; `kind` is "ceiling", "counting" or "". seconds: all that it cost, by architecture, "" where
    unknown; n_trained: architectures that were trained for it to learn from.
    """

    estimator: str
    kind: str
    cells: tuple[Cell, ...]
    n: int
    n_missing: int
    seconds: str = ""
    seconds_sort: float | None = None
    n_trained: int = 0


def columns(bundle: Bundle) -> list[Heading]:
    """The criteria, the leading one first."""
    first = leading(bundle.values)
    return [first, *(h for h in headings(bundle.values) if h != first)]


def ceiling_row(bundle: Bundle) -> Row | None:
    """The noise ceiling's row; None where the truth cannot have one."""
    if bundle.ceiling.empty:
        return None
    found = {key: row for (_, key), row in by_key(bundle.ceiling).items()}
    cells = tuple(_cell(found.get(h.key), h, None, "undefined for this truth") for h in columns(bundle))
    return Row(CEILING_NAME, "ceiling", cells, int(bundle.ceiling["n"].max()), int(bundle.ceiling["n_missing"].max()))


def estimator_rows(bundle: Bundle) -> list[Row]:
    """A row for every estimator, the best by the leading criterion first."""
    values, published = by_key(bundle.values), by_key(bundle.published)
    spent = (
        {row.estimator: row for row in bundle.records["expenses"].itertuples()} if "expenses" in bundle.records else {}
    )
    n_distinct = bundle.scores.groupby("estimator")["score"].nunique()
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
                int(first.n),
                int(first.n_missing),
                "" if math.isnan(seconds) else f"{seconds:.2g}",
                None if math.isnan(seconds) else seconds,
                0 if cost is None else int(cost.n_trained),
            )
        )
    return rows


def sources(rows: Iterable[Row]) -> list[str]:
    """Where the published numbers in these rows come from, each once, in order of appearance."""
    return list(dict.fromkeys(cell.source for row in rows for cell in row.cells if cell.published))


def _cell(row, heading: Heading, published, reason: str) -> Cell:
    told, source, outside = "", "", False
    if published is not None and not math.isnan(published.value):
        told, source = number(float(published.value), heading.decimals, compact=True), str(published.source)
        # Rounded as printed: a published number has no more digits than that.
        outside = row is not None and _excludes(row.lower, row.upper, float(published.value), heading.decimals)
    if row is None or math.isnan(row.value):
        why = "not computed" if row is None else reason
        return Cell(EN_DASH, None, "", why, told, source, outside)
    text = number(row.value, heading.decimals, compact=True)
    return Cell(
        text, row.value, interval(row.lower, row.upper, heading.decimals, compact=True), "", told, source, outside
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
