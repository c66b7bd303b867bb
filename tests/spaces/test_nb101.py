"""The NAS-Bench-101 space: published counts, canonical form against brute force, neighbours, strings, errors."""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import NB101
from nasgauge.spaces.nb101 import OPS, validate

SPACE = NB101()
DATA = os.environ.get("NASGAUGE_DATA")
TABLE = Path(DATA or "") / "nas-bench-101" / "accuracy.parquet"
needs_data = pytest.mark.skipif(not TABLE.is_file(), reason="needs $NASGAUGE_DATA/nas-bench-101/accuracy.parquet")
C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


def some(n, seed=0):
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(n)]


def edges_of(arch):
    pairs = [(x, y) for y in range(7) for x in range(y)]  # the order of the bits
    return [pair for i, pair in enumerate(pairs) if arch[0] >> i & 1]


def live_edges(arch):
    """By listing every path from input to output."""
    edges, live = edges_of(arch), set()

    def walk(path):
        if path[-1] == 6:
            live.update(itertools.pairwise(path))
        for x, y in edges:
            if x == path[-1]:
                walk([*path, y])

    walk([0])
    return live


def brute_key(arch):
    """Least adjacency and operations over every permutation of the live interior vertices."""
    live = live_edges(arch)
    vertices = sorted({v for edge in live for v in edge} - {0, 6})
    keys = []
    for order in itertools.permutations(vertices):
        place = {0: 0, 6: 6} | {v: i for i, v in enumerate(order, start=1)}
        keys.append((sorted((place[x], place[y]) for x, y in live), [arch[v] for v in order]))
    return repr(min(keys))


