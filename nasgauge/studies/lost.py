"""Tasks that are given up, since workers died of them: missing scores with their reason, and what depends on them."""

from functools import partial
from itertools import product

import pandas as pd

from nasgauge.core.store import Store
from nasgauge.core.tables import ERRORS, SCORES, check, empty
from nasgauge.core.workers import SCORING, TRAINING, Resources, on
from nasgauge.estimators import COSTS
from nasgauge.studies.plan import Plan, Task

_OF = "a training that it needs was given up: "


def give_up(plan: Plan, store: Store, task: Task, reason: str) -> None:
    """Write the parts of a task that is given up: each of its scores is missing for that reason, a training failed."""
    if task.archs:
        rows = list(product(plan.study.estimators[task.estimator].names(), task.archs))
        errors = pd.DataFrame(rows, columns=["estimator", "arch"]).assign(seed=task.seed, error=reason)
        parts = {"errors": check(errors, ERRORS), "costs": empty(COSTS), "scores": empty(SCORES)}
    else:
        parts = {"fits": pd.DataFrame({"estimator": [task.estimator], "seed": [task.seed], "lost": [reason]})}
    store.write_task(task.key, parts)


def without_lost(plan: Plan, store: Store, tasks: list[Task]) -> list[Task]:
    """Those of the tasks that can be done; what needs a training that was given up is given up too."""
    lost = _lost_trainings(plan, store)
    found = []
    for task in tasks:
        reason = next(filter(None, (lost.get(one) for one in _needed(plan, task))), None)
        if reason is None:
            found.append(task)
        else:
            give_up(plan, store, task, reason if reason.startswith(_OF) else _OF + reason)
    return found


def resources_of(plan: Plan, task: Task) -> Resources:
    """What a task occupies of a Ray cluster."""
    return on(plan.devices[task.estimator], SCORING if task.archs else TRAINING)


def options_of(plan: Plan, store: Store) -> dict:
    """The options of `unordered_map` for tasks of a plan."""
    return {"resources": partial(resources_of, plan), "lost": partial(give_up, plan, store)}


def _lost_trainings(plan: Plan, store: Store) -> dict[tuple[int, int], str]:
    """By number of the estimator and seed, why its training was given up."""
    there = store.done("fits")
    table = store.read("fits", [task.key for task in plan.tasks if not task.archs and task.key in there])
    if table is None or "lost" not in table:
        return {}
    return {(row.estimator, row.seed): row.lost for row in table[table["lost"].notna()].itertuples()}


def _needed(plan: Plan, task: Task) -> list[tuple[int, int]]:
    """(estimator, seed) of the trainings that a task needs: its own, and those of the estimators that it depends on."""
    found = [(task.estimator, task.seed)]
    for need in plan.study.estimators[task.estimator].dependencies():
        seeds = plan.seeds[need.name]
        used = seeds if need.every_seed or len(seeds) == 1 else (task.seed,)
        found += [(plan.owners[need.name], seed) for seed in used]
    return found
