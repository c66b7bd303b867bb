"""The analyses as figures of the page: their content comes from their entries, and none is known by name here."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES, SECTIONS, Analysis, Bias, is_among, rank_errors, shared
from nasgauge.core.copies import in_copies
from nasgauge.core.progress import Progress, untold
from nasgauge.report.bundle import Bundle
from nasgauge.report.ceilings import measured_on
from nasgauge.report.downloads import csv_download
from nasgauge.report.exhibit import Exhibit, Swatch, counted
from nasgauge.report.panels import drawn_panels, shows_ceiling

_TRUTH = "truth"  # always shown, as the page also describes the ground truth in it
PIXELS = 74  # of the page for an inch of a panel, at least
Tables = tuple[pd.DataFrame, pd.DataFrame]  # scores and truth


@final
@dataclass(frozen=True)
class Part:
    """A section of the page: its anchor, its figures, and sentences on what they do not cover."""

    id: str
    heading: str
    figures: tuple[Exhibit, ...]
    unanswered: tuple[str, ...]


@final
@dataclass(frozen=True, eq=False)
class Computed:
    """The table of an analysis by its name, and a sentence on the sample that it was computed on, "" for none."""

    name: str
    analysis: Analysis
    table: pd.DataFrame
    sampled: str
    rng: np.random.Generator

    def drawable(self, bundle: Bundle) -> bool:
        """Whether it has panels."""
        return not self.analysis.why_absent(self.table, bundle.space)


@final
@dataclass(frozen=True, eq=False)
class Task:
    """An analysis by its name that is to be computed on tables, which may be a sample, with a generator of its own."""

    name: str
    analysis: Analysis
    sampled: str
    tables: Tables
    rng: np.random.Generator

    def computed(self, bundle: Bundle) -> Computed:
        """Its table."""
        table = self.analysis(*self.tables, bundle.space, rng=self.rng, records=bundle.records)
        return Computed(self.name, self.analysis, table, self.sampled, self.rng)


def computed(
    bundle: Bundle, *, rng: np.random.Generator, only: Collection[str] | None = None, progress: Progress = untold
) -> Iterator[Computed]:
    """The table of every analysis whose input tables are available, or of those named in `only`, in their order.

    A table does not depend on which others are computed, because each analysis has a generator of its own. progress
    (done, total): number of analyses, reported before each.
    """
    planned = _planned(bundle, rng, only)
    with shared():
        for i, task in enumerate(planned):
            progress(i, len(planned))
            yield task.computed(bundle)


def exhibits(
    bundle: Bundle, *, rng: np.random.Generator, processes: int | None = None, progress: Progress = untold
) -> dict[str, Exhibit]:
    """Every analysis whose input tables are available, as a figure by name; without panels only if shown `always`.

    processes: how many compute and draw them, None: one for each core; the figures do not depend on it.
    progress(done, total): number of analyses.
    """
    planned, shown = _planned(bundle, rng, None), {}
    with shared():
        if planned:
            rank_errors(
                *planned[0].tables
            )  # most analyses need it or its parts, which copies of this process then have
        found = in_copies(lambda task: _exhibit(task.computed(bundle), bundle), planned, n=processes)
        progress(0, len(planned))
        for i, (task, exhibit) in enumerate(zip(planned, found, strict=True), start=1):
            progress(i, len(planned))
            if exhibit.panels or task.analysis.always:
                shown[task.name] = exhibit
    return shown


def _planned(bundle: Bundle, rng: np.random.Generator, only: Collection[str] | None) -> list[Task]:
    scores, truth = bundle.measured, bundle.truth
    if not is_among(scores["arch"].unique(), truth["arch"]).all():
        scores = scores[is_among(scores["arch"], truth["arch"])]
    whole = scores, truth
    state = int(rng.integers(2**63))
    samples: dict[int | None, tuple[str, Tables]] = {None: ("", whole)}
    planned = []
    for name, analysis in ANALYSES.items():
        if (only is None or name in only) and set(analysis.needs) <= set(bundle.records):
            limit = analysis.limit
            if limit not in samples:
                samples[limit] = _thinned(*whole, limit, np.random.default_rng([state, limit]))
            planned.append(Task(name, analysis, *samples[limit], np.random.default_rng([state, *name.encode()])))
    return planned


def parts(shown: Mapping[str, Exhibit], bundle: Bundle) -> list[Part]:
    """The sections of the page that are not empty, in order; that of the ground truth always is included."""
    found = []
    for name, section in SECTIONS.items():
        figures = tuple(exhibit for key, exhibit in shown.items() if ANALYSES[key].section == name)
        unanswered = tuple(section.unanswered(shown, bundle.space, bundle.records))
        if figures or unanswered or name == _TRUTH:
            found.append(Part(name, section.heading, figures, unanswered))
    return found


def biases(shown: Mapping[str, Exhibit]) -> dict[str, tuple[Bias, ...]]:
    """The biases of each estimator, the largest first; estimators without an analysis of bias are absent."""
    found: dict[str, tuple[Bias, ...]] = {}
    for name, exhibit in shown.items():
        if ANALYSES[name].biases:
            found |= ANALYSES[name].biases(exhibit.table)
    return found


def _thinned(scores: pd.DataFrame, truth: pd.DataFrame, limit: int, rng: np.random.Generator) -> tuple[str, Tables]:
    """A sentence on the sampling if there are more architectures than `limit`, else "", and the sample."""
    archs = truth["arch"].unique()
    if len(archs) <= limit:
        return "", (scores, truth)
    kept = archs[np.sort(rng.choice(len(archs), limit, replace=False))]
    some = scores[is_among(scores["arch"], kept)], truth[is_among(truth["arch"], kept)]
    return f"Computed on a random sample of {limit:,} of {len(archs):,} architectures.", some


def _exhibit(found: Computed, bundle: Bundle) -> Exhibit:
    analysis, table = found.analysis, found.table
    notes = [found.sampled, analysis.caption, analysis.note(table) if analysis.note and len(table) else ""]
    if shows_ceiling(analysis, table, bundle):
        notes.append(f"Dashed line: noise ceiling{measured_on(bundle.ceiling_measure)}")
    absent = analysis.why_absent(table, bundle.space)
    return Exhibit(
        name=analysis.name,
        question=analysis.question,
        finding=analysis.paper_finding,
        n=counted(table["n"], analysis.counts) if len(table) else "",
        notes=tuple(note for note in notes if note),
        panels=() if absent else drawn_panels(analysis, table, bundle),
        download=csv_download(table, analysis.name, rng=found.rng),
        table=table,
        absent=absent,
        legend=() if absent else _legend(analysis, table, bundle),
        wide=analysis.wide,
        column=round(PIXELS * analysis.size[0]),
    )


def _legend(analysis: Analysis, table: pd.DataFrame, bundle: Bundle) -> tuple[Swatch, ...]:
    strokes = analysis.legend(table, bundle.space) if analysis.legend else {}
    lines = {"solid": "solid", "dotted": "dotted"}
    return tuple(
        Swatch(name, stroke.colour, lines.get(stroke.dash, "dotted" if stroke.dash[1][0] == 1 else "dashed"))
        for name, stroke in strokes.items()
    )
