"""The real NAS-Bench-101 table and its views: every architecture has the accuracy of its own cell."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from nasgauge.benchmarks import load
from nasgauge.benchmarks.nb101_fingerprint import fingerprints
from nasgauge.core.errors import UserError
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


@pytest.mark.long
@needs_data
@pytest.mark.parametrize(
    "view", ["nb101-1shot1-3", *(pytest.param(f"nb101-1shot1-{v}", marks=pytest.mark.full) for v in ("1", "3-chain"))]
)
def test_a_view_gives_every_architecture_the_accuracy_of_its_cell(table, view):
    benchmark, space = load({"name": "nb101", "view": view, "n": 40}), get_space(view)
    assert benchmark.space.name == view and len(benchmark.archs) == 40
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
    with pytest.raises(UserError, match=r"too large to enumerate.*give the number of architectures"):
        load({"name": "nb101", "view": "nb101-1shot1-3", "n": None})


# --- looked up, on a small table of our own -------------------------------------------------------------------------


def table_of(cells):
    """Rows as the published table writes cells whose vertices are numbered without gaps."""
    rows = []
    for i, cell in enumerate(cells):
        parents = CELLS.parents(cell)
        n = 1 + max(v for v in range(6) if v == 0 or parents[v])
        place = {**{v: v for v in range(n)}, 6: n}
        edges = [(p, place[v]) for v in (*range(1, n), 6) for p in parents[v]]
        bits = sum(1 << x + y * (y - 1) // 2 for x, y in edges)
        ops = "".join(map(str, cell[1:n]))
        rows.append((i, n + 1, bits, ops, 1_000 + i, 0.5 + i / 1000))
    return pd.DataFrame(
        rows, columns=["index", "n_vertices", "adj_bits", "ops", "params", "test_accuracy_108_epochs_mean"]
    )


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A table of 300 cells, as forms in the order of their rows: among them all of some 1Shot1 architectures."""
    rng, view = np.random.default_rng(0), get_space("nb101-1shot1-1")
    forms = dict.fromkeys(CELLS.canonical(view.to_nb101(view.sample(rng))) for _ in range(100))
    while len(forms) < 300:
        forms[CELLS.canonical(CELLS.sample(rng))] = None
    path = tmp_path / "nas-bench-101" / "accuracy.parquet"
    path.parent.mkdir()
    table_of(forms).to_parquet(path)
    monkeypatch.setenv("NASGAUGE_DATA", str(tmp_path))
    return list(forms)


def other_encodings(forms):
    """Another string of each cell, where it has one."""
    rng = np.random.default_rng(1)
    members = [CELLS.members(form) for form in forms]
    return [CELLS.to_str(m[int(rng.integers(len(m)))]) for m in members]


def test_the_cells_that_are_judged_are_looked_up_under_any_encoding(small):
    asked = [small[i] for i in (7, 250, 8, 100)]
    names = other_encodings(asked)
    assert names != [CELLS.to_str(form) for form in asked]
    benchmark = load("nb101", holding=[*names, "no cell"])
    assert [CELLS.canonical(CELLS.from_str(name)) for name in benchmark.archs] == asked
    assert benchmark.truth["accuracy"].tolist() == pytest.approx([0.507, 0.75, 0.508, 0.6])
    assert benchmark.complexity["n_params"].tolist() == [1_007, 1_250, 1_008, 1_100]
    assert "4 looked up, of the 300 cells" in benchmark.provenance["architectures"]
    assert load("nb101", holding=[names[0], CELLS.to_str(asked[0])]).facts["n_archs"] == 1, "one cell, one row"
    assert load("nb101", holding=[]).archs == []


def test_a_cell_that_the_table_lacks_is_not_in_the_truth(small):
    rng = np.random.default_rng(9)
    absent = next(cell for cell in iter(lambda: CELLS.sample(rng), None) if CELLS.canonical(cell) not in small)
    assert load("nb101", holding=[CELLS.to_str(absent), CELLS.to_str(small[3])]).archs == [CELLS.to_str(small[3])]


def test_a_draw_that_is_chosen_stays_and_says_what_it_passed_over(small):
    names = other_encodings(small)
    for choice in ({"n": 50, "seed": 3}, {"n": 50}, {"seed": 3}):
        asked = load({"name": "nb101", **choice}, holding=names)
        assert asked.archs == load({"name": "nb101", **choice}).archs
        held = {CELLS.identity_of(arch) for arch in asked.archs}
        assert all(CELLS.identity_of(name) in held or name in asked.left_out for name in names)
    (why,) = set(load({"name": "nb101", "n": 50}, holding=names).left_out.values())
    assert why.startswith("in the table, but not among the 50 drawn by n and seed")


def test_views_are_looked_up_as_encodings_of_their_own(small):
    view, rng = get_space("nb101-1shot1-1"), np.random.default_rng(0)
    archs = list(dict.fromkeys(view.sample(rng) for _ in range(100)))
    names = [view.to_str(a) for a in archs]
    benchmark = load({"name": "nb101", "view": view.name}, holding=[*names, CELLS.to_str(small[-1])])
    assert benchmark.archs == names and benchmark.space.name == view.name
    place = {form: i for i, form in enumerate(small)}
    rows = [place[CELLS.canonical(view.to_nb101(a))] for a in archs]
    assert benchmark.truth["accuracy"].tolist() == pytest.approx([0.5 + i / 1000 for i in rows])


def test_the_words_of_a_lookup_are_checked_as_those_of_a_draw(small):
    with pytest.raises(UserError, match="unknown view"):
        load({"name": "nb101", "view": "nb102"}, holding=[])
    with pytest.raises(UserError, match="unknown option"):
        load({"name": "nb101", "m": 3}, holding=[])
    with pytest.raises(UserError, match="unknown option"):
        load({"name": "nb101", "holding": []})


@pytest.mark.long
@needs_data
def test_published_cells_are_all_found_in_any_encoding(table):
    rows = table.sample(200, random_state=1)
    forms = [CELLS.canonical(CELLS.from_table(*r)) for r in zip(rows.n_vertices, rows.adj_bits, rows.ops, strict=True)]
    benchmark = load("nb101", holding=other_encodings(forms))
    assert benchmark.truth["accuracy"].tolist() == rows["test_accuracy_108_epochs_mean"].tolist()
    assert benchmark.complexity["n_params"].tolist() == rows["params"].tolist()
