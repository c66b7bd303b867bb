"""The tables of several supernets, each of a part of a space, as those of one estimator."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.core.recorded import RECORDS
from nasgauge.core.tables import ERRORS, SCORES, check, empty
from nasgauge.estimators.estimator import COSTS, Estimates

_OF_THE_WHOLE = ("settings", "choices")
Tables = Mapping[str, pd.DataFrame]


def merged(
    found: Sequence[Estimates], reasons: Sequence[Mapping[str, Any]], archs: Sequence[str], fit_seconds: float
) -> Estimates:
    """One set of tables from those of parts that have no architecture in common.

    reasons: rows of ERRORS that come before those of the parts; archs: strings, in whose order scores and errors stand.
    Costs: n is the sum, arch_seconds the mean weighted by it, fit_seconds that of all parts, whichever have scores.
    """
    errors = [pd.DataFrame(list(reasons)), *(one.errors for one in found)]
    names = dict.fromkeys(name for one in found for name in one.records)
    records = {name: _joined([one.records[name] for one in found if name in one.records]) for name in names}
    return Estimates(
        scores=_ordered([one.scores for one in found], archs, SCORES),
        errors=_ordered(errors, archs, ERRORS),
        costs=_costs([one.costs for one in found], fit_seconds),
        records={name: check(table, RECORDS[name]) for name, table in records.items()},
    )


def merged_history(found: Sequence[Tables]) -> dict[str, pd.DataFrame]:
    """What training the parts recorded: the log of an epoch with their mean loss and all their seconds, else all rows.

    The learning rate is that of the first part; all have the same schedule, though "plateau" follows each one's loss.
    """
    names = dict.fromkeys(name for one in found for name in one)
    tables = {name: _joined([one[name] for one in found if name in one]) for name in names}
    if "training_log" in tables:
        each = tables["training_log"].groupby(["estimator", "seed", "epoch"], as_index=False, sort=False)
        tables["training_log"] = each.agg(
            lr=("lr", "first"), train_loss=("train_loss", "mean"), train_seconds=("train_seconds", "sum")
        )
    return {name: check(table, RECORDS[name]) for name, table in tables.items() if name not in _OF_THE_WHOLE}


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)


def _ordered(tables: Sequence[pd.DataFrame], archs: Sequence[str], spec: Any) -> pd.DataFrame:
    """The rows, estimator by estimator as they come, in the order of the architectures."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return empty(spec)
    table = pd.concat(filled, ignore_index=True)
    estimators = {name: i for i, name in enumerate(table["estimator"].unique())}
    place = {arch: i for i, arch in enumerate(archs)}
    order = np.lexsort((table["arch"].map(place), table["estimator"].map(estimators)))
    return check(table.iloc[order].reset_index(drop=True), spec)


def _costs(tables: Sequence[pd.DataFrame], fit_seconds: float) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return empty(COSTS)
    rows = []
    for name, table in pd.concat(filled, ignore_index=True).groupby("estimator", sort=False):
        n = int(table["n"].sum())
        seconds = float((table["arch_seconds"] * table["n"]).sum() / n)
        rows.append({"estimator": name, "arch_seconds": seconds, "n": n, "fit_seconds": fit_seconds})
    return check(pd.DataFrame(rows), COSTS)
