"""How well does an estimator rank?

Rule: a criterion is a function f(score, truth, ...) -> float of two vectors of equal length in which higher is better.
It does not depend on tables, files, estimators or plots. Undefined values are NaN: fewer than two architectures, a
constant score (it ranks nothing), a constant truth (there is nothing to rank). Ties are resolved by the
expectation over the orders of the tied architectures, never by the order of rows.
"""

from nasgauge.criteria.chosen import best_accuracy_at, best_rank_at, regret_at, worst_accuracy_at, worst_rank_at
from nasgauge.criteria.correlation import kendall_tau, pearson_r, spearman_rho
from nasgauge.criteria.criterion import BoundCriterion, Criterion
from nasgauge.criteria.registered import (
    CRITERIA,
    DEFAULT_CRITERIA,
    CriterionSpec,
    Specs,
    listed_specs,
    resolve,
    resolve_all,
)
from nasgauge.criteria.resamples import Resamples, defined_draws, n_top, order_best_first
from nasgauge.criteria.sparse import sparse_kendall_tau
from nasgauge.criteria.top import kendall_tau_at_top, precision_at_bottom, precision_at_top

__all__ = [
    "CRITERIA",
    "DEFAULT_CRITERIA",
    "BoundCriterion",
    "Criterion",
    "CriterionSpec",
    "Resamples",
    "Specs",
    "best_accuracy_at",
    "best_rank_at",
    "defined_draws",
    "kendall_tau",
    "kendall_tau_at_top",
    "listed_specs",
    "n_top",
    "order_best_first",
    "pearson_r",
    "precision_at_bottom",
    "precision_at_top",
    "regret_at",
    "resolve",
    "resolve_all",
    "sparse_kendall_tau",
    "spearman_rho",
    "worst_accuracy_at",
    "worst_rank_at",
]
