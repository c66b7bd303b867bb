"""Regressors of scikit-learn on the words at the places, on the space's encoding, or on scores alone."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from nasgauge.estimators.predictors.encodings import Words
from nasgauge.estimators.predictors.model import Examples, Model, Training
from nasgauge.spaces import Arch


@final
class Regressor(Model):
    """make(seed): an estimator of scikit-learn. reads: what it reads of an architecture: "codes", the number of the
    word at each place, as the paper's random forest does, "encoding", `Space.encode`, or "nothing". Score features come
    after it. The training's loss and epochs are not used.
    """

    def __init__(self, make: Callable[[int], Any], reads: str) -> None:
        self.make, self.reads = make, reads

    def fit(self, examples: Examples, training: Training, seed: int) -> None:
        self.space, self.features = examples.space, examples.features
        self.words = Words.of(examples.space, examples.archs)
        with warnings.catch_warnings():
            # A Gaussian process whose targets have no noise runs into the bounds of its kernel, which are there for it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.regressor = self.make(seed).fit(self._read(examples.archs), examples.accuracy)

    def check(self, arch: Arch) -> None:
        self._read([arch])

    def score(self, archs: Sequence[Arch]) -> np.ndarray:
        return np.asarray(self.regressor.predict(self._read(archs)), dtype="float64")

    def _read(self, archs: Sequence[Arch]) -> np.ndarray:
        features = self.read_features(archs)
        if self.reads == "nothing":
            return features
        if self.reads == "codes":
            own = np.array([self.words.codes(self.space, arch) for arch in archs], dtype="float64")
        else:
            own = np.stack([self.space.encode(arch) for arch in archs]).astype("float64")
        return np.hstack([own, features])
