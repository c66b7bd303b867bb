"""The ground truth that scores are evaluated against, of a benchmark or of a table of one's own, and the scores."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.core.lists import Names
from nasgauge.judging.scorefiles import RepeatError, ScoreFile, Spellings, score_table, truth_table
from nasgauge.spaces import Space


@final
@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The ground truth, from a benchmark or a file.

    name: in messages. column: "accuracy", a fraction of images, or "value", any higher-better number. The others as in
    `Verdict`, `Benchmark` and `TruthFile`.
    """

    name: str
    truth: pd.DataFrame
    replicates: pd.DataFrame | None
    provenance: Mapping[str, str]
    complexity: pd.DataFrame | None
    spellings: Spellings
    column: str = "accuracy"
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    ceiling_measure: str | None = None
    attributes: pd.DataFrame | None = None
    archs: Collection[str] = ()


def of_benchmark(
    benchmark: str | Benchmark, choices: Mapping[str, Any], archs: Collection[str], order: str | None
) -> GroundTruth:
    """That of a benchmark, or of the name of one with options; archs: those that have scores, see `benchmarks.load`."""
    is_loaded = isinstance(benchmark, Benchmark)
    known = benchmark if is_loaded else benchmarks.load({"name": benchmark, **choices}, holding=archs)
    spellings = Spellings(known.archs, known.space, order)
    return GroundTruth(known.name, known.truth, known.replicates, dict(known.provenance), known.complexity, spellings,
                  left_out=known.left_out, ceiling_measure=known.ceiling_measure)  # fmt: skip


def of_table(table: Any, space: Space | None, lower_is_better: bool, order: str | None) -> GroundTruth:
    """That of what `truth_table` takes."""
    file = truth_table(table, space=space, lower_is_better=lower_is_better, arch_order=order)
    provenance = {"ground truth": file.where, "measure": file.measure, "architectures": f"{len(file.spellings):,}"}
    return GroundTruth(file.where, file.truth, file.truth, provenance, file.complexity, file.spellings, file.column,
                  notes=file.notes, attributes=file.attributes, archs=file.truth["arch"].unique())  # fmt: skip


def spelled_scores(
    table: Any,
    spellings: Callable[[Collection[str]], Spellings],
    lower_is_better: Names,
    measured: bool,
    archs: Collection[str] = (),
) -> ScoreFile:
    """The scores; where a row repeats another because its architecture is spelled wrongly, that is the error."""
    try:
        return score_table(table, lower_is_better=lower_is_better, archs=archs, measured=measured)
    except RepeatError as error:
        spellings(error.archs.unique()).found(error.archs, error.where)
        raise
