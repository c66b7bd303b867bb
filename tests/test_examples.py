"""Every example runs, on little: finished folders of tiny studies, and 150 cells in place of the real benchmarks.

The stand-in has the columns that the tables of NAS-Bench-201 and NAS-Bench-101 have, so no data folder is needed; the
numbers that the examples print of it mean nothing.
"""

import re
import runpy
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge import benchmarks
from nasgauge.benchmarks.benchmark import Benchmark
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.config import parse, tables_of
from nasgauge.core.store import Store
from nasgauge.images import CROPS
from nasgauge.spaces import NB201, SPACES
from nasgauge.studies import run as running
from nasgauge.studies.schema import Study

EXAMPLES = Path(__file__).parents[1] / "examples"
TABLE = Path(benchmarks.__file__).parent / "tables" / "digits-nb201.parquet"
STUDY = """
title = "an example's"
benchmark = "digits-nb201"
archs = { n = 12 }
n_bootstrap = 5
criteria = ["kendall_tau"]
published = "ning2021-nb201-zeroshot"
[[estimators]]
name = "zeroshot"
proxies = ["relu_logdet", "jacob_cov", "synflow"]
batch_size = 8
net = { channels = 2, n_cells = 1, n_stages = 1 }
[[estimators]]
name = "oneshot"
epochs = 2
checkpoints = [1]
forgetting_epochs = [1]
gradient_epochs = [1]
n_gradient_archs = 3
score_batch_size = 90
net = { channels = 2, n_cells = 1, n_stages = 1 }
"""
OF_NB201 = """
title = "an example's"
benchmark = { name = "nb201", path = "nowhere.parquet" }
[[estimators]]
name = "zeroshot"
"""
ARGUMENTS = {  # {study}: a finished study, {nb201}: one of nb201, {table}, {other}: tables of trainings, {five}: CSV
    "any_networks.py": "{five} {out}/page.html",
    "compare_truths.py": "{table} {other}",
    "count_baselines.py": "",
    "crops_baselines.py": "",
    "describe_truth.py": "digits-resnet",
    "draws.py": "2 1",
    "layer_profile.py": "{out}/figure.png",
    "markdown_table.py": "{study}",
    "nb101_views.py": "",
    "numbering.py": "1 1",
    "oneshot_findings.py": "{study}",
    "other_truths.py": "{nb201}",
    "own_proxy.py": "",
    "own_space.py": "{out} 6",
    "pairs_and_dropout.py": "2 1",
    "pilot_truths.py": "{table} {other}",
    "precision.py": "1 nb201",
    "regression_scale.py": "1",
    "same_cells.py": "{study} {study}",
    "subset_supernet.py": "{out}/subset 1 12",
    "synflow_preference.py": "400",
    "vote_by_sorting.py": "{nb201}",
}
SAYS = {  # what stands in what it prints
    "any_networks.py": r"n_params +-?[01]\.\d+ +5\n[\s\S]*transformer +fisher, .*zen",
    "compare_truths.py": r"40 architectures\ndigits-nb201: single seeds 0\.\d+, halves 0\.\d+, real truth (?:1\.000|0\.99\d)",
    "count_baselines.py": r"parameters, live edges +0\.\d+",
    "crops_baselines.py": r"linear 0\.\d+, moments 0\.\d+",
    "describe_truth.py": r"n_params +-?0\.\d+[\s\S]*depth of stage 1",
    "draws.py": r"gates: -?0\.\d+ ± 0\.\d+",
    "layer_profile.py": r"with skip: snip [\d.e+-]+ in the last convolution",
    "markdown_table.py": r"\| noise_ceiling \| [\s\S]*\| synflow \| -?\.\d+ \[-?\.\d+, -?\.\d+\] \(\.\d+\*?\)",
    "nb101_views.py": r"nb101: 150 architectures, 77 cells: KD 0\.\d+, rho 0\.\d+",
    "numbering.py": r"random forest, draw 1: 0\.\d+, alphabetical 0\.\d+",
    "oneshot_findings.py": r"\*\*Kendall's tau by epoch[\s\S]*\| oneshot \| 1 \| ",
    "other_truths.py": r"cifar10 +cifar100 +imagenet16-120\n[\s\S]*kendall_tau +mine +1\.0+ +1\.0+ +1\.0+\n",
    "own_proxy.py": r"grad_max +-?0\.\d+",
    "own_space.py": r"n_params +-?[01]\.\d+ .* 6",
    "pairs_and_dropout.py": r"gates, random pairs, dropout: -?0\.\d+, difference [+-]0\.\d+ ± 0\.\d+",
    "pilot_truths.py": r"40 cells, 4 seeds[\s\S]*digits-nb201 over other: 0\.000 \[0\.000, 0\.000\]",
    "precision.py": r"\| snip \| [\d.e+-]+ \|[\s\S]*layouts, float64: nb201 ",
    "regression_scale.py": r"gates, standardised: -?0\.\d+, -?0\.\d+, -?0\.\d+",
    "same_cells.py": r"synflow +-?0\.\d+ +-?\d\.\d+ +-?\d\.\d+ +12",
    "subset_supernet.py": r"draw 3, all: whole -?0\.\d+ ± 0\.\d+, subset-2 -?0\.\d+ ± 0\.\d+",
    "synflow_preference.py": r"all \d+ pairs: the truth rises in [\d.]+%, synflow in [\d.]+%",
    "vote_by_sorting.py": r"sorted by majority: -?0\.\d+ to -?0\.\d+ over 20 orders",
}


