"""Which value does each estimator reach, how sure is it, and what would the truth itself reach?

Rule: this is where tables meet criteria. It decides what a missing score means, averages over seeds, and draws the
resamples; what agreement is, the criteria say.
"""

from nasgauge.judging.ceiling import noise_ceiling, noise_ceilings
from nasgauge.judging.contest import contest
from nasgauge.judging.failed import Combined, with_failures
from nasgauge.judging.judge import judge
from nasgauge.judging.values import draw_counts

__all__ = [
    "Combined",
    "contest",
    "draw_counts",
    "judge",
    "noise_ceiling",
    "noise_ceilings",
    "with_failures",
]
