"""What a search has evaluated so far: the one place where the objective is called."""

from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.search.pool import Candidates, pool_of
from nasgauge.spaces import Arch, Space

Objective = Callable[[list[Arch]], np.ndarray]


@final
class Ledger:
    """The evaluations of one search: the value of each architecture, and the batch in which it was evaluated.

    UserError: there are no candidates.
    """

    def __init__(self, space: Space, objective: Objective, candidates: Candidates) -> None:
        self.objective = objective
        self.pool = pool_of(space, candidates)
        self.values: dict[str, float] = {}
        self._steps: list[int] = []
        self._n_batches = 0

    def evaluate(self, texts: Sequence[str]) -> list[float]:
        """The value of each architecture of one batch, whose number is its step.

        UserError: a string that the space would write in another way, so that one architecture could pass for two; an
        objective that does not return one number per architecture.
        """
        values = valued(self.objective, list(map(self.pool.read, texts))).tolist()
        self.values |= dict(zip(texts, values, strict=True))
        self._steps += [self._n_batches] * len(texts)
        self._n_batches += 1
        return values

    def table(self) -> pd.DataFrame:
        """(arch, value, step), one row per evaluation, in the order in which they were made."""
        columns = {"arch": list(self.values), "value": list(self.values.values()), "step": self._steps}
        return pd.DataFrame(columns).astype({"arch": "str", "value": "float64", "step": "int64"})


@final
class Fresh:
    """Architectures to be evaluated next: each at most once, and not more than the budget pays for.

    pool: of the ledger. budget: evaluations, a whole number from 1; UserError otherwise. rng: of the random candidates,
    from which their order is drawn first. taken: those handed out so far.
    """

    def __init__(self, ledger: Ledger, budget: int | None, search: str, rng: np.random.Generator) -> None:
        if budget is None:
            raise UserError(f"{search}: the budget is missing; give the number of architectures to evaluate")
        if isinstance(budget, bool) or not isinstance(budget, (int, np.integer)) or budget < 1:
            raise UserError(f"{search}: the budget is {budget!r}; give a whole number from 1")
        self._budget, self._rng = int(budget), rng
        self.taken: set[str] = set()
        self._unevaluated = ledger.pool.unevaluated(rng, self.taken)

    @property
    def left(self) -> int:
        """Evaluations that the budget still pays for."""
        return self._budget - len(self.taken)

    def batch(self, n: int, propose: Callable[[], Iterable[str]] = tuple) -> list[str]:
        """Up to n new architectures, fewer where the budget or the candidates end.

        Each is uniform over those that one call of `propose` returns and that are new, or else a random candidate.
        """
        found = []
        for _ in range(min(n, self.left)):
            free = [text for text in propose() if text not in self.taken]
            text = free[int(self._rng.integers(len(free)))] if free else next(self._unevaluated, None)
            if text is None:
                break
            self.taken.add(text)
            found.append(text)
        return found

    def among(self, texts: Iterable[str]) -> list[str]:
        """All of these that are new, in random order; as many as the budget pays for."""
        free = list(dict.fromkeys(text for text in texts if text not in self.taken))
        chosen = [free[i] for i in self._rng.permutation(len(free))[: self.left]]
        self.taken.update(chosen)
        return chosen


def valued(objective: Objective, archs: list[Arch]) -> np.ndarray:
    """What the objective returns for a batch, as floats; UserError unless that is one number per architecture."""
    values = np.asarray(objective(archs), dtype="float64")
    if values.shape != (len(archs),):
        raise UserError(
            f"the objective returned values of shape {values.shape} for {len(archs)} architectures; return one each"
        )
    return values
