"""All that a page is made of, in one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import CEILING, CONTEST, ERRORS, SCORES, TRUTH, VALUES, check, empty


@final
@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One study's settings, tables and circumstances.

    title: of the page. values: VALUES of the estimators. truth, scores, errors: TRUTH, SCORES, ERRORS; scores may name
    only architectures of the truth. ceiling: table CEILING, empty where the truth has single trainings;
    ceiling_measure: what the trainings behind it measure where that is not what the truth states, None if it is. notes:
    sentences about scores and truth that a reader must know. space: the Space of the architectures, None where it is
    unknown. provenance: which truth this is (data set, split, epochs, seeds, source ...). study, environment: settings
    and versions, nested as they like. published: (estimator, criterion, at, value, source) of the literature.
    references: bib keys to cite besides those of criteria and space. records: tables of `tables.RECORDS` by name, what
    estimators recorded beside their scores, and "complexity" and "expenses" (tables COMPLEXITY and EXPENSES) where they
    are known. contest: table CONTEST by the leading criterion, connected: VALUES of it over connected architectures
    alone; empty if not asked. UserError: a table without its columns, values without rows.
    """

    title: str
    values: pd.DataFrame
    truth: pd.DataFrame
    scores: pd.DataFrame
    errors: pd.DataFrame = field(default_factory=lambda: empty(ERRORS))
    ceiling: pd.DataFrame = field(default_factory=lambda: empty(CEILING))
    ceiling_measure: str | None = None
    notes: tuple[str, ...] = ()
    space: Any = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    study: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    published: pd.DataFrame | None = None
    references: tuple[str, ...] = ()
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    contest: pd.DataFrame = field(default_factory=lambda: empty(CONTEST))
    connected: pd.DataFrame = field(default_factory=lambda: empty(VALUES))

    def __post_init__(self) -> None:
        specs = {"values": VALUES, "truth": TRUTH, "scores": SCORES, "errors": ERRORS, "ceiling": CEILING}
        specs |= {"contest": CONTEST, "connected": VALUES}
        for name, spec in specs.items():
            object.__setattr__(self, name, check(getattr(self, name), spec, where=f"the report's table {name!r}"))
        if self.values.empty:
            raise UserError("the report's table 'values' has no rows; judge the scores first")
        _require(self.published, "published", ("estimator", "criterion", "at", "value", "source"))

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The scores as analyses and figures take them: without failed measurements, and finite.

        A score of -inf, the worst, stands below the lowest finite one of its estimator by the range of all of them for
        each seed, so that an architecture with one is the worst in the mean over seeds as well.
        """
        there = self.scores[self.scores["score"].notna()].reset_index(drop=True)
        worst = np.isneginf(there["score"])
        if not worst.any():
            return there
        finite = there["score"].where(~worst).groupby(there["estimator"])
        low, high = finite.transform("min").fillna(0.0), finite.transform("max").fillna(0.0)
        n_seeds = there.groupby("estimator")["seed"].transform("nunique")
        return there.assign(score=there["score"].where(~worst, low - n_seeds * np.maximum(high - low, 1.0)))


def _require(table: pd.DataFrame | None, name: str, columns: tuple[str, ...]) -> None:
    absent = [] if table is None else [c for c in columns if c not in table.columns]
    if absent:
        raise UserError(f"the report's table {name!r}: column {', '.join(map(repr, absent))} is missing")
