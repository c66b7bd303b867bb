"""Scores from a file as an estimator of a study: by seed and epoch, as if a supernet of ours had made them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, final

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from nasgauge.benchmarks import Training
from nasgauge.core.config import Distinct, Label, NotNegative, Seeds
from nasgauge.core.errors import UserError
from nasgauge.core.places import fingerprint
from nasgauge.core.recorded import CHECKPOINT_SCORES, WINDOWS
from nasgauge.core.rounding import steady_mean
from nasgauge.core.tables import ERRORS, SCORES, check, empty
from nasgauge.estimators import COSTS, ESTIMATORS, Estimates, Estimator, MeasuringConfig, RunContext
from nasgauge.spaces import Arch, Space
from nasgauge.studies.user_tables import ReadScores, doubtful, scores_of

_N_SEEDS = 12  # in a message


@final
@dataclass(frozen=True, eq=False)
class Scores(Estimator):
    """What a file says of architectures, for one seed.

    `read`: its scores; `named`: by column, the name in tables; `averages`: also the means of so many last epochs. The
    score is that of the last epoch that every seed has; those of all epochs are records. `seconds`: of one score, None
    for those of the file (NaN where it tells none); `fit_seconds`: of training before.
    """

    space: Space
    read: ReadScores
    named: dict[str, str]
    seed: int
    averages: tuple[int, ...] = ()
    seconds: float | None = None
    fit_seconds: float = 0.0

    def estimate(self, archs: Iterable[Arch]) -> Estimates:
        """Scores of the last epoch, or why there is none: no row in the file, or an empty cell."""
        wanted = list(dict.fromkeys(map(self.space.to_str, archs)))
        table = self.read.of(wanted, self.space).rows
        parts: dict[str, list[pd.DataFrame]] = {"scores": [], "errors": [], "costs": [], "all": [], "windows": []}
        for column in self.named:
            for name, n, last, rows in self._versions(table, column):
                final = rows[rows["epoch"] == last]
                filled = final[final["score"].notna()]
                parts["scores"].append(filled)
                parts["errors"].append(self._errors(name, wanted, final, last))
                parts["costs"].append(self._costs(name, filled, n))
                parts["all"].append(rows[np.isfinite(rows["score"])])
                if n > 1:
                    parts["windows"].append(rows[["estimator", "epoch", "oldest"]].drop_duplicates())
        joined = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items() if tables}
        scores = joined.get("scores", empty(SCORES))[[column.name for column in SCORES.columns]]
        records = {}
        if self.read.has_epochs and "all" in joined:
            columns = [column.name for column in CHECKPOINT_SCORES.columns]
            records["checkpoint_scores"] = check(joined["all"][columns], CHECKPOINT_SCORES)
            if "windows" in joined:
                records["windows"] = check(joined["windows"], WINDOWS)
        errors, costs = joined.get("errors", empty(ERRORS)), joined.get("costs", empty(COSTS))
        return Estimates(check(scores, SCORES), check(errors, ERRORS), check(costs, COSTS), records)

    def _versions(self, table: pd.DataFrame, column: str) -> Iterator[tuple[str, int, int, pd.DataFrame]]:
        """Name, epochs that are averaged, last epoch, and rows of the column and of its averages, of this seed."""
        whole = self.read.rows[self.read.rows["estimator"] == column]
        epochs = sorted(whole["epoch"].unique())
        shared = set.intersection(*(set(part) for _, part in whole.groupby("seed")["epoch"]))
        if self.seed not in set(whole["seed"]):
            return
        if not shared:
            raise UserError(f"{self.read.where}: the seeds of {column!r} have no epoch in common; give one to all")
        last = max(shared)
        own = table[(table["estimator"] == column) & (table["seed"] == self.seed)].assign(estimator=self.named[column])
        yield self.named[column], 1, last, own
        wide = own.pivot(index="arch", columns="epoch", values="score").reindex(columns=epochs)
        for n in self.averages:
            name, means = f"{self.named[column]}_avg{n}", []
            for i in range(n, len(epochs) + 1):
                mean = steady_mean(wide[epochs[i - n : i]])
                rows = pd.DataFrame({"arch": mean.index, "score": mean.to_numpy()})
                means.append(rows.assign(epoch=epochs[i - 1], oldest=epochs[i - n]))
            found = pd.concat(means, ignore_index=True).assign(estimator=name, seed=self.seed)
            spent = own[own["epoch"] == last].set_index("arch")["seconds"]
            yield name, n, last, found.assign(seconds=found["arch"].map(spent))

    def _errors(self, name: str, wanted: list[str], rows: pd.DataFrame, last: int) -> pd.DataFrame:
        scored = set(rows.loc[rows["score"].notna(), "arch"])
        there = set(rows["arch"])
        when = f" after epoch {last}" if self.read.has_epochs else ""
        told = [
            (arch, f"{self.read.where} has {'an empty cell' if arch in there else 'no score'} for it{when}")
            for arch in wanted
            if arch not in scored
        ]
        return pd.DataFrame(told, columns=["arch", "error"]).assign(estimator=name, seed=self.seed)

    def _costs(self, name: str, rows: pd.DataFrame, n_epochs: int) -> pd.DataFrame:
        each = rows["seconds"].mean(skipna=False) if self.seconds is None else self.seconds
        costs = {"estimator": name, "arch_seconds": each * n_epochs, "n": len(rows), "fit_seconds": self.fit_seconds}
        return pd.DataFrame([costs]).head(len(rows))


@final
class ScoresConfig(MeasuringConfig):
    """Scores from a file, e.g. of supernets that another program trained.

    `file`: `arch`, a column per estimator (or `estimator` and `score`), and, where there are several, `seed` and
    `epoch`; a relative path starts in the folder of the study's file.

    `columns`: the estimators to take (default: all); `lower_is_better`: those of them whose scores are, or true for
    all. `seconds`: that a score took, a number or the name of a column; without it costs are not reported;
    `fit_seconds`: of training before. `averages`: also the mean scores of so many last epochs. `seeds`: those of the
    file to take (default: all). `label`: with one, the estimators are called "column (label)", or by the label alone if
    there is one column.
    """

    chunk: ClassVar[int] = 1_000_000  # looked up, which takes no time

    name: Literal["scores"] = "scores"
    file: str
    columns: Distinct[str] = ()
    lower_is_better: Distinct[str] | bool = ()
    seconds: NotNegative | str | None = None
    fit_seconds: NotNegative = 0.0
    averages: Distinct[Annotated[int, Field(ge=2)]] = ()
    label: Label | Literal[""] = ""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.seconds is None and self.fit_seconds:
            raise UserError("fit_seconds has no effect without seconds; give the seconds of a score too")
        return self

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.place.located(self.file)

    @property
    def where(self) -> str:
        return f"estimator {self.label or self.name!r}"

    def files(self, training: Training | None) -> tuple[Path, ...]:
        return (self.path,)

    def tables(self) -> tuple[str, ...]:
        return (self.file,)

    def read(self) -> ReadScores:
        """The scores of the file; UserError as from `scores_of`."""
        try:
            column = self.seconds if isinstance(self.seconds, str) else None
            return scores_of(self.path, fingerprint(self.path), self.columns, self.lower_is_better, column)
        except UserError as error:
            raise UserError(f"{self.where}: {error}") from error

    def named(self) -> dict[str, str]:
        """By column, the name in tables."""
        columns = self.read().names
        if not self.label:
            return {column: column for column in columns}
        return {column: self.label if len(columns) == 1 else f"{column} ({self.label})" for column in columns}

    def components(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def names(self) -> tuple[str, ...]:
        versions = ("", *(f"_avg{n}" for n in self.averages))
        return tuple(name + version for name in self.named().values() for version in versions)

    def own_seeds(self, seeds: Seeds) -> Seeds:
        there = self.read().seeds
        absent = [seed for seed in self.seeds or () if seed not in there]
        if absent:
            raise UserError(
                f"{self.where}: {self.file} has no seed {absent[0]}, but {_few(there)}; give seeds of these"
            )
        return self.seeds or there

    def build(self, context: RunContext) -> Estimator:
        read = self.read()
        known = context.judged()
        if known and read.of(known, context.space).rows.empty:
            raise UserError(f"{self.where}: {self.file} scores none of the study's architectures; give scores of these")
        n_epochs = read.rows.groupby("estimator")["epoch"].nunique().min()
        if self.averages and max(self.averages) > n_epochs:
            raise UserError(f"{self.where}: an average over {max(self.averages)} epochs; {self.file} has {n_epochs}")
        seconds = None if isinstance(self.seconds, str) else np.nan if self.seconds is None else self.seconds
        return Scores(
            context.space, read, self.named(), context.seed, averages=self.averages, seconds=seconds,
            fit_seconds=self.fit_seconds,
        )  # fmt: skip

    def remarks(self, context: RunContext) -> tuple[str, ...]:
        read = self.read()
        archs = read.rows["arch"].drop_duplicates()
        n_absent = len(archs) - read.of(context.judged(), context.space).rows["arch"].nunique()
        found = [f"{n_absent:,} of {len(archs):,} architectures of {read.where} are not in the study and were dropped."]
        return (*(found if n_absent else ()), *doubtful(read.names, self.lower_is_better, read.where))


def _few(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds[:_N_SEEDS])) + (" and others" if len(seeds) > _N_SEEDS else "")


ESTIMATORS.register("scores", ScoresConfig)
