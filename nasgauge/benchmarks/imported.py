"""Benchmarks in a file of one's own: what `nasgauge bench import` or `nasgauge bench build` wrote."""

from pathlib import Path
from typing import Any

import pandas as pd

from nasgauge.benchmarks import embedded
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_archs, check_range, read_facts, read_table, space_of
from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.tables import OFFICIAL, TRUTH, check

METRICS = ("test_accuracy", "valid_accuracy")


def load(
    path: str, *, metric: str = "test_accuracy", dataset: str | None = None, epochs: int | None = None
) -> Benchmark:
    """The benchmark of a table with its facts beside it (.json). metric: "test_accuracy" or "valid_accuracy".

    Imported tables may hold several data sets and lengths of training: `dataset` (in the spelling of
    `naming.DATASET_NAMES` or of its authors) and `epochs` choose one, and may be left out where there is one. Trainings
    without the metric are left out, and the provenance counts them.
    """
    table = Path(path)
    facts = table.with_suffix(".json")
    if not table.is_file() or not facts.is_file():
        raise UserError(f"{table}: is missing, or its .json is; `nasgauge bench build` and `bench import` write both")
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    record = read_facts(facts, ("space", "facts"))
    if "kind" in record:
        record = read_facts(facts, ("kind", "space", "source", "facts"))
        return _official(table, record, metric, dataset, epochs)
    for name, value in (("dataset", dataset), ("epochs", epochs)):
        if value is not None:
            raise UserError(f"{table}: is a table of `nasgauge bench build`, of one recipe; leave out {name}")
    return embedded.from_files(table, metric=metric)


def _official(path: Path, record: dict[str, Any], metric: str, dataset: str | None, epochs: int | None) -> Benchmark:
    table = rows = read_table(path, OFFICIAL)
    space = space_of(record["space"], path)
    check_archs(rows, space, path)
    for column in METRICS:
        check_range(rows, column, 0, 1, path)
    rows = rows.assign(dataset=rows["dataset"].map({name: dataset_name(name) for name in rows["dataset"].unique()}))
    known = sorted(rows["dataset"].unique())
    wanted = None if dataset is None else dataset_name(dataset)
    rows = _only(rows, "dataset", wanted, path)
    rows = _only(rows, "epochs", epochs, path)
    told = rows[rows[metric].notna()]
    if told.empty:
        half = "; cifar10-valid has a validation set" if metric == "valid_accuracy" and "cifar10-valid" in known else ""
        what = metric.replace("_", " ")
        raise UserError(f"{path}: none of these trainings reports its {what}; choose another metric{half}")
    columns = ["arch", "iso_class", "seed", "train_seconds"]
    truth = check(told[columns].assign(accuracy=told[metric]).reset_index(drop=True), TRUTH, where=str(path))
    sizes = told.assign(macs=told["macs"] if "macs" in told else pd.NA)[["arch", "n_params", "macs"]]
    several = truth.groupby("arch")["seed"].nunique().max() > 1
    lacking = f", {len(rows) - len(told):,} more without the metric" if len(told) < len(rows) else ""
    provenance = {
        "ground truth": f"{record['kind']}, {told['dataset'].iloc[0]}",
        "measure": f"{metric.replace('_', ' ')} after {told['epochs'].iloc[0]} epochs",
        "architectures": f"{truth['arch'].nunique():,}",
        "trainings": f"{len(told):,}{lacking}",
        "source": f"{record['source']}, read by nasgauge bench import",
    }
    found = {"n_archs": truth["arch"].nunique(), "n_classes": truth["iso_class"].nunique()}
    complexity = sizes.drop_duplicates("arch").reset_index(drop=True)
    facts = {**record["facts"], **found}
    replicates = truth if several else None
    left_out = _left_out(table, rows, told, metric)
    return Benchmark(path.stem, space, truth, replicates, provenance, facts, complexity, left_out)


def _left_out(table: pd.DataFrame, rows: pd.DataFrame, told: pd.DataFrame, metric: str) -> dict[str, str]:
    """Why an architecture of the table is not in the truth: trained on something else, or without the metric."""
    choice = f"in the table, but not for {told['dataset'].iloc[0]}, {told['epochs'].iloc[0]} epochs"
    reasons = dict.fromkeys(table["arch"].unique(), choice)
    reasons |= dict.fromkeys(rows["arch"].unique(), f"in the table, but without {metric.replace('_', ' ')}")
    known = set(told["arch"])
    return {arch: why for arch, why in reasons.items() if arch not in known}


def _only(rows: pd.DataFrame, column: str, wanted: Any, path: Path) -> pd.DataFrame:
    """The rows of one data set or length of training; UserError where there are several and none is chosen."""
    known = sorted(rows[column].unique().tolist())
    if wanted is None and len(known) > 1:
        raise UserError(f"{path}: contains {column} {', '.join(map(str, known))}; choose one ({column} = ...)")
    if wanted is not None and wanted not in known:
        raise UserError(f"{path}: has no {column} {wanted!r}; available: {', '.join(map(str, known))}")
    return rows if wanted is None else rows[rows[column] == wanted]
