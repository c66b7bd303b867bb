"""The real NAS-Bench-101 table and its views: every architecture has the accuracy of its own cell."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from nasgauge.benchmarks import load
from nasgauge.benchmarks.nb101_fingerprint import fingerprints
from nasgauge.errors import UserError
from nasgauge.spaces import NB101, get_space

CELLS = NB101()
DATA = os.environ.get("NASGAUGE_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="NASGAUGE_DATA is not set: nas-bench-101/accuracy.parquet is needed")


@pytest.fixture(scope="module")
def table():
    return pd.read_parquet(Path(DATA) / "nas-bench-101" / "accuracy.parquet")


def test_fingerprints_are_those_of_the_class_and_tell_classes_apart():
    rng = np.random.default_rng(0)
    forms = list({CELLS.canonical(CELLS.sample(rng)) for _ in range(3_000)})
    own = fingerprints(np.array([f[0] for f in forms]), np.array([f[1:] for f in forms]))
    assert len(set(own.tolist())) == len(forms) > 1_000
    for form, number in list(zip(forms, own, strict=True))[:200]:
        members = CELLS.members(form)
        same = fingerprints(np.array([m[0] for m in members]), np.array([m[1:] for m in members]))
        assert set(same.tolist()) == {number}


@needs_data
def test_facts_are_those_of_the_whole_table(table):
    facts, accuracy = load("nb101").facts, table["test_accuracy_108_epochs_mean"]
    assert len(table) == facts["n_cells"]
    assert accuracy.max() * 100 == pytest.approx(facts["best_test_percent"], abs=1e-4)
    assert table["index"][accuracy.idxmax()] == facts["index_of_best"]
    assert kendalltau(table["params"], accuracy).statistic == pytest.approx(facts["kendall_tau_params"], abs=5e-5)


@needs_data
def test_cells_are_rows_of_the_table_and_a_larger_n_keeps_the_earlier_ones(table):
    few, more = (load({"name": "nb101", "n": n, "seed": 3}) for n in (50, 80))
    assert more.archs[:50] == few.archs and few.facts["n_archs"] == 50
    rows = {CELLS.to_str(CELLS.from_table(*r)): i for i, r in enumerate(zip(
        table["n_vertices"][:20_000].tolist(), table["adj_bits"][:20_000].tolist(), table["ops"][:20_000].tolist(),
        strict=True))}  # fmt: skip
    every = load({"name": "nb101", "n": 5_000})
    known = every.truth[every.truth["arch"].isin(rows)]
    assert len(known) > 100
    for row in known.itertuples():
        assert row.accuracy == table["test_accuracy_108_epochs_mean"][rows[row.arch]]
    params = every.complexity.set_index("arch")["n_params"]
    assert all(params[arch] == table["params"][rows[arch]] for arch in known["arch"])


@needs_data
@pytest.mark.parametrize("view", ["nb101-1shot1-1", "nb101-1shot1-3", "nb101-1shot1-3-chain"])
def test_a_view_gives_every_architecture_the_accuracy_of_its_cell(table, view):
    benchmark, space = load({"name": "nb101", "view": view, "n": 40}), get_space(view)
    assert benchmark.space == view and len(benchmark.archs) == 40
    wanted = {CELLS.canonical(space.to_nb101(space.from_str(a))): a for a in benchmark.archs}
    # Independently: cells of as many vertices, edges and operations, each brought to its canonical form.
    shapes = {(f[0].bit_count(), *np.bincount(used(f), minlength=3)) for f in wanted}
    accuracy, found = benchmark.truth.set_index("arch")["accuracy"], 0
    for row in table.sample(40_000, random_state=0).itertuples():
        if (row.adj_bits.bit_count(), *np.bincount([*map(int, row.ops)], minlength=3)) not in shapes:
            continue
        form = CELLS.canonical(CELLS.from_table(row.n_vertices, row.adj_bits, row.ops))
        if form in wanted:
            assert accuracy[wanted[form]] == row.test_accuracy_108_epochs_mean
            found += 1
    assert found


def used(form):
    parents = CELLS.parents(form)
    return [form[v] for v in range(1, 6) if parents[v]]


@needs_data
def test_choices_that_do_not_exist():
    with pytest.raises(UserError, match="unknown view of NAS-Bench-101 'nb101-1shot1-4'"):
        load({"name": "nb101", "view": "nb101-1shot1-4"})
    with pytest.raises(UserError, match="n is 0"):
        load({"name": "nb101", "n": 0})
    with pytest.raises(UserError, match=r"too large to enumerate.*say how many"):
        load({"name": "nb101", "view": "nb101-1shot1-3", "n": None})
