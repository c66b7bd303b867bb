"""How good is an architecture, judged by a model that learned from a few trained ones?

`Predictor` is the estimator, `ENCODERS` and `LOSSES` its dictionaries. Rule: a model sees the truth that `fit` is given
and nothing else of it; scores are higher-better and carry no unit.
"""

from nasgauge.estimators.predictors.encoders import ENCODERS, Encoder, get_encoder
from nasgauge.estimators.predictors.losses import LOSSES
from nasgauge.estimators.predictors.model import Training
from nasgauge.estimators.predictors.predictor import Predictor
from nasgauge.estimators.predictors.score_features import ScoreFeatures

__all__ = ["ENCODERS", "LOSSES", "Encoder", "Predictor", "ScoreFeatures", "Training", "get_encoder"]
