"""How good do we guess an architecture is?

`Estimator` is the contract: `estimate(archs)`; a `Trainable` trains weights first, a `Learner` is fitted to ground
truth. A configuration makes one from what a study says. The families live in rooms of their own: `zeroshot` (networks
that were never trained), `oneshot` (a supernet whose weights all architectures share) and `predictors`. Rule: whatever
yields scores, but no criterion, and no ground truth but what it is given; the families do not import each other.
"""

from nasgauge.estimators.aggregation import aggregate
from nasgauge.estimators.combinations import vote
from nasgauge.estimators.configuration import (
    CombiningConfig,
    Dependency,
    EstimatorConfig,
    MeasuringConfig,
    TrainingSet,
)
from nasgauge.estimators.context import RunContext
from nasgauge.estimators.cwi import cwi
from nasgauge.estimators.estimator import COSTS, SHARED_COSTS, Estimates, Estimator, Learner, Trainable
from nasgauge.estimators.inherited import Inherited
from nasgauge.estimators.registered import ESTIMATORS, check_estimators, estimator_config, supernets_of
from nasgauge.estimators.stages import Stages

__all__ = [
    "COSTS", "ESTIMATORS", "SHARED_COSTS", "CombiningConfig", "Dependency", "Estimates", "Estimator", "EstimatorConfig",
    "Inherited", "Learner", "MeasuringConfig", "RunContext", "Stages", "Trainable", "TrainingSet", "aggregate",
    "check_estimators", "cwi", "estimator_config", "supernets_of", "vote",
]  # fmt: skip
