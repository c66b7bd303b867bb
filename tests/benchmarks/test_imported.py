"""Imported tables: what is in the table and not in the truth is told apart from what is in neither."""

import json

import pandas as pd

from nasgauge.benchmarks import load
from nasgauge.core.tables import OFFICIAL, check
from nasgauge.spaces import NB201


def test_why_an_architecture_of_the_table_is_not_in_the_truth(tmp_path):
    space = NB201()
    archs = [space.to_str((i, 3, 3, 3, 3, 3)) for i in range(4)]
    table = pd.DataFrame(
        {
            "arch": archs[:3],
            "iso_class": archs[:3],
            "dataset": ["cifar10", "cifar100", "cifar10"],
            "epochs": 200,
            "seed": 0,
            "valid_accuracy": [0.9, 0.8, 0.7],
            "test_accuracy": [0.9, 0.8, None],
            "n_params": 1000,
            "train_seconds": None,
        }
    )
    check(table, OFFICIAL).to_parquet(tmp_path / "t.parquet")
    record = {"kind": "nb201", "space": "nb201", "source": "a file", "facts": {}}
    (tmp_path / "t.json").write_text(json.dumps(record))
    benchmark = load({"name": str(tmp_path / "t.parquet"), "dataset": "cifar10"})
    assert benchmark.archs == archs[:1]
    assert benchmark.left_out == {
        archs[1]: "in the table, but not for cifar10, 200 epochs",
        archs[2]: "in the table, but without test accuracy",
    }
