"""An estimator on weights that another one has trained."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.tables import CHECKPOINT_SCORES, SCORES, STAND_INS, check
from nasgauge.estimators.estimator import Estimates, Estimator
from nasgauge.spaces import Arch


@final
@dataclass(frozen=True, eq=False)
class Inherited(Estimator):
    """Zero-shot proxies of networks whose weights come from checkpoints of a supernet (Ning et al. 2021, table A11).

    `on(network)`: the estimator that measures the networks `network(arch)`. `networks(epoch)`: the function that gives
    an architecture's network with the weights of that epoch, or raises UserError where there are none for it, which
    is then the architecture's error. `epochs`: ascending; scores are those of the last. `label`: of the supernet; a
    proxy p is called label_p. `stand_ins(archs)`: the strings of those whose network is that of another member of their
    class, each with that member's.
    """

    on: Callable[[Callable[[Arch], Any]], Estimator]
    networks: Callable[[int], Callable[[Arch], Any]]
    epochs: tuple[int, ...]
    label: str
    stand_ins: Callable[[Sequence[Arch]], Mapping[str, str]] = lambda archs: {}

    def fit(self, seen: pd.DataFrame, *, rng: np.random.Generator) -> "Inherited":
        """Itself: the supernet is trained by its own estimator."""
        return self

    def history(self) -> dict[str, pd.DataFrame]:
        return {}

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """Scores, errors and costs at the last epoch; scores of all epochs as a record."""
        archs = list(archs)
        found = {epoch: self.on(self.networks(epoch)).estimate(archs) for epoch in self.epochs}
        last = found[self.epochs[-1]]
        rows = pd.concat([e.scores.assign(epoch=epoch) for epoch, e in found.items()], ignore_index=True)
        records = {"checkpoint_scores": check(self._named(rows), CHECKPOINT_SCORES)}
        members = self.stand_ins(archs)
        names = dict.fromkeys(last.scores["estimator"])
        if members:
            told = [(name, *pair) for name in names for pair in members.items()]
            stand_ins = pd.DataFrame(told, columns=["estimator", "arch", "member"])
            records["stand_ins"] = check(self._named(stand_ins), STAND_INS)
        return Estimates(
            scores=check(self._named(last.scores), SCORES),
            errors=self._named(last.errors),
            costs=self._named(last.costs),
            records=records,
        )

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(estimator=self.label + "_" + table["estimator"])
