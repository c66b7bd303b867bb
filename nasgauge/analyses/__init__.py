"""Analyses: where and why does an estimator err?

Rule: one question per file, with `compute(scores, truth, space=None, ...) -> table`, pure, `draw(table, ax)`, and at
its end the entry `ANALYSIS` with all that reports show of it. No training, no networks, no files; a space is an object,
never looked up by its name. A missing score is an absent row, and every table states its n.
"""

from nasgauge.analyses.registered import ANALYSES
from nasgauge.analyses.toolkit.analysis import Analysis, Bias
from nasgauge.analyses.toolkit.cells import operations_of, strokes
from nasgauge.analyses.toolkit.drawing import distinct, plain, tidy
from nasgauge.analyses.toolkit.memo import shared
from nasgauge.analyses.toolkit.properties import properties_of
from nasgauge.analyses.toolkit.rank_errors import rank_errors
from nasgauge.analyses.toolkit.sections import SECTIONS
from nasgauge.analyses.toolkit.vectors import TRUTH_NAME, is_among, mean_truth, ranks

__all__ = [
    "ANALYSES",
    "SECTIONS",
    "TRUTH_NAME",
    "Analysis",
    "Bias",
    "distinct",
    "is_among",
    "mean_truth",
    "operations_of",
    "plain",
    "properties_of",
    "rank_errors",
    "ranks",
    "shared",
    "strokes",
    "tidy",
]
