"""Comparison of the estimators of a report, in addition to their values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nasgauge.core.progress import Progress, untold
from nasgauge.core.tables import CONTEST, VALUES, check, empty
from nasgauge.criteria import CriterionSpec, resolve_all
from nasgauge.judging.contest import contest
from nasgauge.judging.judge import judge
from nasgauge.spaces import Space, is_connected


def leading(criteria: Sequence[CriterionSpec]) -> CriterionSpec:
    """The criterion by which estimators are compared: Kendall's tau where it was requested, else the first.

    >>> leading(["spearman_rho", "kendall_tau"]), leading([{"name": "best_rank_at", "fraction": 0.05}])
    ('kendall_tau', {'name': 'best_rank_at', 'fraction': 0.05})
    """
    names = [bound.name for bound in resolve_all(criteria)]
    return criteria[names.index("kendall_tau")] if "kendall_tau" in names else criteria[0]


def compared(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None,
    criteria: Sequence[CriterionSpec],
    *,
    missing: str,
    n_bootstrap: int,
    confidence: float,
    progress: Progress = untold,
) -> dict[str, pd.DataFrame]:
    """`contest`, a table CONTEST by the leading criterion, and `connected`, a table VALUES of that criterion over the
    architectures with a path from input to output; without rows where all have one, or where that is not known.

    Architectures without such a path are inaccurate and easily identified, which inflates every correlation.
    scores: only architectures of the ground truth.
    """
    by = leading(criteria)
    options = {"missing": missing, "n_bootstrap": n_bootstrap, "confidence": confidence}
    found = contest(scores, truth, by, progress=progress, rng=np.random.default_rng(0), **options)
    tables = {"contest": check(found, CONTEST), "connected": empty(VALUES)}
    if space is not None and space.may_be_disconnected:
        names = truth["arch"].unique()
        whole = {arch for arch in names if is_connected(space, space.from_str(arch))}
        kept = scores[scores["arch"].isin(whole)]
        if len(whole) < len(names) and kept["estimator"].nunique() == scores["estimator"].nunique():
            truth = truth[truth["arch"].isin(whole)]
            tables["connected"] = judge(kept, truth, [by], rng=np.random.default_rng(0), **options)
    return tables
