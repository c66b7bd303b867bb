"""What value does each estimator reach, with which interval, and what is the noise ceiling of the ground truth?

Rule: applies criteria to tables. It handles missing scores, averages over seeds, and draws the bootstrap resamples;
agreement is defined by the criteria.
"""

from nasgauge.judging.average_ranks import AverageRanks, average_ranks
from nasgauge.judging.ceiling import noise_ceiling, noise_ceilings
from nasgauge.judging.ceiling_rows import with_ceilings
from nasgauge.judging.comparison import compared
from nasgauge.judging.contest import contest
from nasgauge.judging.correction import Correction, adjusted
from nasgauge.judging.failed import Combined, with_failures
from nasgauge.judging.judge import judge
from nasgauge.judging.paired import paired
from nasgauge.judging.paired_over import paired_over
from nasgauge.judging.undefined import undefined_notes
from nasgauge.judging.values import draw_counts
from nasgauge.judging.verdict import Verdict, as_json, judge_scores

__all__ = [
    "AverageRanks",
    "Combined",
    "Correction",
    "Verdict",
    "adjusted",
    "as_json",
    "average_ranks",
    "compared",
    "contest",
    "draw_counts",
    "judge",
    "judge_scores",
    "noise_ceiling",
    "noise_ceilings",
    "paired",
    "paired_over",
    "undefined_notes",
    "with_ceilings",
    "with_failures",
]
