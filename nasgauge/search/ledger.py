"""What a search has evaluated so far: the one place where the objective is called."""

from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.spaces import Arch, Space

Objective = Callable[[list[Arch]], np.ndarray]


@final
class Ledger:
    """The candidates of one search, sorted and each once, and the values of those that were evaluated.

    UserError: there are no candidates.
    """

    def __init__(self, space: Space, objective: Objective, candidates: Iterable[str]) -> None:
        self.space = space
        self.objective = objective
        self.candidates = sorted(set(candidates))
        self._rows: list[tuple[str, float, int]] = []
        self._n_batches = 0
        if not self.candidates:
            raise UserError("a search has no candidates; give the architectures to choose from")

    def affordable(self, budget: int | None, search: str) -> int:
        """How many candidates the budget pays for; UserError unless it is a whole number from 1."""
        if budget is None:
            raise UserError(f"{search}: the budget is missing; give the number of architectures to evaluate")
        if isinstance(budget, bool) or not isinstance(budget, (int, np.integer)) or budget < 1:
            raise UserError(f"{search}: the budget is {budget!r}; give a whole number from 1")
        return min(int(budget), len(self.candidates))

    def shuffled(self, rng: np.random.Generator) -> list[str]:
        """The candidates in an order drawn at random, all orders equally likely."""
        return [self.candidates[i] for i in rng.permutation(len(self.candidates))]

    def evaluate(self, texts: Sequence[str]) -> list[tuple[Arch, float]]:
        """Each architecture of one batch with its value; the batch's number is its step.

        UserError: a string that the space would write in another way, so that one architecture could pass for two; an
        objective that does not return one number an architecture.
        """
        archs = [self._read(text) for text in texts]
        values = np.asarray(self.objective(list(archs)), dtype="float64")
        if values.shape != (len(archs),):
            raise UserError(
                f"the objective returned values of shape {values.shape} for {len(archs)} architectures; return one each"
            )
        self._rows += [(text, value, self._n_batches) for text, value in zip(texts, values.tolist(), strict=True)]
        self._n_batches += 1
        return list(zip(archs, values.tolist(), strict=True))

    def table(self) -> pd.DataFrame:
        """(arch, value, step), one row an evaluation, in the order in which they were made."""
        return pd.DataFrame(self._rows, columns=["arch", "value", "step"]).astype({"arch": "str", "value": "float64"})

    def _read(self, text: str) -> Arch:
        arch = self.space.from_str(text)
        if self.space.to_str(arch) != text:
            raise UserError(f"candidate {text!r} is written otherwise in {self.space.name}: {self.space.to_str(arch)}")
        return arch
