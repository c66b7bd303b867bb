"""Cells of the DARTS space with the accuracy that NAS-Bench-301 PREDICTS, read from `$NASGAUGE_DATA/nas-bench-301`.

Zela, Siems, Zimmer et al., "Surrogate NAS Benchmarks", ICLR 2022 (NAS-Bench-301); the sample is NASLib's.
"""

import ast
import os
from pathlib import Path

import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.files import check_range, read_table
from nasgauge.benchmarks.training import Training
from nasgauge.core.errors import UserError
from nasgauge.core.tables import TRUTH, Column, Table, check
from nasgauge.spaces import Arch, Darts

TRAINING = Training("cifar10", net={"channels": 32, "n_cells": 2, "n_stages": 3})  # siems2020nasbench301: 8 cells
_PERCENT = "surrogate_valid_accuracy_percent"
_SAMPLE = Table(
    "surrogate_sample.parquet",
    (
        *(Column("arch", "str"), Column(_PERCENT, "float")),
        *(Column(name, "float") for name in ("params_million", "flops_million_as_published")),
    ),
    key=("arch",),
)
_LONGEST = 2_000  # characters of an architecture; the table's have some 200

FACTS = {
    "n_archs": 725,
    "n_classes": 725,
    "best_predicted_percent": 94.4889,
    "kendall_tau_params": 0.3670,
}


def load() -> Benchmark:
    """725 cells. Nothing was trained: the "truth" is what the surrogate xgb_v1.0 predicts, smoother than any training.

    So it has neither seeds nor a noise ceiling. `complexity` as published for 8 layers of 32 channels: parameters
    without scale and shift in the operations of the cells, and "FLOPs", multiply-accumulates by a rule of their own.
    """
    file = _file()
    rows = read_table(file, _SAMPLE)
    check_range(rows, _PERCENT, 0, 100, file)
    for column in ("params_million", "flops_million_as_published"):
        check_range(rows, column, 0, 1e6, file)
    space = Darts()
    archs = [_arch(space, text, f"{file}: row {row}") for row, text in enumerate(rows["arch"], start=1)]
    names = [space.to_str(arch) for arch in archs]
    truth = pd.DataFrame(
        {
            "arch": names,
            "iso_class": [space.to_str(space.canonical(arch)) for arch in archs],
            "seed": pd.NA,
            "accuracy": rows[_PERCENT] / 100,
        }
    )
    complexity = pd.DataFrame(
        {
            "arch": names,
            "n_params": (rows["params_million"] * 1e6).round().astype("int64"),
            "macs": (rows["flops_million_as_published"] * 1e6).round().astype("int64"),
        }
    )
    provenance = {
        "ground truth": "NAS-Bench-301, CIFAR-10, PREDICTED by the surrogate xgb_v1.0, not trained",
        "measure": "validation accuracy after 100 epochs as predicted",
        "architectures": f"{len(names):,}",
        "noise ceiling from": "not available: a surrogate has no training seeds",
        "source": "Zela et al. 2022, as collected by NASLib",
    }
    return Benchmark("nb301", space, check(truth, TRUTH, where=str(file)), None, provenance, FACTS, complexity,
                     training=TRAINING)  # fmt: skip


def _arch(space: Darts, text: str, where: str) -> Arch:
    """The architecture of "[normal, reduce]", each eight pairs (predecessor, operation)."""
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"{len(text):,} characters")
        cells = [[(space.ops[op], source) for source, op in cell] for cell in ast.literal_eval(text)]
        return space.from_str(f"Genotype(normal={cells[0]}, reduce={cells[1]})")
    except (ValueError, TypeError, LookupError, SyntaxError, RecursionError, MemoryError, UserError) as error:
        reason = " ".join(str(error).split())[:150]
        raise UserError(
            f"{where}: arch {text[:40]!r} is not a cell of the space ({reason}); download the table again"
        ) from error


def _file() -> Path:
    root = os.environ.get("NASGAUGE_DATA")
    if not root:
        raise UserError(
            "benchmark 'nb301': NASGAUGE_DATA is not set; set it to the folder that contains nas-bench-301/"
        )
    path = Path(root) / "nas-bench-301" / "surrogate_sample.parquet"
    if not path.is_file():
        raise UserError(f"benchmark 'nb301': {path} is missing; see docs/data.md for the format")
    return path
