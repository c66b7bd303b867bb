"""The benchmarks that travel inside the package, made by `nasgauge bench build` from the recipe beside them."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.errors import UserError, unknown_name
from nasgauge.tables import TRAININGS, check

METRICS = ("test_accuracy", "valid_accuracy")


def load(name: str, *, metric: str = "test_accuracy") -> Benchmark:
    """An embedded benchmark, trained by `nasgauge bench build`.

    metric: "test_accuracy" or "valid_accuracy" as the truth.
    """
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    return from_files(_folder() / f"{name}.parquet", metric=metric)


def from_files(table: Path, *, metric: str = "test_accuracy") -> Benchmark:
    """The benchmark that `nasgauge bench build` wrote: a Parquet file of trainings, a JSON file of facts beside it."""
    if not table.is_file() or not table.with_suffix(".json").is_file():
        raise UserError(f"{table}: is missing, or its .json is; `nasgauge bench build` writes both")
    trainings = check(pd.read_parquet(table), TRAININGS, where=str(table))
    record = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))
    truth = trainings[["arch", "iso_class", "seed", "train_seconds"]].assign(
        accuracy=trainings[metric], seed=trainings["seed"].astype("Int64")
    )
    complexity = trainings[["arch", "n_params", "macs"]].drop_duplicates("arch").reset_index(drop=True)
    facts = record["facts"]
    provenance = {
        "truth": record["title"],
        "measure": f"{metric.replace('_', ' ')}, mean over {facts['n_seeds']} trainings with rotated splits",
        "architectures": f"{facts['n_archs']:,}",
        "reliability": f"Kendall's tau {facts['kendall_tau_between_halves']} between the two halves of the seeds",
        "source": f"nasgauge bench build {record['name']}",
    }
    return Benchmark(record["name"], record["space"], truth, truth, provenance, facts, complexity)


def record(name: str) -> dict[str, Any]:
    """What `nasgauge bench build` wrote beside the table of an embedded benchmark: title, space, facts, environment."""
    return json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))


def _folder() -> Path:
    return Path(str(resources.files("nasgauge.benchmarks"))) / "tables"
