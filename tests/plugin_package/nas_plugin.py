"""Estimators, a proxy, a sampler, a criterion and an analysis of somebody else: importing it registers them."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from nasgauge.analyses import ANALYSES, Analysis
from nasgauge.core.config import Count, Positive
from nasgauge.core.tables import ERRORS, empty
from nasgauge.criteria import CRITERIA, Criterion
from nasgauge.estimators import ESTIMATORS, Estimates, Estimator, Learner, MeasuringConfig, TrainingSet
from nasgauge.estimators.oneshot import SAMPLERS, Sampler
from nasgauge.estimators.zeroshot import PROXIES, Proxy


def widest_layer(record):
    """The parameters of the largest layer."""
    return float(max(layer.weight.numel() for layer in record.layers))


def always_three(space, *, rng):
    """The same three architectures in every step."""
    drawn = [space.sample(rng) for _ in range(3)]
    while True:
        yield drawn


def share_of_best(score, truth):
    """The true accuracy of the architecture with the best score, of the best there is."""
    return float(truth[score.argmax()] / truth.max())


def score_range(scores, truth, space=None):
    """The least and the greatest score of each estimator."""
    return scores.groupby("estimator")["score"].agg(["min", "max"]).reset_index().assign(n=truth["arch"].nunique())


def draw_range(table, ax, space=None):
    """A line from the least to the greatest score of each estimator."""
    ax.hlines(range(len(table)), table["min"], table["max"])
    ax.set_yticks(range(len(table)), table["estimator"])


def tables(name, seed, space, archs, values):
    """Estimates of these architectures."""
    rows = [
        {"estimator": name, "arch": space.to_str(arch), "seed": seed, "score": float(value)}
        for arch, value in zip(archs, values, strict=True)
    ]
    costs = pd.DataFrame([{"estimator": name, "arch_seconds": 1e-6, "n": len(rows)}])
    return Estimates(scores=pd.DataFrame(rows), errors=empty(ERRORS), costs=costs)


@dataclass(frozen=True)
class NameLength(Estimator):
    """The length of an architecture's string, to a power."""

    space: object
    seed: int
    power: float

    def estimate(self, archs):
        archs = list(archs)
        values = [len(self.space.to_str(arch)) ** self.power for arch in archs]
        return tables("name_length", self.seed, self.space, archs, values)


class NameLengthConfig(MeasuringConfig):
    """The length of an architecture's string. `power`: to which it is raised."""

    name: Literal["name_length"] = "name_length"
    power: Positive = 1.0

    def names(self):
        return (self.name,)

    def build(self, context):
        return NameLength(context.space, context.seed, self.power)


@dataclass(frozen=True, eq=False)
class Nearest(Learner):
    """The mean accuracy of the k architectures of the training set whose encodings are nearest."""

    space: object
    seed: int
    k: int
    name: str
    known: dict = field(default_factory=dict)

    def fit(self, truth):
        return replace(self, known=truth.groupby("arch")["accuracy"].mean().to_dict())

    def values(self, archs):
        encoded = np.stack([self.space.encode(self.space.from_str(text)) for text in self.known])
        accuracy = np.array(list(self.known.values()))
        distances = [((encoded - self.space.encode(arch)) ** 2).sum(1) for arch in archs]
        return np.array([accuracy[np.argsort(d, kind="stable")[: self.k]].mean() for d in distances])

    def named(self, name, fit_seconds):
        return replace(self, name=name)

    def estimate(self, archs):
        archs = list(archs)
        return tables(self.name, self.seed, self.space, archs, self.values(archs))


class NearestConfig(MeasuringConfig):
    """Nearest neighbours among `n_fit` architectures of the study. `k`: how many."""

    name: Literal["nearest"] = "nearest"
    n_fit: Count = 10
    k: Count = 3

    def names(self):
        return (self.name, f"{self.name} stage 1")

    def build(self, context):
        return Nearest(context.space, context.seed, self.k, self.name)

    def training_set(self, seed):
        return TrainingSet(self.n_fit, dict(enumerate(self.names())), draw=seed)


ESTIMATORS.register("name_length", NameLengthConfig)
ESTIMATORS.register("nearest", NearestConfig)
PROXIES.register(
    "widest_layer", Proxy("widest_layer", widest_layer, frozenset({"layers"}), "ning2021evaluating", "largest layer")
)
SAMPLERS.register("always_three", Sampler(always_three, "ning2021evaluating"))
ANALYSES.register(
    "score_range",
    Analysis(
        name="score_range",
        question="How far apart are the scores?",
        paper_finding="Not asked there.",
        section="agreement",
        compute=score_range,
        draw=draw_range,
        size=(4.0, 2.0),
    ),
)
CRITERIA.register(
    "share_of_best",
    Criterion(
        function=share_of_best,
        of_draws=None,
        better="higher",
        takes_k=False,
        title="Accuracy of the first choice, of the best",
        symbol="Share",
        reference="ning2021evaluating",
        range=(0.0, 1.0),
    ),
)
