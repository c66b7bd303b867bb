"""One page over several studies of the same estimators: results and best estimators by benchmark."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES, Analysis
from nasgauge.judging import with_ceilings
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import ceiling_sets
from nasgauge.report.downloads import csv_download
from nasgauge.report.exhibit import Exhibit, Panel, counted
from nasgauge.report.figures import svg
from nasgauge.report.forest import CAPTION, QUESTION, draw_forest, size
from nasgauge.report.gallery import PIXELS, computed
from nasgauge.report.labels import COUNTING, EN_DASH, Heading, by_key, heading, interval, number
from nasgauge.report.page import rendered, write_page
from nasgauge.report.panels import drawn_panels
from nasgauge.report.summary import is_near
from nasgauge.report.wording import survey_answer


@dataclass(frozen=True)
class Entry:
    """One value of the table: its text and interval, whether it is the best, and if not, whether the difference to the
    best is not significant."""

    text: str
    sort: float | None
    interval: str = ""
    wins: bool = False
    near: bool = False


@dataclass(frozen=True)
class Line:
    """One estimator over all benchmarks; mean_rank: None where it is undefined on all of them."""

    estimator: str
    kind: str
    cells: tuple[Entry, ...]
    mean_rank: float | None


def render_survey(title: str, bundles: Mapping[str, Bundle], contests: pd.DataFrame) -> str:
    """The page as one string; the same tables give the same bytes. contests: table CONTESTS."""
    first = contests.iloc[0]
    by = heading(first["criterion"], None if pd.isna(first["at"]) else first["at"])
    rng = np.random.default_rng(0)  # of the samples drawn for downloads
    values = [with_ceilings(b.values, b.ceiling).assign(part=name) for name, b in bundles.items()]
    return rendered(
        "survey.html.j2",
        title=title,
        heading=by,
        parts=[_part(name, bundle) for name, bundle in bundles.items()],
        answer=survey_answer(contests, by),
        ceiling=[_ceiling(bundle, by) for bundle in bundles.values()],
        rows=lines(bundles, contests, by),
        winners=_winners(contests, by),
        forest=_forest(bundles),
        joined=[found for analysis in ANALYSES.values() if (found := _joined(analysis, bundles)) is not None],
        values=csv_download(pd.concat(values, ignore_index=True), "values", rng=rng),
        contests=csv_download(contests, "contests", rng=rng),
    )


def write_survey(title: str, bundles: Mapping[str, Bundle], contests: pd.DataFrame, path: Path) -> None:
    """Render the page to a file, whole or not at all; UserError where the file cannot be written."""
    write_page(render_survey(title, bundles, contests), path)


def lines(bundles: Mapping[str, Bundle], contests: pd.DataFrame, by: Heading) -> list[Line]:
    """One row per estimator, the best mean rank first."""
    ranks = contests.assign(rank=contests.groupby("part")["behind"].rank())
    mean = ranks.groupby("estimator")["rank"].mean()  # undefined ones have no rank
    contested = {(row.part, row.estimator): row for row in contests.itertuples()}
    values = {part: by_key(bundle.values) for part, bundle in bundles.items()}
    order = sorted(mean.index, key=lambda name: (math.isnan(mean[name]), mean[name], name))
    found = []
    for name in order:
        cells = [_entry(contested.get((part, name)), values[part].get((name, by.key)), by) for part in bundles]
        rank = None if math.isnan(mean[name]) else float(mean[name])
        found.append(Line(name, "counting" if name in COUNTING else "", tuple(cells), rank))
    return found


def _entry(row: Any, known: Any, by: Heading) -> Entry:
    if row is None or math.isnan(row.value):
        return Entry(EN_DASH, None)
    bounds = "" if known is None else interval(known.lower, known.upper, by.decimals, compact=True)
    wins = row.behind == 0
    return Entry(number(row.value, by.decimals, compact=True), row.value, bounds, wins, is_near(row) and not wins)


def _ceiling(bundle: Bundle, by: Heading) -> Entry:
    """The noise ceiling of the benchmark; minimum and maximum where estimators are evaluated on different sets."""
    sets = ceiling_sets(bundle.ceiling)
    values = [value for one in sets for value in one.values(by)]
    if not values:
        return Entry(EN_DASH, None)
    low, high = (number(end, by.decimals, compact=True) for end in (min(values), max(values)))
    if len(values) > 1:
        return Entry(low if low == high else f"{low} to {high}", min(values))
    [row] = (row for one in sets for row in one.rows[by.key])
    return Entry(low, values[0], interval(row.lower, row.upper, by.decimals, compact=True))


def _winners(contests: pd.DataFrame, by: Heading) -> list[dict[str, Any]]:
    """The rows of the second table: per part the best, those not significantly different, and the first that is."""
    rows = []
    for part, table in contests.groupby("part", sort=False):
        for row in table.sort_values("behind", kind="stable").itertuples():
            if math.isnan(row.value):
                break
            rows.append(
                {
                    "part": part,
                    "estimator": row.estimator,
                    "wins": row.behind == 0,
                    "value": number(row.value, by.decimals, compact=True),
                    "p_best": number(row.p_best, 2, compact=True),
                    "delta": number(row.behind, by.decimals, compact=True),
                    "interval": ""
                    if row.behind == 0
                    else interval(row.behind_lower, row.behind_upper, by.decimals, compact=True),
                }
            )
            if not is_near(row):
                break
    return rows


def _forest(bundles: Mapping[str, Bundle]) -> Exhibit:
    panels = tuple(
        Panel(name, svg(lambda ax, b=b: draw_forest(b, ax), size(b), label=f"{name}, with intervals", salt=name))
        for name, b in bundles.items()
    )
    notes = (
        CAPTION,
        "Dashed line and band: noise ceiling and its interval.",
    )
    table = pd.concat([b.values.assign(part=name) for name, b in bundles.items()], ignore_index=True)
    link = csv_download(table, "intervals", rng=np.random.default_rng(0))
    return Exhibit(
        name="intervals",
        question=QUESTION,
        notes=notes,
        panels=panels,
        download=link,
        table=table,
        column=330,
    )


def _joined(analysis: Analysis, bundles: Mapping[str, Bundle]) -> Exhibit | None:
    """An analysis over all parts that have a table of it; None where fewer than two have, or where it joins none."""
    if analysis.over is None:
        return None
    tables = {}
    for part, bundle in bundles.items():
        for found in computed(bundle, rng=np.random.default_rng(0), only={analysis.name}):
            if len(found.table):
                tables[part] = found.table
    if len(tables) < 2:
        return None
    table = analysis.over(tables)
    return Exhibit(
        name=analysis.name,
        question=analysis.question,
        finding=analysis.paper_finding,
        n=counted(table["n_spaces"], "ground truths"),
        notes=(analysis.over_caption,),
        panels=drawn_panels(analysis, table, next(iter(bundles.values()))),
        download=csv_download(table, analysis.name, rng=np.random.default_rng(0)),
        table=table,
        wide=analysis.wide,
        column=round(PIXELS * analysis.size[0]),
    )


def _part(name: str, bundle: Bundle) -> dict[str, Any]:
    return {
        "name": name,
        "link": f"{name}/report.html",
        "space": "" if bundle.space is None else bundle.space.name,
        "n": bundle.truth["arch"].nunique(),
        "provenance": list(bundle.provenance.items()),
    }
