"""What a supernet takes from others of its study: weights to start from, and which architectures they rank best."""

from typing import Annotated, final

import numpy as np
import pandas as pd
from pydantic import Field

from nasgauge.core.config import Config, Label
from nasgauge.core.errors import UserError
from nasgauge.estimators.configuration import Dependency
from nasgauge.estimators.context import RunContext

Epoch = Annotated[int, Field(ge=0)]


@final
class StartConfig(Config):
    """Weights to start from in place of fresh ones, seed by seed; optimiser and schedule begin anew.

    `of`: the label of a supernet above; `epoch`: one of its checkpoints, the last epoch if absent.
    """

    of: Label
    epoch: Epoch | None = None

    def dependency(self) -> Dependency:
        """Its weights alone."""
        return Dependency(self.of, "none", epoch=self.epoch)


@final
class TopConfig(Config):
    """The architectures with the best scores, which a sampler is given as its option `archs`.

    `of`: an estimator above; `share`: of the architectures of the study that it scored, the best floor(share n), at
    least one; equal scores in the order of their strings. `epoch`: scores at that checkpoint of a supernet, the final
    ones if absent. Scores are those of the seed that is trained; those of an estimator with one seed serve every seed.
    """

    of: str
    share: Annotated[float, Field(gt=0, le=1)]
    epoch: Epoch | None = None

    def dependency(self) -> Dependency:
        """Its scores."""
        return Dependency(self.of, "all", epoch=self.epoch)

    def check(self, context: RunContext, where: str) -> None:
        """UserError for an epoch at which there are no scores."""
        if self.epoch is None:
            return
        found = [config for config in context.supernets.values() if self.of in config.names()]
        if not found:
            raise UserError(f"{where}, top: epoch = {self.epoch}, but {self.of!r} is not a supernet; leave it out")
        check_epoch(self.epoch, found[0].build(context).epochs, self.of, f"{where}, top")

    def archs(self, context: RunContext, where: str) -> list[str] | None:
        """The strings of the best architectures, the best first; None while there are no scores of `of`."""
        table = context.scores if self.epoch is None else context.checkpoint_scores
        if table is None or self.of not in set(table["estimator"]):
            return None
        rows = table[table["estimator"] == self.of]
        if self.epoch is not None:
            rows = rows[rows["epoch"] == self.epoch]
        if len(context.seeds.get(self.of, rows["seed"].unique())) > 1:
            rows = rows[rows["seed"] == context.seed]
        best = best_of(rows, self.share)
        if not best:
            raise UserError(f"{where}, top: {self.of!r} has no score for seed {context.seed}; give seeds that it has")
        return best


def best_of(rows: pd.DataFrame, share: float) -> list[str]:
    """The best floor(share n) of n scored architectures, at least one, the best first; equal scores by their strings.

    rows: (arch, score), one row an architecture; those without a score do not count.

    >>> best_of(pd.DataFrame({"arch": list("dcba"), "score": [1.0, 3.0, 3.0, np.nan]}), 0.7)
    ['b', 'c']
    """
    scored = rows.dropna(subset="score").sort_values(["score", "arch"], ascending=[False, True])
    n_kept = max(1, int(np.floor(share * len(scored) + 1e-9)))
    return scored["arch"].tolist()[:n_kept]


def check_epoch(epoch: int, kept: tuple[int, ...], of: str, where: str) -> None:
    """UserError unless a supernet has a checkpoint after this epoch."""
    if epoch not in kept:
        there = ", ".join(map(str, kept))
        raise UserError(
            f"{where}: {of!r} has no checkpoint of epoch {epoch}, only of {there}; add it to its checkpoints"
        )
