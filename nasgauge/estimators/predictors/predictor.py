"""The estimator that learns from a few trained architectures."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError, check_seed
from nasgauge.core.recorded import LESSONS
from nasgauge.core.references import short_name
from nasgauge.core.tables import ERRORS, SCORES, TRUTH, Table, check, empty
from nasgauge.estimators.estimator import COSTS, Estimates, Learner
from nasgauge.estimators.predictors.encoders import Encoder, get_encoder
from nasgauge.estimators.predictors.losses import LOSSES
from nasgauge.estimators.predictors.model import Examples, Model, Training
from nasgauge.estimators.predictors.not_scored import NotScored
from nasgauge.estimators.predictors.score_features import ScoreFeatures
from nasgauge.nets import device_named
from nasgauge.spaces import Arch, Space

JUDGED = ("all", "unseen", "unseen_classes")
_LEAST = 2
_LABELS = Table("labels", tuple(c for c in TRUTH.columns if c.name in ("arch", "accuracy")), key=())


@final
@dataclass(frozen=True, eq=False)
class Predictor(Learner):
    """A model that `fit` learns from the accuracies it is given, and its scores of any architecture.

    `encoder`: a name of ENCODERS, a reference, or what one may yield; `training`: loss, epochs, batches and device
    (also "auto", see `device_named`) of one that is a network. `features`: scores of other estimators that it reads as
    well. `seed`: of the initial weights, trees and batches. `judged`: "all", "unseen" (architectures that were learned
    from are passed over), or "unseen_classes" (and so are their isomorphic duplicates). An architecture with an
    operation that no architecture of the training set had, or without a score feature, has an error.

    `label`, `kind`, `draw`: its name in tables, and what it is called there apart from n_fit, draw and seed (table
    LESSONS). `signal`: whose scores it learns from in place of the truth, "" for the truth. What `fit` learned:
    `model`, `known` (what is not judged), `lessons`, `n_trained` and `truth_seconds` (of what was paid for),
    `fit_seconds`.

    >>> from nasgauge.spaces import NB201
    >>> space = NB201()
    >>> archs = [space.to_str((op,) * 6) for op in range(5)]
    >>> seen = pd.DataFrame({"arch": archs, "iso_class": archs, "seed": 0, "accuracy": [0.1, 0.2, 0.3, 0.4, 0.2]})
    >>> learned = Predictor(space, "random_forest").fit(seen)
    >>> scores = learned.estimate([(0,) * 6, (3,) * 6]).scores["score"]
    >>> bool(scores[0] < scores[1])
    True
    """

    space: Space
    encoder: str | Encoder | Callable[..., object]
    training: Training = field(default_factory=Training)
    features: ScoreFeatures = field(default_factory=ScoreFeatures)
    seed: int = 0
    label: str = ""
    kind: str = ""
    draw: int = 0
    signal: str = ""
    judged: str = "all"
    model: Model | None = None
    known: frozenset[str] = frozenset()
    lessons: pd.DataFrame = field(default_factory=lambda: empty(LESSONS))
    n_trained: int = 0
    truth_seconds: float = 0.0
    fit_seconds: float = 0.0

    def __post_init__(self) -> None:
        check_seed(self.seed, "predictor: seed")
        encoder = get_encoder(self.encoder)
        if self.training.loss not in LOSSES:
            raise UserError(f"predictor: unknown loss {self.training.loss!r}; there are {', '.join(LOSSES)}")
        LOSSES.find(self.training.loss)  # what is wrong with a reference is reported before anything is fitted
        device_named(self.training.device, f"predictor {self.name!r}")
        if not encoder.trains and self.training.device != "cpu":
            what = f"device = {self.training.device!r}"
            raise UserError(
                f"predictor {self.name!r}: {what} has no effect, as its encoder is not a network; leave it out"
            )
        if self.judged not in JUDGED:
            raise UserError(f"predictor: judged is {self.judged!r}; there are {', '.join(JUDGED)}")
        if encoder.reads == "scores" and not self.features.names:
            raise UserError(
                f"predictor: {self.encoder!r} reads scores of other estimators and is given none; name some"
            )

    @property
    def name(self) -> str:
        """What it is called in tables."""
        encoder = self.encoder if isinstance(self.encoder, str) else getattr(self.encoder, "__name__", "predictor")
        return self.label or short_name(encoder)

    def fit(self, truth: pd.DataFrame) -> "Predictor":
        """The predictor that learned from the mean accuracy of each architecture (table TRUTH).

        Of several seeds the mean is learned. Architectures that lack a score feature cannot be learned from,
        though their truth is paid for. `truth` may have a column `stage`, when each was chosen (0 without one).
        UserError: fewer than two architectures, or all with one accuracy, from which no order can be learned; an
        accuracy that is missing or infinite.
        """
        truth = check(truth, _LABELS, where=f"predictor {self.name!r}: its training set")
        accuracy = truth.groupby("arch")["accuracy"].mean()
        if self.features.names:
            accuracy = accuracy[accuracy.index.isin(list(self.features.values))]
        if len(accuracy) < _LEAST or accuracy.nunique() < _LEAST:
            what = f"{len(accuracy)} architectures" if len(accuracy) < _LEAST else "accuracies that are all equal"
            raise UserError(f"predictor {self.name!r}: there are {what} to learn from; give at least two that differ")
        start = time.perf_counter()
        model = get_encoder(self.encoder).make()
        archs = [self.space.from_str(text) for text in accuracy.index]
        training = replace(self.training, device=device_named(self.training.device, f"predictor {self.name!r}"))
        model.fit(Examples(self.space, self.features, archs, accuracy.to_numpy()), training, self.seed)
        known = {self._class_of(arch) for arch in archs} if self.judged == "unseen_classes" else set(accuracy.index)
        learned = {"model": model, "known": frozenset(known), **self._paid(truth)}
        learned["lessons"] = self._lessons(truth[truth["arch"].isin(accuracy.index)])
        return replace(self, **learned, fit_seconds=time.perf_counter() - start)

    def named(self, name: str, fit_seconds: float) -> "Predictor":
        return replace(self, label=name, lessons=self.lessons.assign(estimator=name), fit_seconds=fit_seconds)

    def _lessons(self, seen: pd.DataFrame) -> pd.DataFrame:
        each = seen.drop_duplicates("arch")
        stage = each["stage"] if "stage" in each else 0
        own = {"estimator": self.name, "kind": self.kind or self.encoder, "signal": self.signal}
        own |= {"draw": self.draw, "seed": self.seed}
        return check(each[["arch"]].assign(**own, stage=stage).reset_index(drop=True), LESSONS)

    def _paid(self, seen: pd.DataFrame) -> dict[str, float]:
        """Architectures that were trained, and the seconds of it, NaN if they are not told; none for a signal."""
        if self.signal:
            return {"n_trained": 0, "truth_seconds": 0.0}
        told = "train_seconds" in seen
        seconds = float(seen["train_seconds"].sum(skipna=False)) if told else math.nan
        return {"n_trained": seen["arch"].nunique(), "truth_seconds": seconds}

    def _class_of(self, arch: Arch) -> str:
        return self.space.to_str(self.space.canonical(arch))

    def _is_seen(self, arch: Arch) -> bool:
        if self.judged == "unseen_classes":
            return self._class_of(arch) in self.known
        return self.judged == "unseen" and self.space.to_str(arch) in self.known

    def values(self, archs: Sequence[Arch]) -> np.ndarray:
        """One score for each architecture (n,), seen or not; NaN for one that it cannot score."""
        good = [arch for arch in archs if self._why_not(arch) is None]
        scores = dict(zip(good, self.model.score(good), strict=True)) if good else {}
        return np.array([scores.get(arch, math.nan) for arch in archs])

    def _why_not(self, arch: Arch) -> str | None:
        """Why it cannot score the architecture, None if it can."""
        try:
            self.model.check(arch)
        except NotScored as reason:
            return str(reason)
        return None

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """One score for each architecture to be judged, or the reason why there is none; UserError before `fit`."""
        if self.model is None:
            raise UserError(f"predictor {self.name!r}: it has learned from nothing yet; fit it first")
        start = time.perf_counter()
        good, errors = [], []
        for arch in dict.fromkeys(a for a in archs if not self._is_seen(a)):
            reason = self._why_not(arch)
            if reason is None:
                good.append(arch)
            else:
                text = self.space.to_str(arch)
                errors.append({"estimator": self.name, "arch": text, "seed": self.seed, "error": reason})
        scores = self.model.score(good) if good else []
        rows = [
            {"estimator": self.name, "arch": self.space.to_str(arch), "seed": self.seed, "score": float(score)}
            for arch, score in zip(good, scores, strict=True)
        ]
        each = (time.perf_counter() - start) / max(1, len(good))
        costs = {"estimator": self.name, "arch_seconds": each, "n": len(good), "fit_seconds": self.fit_seconds}
        costs |= {"n_trained": self.n_trained, "truth_seconds": self.truth_seconds, "n_learned": len(self.lessons)}
        return Estimates(
            scores=check(pd.DataFrame(rows), SCORES) if rows else empty(SCORES),
            errors=check(pd.DataFrame(errors), ERRORS) if errors else empty(ERRORS),
            costs=check(pd.DataFrame([costs]), COSTS) if good else empty(COSTS),
            records={"lessons": self.lessons},
        )
