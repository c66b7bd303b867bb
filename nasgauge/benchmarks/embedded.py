"""The shipped benchmarks, built by `nasgauge bench build` from the shipped recipes."""

import json
import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_archs, check_range, read_facts, read_table, space_of
from nasgauge.benchmarks.training import Training
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.tables import TRAININGS

METRICS = ("test_accuracy", "valid_accuracy")
_FACTS = ("n_archs", "n_seeds")  # those that the provenance quotes


def load(name: str, *, metric: str = "test_accuracy") -> Benchmark:
    """An embedded benchmark, trained by `nasgauge bench build`.

    metric: "test_accuracy" or "valid_accuracy" as the ground truth.
    """
    found = from_files(_folder() / f"{name}.parquet", metric=metric)
    recipe = tomllib.loads((_folder().parent / "recipes" / f"{name}.toml").read_text(encoding="utf-8"))
    shift = recipe["protocol"].get("shift", 0)
    return replace(found, training=Training(recipe["data"], net=recipe["net"], shift=shift))


def from_files(table: Path, *, metric: str = "test_accuracy") -> Benchmark:
    """The benchmark that `nasgauge bench build` wrote: a Parquet file of trainings, a JSON file of facts beside it."""
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    facts_file = table.with_suffix(".json")
    if not table.is_file() or not facts_file.is_file():
        raise UserError(f"{table}: is missing, or its .json is; `nasgauge bench build` writes both")
    record = read_facts(facts_file, ("name", "title", "space", "facts"))
    trainings = read_table(table, TRAININGS)
    space = space_of(record["space"], table)
    check_archs(trainings, space, table)
    for column in METRICS:
        check_range(trainings, column, 0, 1, table)
    truth = trainings[["arch", "iso_class", "seed", "train_seconds"]].assign(
        accuracy=trainings[metric], seed=trainings["seed"].astype("Int64")
    )
    complexity = trainings[["arch", "n_params", "macs"]].drop_duplicates("arch").reset_index(drop=True)
    facts = record["facts"]
    lacking = [name for name in _FACTS if not isinstance(facts.get(name), int | float)]
    if lacking:
        raise UserError(f"{facts_file}: its facts lack {lacking[0]!r}; `nasgauge bench build` writes it")
    provenance = {
        "ground truth": record["title"],
        "measure": f"{metric.replace('_', ' ')}, mean over {facts['n_seeds']} trainings with rotated splits",
        "architectures": f"{facts['n_archs']:,}",
        "reliability": _reliability(facts),
        "source": f"nasgauge bench build {record['name']}",
    }
    replicates = truth if truth["seed"].nunique() > 1 else None
    known = record.get("training")  # tables of earlier versions do not say it
    training = None if known is None else Training(**known)
    return Benchmark(record["name"], space, truth, replicates, provenance, facts, complexity, training=training)


def _reliability(facts: dict[str, Any]) -> str:
    if facts["n_seeds"] < 2:
        return "not measured: one training per architecture"
    tau = facts.get("kendall_tau_between_halves")
    if tau is None:
        return "undefined: the halves of the seeds rank nothing"
    return f"Kendall's tau {tau} between the two halves of the seeds, over all {facts['n_archs']:,} architectures"


def record(name: str) -> dict[str, Any]:
    """What `nasgauge bench build` wrote beside the table of an embedded benchmark: title, space, facts, environment."""
    return json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))


def _folder() -> Path:
    return Path(str(resources.files("nasgauge.benchmarks"))) / "tables"
