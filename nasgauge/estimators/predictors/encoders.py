"""All encoders: what reads an architecture and turns it into a score."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from nasgauge.core.errors import UserError
from nasgauge.core.registry import Registry
from nasgauge.core.signatures import n_positional, summary
from nasgauge.estimators.predictors.model import Model
from nasgauge.estimators.predictors.regressors import Regressor
from nasgauge.estimators.predictors.trained import GraphGATES, OneHotMLP, OrdinalMLP, ScoresMLP, SequenceLSTM, Trained


@final
@dataclass(frozen=True)
class Encoder:
    """A model to be made, with its reference, if any.

    trains: whether loss, epochs and batches mean something to it. reads: "architecture", along with which it may read
    scores of other estimators, or "scores" alone.
    """

    make: Callable[[], Model]
    reference: str | None = None
    summary: str = ""
    trains: bool = True
    reads: str = "architecture"


def _small(seed: int) -> int:
    """The seed itself below 2^32, where scikit-learn's end, else one that is drawn from it."""
    return seed if seed < 2**32 else int(np.random.SeedSequence(seed).generate_state(1)[0])


def _forest(seed: int) -> RandomForestRegressor:
    return RandomForestRegressor(100, random_state=_small(seed))


def _boosting(seed: int) -> GradientBoostingRegressor:
    return GradientBoostingRegressor(random_state=_small(seed))


def _gaussian_process(seed: int) -> GaussianProcessRegressor:
    kernel = ConstantKernel() * RBF(2.0) + WhiteKernel(0.1, (1e-8, 1e2))
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=_small(seed))


def _encoder(thing: Any, name: str) -> Encoder | None:
    """What a reference yields: an Encoder, a class of models, or a function of a seed that makes a regressor."""
    if isinstance(thing, Encoder):
        return thing
    if isinstance(thing, type):
        return Encoder(thing, None, summary(thing), issubclass(thing, Trained)) if issubclass(thing, Model) else None
    if not callable(thing):
        return None
    if n_positional(thing) != 1:
        raise UserError("an encoder is a function of a seed that returns a regressor with `fit` and `predict`")
    return Encoder(lambda: Regressor(thing, "encoding"), None, summary(thing), False)


ENCODERS: Registry[Encoder] = Registry("encoder", {
    "mlp": Encoder(OrdinalMLP, "ning2020surgery", "MLP on one number per position of the encoding"),
    "mlp_one_hot": Encoder(OneHotMLP, "ning2020surgery", "MLP on the space's encoding"),
    "lstm": Encoder(SequenceLSTM, "ning2020surgery", "LSTM over the operations in the order of the encoding"),
    "gates": Encoder(GraphGATES, "ning2020gates", "operations gate what flows along the graph"),
    "random_forest": Encoder(
        lambda: Regressor(_forest, "codes"), "breiman2001forests",
        "100 trees on one number per position of the encoding", False,
    ),
    "boosting": Encoder(lambda: Regressor(_boosting, "codes"), "friedman2001boosting", "boosted trees", False),
    "gaussian_process": Encoder(
        lambda: Regressor(_gaussian_process, "encoding"), "rasmussen2006gp", "Gaussian process on the encoding", False
    ),
    "scores_mlp": Encoder(ScoresMLP, "ning2020surgery", "MLP on other estimators' scores alone", True, "scores"),
    "scores_forest": Encoder(
        lambda: Regressor(_forest, "nothing"), "breiman2001forests", "100 trees on other estimators' scores alone",
        False, "scores",
    ),
    "scores_gaussian_process": Encoder(
        lambda: Regressor(_gaussian_process, "nothing"), "rasmussen2006gp",
        "Gaussian process on other estimators' scores alone", False, "scores",
    ),
}, group="nasgauge.encoder", of=Encoder, adapt=_encoder,
    takes="an Encoder, a class derived from Model, or a function of a seed that returns a regressor")  # fmt: skip


def get_encoder(name: "str | Encoder | Callable[..., Any]") -> Encoder:
    """The encoder of a name or of a function, or itself; an unknown name is an error that lists the nearest ones."""
    return ENCODERS.find(name)
