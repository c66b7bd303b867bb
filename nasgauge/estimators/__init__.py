"""How good do we guess an architecture is?

`Estimator` is the contract: `fit(seen)` and `estimate(archs)`. Its families live in rooms of their own: `zeroshot`
(networks that were never trained). Rule: whatever yields scores, but no criterion on truth that it was not given, no
files, no plots; the families do not import each other.
"""

from nasgauge.estimators.estimator import COSTS, Estimates, Estimator

__all__ = ["COSTS", "Estimates", "Estimator"]
