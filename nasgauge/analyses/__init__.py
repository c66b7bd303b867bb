"""Where and why is the guess wrong?

Rule: one question a file, with `compute(scores, truth, space=None, ...) -> table`, pure, and `draw(table, ax)`. No
training, no networks, no disk. A missing score is an absent row, and every table says its n.
"""

from nasgauge.analyses.analysis import Analysis, Bias
from nasgauge.analyses.cells import operations_of, strokes
from nasgauge.analyses.dictionary import ANALYSES
from nasgauge.analyses.drawing import plain, tidy
from nasgauge.analyses.properties import properties_of
from nasgauge.analyses.rank_errors import rank_errors
from nasgauge.analyses.sections import SECTIONS
from nasgauge.analyses.sharing import shared
from nasgauge.analyses.vectors import is_among, ranks

__all__ = [
    "ANALYSES",
    "SECTIONS",
    "Analysis",
    "Bias",
    "is_among",
    "operations_of",
    "plain",
    "properties_of",
    "rank_errors",
    "ranks",
    "shared",
    "strokes",
    "tidy",
]
