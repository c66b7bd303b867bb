"""From numbers to the report's bundle: one function for studies and for score files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from nasgauge.core.constraints import check_quantities, parse_constraints, quantities
from nasgauge.core.progress import Phases, silent
from nasgauge.criteria import CriterionSpec, resolve_all
from nasgauge.judging import Verdict, compared
from nasgauge.report.bundle import Bundle
from nasgauge.spaces import Space


def assembled(
    *,
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None,
    criteria: Sequence[CriterionSpec],
    missing: str,
    n_bootstrap: int,
    confidence: float,
    records: Mapping[str, pd.DataFrame],
    constraints: str | Iterable[str] | pd.DataFrame = (),
    searches: Sequence[str] = (),
    phases: Phases = silent,
    **shown: Any,
) -> Bundle:
    """The bundle, completed by the pairwise comparison of the estimators and by the tables of constraints and searches.

    criteria, missing, n_bootstrap, confidence: as used for the values; constraints: limits on quantities of the
    architectures, texts or table CONSTRAINTS, see `core.constraints`; searches: those to be run with every estimator's
    scores; shown: the other fields of `Bundle`. Scores of architectures without ground truth are left out. UserError:
    an invalid constraint, an unknown quantity, a limit that no architecture satisfies.
    """
    limits = parse_constraints(constraints)
    if len(limits):
        check_quantities(limits, quantities(records.get("attributes"), records.get("complexity")))
        records = {**records, "constraints": limits}
    if searches:
        records = {**records, "searches": pd.DataFrame({"search": list(searches)})}
    inside = scores[scores["arch"].isin(set(truth["arch"]))].reset_index(drop=True)
    comparison = compared(
        inside, truth, space, criteria,
        missing=missing, n_bootstrap=n_bootstrap, confidence=confidence, progress=phases("comparison"),
    )  # fmt: skip
    return Bundle(
        scores=inside, truth=truth, space=space, criteria=tuple(resolve_all(criteria)), records=records, **shown,
        **comparison,
    )  # fmt: skip


def of_verdict(verdict: Verdict, *, title: str, phases: Phases = silent) -> Bundle:
    """The bundle of a verdict on a score file."""
    options = {name: verdict.settings[name] for name in ("missing", "n_bootstrap", "confidence")}
    records = {"complexity": verdict.complexity, "attributes": verdict.attributes}
    return assembled(
        title=title,
        values=verdict.values,
        ceiling=verdict.ceiling,
        ceiling_measure=verdict.ceiling_measure,
        notes=verdict.notes,
        scores=verdict.scores,
        truth=verdict.truth,
        space=verdict.space,
        criteria=verdict.criteria,
        provenance=verdict.provenance,
        study=dict(verdict.settings),
        records={name: table for name, table in records.items() if table is not None},
        constraints=verdict.constraints,
        phases=phases,
        **options,
    )
