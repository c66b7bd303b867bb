"""The example over data sets on the published tables, where tests/test_examples.py takes a stand-in."""

import os
import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "over_datasets.py"


@pytest.mark.long
def test_two_baselines_on_three_data_sets(monkeypatch, capsys):
    if not os.environ.get("NASGAUGE_DATA"):
        pytest.skip("needs $NASGAUGE_DATA/nas-bench-201/accuracy.parquet")
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), "200"])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    out = capsys.readouterr().out
    rows = dict(re.findall(r"(cifar10|cifar100|imagenet16-120|mean) +(-?0\.\d+)", out))
    assert set(rows) == {"cifar10", "cifar100", "imagenet16-120", "mean"} and "'p_attainable': 0.25" in out
    assert all(-0.2 < float(value) < 0 for value in rows.values())  # the number of parameters ranks better there
