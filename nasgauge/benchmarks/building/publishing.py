"""The table and the facts of a benchmark, from the trainings in a folder."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd

from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core import terminal
from nasgauge.core.conditions import common
from nasgauge.core.errors import UserError
from nasgauge.core.replacing import write_atomically
from nasgauge.core.rounding import steady
from nasgauge.core.store import Store
from nasgauge.core.tables import TRAININGS, check
from nasgauge.criteria import kendall_tau


def publish(store: Store, recipe: Recipe, keys: list[str], tell: Callable[[str], None] = terminal.tell) -> pd.DataFrame:
    """Join the parts into the benchmark's table and measure the facts that it declares.

    What was given up is told and left out; UserError where that is everything. A loss that is not finite, or too large
    for 32 bits, is null.
    """
    table = check(_without_divergence(store.read("trainings", keys)), TRAININGS)
    there = store.keys("errors")
    errors = store.read("errors", [key for key in keys if key in there])
    if errors is not None:
        told = (
            f"{len(errors):,} of {len(keys):,} architectures were given up, `nasgauge status {store.folder}` says why"
        )
        if table.empty:
            raise UserError(f"{told}; nothing is left to publish")
        tell(f"{told}; the benchmark is published without them")
    path = store.folder / f"{recipe.name}.parquet"
    columns = {
        "seed": "int16",
        "valid_loss": "float32",
        "test_loss": "float32",
        "n_params": "int32",
        "macs": "Int64" if table["macs"].isna().any() else "int64",
        "train_seconds": "float32",
    }
    small = table.astype(columns)
    write_atomically(path, small.to_parquet(index=False, compression="zstd"))
    facts = measured_facts(check(small, TRAININGS))
    record = {
        "name": recipe.name,
        "title": recipe.title,
        "space": recipe.space,
        "training": recipe.training(),
        "recipe": recipe.decisive(),
        "facts": facts,
        "environment": store.environment(),
        "conditions": common(store.conditions("trainings", key) for key in keys if key not in there),
    }
    write_atomically(path.with_suffix(".json"), json.dumps(record, indent=2).encode())
    return table


def _without_divergence(table: pd.DataFrame) -> pd.DataFrame:
    losses = table[["valid_loss", "test_loss"]].astype("float64")
    return table.assign(**losses.where(losses.abs() <= np.finfo("float32").max))


def measured_facts(table: pd.DataFrame) -> dict[str, float | int]:
    """What the benchmark declares of itself, computed from its own table; the contract test computes it again."""
    wide = table.pivot(index="arch", columns="seed", values="test_accuracy")
    halves = wide.to_numpy()
    n = halves.shape[1] // 2
    facts = {
        "n_archs": len(wide),
        "n_classes": int(table["iso_class"].nunique()),
        "n_seeds": wide.shape[1],
        "best_test_accuracy": round(float(wide.mean(axis=1).max()), 6),
        "core_seconds": round(float(table["train_seconds"].sum()), 0),
    }
    if n:
        tau = kendall_tau(steady(halves[:, :n].mean(1)), steady(halves[:, n : 2 * n].mean(1)))
        facts |= {"kendall_tau_between_halves": round(tau, 4)} if np.isfinite(tau) else {}
    return facts
