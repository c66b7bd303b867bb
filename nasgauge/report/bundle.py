"""All that a page is made of, in one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import pandas as pd

from nasgauge.errors import UserError
from nasgauge.tables import CONTEST, ERRORS, SCORES, TRUTH, VALUES, check, empty


@final
@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One study's settings, tables and circumstances.

    title: of the page. values: VALUES of the estimators. truth, scores, errors: TRUTH, SCORES, ERRORS; scores may name
    only architectures of the truth. ceiling: VALUES rows of "noise_ceiling", empty where the truth has single
    trainings. space: the Space of the architectures, None where it is unknown. provenance: which truth this is (data
    set, split, epochs, seeds, source ...). study, environment: settings and versions, nested as they like. published:
    (estimator, criterion, at, value, source) of the literature. references: bib keys to cite besides those of criteria
    and space. records: tables of `tables.RECORDS` by name, what estimators recorded beside their scores, and
    "complexity" and "expenses" (tables COMPLEXITY and EXPENSES) where they are known. contest: table
    CONTEST by the leading criterion, connected: VALUES of it over connected architectures alone; empty if not asked.
    UserError: a table without its columns, values without rows.
    """

    title: str
    values: pd.DataFrame
    truth: pd.DataFrame
    scores: pd.DataFrame
    errors: pd.DataFrame = field(default_factory=lambda: empty(ERRORS))
    ceiling: pd.DataFrame = field(default_factory=lambda: empty(VALUES))
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
        specs = {"values": VALUES, "truth": TRUTH, "scores": SCORES, "errors": ERRORS, "ceiling": VALUES}
        specs |= {"contest": CONTEST, "connected": VALUES}
        for name, spec in specs.items():
            object.__setattr__(self, name, check(getattr(self, name), spec, where=f"the report's table {name!r}"))
        if self.values.empty:
            raise UserError("the report's table 'values' has no rows; judge the scores first")
        _require(self.published, "published", ("estimator", "criterion", "at", "value", "source"))


def _require(table: pd.DataFrame | None, name: str, columns: tuple[str, ...]) -> None:
    absent = [] if table is None else [c for c in columns if c not in table.columns]
    if absent:
        raise UserError(f"the report's table {name!r}: column {', '.join(map(repr, absent))} is missing")
