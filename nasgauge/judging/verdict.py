"""`nasgauge judge`: from scores to values with intervals and noise ceiling. Does not import torch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from nasgauge import benchmarks
from nasgauge.benchmarks import Benchmark
from nasgauge.core.constraints import check_quantities, parse_constraints, quantities
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed
from nasgauge.core.progress import Phases, silent
from nasgauge.criteria import DEFAULT_CRITERIA, BoundCriterion, Specs, resolve_all
from nasgauge.judging.baselines import SIZES, with_baselines
from nasgauge.judging.ceiling import noise_ceilings
from nasgauge.judging.ceiling_rows import with_ceilings
from nasgauge.judging.ground_truth import of_benchmark, of_table, spelled_scores
from nasgauge.judging.judge import judge
from nasgauge.judging.scorefiles import likely_sentinels, matched
from nasgauge.judging.undefined import undefined_notes
from nasgauge.judging.values import check_options
from nasgauge.spaces import ORDERS, Space, get_space


@dataclass(frozen=True, eq=False)
class Verdict:
    """Values and noise ceiling (tables VALUES and CEILING), and the data that they were computed from.

    ceiling_measure: the quantity behind the noise ceiling where it differs from the ground truth's. notes: warnings
    about the files. attributes: table ATTRIBUTES, further quantities of the architectures of a ground truth of one's
    own, such as latencies; None where there are none. constraints: table CONSTRAINTS, the limits for the report.
    """

    values: pd.DataFrame
    ceiling: pd.DataFrame
    scores: pd.DataFrame
    truth: pd.DataFrame
    provenance: Mapping[str, str]
    space: Space | None
    complexity: pd.DataFrame | None
    criteria: Sequence[BoundCriterion]
    settings: Mapping[str, Any]
    ceiling_measure: str | None = None
    notes: tuple[str, ...] = ()
    attributes: pd.DataFrame | None = None
    constraints: pd.DataFrame = field(default_factory=lambda: parse_constraints(()))


def judge_scores(
    scores: Any,
    *,
    benchmark: str | Benchmark | None = None,
    choices: Mapping[str, Any] | None = None,
    truth: Any = None,
    space: str | Space | None = None,
    arch_order: str | None = None,
    lower_is_better: Names = (),
    truth_lower_is_better: bool = False,
    criteria: Specs = DEFAULT_CRITERIA,
    missing: str = "omit",
    unknown: str = "error",
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    constraints: str | Iterable[str] = (),
    baselines: Names = (),
    seed: int = 0,
    measured: bool = False,
    phases: Phases = silent,
) -> Verdict:
    """Evaluate scores against a benchmark or a ground truth of one's own (exactly one of them).

    scores, measured: what `score_table` takes: the path of a file, a data frame, a Series or a dictionary. benchmark: a
    name, with its options in `choices`, or the benchmark itself. truth: what `truth_table` takes.

    Every spelling of an architecture that its space has is matched; invalid strings are reported with their row.
    arch_order: the order of the operations of NAS-Bench-201 cells that are given as lists, one of `spaces.ORDERS`. A
    ground truth of one's own has a space if `space` names it, and sizes if it has a column n_params or macs.
    constraints: limits on sizes and further quantities of the architectures, see `core.constraints`, for the report.
    baselines: sizes of the architectures, "n_params" or "macs", that are evaluated like estimators, see
    `with_baselines`; estimators can be compared with them.
    lower_is_better: estimators whose scores are lower-better; truth_lower_is_better: the `value` of the ground truth is
    lower-better. Signs are changed as the tables are read, nowhere else.
    """
    if (benchmark is None) == (truth is None):
        raise UserError("judge: give either --benchmark NAME or --truth FILE (in Python, the argument of that name)")
    if benchmark is not None and (space is not None or truth_lower_is_better):
        name, what = ("space", "space") if space is not None else ("truth_lower_is_better", "direction")
        raise UserError(
            f"judge: {name} (--{name.replace('_', '-')}) applies to 'truth' (--truth) only; a benchmark "
            f"defines its {what}; leave {name} out"
        )
    if isinstance(benchmark, Benchmark) and choices:
        raise UserError("judge: options of a benchmark apply to its name; choose them where the benchmark is loaded")
    check_options(n_bootstrap, confidence, missing=missing, unknown=unknown)
    lower_is_better = listed(lower_is_better, "judge: lower_is_better", "names of estimators")
    baselines = listed(baselines, "judge: baselines", SIZES)
    bound = resolve_all(criteria)
    limits, place = parse_constraints(constraints), None if space is None else get_space(space)
    if arch_order is not None and arch_order not in ORDERS:
        raise unknown_name("order of operations", arch_order, ORDERS)
    if benchmark is not None and not isinstance(benchmark, Benchmark):
        benchmarks.known(benchmark)
    if benchmark is not None:
        of_archs = partial(of_benchmark, benchmark, choices or {}, order=arch_order)
        file = spelled_scores(scores, lambda archs: of_archs(archs).spellings, lower_is_better, measured)
        known = of_archs(file.scores["arch"].unique())
    else:
        known = of_table(truth, place, truth_lower_is_better, arch_order)
        file = spelled_scores(scores, lambda _: known.spellings, lower_is_better, measured, known.archs)
    place = known.spellings.space
    check_quantities(limits, quantities(known.attributes, known.complexity))
    file = matched(file, known.spellings, unknown=unknown, called=known.name, left_out=known.left_out)
    judged = with_baselines(file.scores, known.complexity, baselines)
    notes = (*file.notes, *likely_sentinels(file.scores, place), *known.notes)
    settings = {"n_bootstrap": n_bootstrap, "confidence": confidence}
    options = {"missing": missing, "unknown": unknown, **settings}
    progress = phases("bootstrap intervals")
    values = judge(judged, known.truth, bound, progress=progress, rng=np.random.default_rng(seed), **options)
    ceiling = noise_ceilings(
        judged,
        known.truth,
        known.replicates,
        bound,
        same_quantity=known.ceiling_measure is None,
        progress=phases("noise ceiling"),
        rng=np.random.default_rng(seed),
        **options,
    )
    settings |= {"scores": file.where, "missing": missing, "unknown": unknown, "seed": seed}
    settings |= {"truth_column": known.column, "truth_lower_is_better": truth_lower_is_better}
    settings |= {"lower_is_better": list(lower_is_better)}
    settings |= {"constraints": list(limits["constraint"].unique())} if len(limits) else {}
    settings |= {"baselines": list(baselines)} if baselines else {}
    return Verdict(
        values=values,
        ceiling=ceiling,
        scores=judged,
        truth=known.truth,
        provenance=known.provenance,
        space=place,
        complexity=known.complexity,
        criteria=bound,
        settings=settings,
        ceiling_measure=known.ceiling_measure,
        notes=(*notes, *undefined_notes(values, judged, known.truth, bound, missing)),
        attributes=known.attributes,
        constraints=limits,
    )


def as_json(verdict: Verdict) -> str:
    """A JSON list of records with the columns of table VALUES; null is undefined.

    Rows of the estimator "noise_ceiling" name in `ceiling_of` the estimators on whose architectures it is measured;
    their `n_seeds` is the number of splits.
    """
    rows = with_ceilings(verdict.values, verdict.ceiling)
    return json.dumps([{k: _plain(v) for k, v in row.items()} for row in rows.to_dict("records")], indent=1)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else int(value) if value >= 1 and value == int(value) else value
    return value
