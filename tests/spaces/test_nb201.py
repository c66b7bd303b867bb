"""The NAS-Bench-201 space: counts, canonical forms against independent ones, errors."""

import itertools

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import NB201
from nasgauge.spaces.nb201 import EDGES, OPS, functional_string, live_edges, paper_string

SPACE = NB201()
ALL = list(SPACE.enumerate())


def test_there_are_15625_architectures_and_their_strings_round_trip():
    assert len(ALL) == len(set(ALL)) == 15_625
    assert all(SPACE.from_str(SPACE.to_str(a)) == a for a in ALL)


@pytest.mark.parametrize(("form", "n"), [("paper", 6_466), ("functional", 4_930)])
def test_number_of_classes(form, n):
    assert len({SPACE.canonical(a, form) for a in ALL}) == n


@pytest.mark.parametrize("form", SPACE.forms)
def test_the_canonical_form_is_a_member_of_its_class_and_idempotent(form):
    string = {"paper": paper_string, "functional": functional_string}[form]
    for arch in ALL[::7]:
        best = SPACE.canonical(arch, form)
        assert string(best) == string(arch)
        assert SPACE.canonical(best, form) == best


def test_the_paper_form_does_not_merge_what_the_functional_form_keeps_apart():
    functional = {}
    for arch in ALL:
        functional.setdefault(SPACE.canonical(arch, "paper"), set()).add(functional_string(arch))
    assert max(map(len, functional.values())) == 1


def test_functional_classes_are_those_of_the_computed_function():
    """The cell computed on numbers: each operation a random map of its own, nonlinear, zero at zero as a dead one."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(6)
    maps = {op: rng.standard_normal((2, 6, 6)) for op in OPS[2:]}

    def compute(arch):
        nodes = [x, 0 * x, 0 * x, 0 * x]
        for (s, t), op in zip(EDGES, (OPS[i] for i in arch), strict=True):
            if op == "skip_connect":
                nodes[t] = nodes[t] + nodes[s]
            elif op != "none":
                bent = np.tanh(nodes[s])
                nodes[t] = nodes[t] + maps[op][0] @ bent + maps[op][1] @ bent**2
        return tuple(np.round(nodes[3], 9) + 0.0)

    by_value, by_string = {}, {}
    for arch in ALL[::5]:
        by_value.setdefault(compute(arch), set()).add(functional_string(arch))
        by_string.setdefault(functional_string(arch), set()).add(compute(arch))
    assert all(len(v) == 1 for v in by_value.values())
    assert all(len(v) == 1 for v in by_string.values())


def test_live_edges_against_all_paths():
    paths = [p for n in range(4) for middle in itertools.combinations((1, 2), n) for p in [(0, *middle, 3)]]
    for arch in ALL[::11]:
        op = dict(zip(EDGES, arch, strict=True))
        live = set()
        for path in paths:
            steps = list(itertools.pairwise(path))
            if all(op[s] != 0 for s in steps):
                live |= set(steps)
        assert {EDGES[e] for e in live_edges(arch)} == live


def test_live_counts_leave_out_dead_edges():
    arch = SPACE.from_str("|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|none~2|")
    assert SPACE.op_counts(arch)["nor_conv_3x3"] == 1
    assert SPACE.op_counts(arch, live=True) == {**dict.fromkeys(OPS, 0), "skip_connect": 1}
    assert SPACE.graphs(arch)["cell"].dead == {0, 1, 2, 4, 5}


def test_restriction_holds_in_sampling_mutation_and_neighbours():
    small = SPACE.restrict(["none", "nor_conv_3x3"])
    rng = np.random.default_rng(1)
    assert len(list(small.enumerate())) == 2**6
    for _ in range(50):
        arch = small.sample(rng)
        assert set(arch) | set(small.mutate(arch, rng)) <= {0, 3}
        assert len(small.neighbours(arch)) == 6
        assert small.canonical(arch) == SPACE.canonical(arch)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not a valid NAS-Bench-201 cell"),
        ("|none~0|+|none~0|none~1|", "not a valid NAS-Bench-201 cell"),
        ("|none~0|+|none~0|+|none~0|none~1|none~2|", "node 2 has 1 inputs, expected 2"),
        ("|none~0|+|none~0|none~2|+|none~0|none~1|none~2|", "expected <op>~1"),
        ("|nor_conv_3x4~0|+|none~0|none~1|+|none~0|none~1|none~2|", "nearest: nor_conv_3x3"),
    ],
)
def test_malformed_strings_say_what_is_wrong(text, says):
    with pytest.raises(UserError, match=says):
        SPACE.from_str(text)


def test_restricting_to_nothing_or_to_a_foreign_operation_is_an_error():
    with pytest.raises(UserError, match="no operation is kept"):
        SPACE.restrict([])
    with pytest.raises(UserError, match="unknown operation 'conv'"):
        SPACE.restrict(["conv"])
