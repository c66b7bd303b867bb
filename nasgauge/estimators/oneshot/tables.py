"""From scores to tables: rows of RECORDS for every checkpoint, and of SCORES, ERRORS and COSTS for the last.

Where the loss of a path is not finite its hits mean nothing either, so it has no row but an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.recorded import CHECKPOINT_SCORES, RECORDS
from nasgauge.core.tables import ERRORS, SCORES, check, empty
from nasgauge.estimators.estimator import COSTS, Estimates
from nasgauge.estimators.oneshot.class_members import ScoringRequest
from nasgauge.estimators.oneshot.naming import POST_DEISO, pair
from nasgauge.estimators.oneshot.scoring import BatchScores

Row = dict[str, Any]
Each = Mapping[str, np.ndarray]  # by estimator, scores (k,), NaN for none


@final
@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the requested architectures with one set of weights.

    `stem`: the first part of the names; `seed`, `epoch`: of the weights; `scores`: of `request.paths`; `seconds`: that
    scoring all of them took; `keeps_batches`: whether its batches are recorded; `oldest`: the first checkpoint of the
    average that the weights are, None where they are those of one checkpoint.
    """

    request: ScoringRequest
    stem: str
    seed: int
    epoch: int
    scores: BatchScores
    seconds: float
    keeps_batches: bool
    oldest: int | None = None

    def records(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Tables of RECORDS by name, the rows of finite losses."""
        own, texts, archs = self.request.own, self.request.texts, self.request.names
        yield "checkpoint_scores", self._rows({name: values[own] for name, values in self._each.items()}, archs)
        if self.keeps_batches:
            yield "batch_scores", self._batches()
        if self.request.classes:
            yield "checkpoint_scores", self._rows(self._means, archs)
            members = list(dict.fromkeys(i for group in self.request.groups for i in group))
            each = {name: values[members] for name, values in self._each.items()}
            table = self._rows(each, [texts[i] for i in members])
            yield "class_scores", table.assign(iso_class=table["arch"].map(self.request.owners))
        if self.request.beside:
            yield "member_scores", self._members()

    def stand_ins(self) -> list[Row]:
        """Rows of STAND_INS, the same at every epoch; class means need none, as they are over members anyway."""
        text, chosen = self.request.space.to_str, self.request.stand_ins
        return [
            {"estimator": name, "arch": text(arch), "member": text(member)}
            for name in pair(self.stem)
            for arch, member in chosen.items()
        ]

    def window(self) -> list[Row]:
        """Rows of WINDOWS, where the weights are an average over several checkpoints."""
        if self.oldest is None:
            return []
        return [{"estimator": name, "epoch": self.epoch, "oldest": self.oldest} for name in pair(self.stem)]

    def errors(self) -> list[Row]:
        """A row of ERRORS for each estimator and architecture without a score."""
        why = f"the loss is not finite after epoch {self.epoch}"
        texts, archs = self.request.texts, self.request.names
        lost = np.isnan(self._each[self.stem])

        def told(arch: str, path: int) -> str:
            return why if texts[path] == arch else f"{why}, that of {texts[path]}, a member of its class"

        found = [(self.stem, a, told(a, i)) for a, i in zip(archs, self.request.own, strict=True) if lost[i]]
        for arch, members in zip(archs, self.request.groups, strict=False):
            of_class = [texts[i] for i in members if lost[i]]
            if of_class:
                found.append((self.stem + POST_DEISO, arch, f"{why}, that of {of_class[0]}, a member of its class"))
        return [
            {"estimator": name, "arch": text, "seed": self.seed, "error": error}
            for stem, text, error in found
            for name in pair(stem)
        ]

    def costs(self, fit_seconds: float) -> list[Row]:
        """Rows of COSTS. An architecture is charged for one path, its class mean for all members of its class."""
        n, seconds = len(self.request.archs), self.seconds / len(self.request.paths)
        charged = {self.stem: seconds}
        if self.request.classes:
            charged[self.stem + POST_DEISO] = seconds * sum(map(len, self.request.groups)) / n
        return [
            {"estimator": name, "arch_seconds": s, "n": n, "fit_seconds": fit_seconds}
            for stem, s in charged.items()
            for name in pair(stem)
        ]

    @cached_property
    def _each(self) -> Each:
        return dict(zip(pair(self.stem), (self.scores.mean_accuracy(), -self.scores.mean_loss()), strict=True))

    @cached_property
    def _means(self) -> Each:
        values = [np.array([v[group].mean() for group in self.request.groups]).round(12) for v in self._each.values()]
        return dict(zip(pair(self.stem + POST_DEISO), values, strict=True))

    def _rows(self, each: Each, texts: list[str]) -> pd.DataFrame:
        same = {"seed": self.seed, "epoch": self.epoch}
        parts = [pd.DataFrame({"estimator": n, "arch": texts, **same, "score": values}) for n, values in each.items()]
        return pd.concat(parts, ignore_index=True).dropna(subset="score", ignore_index=True)

    def _members(self) -> pd.DataFrame:
        """Rows of MEMBER_SCORES: one per pair of `request.beside` and estimator."""
        texts, others = self.request.texts, self.request.others
        pairs = pd.DataFrame(
            {
                "arch": [self.request.space.to_str(arch) for arch, _ in self.request.beside],
                "member": [texts[i] for i in others],
                "seed": self.seed,
                "epoch": self.epoch,
            }
        )
        parts = [pairs.assign(estimator=name, score=values[others]) for name, values in self._each.items()]
        return pd.concat(parts, ignore_index=True).dropna(subset="score", ignore_index=True)

    def _batches(self) -> pd.DataFrame:
        own, n_batches = self.request.own, len(self.scores.n_images)
        table = pd.DataFrame(
            {
                "estimator": self.stem,
                "arch": np.repeat(self.request.names, n_batches),
                "seed": self.seed,
                "epoch": self.epoch,
                "batch": np.tile(np.arange(n_batches), len(own)),
                "n_images": np.tile(self.scores.n_images, len(own)),
                "accuracy": self.scores.accuracy[own].ravel(),
                "loss": self.scores.loss[own].ravel(),
            }
        )
        return table[np.isfinite(table["loss"])].reset_index(drop=True)


def estimates(scored: Sequence[Scored], reasons: Sequence[Row], costs: Sequence[Row], *, last: int) -> Estimates:
    """Scores and errors at epoch `last`, records of all epochs. reasons: rows of ERRORS that come before its own."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for name, table in (found for one in scored for found in one.records()):
        parts.setdefault(name, []).append(table)
    last_of = {one.stem: one for one in scored}.values()  # stand-ins are those of any checkpoint
    notes = {"stand_ins": [one.stand_ins() for one in last_of], "windows": [one.window() for one in scored]}
    for name, lists in notes.items():
        if any(lists):
            parts[name] = [pd.DataFrame([row for rows in lists for row in rows])]
    records = {name: check(pd.concat(tables, ignore_index=True), RECORDS[name]) for name, tables in parts.items()}
    at_checkpoints = records.get("checkpoint_scores", empty(CHECKPOINT_SCORES))
    scores = at_checkpoints[at_checkpoints["epoch"] == last].drop(columns="epoch")
    errors = [*reasons, *(row for one in scored if one.epoch == last for row in one.errors())]
    return Estimates(
        scores=check(scores.reset_index(drop=True), SCORES),
        errors=check(pd.DataFrame(errors), ERRORS) if errors else empty(ERRORS),
        costs=check(pd.DataFrame(costs), COSTS) if costs else empty(COSTS),
        records=records,
    )


def recorded(
    rows: Mapping[str, Sequence[Row]],
    settings: Mapping[str, float],
    choices: Mapping[str, str],
    label: str,
    seed: int,
    names: Sequence[str],
) -> dict[str, pd.DataFrame]:
    """What training recorded, by table of RECORDS, without empty ones; settings and choices for each of `names`."""
    tables = {name: pd.DataFrame(of).assign(estimator=label, seed=seed) for name, of in rows.items() if of}
    for table, chosen in (("settings", settings), ("choices", choices)):
        if chosen:
            every = [(name, setting, value) for name in names for setting, value in chosen.items()]
            tables[table] = pd.DataFrame(every, columns=["estimator", "setting", "value"])
    return {name: check(table, RECORDS[name]) for name, table in tables.items()}