LOAD = benchmarks.load


def stand_in():
    """One row an architecture, as in the tables of real benchmarks: 150 cells of digits-nb201, mean accuracies."""
    trained = LOAD("digits-nb201")
    whole = [arch for arch in trained.archs if "none" not in arch]  # so that every operation is in a draw of 78
    small = trained.only(whole[:150])
    truth = small.truth.groupby(["arch", "iso_class"], as_index=False)["accuracy"].mean().assign(seed=pd.NA)
    complexity = small.complexity.set_index("arch").loc[truth["arch"]].reset_index()
    named = {"name": "nb201", "space": NB201(), "provenance": {}, "facts": {"n_classes": 77}}
    return Benchmark(**named, truth=truth, replicates=None, complexity=complexity)


def loaded(name, **options):
    """Of real benchmarks the stand-in, whatever view or data set is asked for; others as they are."""
    real = (name if isinstance(name, str) else name.get("name")) in ("nb201", "nb101")
    return stand_in() if real else LOAD(name, **options)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """What examples read: a finished study, one of nb201 as far as it is read, and tables of trainings."""
    place = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write", lambda *_, **options: None)
        running.run_text(STUDY, place / "study", where="s.toml", workers="serial").bundle()
    archs = stand_in().truth
    noise = np.random.default_rng(0).random((3, len(archs)))
    guesses = {"mine": archs["accuracy"], **dict(zip(("relu_logdet", "jacob_cov", "synflow"), noise, strict=True))}
    scores = pd.concat(archs[["arch"]].assign(estimator=name, seed=0, score=guess) for name, guess in guesses.items())
    Store.open(place / "nb201", tables_of(OF_NB201, "nb201"), OF_NB201).write("scores", "all", scores)
    rows = pd.read_parquet(TABLE)
    rows = rows[rows["arch"].isin(archs["arch"].head(40))]
    for name in ("digits-nb201", "other"):
        rows.to_parquet(place / f"{name}.parquet")
        (place / f"{name}.json").write_text(TABLE.with_suffix(".json").read_text(encoding="utf-8"), encoding="utf-8")
    names = ("linear", "mlp", "conv 1d", "conv 2d", "transformer")
    pd.DataFrame({"arch": names, "accuracy": [0.9, 0.95, 0.93, 0.97, 0.85]}).to_csv(place / "five.csv", index=False)
    return {
        "study": place / "study",
        "nb201": place / "nb201",
        "table": place / "digits-nb201.parquet",
        "other": place / "other.parquet",
        "five": place / "five.csv",
    }


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs_and_prints_numbers(path, folders, tmp_path, monkeypatch, capsys, without_ink):
    assert {other.name for other in EXAMPLES.glob("*.py")} == set(ARGUMENTS) == set(SAYS)
    if path.name == "crops_baselines.py":
        pytest.importorskip("skimage", reason="the extra crops is not installed")
    for name, options in CROPS.items():
        monkeypatch.setitem(CROPS, name, replace(options, n_train=20, n_valid=4, n_test=8))
    arguments = ARGUMENTS[path.name].format(out=tmp_path, **folders).split()
    monkeypatch.setattr(benchmarks, "load", loaded)
    monkeypatch.setattr(SPACES, "_entries", dict(SPACES._entries))  # some add one of their own
    monkeypatch.setattr(running, "run", partial(running.run, workers="serial"))
    monkeypatch.setattr(running, "write", lambda *_, **options: None)
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    runpy.run_path(str(path), run_name="__main__")
    out = capsys.readouterr().out
    assert re.search(SAYS[path.name], out), out
    assert "nan" not in out.lower(), out
    assert [tmp_path / "figure.png"] == list(tmp_path.glob("*.png")) or path.name != "layer_profile.py"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_an_examples_study_or_recipe_is_one(path):
    text = path.read_text(encoding="utf-8")
    kind = Study if "[[estimators]]" in text else Recipe
    assert parse(text, kind, path.name).title
