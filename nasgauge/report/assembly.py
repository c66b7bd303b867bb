"""From numbers to the report's bundle: one function for studies and for score files."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from nasgauge.core.progress import Phases, silent
from nasgauge.criteria import CriterionSpec
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
    phases: Phases = silent,
    **shown: Any,
) -> Bundle:
    """The bundle, completed by the pairwise comparison of the estimators.

    criteria, missing, n_bootstrap, confidence: as used for the values; shown: the other fields of `Bundle`.
    Scores of architectures without ground truth are left out.
    """
    inside = scores[scores["arch"].isin(set(truth["arch"]))].reset_index(drop=True)
    comparison = compared(
        inside, truth, space, criteria,
        missing=missing, n_bootstrap=n_bootstrap, confidence=confidence, progress=phases("comparison"),
    )  # fmt: skip
    return Bundle(scores=inside, truth=truth, space=space, **shown, **comparison)


def of_verdict(verdict: Verdict, *, title: str, phases: Phases = silent) -> Bundle:
    """The bundle of a verdict on a score file."""
    options = {name: verdict.settings[name] for name in ("missing", "n_bootstrap", "confidence")}
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
        records={} if verdict.complexity is None else {"complexity": verdict.complexity},
        phases=phases,
        **options,
    )
