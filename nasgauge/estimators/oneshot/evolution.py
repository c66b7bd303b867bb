"""Controllers with a population: evolution by scores of the current weights, during training."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.controllers import Controller, Judge, Timing, check_count, distinct
from nasgauge.estimators.oneshot.draws import pick
from nasgauge.search import Member, crossed, survivors
from nasgauge.spaces import Arch, Space

_N_MIXED = 20  # mixtures of two parents that may lie outside of a space before one of them is mutated instead


class _Evolution(Controller):
    """A population of architectures, each equally likely to be drawn; subclasses say which candidates are kept."""

    table = "populations"

    def __init__(
        self, space: Space, rng: np.random.Generator, timing: Timing, *, population: int, n_scored: int
    ) -> None:
        super().__init__(space, rng, timing, population=population, n_scored=n_scored)
        check_count("population", population)
        check_count("n_scored", n_scored)
        if n_scored <= population:
            raise UserError(f"controller: n_scored is {n_scored}; give more than the population, {population}")
        self.size, self.n_scored = population, n_scored
        self.population: list[Arch] = []

    @abstractmethod
    def kept(self, archs: Sequence[Arch], rewards: np.ndarray, judge: Judge) -> list[int]:
        """Places of the candidates that make the next population, at most `size`."""

    def draw(self) -> Arch:
        return pick(self.population, self.rng)

    def learn(self, judge: Judge) -> list[dict[str, Any]]:
        archs = self.candidates()
        rewards = self.rewards(judge, archs)
        chosen = self.kept(archs, rewards, judge)
        self.population = [archs[i] for i in chosen]
        texts = [self.space.to_str(arch) for arch in self.population]
        scores = [float(rewards[i]) if np.isfinite(rewards[i]) else None for i in chosen]
        return [{"arch": text, "score": score} for text, score in zip(texts, scores, strict=True)]

    def candidates(self) -> list[Arch]:
        """The population and new ones, each once: a half random, a quarter crossed, a quarter mutated.

        Before there is a population, all are random.
        """
        parents = self.population
        n_new = self.n_scored - len(parents)
        n_bred = n_new // 4 if parents else 0
        found = distinct(parents, len(parents) + n_bred, lambda: mutated(self.space, pick(parents, self.rng), self.rng))
        found = distinct(found, len(found) + n_bred, self._crossed)
        return distinct(found, self.n_scored, lambda: self.space.sample(self.rng))

    def _crossed(self) -> Arch:
        return child_of(self.space, pick(self.population, self.rng), pick(self.population, self.rng), self.rng)

    def memory(self) -> list[list[int]]:
        return [list(arch) for arch in self.population]

    def remember(self, memory: Any) -> None:
        self.population = [tuple(arch) for arch in memory]


def child_of(space: Space, one: Arch, other: Arch, rng: np.random.Generator) -> Arch:
    """A child of two architectures: each entry from one of them, drawn with equal probability.

    Where entries depend on each other, a mixture outside of the space is drawn again up to twenty times; then, and
    where the two have different numbers of entries, the child is a mutation of the first.

    >>> from nasgauge.spaces import NB201
    >>> child_of(NB201(), (0, 0, 0, 0, 0, 0), (3, 3, 3, 3, 3, 3), np.random.default_rng(0))
    (3, 3, 3, 0, 0, 0)
    """
    for _ in range(_N_MIXED if len(one) == len(other) else 0):
        child = crossed(space, one, other, [int(rng.integers(2)) == 0 for _ in one])
        if child is not None:
            return child
    return mutated(space, one, rng)


def mutated(space: Space, arch: Arch, rng: np.random.Generator) -> Arch:
    """A neighbour, each with equal probability; a draw of the space where there is none."""
    near = space.neighbours(arch)
    return near[int(rng.integers(len(near)))] if near else space.sample(rng)


@final
class SingleEvolution(_Evolution):
    """Keeps the candidates with the highest rewards, the first of equal ones."""

    def kept(self, archs: Sequence[Arch], rewards: np.ndarray, judge: Judge) -> list[int]:
        return np.argsort(-rewards, kind="stable")[: self.size].tolist()


@final
class ParetoEvolution(_Evolution):
    """Keeps the fronts of reward against few and against many parameters, then the next ones, as `pareto_evo` says."""

    def kept(self, archs: Sequence[Arch], rewards: np.ndarray, judge: Judge) -> list[int]:
        n_params = np.asarray(judge.n_params(archs), dtype="float64")
        members = [Member(str(i), *point) for i, point in enumerate(zip(rewards, n_params, strict=True))]
        return [int(member.text) for member in survivors(members, self.size)]


def single_evo(
    space: Space,
    *,
    rng: np.random.Generator,
    population: int = 100,
    n_scored: int = 200,
    warmup: int = 50,
    every: int = 10,
    share: float = 1.0,
    n_samples: int = 1,
    reward: str = "accuracy",
) -> SingleEvolution:
    """A population that evolves on the supernet's own scores: P(a) = 1 / population for its members.

    Uniform for `warmup` epochs; after the last of these and every `every` epochs, `n_scored` candidates are scored with
    the current weights on the validation images: the population and new ones, half of them random, a quarter
    crossed (`child_of`), a quarter mutated (`Space.mutate`), at first all random. The `population` best are the next
    one. share: probability of drawing from the population, else uniform. reward: "accuracy" or "loss". n_samples: a
    step. UserError: an option out of range. Reference: Ning et al. 2021, table A8.
    """
    timing = Timing(warmup, every, share, n_samples, reward)
    return SingleEvolution(space, rng, timing, population=population, n_scored=n_scored)


def pareto_evo(
    space: Space,
    *,
    rng: np.random.Generator,
    population: int = 100,
    n_scored: int = 200,
    warmup: int = 50,
    every: int = 10,
    share: float = 1.0,
    n_samples: int = 1,
    reward: str = "accuracy",
) -> ParetoEvolution:
    """As `single_evo`, but the fronts of score and size survive: few parameters, and many.

    Candidates are kept level by level: those that no other dominates in (reward, fewer parameters) or in (reward, more
    parameters), then likewise of the rest; of the level that does not fit the best by reward, and others evenly spaced
    by size, as the search `pareto_evolution` does. Parameters are those of
    the stand-alone network. UserError as `single_evo`. Reference: Ning et al. 2021, table A8.
    """
    timing = Timing(warmup, every, share, n_samples, reward)
    return ParetoEvolution(space, rng, timing, population=population, n_scored=n_scored)
