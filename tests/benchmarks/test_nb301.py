"""The surrogate sample of NAS-Bench-301: its declared facts, and that it says what it is."""

import ast
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.judging import judge_scores
from nasgauge.spaces import Darts

FILE = Path(os.environ.get("NASGAUGE_DATA", "/nowhere")) / "nas-bench-301" / "surrogate_sample.parquet"
needs_data = pytest.mark.skipif(
    not FILE.is_file(), reason="NASGAUGE_DATA has no nas-bench-301/surrogate_sample.parquet"
)


@needs_data
def test_facts_of_the_sample():
    benchmark, rows = load("nb301"), pd.read_parquet(FILE)
    facts = benchmark.facts
    percent = rows["surrogate_valid_accuracy_percent"]
    assert facts["n_archs"] == len(rows) == benchmark.truth["iso_class"].nunique() == facts["n_classes"]
    assert facts["best_predicted_percent"] == pytest.approx(percent.max(), abs=1e-4)
    assert facts["kendall_tau_params"] == pytest.approx(kendalltau(rows["params_million"], percent).statistic, abs=5e-5)
    best = benchmark.truth.loc[benchmark.truth["accuracy"].idxmax()]
    assert best["accuracy"] * 100 == pytest.approx(percent.max())


@needs_data
def test_rows_hold_the_cells_of_the_file():
    benchmark, rows, space = load("nb301"), pd.read_parquet(FILE), Darts()
    for i in (0, 100, 724):
        given = ast.literal_eval(rows["arch"][i])
        graphs = space.graphs(space.from_str(benchmark.truth["arch"][i]))
        for pairs, graph in zip(given, graphs.values(), strict=True):
            edges = sorted((source, 2 + k // 2, space.ops[op]) for k, (source, op) in enumerate(pairs))
            assert sorted(graph.edges) == edges
        assert benchmark.complexity["n_params"][i] == round(rows["params_million"][i] * 1e6)
        assert benchmark.complexity["arch"][i] == benchmark.truth["arch"][i]


@needs_data
def test_it_says_that_nothing_was_trained():
    benchmark = load("nb301")
    assert "PREDICTED" in benchmark.provenance["ground truth"] and "not trained" in benchmark.provenance["ground truth"]
    assert benchmark.truth["seed"].isna().all() and not benchmark.truth["arch"].duplicated().any()
    assert benchmark.replicates is None and benchmark.sample_classes(5, rng=np.random.default_rng(0)).replicates is None


@needs_data
def test_scores_are_judged_without_a_ceiling(tmp_path):
    complexity = load("nb301").complexity
    path = tmp_path / "scores.csv"
    pd.DataFrame({"arch": complexity["arch"], "params": complexity["n_params"]}).to_csv(path, index=False)
    verdict = judge_scores(path, benchmark="nb301", criteria=["kendall_tau"], n_bootstrap=10)
    assert verdict.ceiling.empty and verdict.values["value"].item() == pytest.approx(0.367, abs=5e-5)


def test_missing_data_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("NASGAUGE_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"surrogate_sample\.parquet is missing"):
        load("nb301")
    monkeypatch.delenv("NASGAUGE_DATA")
    with pytest.raises(UserError, match="NASGAUGE_DATA is not set"):
        load("nb301")
    with pytest.raises(UserError, match="unknown option"):
        load({"name": "nb301", "dataset": "cifar10"})
