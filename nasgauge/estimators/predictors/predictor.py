"""The estimator that learns from a few trained architectures."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import pandas as pd

from nasgauge.errors import UserError
from nasgauge.estimators.estimator import COSTS, Estimates, Estimator
from nasgauge.estimators.predictors.dictionary import get_encoder
from nasgauge.estimators.predictors.losses import LOSSES
from nasgauge.estimators.predictors.model import Model, Training
from nasgauge.estimators.predictors.not_scored import NotScored
from nasgauge.spaces import Arch, Space
from nasgauge.tables import ERRORS, SCORES, SETTINGS, check, empty

JUDGED = ("all", "unseen", "unseen_classes")
_LEAST = 2


@final
@dataclass(frozen=True, eq=False)
class Predictor(Estimator):
    """A model that `fit` learns from the accuracies it is given, and its scores of any architecture.

    `encoder`: a name of ENCODERS; `training`: loss, epochs, batches. `seed`: of the initial weights, trees and batches.
    `judged`: "all", "unseen" (architectures that were learned from are passed over), or "unseen_classes" (and so are
    their isomorphic twins). `model`, `seen`, `n_seen`, `fit_seconds` come from `fit`. An architecture with a word that
    no training one held has an error.

    >>> from nasgauge.spaces import NB201
    >>> space = NB201()
    >>> archs = [space.to_str((op,) * 6) for op in range(5)]
    >>> seen = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": [0.1, 0.2, 0.3, 0.4, 0.2]})
    >>> learned = Predictor(space, "random_forest").fit(seen, rng=np.random.default_rng(0))
    >>> scores = learned.estimate([(0,) * 6, (3,) * 6]).scores["score"]
    >>> bool(scores[0] < scores[1])
    True
    """

    space: Space
    encoder: str
    training: Training = field(default_factory=Training)
    seed: int = 0
    label: str = ""
    judged: str = "all"
    model: Model | None = None
    seen: frozenset[str] = frozenset()
    n_seen: int = 0
    fit_seconds: float = 0.0

    def __post_init__(self) -> None:
        get_encoder(self.encoder)
        if self.training.loss not in LOSSES:
            raise UserError(f"predictor: unknown loss {self.training.loss!r}; there are {', '.join(LOSSES)}")
        if self.judged not in JUDGED:
            raise UserError(f"predictor: judged is {self.judged!r}; there are {', '.join(JUDGED)}")

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return self.label or self.encoder

    def fit(self, seen: pd.DataFrame, *, rng: np.random.Generator) -> "Predictor":
        """The predictor that learned from the mean accuracy of each architecture (table TRUTH); `rng` is not used.

        UserError: fewer than two architectures, or all with one accuracy, from which no order can be learned.
        """
        accuracy = seen.groupby("arch")["accuracy"].mean()
        if len(accuracy) < _LEAST or accuracy.nunique() < _LEAST:
            what = f"{len(accuracy)} architectures" if len(accuracy) < _LEAST else "accuracies that are all equal"
            raise UserError(f"predictor {self.name!r}: there are {what} to learn from; give at least two that differ")
        start = time.perf_counter()
        model = get_encoder(self.encoder).make()
        archs = [self.space.from_str(text) for text in accuracy.index]
        model.fit(self.space, archs, accuracy.to_numpy(), self.training, self.seed)
        known = {self._class_of(arch) for arch in archs} if self.judged == "unseen_classes" else set(accuracy.index)
        learned = {"model": model, "seen": frozenset(known), "n_seen": len(archs)}
        return replace(self, **learned, fit_seconds=time.perf_counter() - start)

    def _settings(self) -> pd.DataFrame:
        """How many architectures' truth it has seen."""
        return check(
            pd.DataFrame([{"estimator": self.name, "setting": "n_seen", "value": float(self.n_seen)}]), SETTINGS
        )

    def _class_of(self, arch: Arch) -> str:
        return self.space.to_str(self.space.canonical(arch))

    def _is_seen(self, arch: Arch) -> bool:
        if self.judged == "unseen_classes":
            return self._class_of(arch) in self.seen
        return self.judged == "unseen" and self.space.to_str(arch) in self.seen

    def history(self) -> dict[str, pd.DataFrame]:
        return {}

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """One score for each architecture to be judged, or the reason why there is none; UserError before `fit`."""
        if self.model is None:
            raise UserError(f"predictor {self.name!r}: it has learned from nothing yet; fit it first")
        start = time.perf_counter()
        good, errors = [], []
        for arch in dict.fromkeys(a for a in archs if not self._is_seen(a)):
            text = self.space.to_str(arch)
            try:
                self.model.check(arch)
                good.append(arch)
            except NotScored as reason:
                errors.append({"estimator": self.name, "arch": text, "seed": self.seed, "error": str(reason)})
        scores = self.model.score(good) if good else []
        rows = [
            {"estimator": self.name, "arch": self.space.to_str(arch), "seed": self.seed, "score": float(score)}
            for arch, score in zip(good, scores, strict=True)
        ]
        each = (time.perf_counter() - start) / max(1, len(good))
        costs = [{"estimator": self.name, "arch_seconds": each, "n": len(good), "fit_seconds": self.fit_seconds}]
        return Estimates(
            scores=check(pd.DataFrame(rows), SCORES) if rows else empty(SCORES),
            errors=check(pd.DataFrame(errors), ERRORS) if errors else empty(ERRORS),
            costs=check(pd.DataFrame(costs), COSTS) if good else empty(COSTS),
            records={"settings": self._settings()},
        )