def small_cells(n_vertices):
    """Every cell of n vertices in the table's layout in which all are live, in every numbering."""
    for bits in range(1 << n_vertices * (n_vertices - 1) // 2):
        try:
            arch = SPACE.from_table(n_vertices, bits, "0" * (n_vertices - 2))
        except UserError:  # no path, or ten edges
            continue
        if len({v for edge in live_edges(arch) for v in edge}) == n_vertices:
            for ops in itertools.product("012", repeat=n_vertices - 2):
                yield SPACE.from_table(n_vertices, bits, "".join(ops))


def test_numbers_of_classes_are_the_published_ones():
    """1, 6, 84, 2,441, 62,010 and 359,082 cells of 2 to 7 vertices make 423,624; here all up to 5."""
    assert [len({SPACE.canonical(a) for a in small_cells(n)}) for n in (2, 3, 4, 5)] == [1, 6, 84, 2441]


@needs_data
def test_no_two_cells_of_the_table_share_a_canonical_form():
    table = pd.read_parquet(TABLE).sample(3000, random_state=0)
    rows = list(table[["n_vertices", "adj_bits", "ops"]].itertuples(index=False))
    archs = [SPACE.from_table(int(n), int(bits), ops) for n, bits, ops in rows]
    forms = [SPACE.canonical(a) for a in archs]
    assert len(set(forms)) == len(forms)
    for (n, _, _), arch in zip(rows, archs, strict=True):  # the table holds pruned cells
        assert sum(SPACE.op_counts(arch, live=True).values()) == n - 2
        assert live_edges(arch) == set(edges_of(arch))


def test_the_canonical_form_separates_what_brute_force_separates_and_merges_what_it_merges():
    archs = [arch for i, arch in enumerate(small_cells(5)) if i % 9 == 0] + some(150)
    by_form = {}
    for arch in archs:
        by_form.setdefault(SPACE.canonical(arch), set()).add(brute_key(arch))
    assert all(len(keys) == 1 for keys in by_form.values())
    assert len(set.union(*by_form.values())) == len(by_form)


def test_the_canonical_form_ignores_numbering_and_dead_vertices():
    rng = np.random.default_rng(1)
    for arch in some(150, seed=1):
        live = live_edges(arch)
        vertices = sorted({v for edge in live for v in edge} - {0, 6})
        ready, order = {0}, []
        while len(order) < len(vertices):  # a random order in which every vertex comes after its parents
            free = [v for v in vertices if v not in order and all(x in ready for x, y in live if y == v)]
            order.append(free[int(rng.integers(len(free)))])
            ready.add(order[-1])
        places = sorted(rng.choice(5, len(order), replace=False) + 1)
        place = {0: 0, 6: 6} | dict(zip(order, map(int, places), strict=True))
        edges = {(place[x], place[y]) for x, y in live}
        edges |= {(x, y) for y in set(range(1, 6)) - set(places) for x in range(y)}  # dead: nothing uses them
        bits = sum(1 << x + y * (y - 1) // 2 for x, y in edges)
        ops = [int(i) for i in rng.integers(3, size=5)]
        for v in order:
            ops[place[v] - 1] = arch[v]
        twin = (bits, *ops)
        assert live_edges(twin) == {(place[x], place[y]) for x, y in live}
        assert SPACE.canonical(twin) == SPACE.canonical(arch)


def test_canonical_forms_carry_no_dead_parts():
    for arch in some(60):
        form = SPACE.canonical(arch)
        assert live_edges(form) == set(edges_of(form))
        assert SPACE.op_counts(form) == SPACE.op_counts(arch, live=True)


def test_samples_are_valid_cells_and_reach_every_edge_and_operation():
    archs = some(300)
    assert all(0 < len(live_edges(a)) <= 9 for a in archs)
    assert {edge for a in archs for edge in edges_of(a)} == {(x, y) for y in range(7) for x in range(y)}
    assert all({a[v] for a in archs} == {0, 1, 2} for v in range(1, 6))
    assert any(len(edges_of(a)) > 9 for a in archs)  # more than nine edges, but not on paths


def test_neighbours_are_all_valid_encodings_at_distance_one():
    for arch in some(25, seed=2):
        one_edge = [(arch[0] ^ 1 << bit, *arch[1:]) for bit in range(21)]
        one_op = [(*arch[:v], op, *arch[v + 1 :]) for v in range(1, 6) for op in range(3) if op != arch[v]]
        expected = {a for a in one_edge + one_op if 0 < len(live_edges(a)) <= 9}
        assert set(SPACE.neighbours(arch)) == expected


def test_members_are_the_vertex_orders_of_the_pruned_cell():
    two_orders = SPACE.from_str(f"{C3}~0|{POOL}~0|output~1+2")
    assert set(map(SPACE.to_str, SPACE.members(two_orders))) == {
        f"{C3}~0|{POOL}~0|output~1+2",
        f"{POOL}~0|{C3}~0|output~1+2",
    }
    twins = SPACE.from_str(f"{C3}~0|{C3}~0|output~1+2")
    assert SPACE.members(twins) == [twins]
    with_dead = SPACE.from_str(f"{C1}~|{C3}~0|output~2")
    assert set(map(SPACE.to_str, SPACE.members(with_dead))) == {f"{C1}~|{C3}~0|output~2", f"{C3}~0|output~1"}
    for arch in some(30, seed=3):
        assert arch in SPACE.members(arch)
        assert {SPACE.canonical(m) for m in SPACE.members(arch)} == {SPACE.canonical(arch)}


def test_counts_and_drawing_of_a_cell_worked_out_by_hand():
    arch = SPACE.from_str(f"{C3}~0|{POOL}~0+1|{C1}~|{C3}~3|output~0+1+4")
    assert SPACE.op_counts(arch) == {C3: 2, C1: 1, POOL: 1}
    assert SPACE.op_counts(arch, live=True) == {C3: 1, C1: 0, POOL: 0}
    assert SPACE.parents(arch) == ((), (0,), (), (), (), (), (0, 1))
    graph = SPACE.graphs(arch)["cell"]
    assert graph.nodes == ("in", C3, POOL, C1, C3, "out")
    assert graph.edges == tuple((s, t, "") for s, t in [(0, 1), (0, 2), (1, 2), (3, 4), (0, 5), (1, 5), (4, 5)])
    assert {graph.edges[i][:2] for i in graph.dead} == {(0, 2), (1, 2), (3, 4), (4, 5)}


def test_the_tables_layout():
    """Vertices 0, 1, 2, 3; bits in order 01, 02, 12, 03, 13, 23: here 01, 12, 03 and 23."""
    arch = SPACE.from_table(4, 0b101101, "21")
    assert SPACE.to_str(arch) == f"{POOL}~0|{C1}~1|output~0+2"
    assert SPACE.from_table(2, 1, "") == (1 << 15, 0, 0, 0, 0, 0)
    assert SPACE.to_str(SPACE.from_table(2, 1, "")) == "output~0"


def test_restriction_holds_in_sampling_mutation_and_neighbours():
    small = SPACE.restrict([C3, POOL])
    rng = np.random.default_rng(1)
    assert small.options == (C3, POOL, *SPACE.options[3:])
    for _ in range(30):
        arch = small.sample(rng)
        for one in (arch, small.mutate(arch, rng), *small.neighbours(arch)):
            assert set(one[1:]) <= {0, 2}
        assert small.canonical(arch) == SPACE.canonical(arch)
    with pytest.raises(UserError, match="no operation is kept"):
        SPACE.restrict([])
    with pytest.raises(UserError, match="nearest: maxpool3x3"):
        SPACE.restrict(["maxpool"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not a valid NAS-Bench-101 cell"),
        (f"{C3}~0", "not a valid NAS-Bench-101 cell"),
        ("|".join([f"{C3}~0"] * 6) + "|output~1", "not a valid NAS-Bench-101 cell"),
        ("conv3x3~0|output~1", "vertex 1: unknown operation 'conv3x3'; nearest"),
        (f"{C3}~1|output~1", "vertex 1: parent '1'; expected numbers from 0 to 0"),
        (f"{C3}~0|output~2", "output: parent '2'; expected numbers from 0 to 1"),
        (f"{C3}~0|output~1,0", "output: parent '1,0'"),
        (f"{C3}~0|output~1+1", "output: parent 1 is named twice"),
        (f"{C3}~|output~1", "no path leads from input to output"),
        ("|".join(f"{C3}~{'+'.join(map(str, range(v)))}" for v in range(1, 5)) + "|output~4", "11 edges"),
    ],
)
def test_malformed_strings_say_what_is_wrong(text, says):
    with pytest.raises(UserError, match=says):
        SPACE.from_str(text)


@pytest.mark.parametrize(
    ("arch", "says"),
    [
        ((1 << 15, 0, 0), "3 numbers; expected adjacency bits and 5 operations"),
        ((1 << 21, 0, 0, 0, 0, 0), "adjacency bits 2097152; expected 0 to 2097151"),
        ((1 << 15, 0, 0, 3, 0, 0), "vertex 3 has operation 3; expected 0 to 2"),
        (((1 << 21) - 1, 0, 0, 0, 0, 0), "21 edges on paths from input to output; at most 9"),
    ],
)
def test_validate_says_what_breaks_the_rules(arch, says):
    with pytest.raises(UserError, match=says):
        validate(arch)


def test_operations_are_in_the_order_of_the_table():
    assert OPS == (C3, C1, POOL)
