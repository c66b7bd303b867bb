"""Regressors of scikit-learn on the words at the places, or on the space's encoding."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from nasgauge.estimators.predictors.encodings import Words
from nasgauge.estimators.predictors.model import Model, Training
from nasgauge.spaces import Arch, Space


@final
class Regressor(Model):
    """make(seed): an estimator of scikit-learn. features: "codes", the number of the word at each place, as the paper's
    random forest reads it, or "encoding", `Space.encode`. The training's loss and epochs are not used.
    """

    def __init__(self, make: Callable[[int], Any], features: str) -> None:
        self.make, self.features = make, features

    def fit(self, space: Space, archs: Sequence[Arch], accuracy: np.ndarray, training: Training, seed: int) -> None:
        self.space, self.words = space, Words.of(space, archs)
        with warnings.catch_warnings():
            # A Gaussian process whose targets have no noise runs into the bounds of its kernel, which are there for it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.regressor = self.make(seed).fit(self._read(archs), accuracy)

    def check(self, arch: Arch) -> None:
        if self.features == "codes":
            self.words.codes(self.space, arch)

    def score(self, archs: Sequence[Arch]) -> np.ndarray:
        return np.asarray(self.regressor.predict(self._read(archs)), dtype="float64")

    def _read(self, archs: Sequence[Arch]) -> np.ndarray:
        if self.features == "codes":
            return np.array([self.words.codes(self.space, arch) for arch in archs], dtype="float64")
        return np.stack([self.space.encode(arch) for arch in archs]).astype("float64")
