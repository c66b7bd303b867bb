"""What estimators recorded besides scores, joined over all tasks, and derived for combinations."""

import pandas as pd

from nasgauge.core.recorded import RECORDS
from nasgauge.core.store import Store
from nasgauge.core.tables import check
from nasgauge.estimators import CombiningConfig
from nasgauge.judging import Combined
from nasgauge.studies.costs import expenses
from nasgauge.studies.plan import Plan
from nasgauge.studies.schema import Study

Tables = dict[str, pd.DataFrame]


def recorded(plan: Plan, store: Store, measured: pd.DataFrame) -> Tables:
    """The tables of RECORDS that estimators wrote besides scores, with COMPLEXITY where known, and EXPENSES."""
    tables = _written(plan, store)
    for config in plan.study.estimators:
        if isinstance(config, CombiningConfig):
            tables = _at_checkpoints(tables, config)
    benchmark = plan.benchmark
    if benchmark.complexity is not None:
        tables["complexity"] = benchmark.complexity
    costs = store.read("costs", [task.key for task in plan.tasks if task.archs])
    there = store.keys("shared_costs")
    shared = store.read("shared_costs", [task.key for task in plan.tasks if task.key in there])
    logs = tables.get("training_log")
    needs = plan.dependencies
    tables["expenses"] = expenses(costs, measured, benchmark.truth, needs, plan.owners, logs, shared)
    return tables


def combined(study: Study) -> list[Combined]:
    """The study's estimators that are made of the scores of others."""
    found = []
    for config in study.estimators:
        if isinstance(config, CombiningConfig):
            needs = config.dependencies()
            every_seed = any(need.every_seed for need in needs)
            found += [Combined(name, tuple(need.name for need in needs), every_seed) for name in config.names()]
    return found


def _written(plan: Plan, store: Store) -> Tables:
    tables = {}
    for name, spec in RECORDS.items():
        there = store.keys(name)
        keys = [task.key for task in plan.tasks if task.key in there]
        if keys:
            rows = store.read(name, keys).drop_duplicates()  # the settings of an estimator are those of all its seeds
            tables[name] = check(rows.reset_index(drop=True), spec)
    if "settings" in tables:
        kinds = {name: kind for config in plan.study.estimators for name, kind in config.kinds().items()}
        tables["settings"] = tables["settings"].assign(kind=lambda rows: rows["estimator"].map(kinds).fillna(""))
    return tables


def _at_checkpoints(tables: Tables, config: CombiningConfig) -> Tables:
    """A combination also of the scores at every checkpoint where those it combines have some."""
    table = tables.get("checkpoint_scores")
    if table is None:
        return tables
    needed = {need.name for need in config.dependencies()}
    parts = [
        config.combine(rows.drop(columns="epoch")).assign(epoch=epoch)
        for epoch, rows in table.groupby("epoch")
        if needed <= set(rows["estimator"])
    ]
    if not parts:
        return tables
    tables = {**tables, "checkpoint_scores": pd.concat([table, *parts], ignore_index=True)}
    windows = tables.get("windows")
    if windows is not None:  # what is made of averages rests on the checkpoints of all of them
        own = windows[windows["estimator"].isin(needed)].groupby("epoch", as_index=False)["oldest"].min()
        made = [own.assign(estimator=name) for name in config.names()]
        tables["windows"] = check(pd.concat([windows, *made], ignore_index=True), RECORDS["windows"])
    return tables
