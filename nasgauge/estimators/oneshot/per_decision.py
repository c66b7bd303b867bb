"""A controller that prunes decisions, not architectures: a distribution for each decision follows the scores."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.controllers import Controller, Judge, Timing, check_count, check_share
from nasgauge.estimators.oneshot.randomness import Purpose, own_stream
from nasgauge.spaces import Arch, Space

_N_COUNTED = 1_000  # uniform draws from which the frequencies of words are estimated
_MOST_WORDS = 50  # of a place that has a distribution; a place with more says nothing by single words
_N_POOL = 32  # uniform draws of which one is taken where decisions depend on each other

Table = dict[str, float]  # probability by word


@final
class PerDecision(Controller):
    """One distribution for each decision, moved towards those of the best candidates (cross-entropy method).

    p_i(o) := (1 - rate) p_i(o) + rate n_i(o) / n,   then p_i(o) := (1 - floor) p_i(o) + floor b_i(o)

    n_i(o): how many of the n best candidates have word o at place i of `Space.words`; b_i: as uniform draws have it.

    Where `space.decisions` lists the options, an architecture is drawn entry by entry, P(a) = prod_i p_i(a_i).
    Elsewhere places depend on each other: of 32 uniform draws one is taken with probability proportional to
    prod_i p_i(a_i) / b_i(a_i), with b_i estimated from 1,000 uniform draws, so that all are of the space. Words that
    these draws do not contain have the factor 1, and so have places with more than 50 words, such as the adjacency
    matrix of NAS-Bench-101.
    """

    table = "preferences"

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        timing: Timing,
        *,
        n_scored: int,
        elite: float,
        rate: float,
        floor: float,
    ) -> None:
        super().__init__(space, rng, timing, n_scored=n_scored, elite=elite, rate=rate, floor=floor)
        check_count("n_scored", n_scored)
        for name, value, above in (("elite", elite, 0), ("rate", rate, 0), ("floor", floor, -1)):
            check_share(name, value, above=above)
        if floor == 1:
            raise UserError("controller: floor = 1 keeps every decision uniform; give less")
        self.n_scored, self.elite, self.rate, self.floor = n_scored, elite, rate, floor
        try:
            self.options: Sequence[Sequence[int]] | None = space.decisions()
        except NotImplementedError:
            self.options = None
        self.base = self._base()
        self.p = [dict(place) for place in self.base]

    def places(self, arch: Arch) -> tuple[str, ...]:
        """What stands at each place that has a distribution."""
        return tuple(map(str, arch)) if self.options is not None else self.space.words(arch)

    def _base(self) -> list[Table]:
        if self.options is not None:
            return [{str(option): 1 / len(options) for option in options} for options in self.options]
        own = own_stream(0, Purpose.WORD_FREQUENCIES)  # the same for all seeds
        columns = zip(*(self.space.words(self.space.sample(own)) for _ in range(_N_COUNTED)), strict=True)
        counted = [Counter(column) for column in columns]
        return [{w: n / _N_COUNTED for w, n in c.items()} if len(c) <= _MOST_WORDS else {} for c in counted]

    def draw(self) -> Arch:
        if self.options is not None:
            return tuple(
                options[int(self.rng.choice(len(options), p=_normal(place.values())))]
                for options, place in zip(self.options, self.p, strict=True)
            )
        pool = [self.space.sample(self.rng) for _ in range(_N_POOL)]
        logs = np.array([self._log_ratio(arch) for arch in pool])
        return pool[int(self.rng.choice(len(pool), p=_normal(np.exp(logs - logs.max()))))]

    def _log_ratio(self, arch: Arch) -> float:
        """log prod_i p_i / b_i; a word that was never counted is neither favoured nor avoided."""
        places = zip(self.places(arch), self.p, self.base, strict=True)
        return float(sum(np.log(max(p[word], 1e-300) / base[word]) for word, p, base in places if word in base))

    def learn(self, judge: Judge) -> list[dict[str, Any]]:
        one = self.draw if self.is_fed else lambda: self.space.sample(self.rng)
        archs = [one() for _ in range(self.n_scored)]
        different = list(dict.fromkeys(archs))
        reward_of = dict(zip(different, self.rewards(judge, different), strict=True))
        rewards = np.array([reward_of[arch] for arch in archs])
        n_best = max(1, round(self.elite * len(archs)))
        best = [self.places(archs[i]) for i in np.argsort(-rewards, kind="stable")[:n_best]]
        for place, (p, base) in enumerate(zip(self.p, self.base, strict=True)):
            counts = Counter(words[place] for words in best if words[place] in base)
            n = sum(counts.values())
            for word in p if n else ():
                moved = (1 - self.rate) * p[word] + self.rate * counts[word] / n
                p[word] = (1 - self.floor) * moved + self.floor * base[word]
        return [
            {"place": place, "option": option, "probability": probability}
            for place, (p, names) in enumerate(zip(self.p, self._names(), strict=True))
            for option, probability in zip(names, p.values(), strict=True)
        ]

    def _names(self) -> list[list[str]]:
        """The words of each place's options, the numbers of the options where words and entries differ."""
        if self.options is None:
            return [list(p) for p in self.p]
        first = tuple(options[0] for options in self.options)
        if len(self.space.words(first)) != len(first):
            return [list(p) for p in self.p]
        changed = [[(*first[:i], o, *first[i + 1 :]) for o in options] for i, options in enumerate(self.options)]
        return [[self.space.words(arch)[i] for arch in archs] for i, archs in enumerate(changed)]

    def memory(self) -> list[Table]:
        return [dict(place) for place in self.p]

    def remember(self, memory: Any) -> None:
        self.p = [dict(place) for place in memory]


def _normal(values: Any) -> np.ndarray:
    found = np.array(list(values), dtype="float64")
    return found / found.sum()


def per_decision(
    space: Space,
    *,
    rng: np.random.Generator,
    n_scored: int = 200,
    elite: float = 0.25,
    rate: float = 0.5,
    floor: float = 0.1,
    warmup: int = 50,
    every: int = 10,
    share: float = 1.0,
    n_samples: int = 1,
    reward: str = "accuracy",
) -> PerDecision:
    """A distribution for each decision that follows the supernet's own scores: P(a) = prod_i p_i(a_i).

    Uniform for `warmup` epochs; after the last of these and every `every` epochs, `n_scored` draws of the current
    distribution are scored as in `single_evo` (one that is drawn twice counts twice), and each decision moves by `rate`
    towards its frequencies among the best share `elite` of them. floor: share of uniform in every update, so that no
    option dies. share, n_samples, reward: as `single_evo`. Where decisions depend on each other, see `PerDecision`.
    UserError: an option out of range. Reference: Ning et al. 2021, appendix A.3.4, names the direction; the rule is the
    cross-entropy method.
    """
    timing = Timing(warmup, every, share, n_samples, reward)
    return PerDecision(space, rng, timing, n_scored=n_scored, elite=elite, rate=rate, floor=floor)
