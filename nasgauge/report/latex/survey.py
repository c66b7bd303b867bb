"""Estimators by benchmark as a LaTeX table."""

from collections.abc import Mapping

import pandas as pd

from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import ceiling_sets
from nasgauge.report.labels import Heading, by_key, heading, number
from nasgauge.report.latex.escaping import escaped, heading_text, value_text
from nasgauge.report.latex.table import NEAR, best_texts, span_text, with_interval
from nasgauge.report.latex.tabular import DAGGER, marked, tabular


def latex_survey(
    bundles: Mapping[str, Bundle],
    contests: pd.DataFrame,
    *,
    intervals: bool = False,
    ceiling: bool = True,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """One row per estimator, the best mean rank first, one column per benchmark, and the mean rank.

    bundles: by benchmark. contests: table CONTESTS, of one criterion, which stands above the columns. The other
    arguments and the marks are those of `latex_table`.
    """
    first = contests.iloc[0]
    by = heading(first["criterion"], None if pd.isna(first["at"]) else first["at"])
    ranks = contests.assign(rank=contests.groupby("part")["behind"].rank()).groupby("estimator")["rank"].mean()
    order = sorted(ranks.index, key=lambda name: (pd.isna(ranks[name]), ranks[name], name))
    columns = [_column(contests[contests["part"] == part], order, by, bundles[part], intervals) for part in bundles]
    texts = [number(ranks[name], 1) if not pd.isna(ranks[name]) else "--" for name in order]
    best = best_texts(dict(zip(order, texts, strict=True)), order)
    body = [
        [escaped(name), *(column[i] for column in columns), marked(texts[i], best=name in best, near=False)]
        for i, name in enumerate(order)
    ]
    last = [["noise ceiling", *(_ceiling(bundle, by, intervals) for bundle in bundles.values()), ""]]
    known = ceiling and any(len(bundle.ceiling) for bundle in bundles.values())
    k = len(bundles)
    head = [
        ["", rf"\multicolumn{{{k}}}{{c}}{{{heading_text(by)}}}", ""],
        ["estimator", *map(escaped, bundles), "mean rank"],
    ]
    notes = ["Bold: best."] + ([NEAR] if any(DAGGER in cell for line in body for cell in line) else [])
    return tabular(head, [body, last if known else []], notes=notes, caption=caption, label=label)


def _column(part: pd.DataFrame, order: list[str], by: Heading, bundle: Bundle, intervals: bool) -> list[str]:
    rows, values = {row.estimator: row for row in part.itertuples()}, by_key(bundle.values)
    texts = {name: value_text(rows[name].value, by.decimals) if name in rows else "--" for name in order}
    best = best_texts(texts, sorted((n for n in order if texts[n] != "--"), key=lambda name: rows[name].behind))
    cells = []
    for name in order:
        if texts[name] == "--":
            cells.append("--")
            continue
        text = marked(texts[name], best=name in best, near=rows[name].behind_lower <= 0)
        known = values.get((name, by.key))
        cells.append(text if known is None else with_interval(text, known, by.decimals, intervals=intervals))
    return cells


def _ceiling(bundle: Bundle, by: Heading, intervals: bool) -> str:
    """The noise ceiling of the benchmark; minimum and maximum where estimators are evaluated on different sets."""
    sets = ceiling_sets(bundle.ceiling)
    if len(sets) == 1:
        return span_text(sets[0], by, intervals=intervals)
    values = [value for one in sets for value in one.values(by)]
    if not values:
        return "--"
    return " to ".join(dict.fromkeys(value_text(end, by.decimals) for end in (min(values), max(values))))
