"""The content of a report page, in one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.core.tables import CEILING, CONTEST, ERRORS, SCORES, TRUTH, VALUES, check, empty
from nasgauge.criteria import BoundCriterion


@final
@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The settings, tables and environment of one study.

    title: of the page. values: VALUES of the estimators. truth, scores, errors: TRUTH, SCORES, ERRORS; scores may name
    only architectures of the ground truth. ceiling: table CEILING, empty where the ground truth has single trainings;
    ceiling_measure: the quantity that its trainings measure where it differs from the ground truth's, else None. notes:
    warnings about scores and ground truth. space: the Space of the architectures, None where it is unknown. provenance:
    data set, split, epochs, seeds, source ... of the ground truth. study, environment: settings and versions, nested
    mappings. published: (estimator, criterion, at, value, source) of the literature. references: bib keys to cite
    besides those of criteria and space. criteria: those of the values, by which estimators can be compared again.
    records: by name the tables of `recorded.RECORDS`, which estimators record besides their scores, and "complexity",
    "attributes", "constraints", "searches" and "expenses" (tables of the same names) where they are known. contest:
    table CONTEST by the leading criterion, connected: its VALUES over the connected architectures; empty if not
    computed. UserError: a table without its columns, values without rows.
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
    criteria: tuple[BoundCriterion, ...] = ()
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    contest: pd.DataFrame = field(default_factory=lambda: empty(CONTEST))
    connected: pd.DataFrame = field(default_factory=lambda: empty(VALUES))

    def __post_init__(self) -> None:
        specs = {"values": VALUES, "truth": TRUTH, "scores": SCORES, "errors": ERRORS, "ceiling": CEILING}
        specs |= {"contest": CONTEST, "connected": VALUES}
        for name, spec in specs.items():
            object.__setattr__(self, name, check(getattr(self, name), spec, where=f"the report's table {name!r}"))
        if self.values.empty:
            raise UserError("the report's table 'values' has no rows; evaluate the scores first")
        _require(self.published, "published", ("estimator", "criterion", "at", "value", "source"))

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The scores as analyses and figures read them: without failed measurements, and finite.

        A score of -inf, the worst, is placed below the lowest finite score of its estimator by the estimator's range
        times its number of seeds, so that the architecture is also the worst in the mean over seeds.
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
