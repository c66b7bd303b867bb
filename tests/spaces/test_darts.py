"""The DARTS spaces: counts, classes against brute force, the genotype string, errors."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import Darts, DartsNDS
from nasgauge.spaces.darts import OPS, cells, validate

SPACE, NDS = Darts(), DartsNDS()
BOTH = pytest.mark.parametrize("space", [SPACE, NDS], ids=lambda s: s.name)
NORMAL = (
    "[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)]"
)
REDUCE = (
    "[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)]"
)
V2 = f"Genotype(normal={NORMAL}, normal_concat=range(2, 6), reduce={REDUCE}, reduce_concat=range(2, 6))"
V2_CODE = (  # by hand: (predecessor, operation) twice a node
    *(0, 3, 1, 3, 0, 3, 1, 3, 0, 2, 1, 3, 0, 2, 2, 5),
    *(0, 0, 1, 0, 1, 0, 2, 2, 0, 0, 2, 2, 1, 0, 2, 2),
)


def some(space, n, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(n)]


def edges(cell):
    """The cell as a multiset of (source, target, operation)."""
    return Counter((s, node, op) for node, terms in enumerate(cell, start=2) for s, op in terms)


def brute_class(cell):
    """Equal for two cells if and only if some exchange of the four nodes makes the edges of one those of the other."""
    names = [
        {0: 0, 1: 1, **dict(zip(range(2, 6), order, strict=True))} for order in itertools.permutations(range(2, 6))
    ]
    return min(sorted((name[s], name[t], op) for s, t, op in edges(cell).elements()) for name in names)


def with_normal(cell):
    return tuple(e for node in cell for term in node for e in term) + V2_CODE[16:]


def test_the_number_of_encodings_is_the_literatures():
    assert math.prod(len(n) for n in SPACE._nodes) == 180 * 7**8  # squared 1.08e18, "10^18"
    assert math.prod(len(n) for n in NDS._nodes) == 136 * 300 * 528 * 820
    ordered = math.prod(sum(1 if a == b else 2 for a, b in n) for n in NDS._nodes)
    assert ordered == (8 * 2 * 8 * 3 * 8 * 4 * 8 * 5) ** 2  # 2.4e11 a cell


def test_a_published_genotype_has_the_encoding_written_by_hand():
    assert SPACE.from_str(V2) == V2_CODE
    assert SPACE.from_str(f"Genotype(normal={NORMAL}, reduce={REDUCE})") == V2_CODE
    lists = V2.replace("range(2, 6)", "[2, 3, 4, 5]")
    assert SPACE.from_str(f"  {lists}\n") == V2_CODE
    assert SPACE.from_str(SPACE.to_str(V2_CODE)) == V2_CODE
    assert SPACE.to_str(V2_CODE).startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    assert SPACE.to_str(V2_CODE).endswith("('skip_connect', 2)], reduce_concat=[2, 3, 4, 5])")


@BOTH
def test_the_order_of_a_nodes_two_terms_does_not_matter(space):
    rng = np.random.default_rng(1)
    for arch in some(space, 40):
        parts = []
        for cell in cells(arch):
            pairs = [[(space.ops[op], s) for s, op in node] for node in cell]
            shuffled = [p for node in pairs for p in (node[::-1] if rng.random() < 0.5 else node)]
            parts.append(str(shuffled))
        assert space.from_str(f"Genotype(normal={parts[0]}, reduce={parts[1]})") == arch


def test_all_cells_of_one_operation_fall_into_the_classes_of_brute_force():
    one = SPACE.restrict(["skip_connect"])
    every = list(itertools.product(*one._nodes))
    pairs = {(one.canonical(with_normal(cell)), str(brute_class(cell))) for cell in every}
    assert len(every) == 180
    assert len(pairs) == len({p[0] for p in pairs}) == len({p[1] for p in pairs}) < 180


@BOTH
def test_classes_of_random_cells_against_brute_force(space):
    """With two operations equal classes are frequent enough to meet."""
    small = space.restrict([OPS[2], space.ops[-1]])
    archs = some(small, 300, seed=3)
    archs = set(archs + [small.members(a)[-1] for a in archs])
    pairs = {(small.canonical(a), str([brute_class(cell) for cell in cells(a)])) for a in archs}
    assert len(pairs) == len({p[0] for p in pairs}) == len({p[1] for p in pairs}) < len(archs) - 100


@BOTH
def test_members_are_the_whole_class_and_nothing_else(space):
    for arch in some(space, 10):
        members = space.members(arch)
        assert len(set(members)) == len(members) and arch in members and members == sorted(members)
        assert members[0] == space.canonical(arch)
        for member in members:
            validate(member, space)
            assert [brute_class(c) for c in cells(member)] == [brute_class(c) for c in cells(arch)]
    chain = "('skip_connect', 0), ('skip_connect', 1), ('max_pool_3x3', 0), ('max_pool_3x3', 2), "
    chain += "('max_pool_3x3', 0), ('max_pool_3x3', 3), ('max_pool_3x3', 0), ('max_pool_3x3', 4)"
    assert len(space.members(space.from_str(f"Genotype(normal=[{chain}], reduce=[{chain}])"))) == 1
    star = "".join(f"('{op}', 0), ('skip_connect', 1), " for op in OPS[:4])
    assert len(space.members(space.from_str(f"Genotype(normal=[{star}], reduce=[{star}])"))) == 24**2


@BOTH
def test_neighbours_differ_in_one_operation_or_one_predecessor_and_are_symmetric(space):
    for arch in some(space, 3, seed=5):
        near = space.neighbours(arch)
        assert len(near) == (120 if space is SPACE else len(set(near)))
        for other in near:
            validate(other, space)
            assert arch in space.neighbours(other)
            lost = [edges(x) - edges(y) for x, y in zip(cells(arch), cells(other), strict=True)]
            won = [edges(y) - edges(x) for x, y in zip(cells(arch), cells(other), strict=True)]
            assert sum(c.total() for c in lost) == sum(c.total() for c in won) == 1
            ((s, t, op),), ((u, v, other_op),) = lost[0] + lost[1], won[0] + won[1]
            assert t == v and (s == u) != (op == other_op)


def test_sampling_is_uniform_over_the_sets_of_predecessors_and_over_operations():
    archs = some(SPACE, 2000, seed=2)
    sources = Counter(tuple(s for s, _ in cells(a)[0][3]) for a in archs)
    assert set(sources) == set(itertools.combinations(range(5), 2))
    assert all(abs(n - 200) < 5 * 200**0.5 for n in sources.values())
    ops = Counter(op for a in archs for op in a[1::2])
    assert all(abs(n / (2000 * 16) - 1 / 7) < 0.01 for n in ops.values())
    both = Counter(cells(a)[1][0] for a in some(NDS, 8_000, seed=2))
    assert len(both) == 136 and all(abs(n - 8_000 / 136) < 5 * (8_000 / 136) ** 0.5 for n in both.values())


def test_operation_counts_and_live_terms():
    assert SPACE.op_counts(V2_CODE) == SPACE.op_counts(V2_CODE, live=True)
    assert {k: n for k, n in SPACE.op_counts(V2_CODE).items() if n} == {
        "sep_conv_3x3": 5,
        "skip_connect": 5,
        "dil_conv_3x3": 1,
        "max_pool_3x3": 5,
    }
    dead = "('none', 0), ('none', 1), ('sep_conv_3x3', 2), ('none', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), "
    dead += "('skip_connect', 1), ('skip_connect', 1)"  # nodes 2 and 3 are empty, so node 4 lives by one term
    arch = NDS.from_str(f"Genotype(normal=[{dead}], reduce={REDUCE})")
    assert NDS.op_counts(arch)["sep_conv_3x3"] == 3
    assert NDS.op_counts(arch, live=True)["sep_conv_3x3"] == 1
    assert NDS.op_counts(arch, live=True)["none"] == 0
    assert NDS.graphs(arch)["normal"].dead == {0, 1, 2, 3, 5}  # node 4 in ascending order: (0, sep), (3, sep)
    assert NDS.graphs(arch)["reduce"].dead == frozenset()


def test_the_encoding_counts_operations_at_places():
    code = SPACE.encode(V2_CODE).reshape(2, 14, 7)
    assert code.sum() == 16
    places = [(s, t) for t in range(2, 6) for s in range(t)]
    for name, values in zip(("normal", "reduce"), code, strict=True):
        expected = np.zeros((14, 7))
        for s, t, label in SPACE.graphs(V2_CODE)[name].edges:
            expected[places.index((s, t)), OPS.index(label)] += 1
        assert (values == expected).all()


def test_every_architecture_of_darts_is_one_of_darts_nds():
    for arch in some(SPACE, 30):
        validate(arch, NDS)
        assert NDS.to_str(arch) == SPACE.to_str(arch)
        assert NDS.canonical(arch) == SPACE.canonical(arch)
    twice = f"Genotype(normal={NORMAL.replace(', 2)', ', 0)')}, reduce={REDUCE})"
    assert NDS.from_str(twice)[12:16] == (0, 2, 0, 5)
    with pytest.raises(UserError, match="normal cell, node 5: both terms have predecessor 0"):
        SPACE.from_str(twice)


def test_restriction_holds_in_sampling_mutation_and_neighbours():
    small = SPACE.restrict(["skip_connect", "sep_conv_3x3"])
    rng = np.random.default_rng(1)
    for _ in range(20):
        arch = small.sample(rng)
        assert set(arch[1::2]) | set(small.mutate(arch, rng)[1::2]) <= {2, 3}
        assert len(small.neighbours(arch)) == 2 * (8 + 12)
        assert small.canonical(arch) == SPACE.canonical(arch)
    with pytest.raises(UserError, match="no operation is kept"):
        SPACE.restrict([])
    with pytest.raises(UserError, match="unknown operation 'none'"):
        SPACE.restrict(["none"])
    with pytest.raises(NotImplementedError, match="darts is too large"):
        SPACE.enumerate()
    with pytest.raises(NotImplementedError, match="decisions of darts depend"):
        SPACE.decisions()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not a genotype"),
        ("Genotype(normal=[", "not a genotype"),
        ("__import__('os').getcwd()", "not a genotype"),
        ("Genotype([])", "not a genotype"),
        (f"Genotype(normal={NORMAL})", "the reduce cell is missing"),
        (f"Genotype(normal={NORMAL}, reduce={REDUCE}, reduced=[])", "unknown part of a genotype 'reduced'"),
        (f"Genotype(normal={NORMAL}, reduce=open('x'))", "not a list of constants"),
        (f"Genotype(normal={NORMAL}, reduce=3)", "3 is not a list"),
        (f"Genotype(normal={NORMAL}, normal_concat=[3, 4, 5], reduce={REDUCE})", r"normal_concat is \[3, 4, 5\]"),
        (V2.replace(", ('dil_conv_3x3', 2)", ""), "has 7 pairs"),
        (V2.replace("('skip_connect', 0)", "('skip_connect',)", 1), "is not a pair of operation and predecessor"),
        (V2.replace("dil_conv_3x3", "dil_conv_7x7"), "node 5: unknown operation 'dil_conv_7x7'; nearest"),
        (V2.replace("('dil_conv_3x3', 2)", "('none', 2)"), "unknown operation 'none'"),
        (
            V2.replace("('dil_conv_3x3', 2)", "('dil_conv_3x3', 5)"),
            "predecessor 5 does not precede it; use 0 to 4",
        ),
        (V2.replace("('max_pool_3x3', 1)", "('max_pool_3x3', -1)", 1), "reduce cell, node 2: predecessor -1"),
    ],
)
def test_malformed_genotypes_say_what_is_wrong(text, says):
    with pytest.raises(UserError, match=says):
        SPACE.from_str(text)


@pytest.mark.parametrize(
    ("arch", "says"),
    [
        (V2_CODE[:-1], "31 entries; darts needs 32"),
        ((*V2_CODE[:1], 7, *V2_CODE[2:]), "operation 7 is none of 0 to 6"),
        ((1, 3, 0, 3, *V2_CODE[4:]), "must be in ascending order"),
        ((0, 3, 0, 4, *V2_CODE[4:]), "they must differ"),
        ((0, 3, 2, 3, *V2_CODE[4:]), "node 2: predecessor 2 does not precede it; use 0 to 1"),
    ],
)
def test_tuples_that_are_no_architecture(arch, says):
    with pytest.raises(UserError, match=says):
        validate(arch)
