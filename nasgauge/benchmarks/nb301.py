"""Cells of the DARTS space with the accuracy that NAS-Bench-301 PREDICTS, read from `$NASGAUGE_DATA/nas-bench-301`.

Zela, Siems, Zimmer et al., "Surrogate NAS Benchmarks", ICLR 2022 (NAS-Bench-301); the sample is NASLib's.
"""

import ast
import os
from pathlib import Path

import pandas as pd

from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.errors import UserError
from nasgauge.spaces import Arch, Darts
from nasgauge.tables import TRUTH, check

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
    rows = pd.read_parquet(_file())
    space = Darts()
    archs = [_arch(space, text) for text in rows["arch"]]
    names = [space.to_str(arch) for arch in archs]
    truth = pd.DataFrame(
        {
            "arch": names,
            "iso_class": [space.to_str(space.canonical(arch)) for arch in archs],
            "seed": pd.NA,
            "accuracy": rows["surrogate_valid_accuracy_percent"] / 100,
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
        "truth": "NAS-Bench-301, CIFAR-10, PREDICTED by the surrogate xgb_v1.0, not trained",
        "measure": "validation accuracy after 100 epochs as predicted",
        "architectures": f"{len(names):,}",
        "noise ceiling from": "nothing: a surrogate has no training seeds",
        "source": "Zela et al. 2022, as collected by NASLib",
    }
    return Benchmark("nb301", "darts", check(truth, TRUTH), None, provenance, FACTS, complexity)


def _arch(space: Darts, text: str) -> Arch:
    """The architecture of "[normal, reduce]", each eight pairs (predecessor, operation)."""
    cells = [[(space.ops[op], source) for source, op in cell] for cell in ast.literal_eval(text)]
    return space.from_str(f"Genotype(normal={cells[0]}, reduce={cells[1]})")


def _file() -> Path:
    root = os.environ.get("NASGAUGE_DATA")
    if not root:
        raise UserError("benchmark 'nb301': NASGAUGE_DATA is not set; set it to the folder that holds nas-bench-301/")
    path = Path(root) / "nas-bench-301" / "surrogate_sample.parquet"
    if not path.is_file():
        raise UserError(f"benchmark 'nb301': {path} is missing; see docs/data.md for the format")
    return path
