"""The NAS-Bench-1Shot1 sub-spaces: what they hold under each way of counting, classes against brute force, errors."""

import itertools

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import NB101, get_space

CELLS = NB101()
ONE, TWO, THREE, CHAIN = (get_space(f"nb101-1shot1-{name}") for name in ("1", "2", "3", "3-chain"))
IN_DEGREES = {ONE: (1, 2, 2, 2, 2), TWO: (1, 1, 2, 2, 3), THREE: (1, 1, 1, 2, 2, 2)}  # the last is the output's
C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


@pytest.fixture(scope="module")
def classes_of_one():
    """Every architecture of sub-space 1 by the canonical form of its cell."""
    found = {}
    for arch in ONE.enumerate():
        found.setdefault(CELLS.canonical(ONE.to_nb101(arch)), []).append(arch)
    return found


def used(wiring):
    """Vertices from which a path leads to the output, the last of the wiring."""
    found, todo = set(), [len(wiring)]
    while todo:
        todo += [p for p in wiring[todo.pop() - 1] if p and p not in found and not found.add(p)]
    return found


def all_wirings(space):
    degrees = enumerate(IN_DEGREES[space], start=1)
    return list(itertools.product(*(itertools.combinations(range(v), n) for v, n in degrees)))


@pytest.mark.parametrize(
    ("space", "n_wirings", "n_archs", "n_without_loose_ends"),
    [(ONE, 180, 14_580, 38), (TWO, 360, 29_160, 138), (THREE, 5_400, 1_312_200, 445)],
)
def test_wirings_and_architectures(space, n_wirings, n_archs, n_without_loose_ends):
    wirings = all_wirings(space)
    assert list(itertools.product(*space.wirings)) == wirings
    assert len(wirings) == n_wirings
    assert np.prod([len(options) for options in space.decisions()]) == n_archs
    assert sum(len(used(w)) == len(w) - 1 for w in wirings) == n_without_loose_ends


@pytest.mark.parametrize(
    ("space", "n_wirings", "n_archs", "n_chains"), [(ONE, 49, 2487, 24), (TWO, 65, 3609, 36), (THREE, 234, 24_066, 60)]
)
def test_the_quoted_numbers_without_loose_ends_count_chains_of_largest_parents(space, n_wirings, n_archs, n_chains):
    found = {}
    for wiring in all_wirings(space):
        chain, v = set(), len(wiring)
        while v := max(wiring[v - 1]):
            chain.add(v)
        if chain == used(wiring):
            found[tuple(parents if v in chain else () for v, parents in enumerate(wiring, start=1)), wiring[-1]] = chain
    assert len(found) == n_wirings
    assert sum(3 ** len(chain) for chain in found.values()) == n_archs
    assert sum(len(chain) == len(space.in_degrees) - 1 for chain in found.values()) == n_chains


def test_the_chain_has_14580_architectures_no_two_of_them_isomorphic():
    archs = list(CHAIN.enumerate())
    assert len(archs) == 14_580 == 60 * 3**5
    assert len({CELLS.canonical(CHAIN.to_nb101(a)) for a in archs}) == 14_580
    wirings = [w for w in all_wirings(THREE) if all(v - 1 in p for v, p in enumerate(w, start=1))]
    assert list(itertools.product(*CHAIN.wirings)) == wirings


def test_classes_of_sub_space_1(classes_of_one):
    assert len(classes_of_one) == 2_685
    full = [form for form in classes_of_one if sum(CELLS.op_counts(form).values()) == 4]
    assert len(full) == 2_484
    forms = [{ONE.canonical(a) for a in archs} for archs in list(classes_of_one.values())[::5]]
    assert all(len(f) == 1 for f in forms)
    assert all(ONE.canonical(archs[0]) == min(archs) for archs in classes_of_one.values())


def test_members_are_the_class_with_loose_ends_at_their_first_options(classes_of_one):
    def tidy(arch):
        live = [v for v, parents in enumerate(CELLS.parents(ONE.to_nb101(arch))) if parents]
        return (*(entry if 1 + i // 2 in live else 0 for i, entry in enumerate(arch[:-1])), arch[-1])

    for archs in list(classes_of_one.values())[::20]:
        arch = archs[len(archs) // 2]
        assert set(ONE.members(arch)) == {a if tidy(a) != tidy(arch) else arch for a in map(tidy, archs)}
        assert len(ONE.members(arch)) == len(set(ONE.members(arch)))


@pytest.mark.parametrize("space", [ONE, TWO, THREE, CHAIN])
def test_an_architecture_is_its_cell(space):
    rng = np.random.default_rng(0)
    for arch in (space.sample(rng) for _ in range(40)):
        cell = space.to_nb101(arch)
        assert space.to_str(arch) == CELLS.to_str(cell)
        assert space.op_counts(arch, live=True) == CELLS.op_counts(cell, live=True)
        assert sum(space.op_counts(arch).values()) == len(space.in_degrees) - 1
        assert CELLS.canonical(space.to_nb101(space.canonical(arch))) == CELLS.canonical(cell)
        space.validate(arch)


def test_a_cell_worked_out_by_hand():
    arch = ONE.from_str(f"{C3}~0|{POOL}~0+1|{C1}~0+2|{C3}~1+2|output~1+3")
    assert arch == (
        0,
        0,
        0,
        2,
        1,
        1,
        3,
        0,
        5,
    )  # sets of parents in lexicographic order: 01 02 12 ..
    assert ONE.op_counts(arch, live=True) == {C3: 1, C1: 1, POOL: 1}


def test_restriction_keeps_the_operations_and_small_enough_spaces_enumerate():
    small = THREE.restrict([C3])
    assert small.options == (C3, "ends1", "ends2") and type(small) is type(THREE)
    assert len(list(small.enumerate())) == 5_400
    with pytest.raises(NotImplementedError, match="1,312,200 architectures"):
        THREE.enumerate()
    assert all(a[1:-1:2] == (0,) * 5 for a in small.neighbours((0,) * 11))
    assert len(small.neighbours((0,) * 11)) == 1 + 2 + 5 + 9 + 14


@pytest.mark.parametrize(
    ("space", "text", "says"),
    [
        (ONE, f"{C3}~0|{C3}~0|{C3}~0+1|{C3}~0+1|output~1+2", "vertex 2 has parents 0; it needs 2"),
        (TWO, f"{C3}~0|{C3}~0|{C3}~0+1|{C3}~0+1|output~1+2", "output has parents 1\\+2; it needs 3"),
        (TWO, f"{C3}~0|{C3}~0|{C3}~0+1|output~1+2+3", "vertex 4 has parents none; it needs 2"),
        (ONE, f"{C3}~0|{C3}~0+1|{C3}~0+1|{C3}~0+1|{C1}~0|output~1+2", "more than 4 vertices"),
        (
            CHAIN,
            f"{C3}~0|{C3}~1|{C3}~1|{C3}~0+3|{C3}~0+4|output~0+5",
            "vertex 3 has parents 1; it needs 1, the vertex before",
        ),
        (THREE, f"{C3}~0|output~2", "parent '2'"),
    ],
)
def test_cells_outside_a_sub_space_say_where(space, text, says):
    with pytest.raises(UserError, match=says):
        space.from_str(text)


def test_validate_says_which_entry_is_out_of_range():
    with pytest.raises(UserError, match="8 numbers; expected 9"):
        ONE.validate((0,) * 8)
    with pytest.raises(UserError, match="entry 4 is 3; expected 0 to 2"):
        ONE.validate((0, 0, 0, 0, 3, 0, 0, 0, 0))
