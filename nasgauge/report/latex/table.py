"""The criteria of one study as a LaTeX table."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import VALUES, check
from nasgauge.criteria import Specs, listed_specs
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import CeilingSet, ceiling_sets
from nasgauge.report.labels import Heading, Key, best_first, by_key, chosen, headings, key_of, leading
from nasgauge.report.latex.escaping import escaped, heading_text, value_text
from nasgauge.report.latex.tabular import DAGGER, marked, tabular

NEAR = f"{DAGGER}: not significantly different from the best (the interval of the paired difference contains 0)."


def latex_table(
    source: Bundle | pd.DataFrame,
    *,
    criteria: Specs | None = None,
    intervals: bool = False,
    ceiling: bool = True,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """One row per estimator, the best first, one column per criterion with an arrow to the better values.

    source: a bundle, or a table VALUES, for which neither significance nor ceiling is known. criteria: columns by name
    or name@K, in this order, the first of which sorts the rows; all, Kendall's tau first, if None. intervals: bootstrap
    intervals in small print. ceiling: the noise ceiling in the last row, one per set of architectures that estimators
    are evaluated on. caption, label: of a table environment; without both, the tabular alone.

    The best of a column is bold, with all that print the same number. A dagger marks those whose paired difference to
    the best has an interval that contains 0, in the columns for which it was computed: that of the bundle's contest,
    and those in its table "paired". Numbers are printed as in reports; undefined ones are a dash. A column n shows the
    number of architectures where it is not the same for all. UserError: an unknown criterion, another type of source.
    """
    values = _values(source)
    by_column = chosen_headings(values, criteria)
    names, rows = best_first(values, by_column[0]), by_key(values)
    near = near_to_best(source, by_column) if isinstance(source, Bundle) else {}
    sizes = {name: next(row.n for (one, _), row in rows.items() if one == name) for name in names}
    counted = len(set(sizes.values())) > 1
    columns = [_column(names, rows, by, near.get(by.key, set()), intervals) for by in by_column]
    body = [
        [escaped(name), *(column[i] for column in columns), *([f"{sizes[name]:,}"] if counted else [])]
        for i, name in enumerate(names)
    ]
    last = _ceilings(source, by_column, intervals, counted) if ceiling and isinstance(source, Bundle) else []
    notes = ["Bold: best."] + ([NEAR] if any(DAGGER in cell for line in body for cell in line) else [])
    head = ["estimator", *map(heading_text, by_column), *(["$n$"] if counted else [])]
    return tabular([head], [body, last], notes=notes, caption=caption, label=label)


def chosen_headings(values: pd.DataFrame, criteria: Specs | None) -> list[Heading]:
    """The columns of these names, all with the leading one first if None; a bare name stands for each of its `at`."""
    known = headings(values)
    if criteria is None:
        first = leading(values)
        return [first, *(h for h in known if h != first)]
    columns: list[Heading] = []
    for name in listed_specs(criteria):
        columns += [h for h in chosen(known, name, "this table") if h not in columns]
    return columns


def near_to_best(bundle: Bundle, columns: Sequence[Heading]) -> Mapping[Key, set[str]]:
    """By criterion, the estimators whose paired difference to the best is known and not significant."""
    near: dict[Key, set[str]] = {}
    for row in bundle.contest.itertuples():
        if row.behind != 0 and row.behind_lower <= 0:  # both false where undefined
            near.setdefault(key_of(row.criterion, row.at), set()).add(row.estimator)
    done = {key_of(row.criterion, row.at) for row in bundle.contest.itertuples()}
    paired = bundle.records.get("paired")
    for by in columns if paired is not None else ():
        if by.key in done:
            continue
        values = {name: row.value for (name, key), row in by_key(bundle.values).items() if key == by.key}
        top = {name for name in values if values[name] == values.get(best_first(bundle.values, by)[0])}
        for row in paired.itertuples():
            if key_of(row.criterion, row.at) == by.key and row.lower <= 0 <= row.upper:
                if len({row.estimator, row.rival} & top) == 1:
                    near.setdefault(by.key, set()).update({row.estimator, row.rival} - top)
    return near


def with_interval(text: str, row: object, decimals: int, *, intervals: bool) -> str:
    """A value, followed by its interval in small print if that is wanted and known."""
    if not intervals or math.isnan(row.lower) or math.isnan(row.upper):
        return text
    return rf"{text} {{\scriptsize [{value_text(row.lower, decimals)}, {value_text(row.upper, decimals)}]}}"


def best_texts(texts: Mapping[str, str], order: Sequence[str]) -> set[str]:
    """The names that print the same as the first defined one in `order`."""
    first = next((texts[name] for name in order if texts[name] != "--"), None)
    return {name for name, text in texts.items() if text == first and first is not None}


def _values(source: object) -> pd.DataFrame:
    if isinstance(source, Bundle):
        return source.values
    if not isinstance(source, pd.DataFrame):
        raise UserError(f"latex_table: got {type(source).__name__}; give a bundle or a table of values")
    values = check(source, VALUES, where="the table of values")
    if values.empty:
        raise UserError("the table of values has no rows; evaluate the scores first")
    return values


def _column(names: Sequence[str], rows, by: Heading, near: set[str], intervals: bool) -> list[str]:
    found = {name: rows.get((name, by.key)) for name in names}
    texts = {name: "--" if row is None else value_text(row.value, by.decimals) for name, row in found.items()}
    sign = -1 if by.better == "higher" else 1
    order = sorted((n for n in names if texts[n] != "--"), key=lambda name: sign * found[name].value)
    best = best_texts(texts, order)
    cells = []
    for name in names:
        text = marked(texts[name], best=name in best, near=name in near and texts[name] != "--")
        cells.append(
            text if texts[name] == "--" else with_interval(text, found[name], by.decimals, intervals=intervals)
        )
    return cells


def _ceilings(bundle: Bundle, chosen: Sequence[Heading], intervals: bool, counted: bool) -> list[list[str]]:
    sets = ceiling_sets(bundle.ceiling)
    lines = []
    for one in sets:
        low, high = one.n
        size = [f"{high:,}" if low == high else f"{low:,}--{high:,}"] if counted else []
        name = escaped(one.label(alone=len(sets) == 1 or counted))
        lines.append([name, *(span_text(one, by, intervals=intervals) for by in chosen), *size])
    return lines


def span_text(one: CeilingSet, by: Heading, *, intervals: bool) -> str:
    """The noise ceiling of one set of architectures, or minimum and maximum over several."""
    values, rows = one.values(by), one.rows.get(by.key, [])
    if not values:
        return "--"
    ends = list(dict.fromkeys(value_text(end, by.decimals) for end in (min(values), max(values))))
    text = " to ".join(ends)
    return with_interval(text, rows[0], by.decimals, intervals=intervals) if len(rows) == 1 else text
