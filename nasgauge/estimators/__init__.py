"""How good do we guess an architecture is?

`Estimator` is the contract: `fit(seen)` and `estimate(archs)`. Its families live in rooms of their own: `zeroshot`
(networks that were never trained) and `oneshot` (a supernet whose weights all architectures share). Rule: whatever
yields scores, but no criterion on truth that it was not given, no files, no plots; the families do not import each
other.
"""

from nasgauge.estimators.estimator import COSTS, Estimates, Estimator
from nasgauge.estimators.inherited import Inherited

__all__ = ["COSTS", "Estimates", "Estimator", "Inherited"]
