"""Spaces that are mostly data: they obey every law of tests/contracts/test_every_space.py, and the mistakes in them."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import ChoiceSpace, ListedSpace, Operation, get_space, n_convolutions, properties
from nasgauge.spaces.space import Space

LAWS = Path(__file__).parents[1] / "contracts" / "test_every_space.py"
OPERATIONS = {
    "conv": Operation(layers=1, pixels=2, is_convolution=True),
    "skip": Operation(),
    "zero": Operation(is_zero=True),
}


class Three(ChoiceSpace):
    """Three places, of three, two and three options, some of them shared."""

    name, choices = "three", (("conv", "skip", "zero"), ("conv", "pool"), ("skip", "wide", "conv"))


class Described(ChoiceSpace):
    """Operations at every place."""

    name, choices, operations = "described", (("conv", "skip", "zero"),) * 3, OPERATIONS


def products():
    return ListedSpace("product", itertools.product(("a", "b", "c"), ("b", "d")))


def connected():
    words = [pair for pair in itertools.product("abcd", "efg") if pair != ("a", "e")]
    return ListedSpace("connected", words[::-1])


SPACES = {
    "choices": Three,
    "choices with operations": Described,
    "restricted": lambda: Three().restrict(["conv", "skip", "pool"]),
    "names": lambda: ListedSpace("names", [f"net {i}|{i}" for i in range(9)]),
    "product": products,
    "connected": connected,
    "restricted list": lambda: connected().restrict(["a", "b", "f", "g"]),
}


@pytest.fixture(params=SPACES)
def space(request):
    return SPACES[request.param]()


def _laws():
    spec = importlib.util.spec_from_file_location("laws_of_spaces", LAWS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: law for name, law in vars(module).items() if name.startswith("test_")}


OF_CELLS = {  # of spaces that show their cells, which these do not
    "test_every_operation_drawn_or_counted_is_described_and_no_other",
}
globals().update({name: law for name, law in _laws().items() if name not in OF_CELLS})


def test_a_list_is_sampled_and_enumerated_as_it_stands():
    space = connected()
    archs = list(space.enumerate())
    assert space.to_str(archs[0]) == "d|g" and len(archs) == 11
    rng, seen = np.random.default_rng(0), np.zeros(11)
    for _ in range(5_500):
        seen[archs.index(space.sample(rng))] += 1
    assert seen.min() > 400 and seen.max() < 600


@pytest.mark.parametrize(
    ("archs", "arch", "expected"),
    [
        (["r", "v", "c"], "v", ["r", "c"]),
        ([("a", "b"), ("a", "c"), ("d", "c")], "a|b", ["a|c"]),
        ([("a", "b"), ("a", "c"), ("d", "e")], "a|b", ["a|c", "d|e"]),  # no steps lead to d|e
        (["alone"], "alone", []),
    ],
)
def test_neighbours_are_a_step_away_where_steps_join_all_else_all_others(archs, arch, expected):
    space = ListedSpace("x", archs)
    assert [space.to_str(near) for near in space.neighbours(space.from_str(arch))] == expected
    assert all(arch in map(space.to_str, space.neighbours(space.from_str(near))) for near in expected)


def test_decisions_are_there_where_every_combination_is():
    assert products().decisions() == ((0, 1, 2), (0, 1))
    with pytest.raises(NotImplementedError):
        connected().decisions()
    assert connected().restrict(["b", "c", "f", "g"]).decisions() == ((1, 2), (0, 1))


def test_encodings_are_one_hot_by_word_also_where_the_space_is_restricted():
    space = Three()
    for arch in space.enumerate():
        code = space.encode(arch)
        assert code.sum() == 3 and [code[[0, 3, 5][i] + arch[i]] for i in range(3)] == [1, 1, 1]
    small = space.restrict(["conv", "pool", "skip"])
    assert all((small.encode(arch) == space.encode(arch)).all() for arch in small.enumerate())
    assert connected().encode((0, 1)).tolist() == [1, 0, 0, 0, 0, 1, 0]


def test_operations_are_optional():
    found = properties(Described(), (0, 0, 1))
    assert (found["conv"], found["skip"]) == (2, 1) and np.isnan(found["depth"])
    assert n_convolutions(Described(), (0, 0, 2)) == 2 and Described().op_counts((2, 2, 0), live=True)["zero"] == 0
    assert set(properties(Three(), (0, 0, 1))) == {"depth", "shortest_path", "receptive_field"}
    assert Three().op_counts((0, 0, 1)) == {} and Three().graphs((0, 0, 1)) == {}


def test_few_methods_are_left_to_write():
    assert not ChoiceSpace.__abstractmethods__ and not ListedSpace.__abstractmethods__
    assert Space.__abstractmethods__ == {
        *("sample", "neighbours", "encode", "to_str", "from_str", "validate", "words", "restrict")
    }


def test_a_space_itself_stands_for_its_name():
    space = products()
    assert get_space(space) is space


def test_too_many_combinations_are_not_enumerated():
    class Large(ChoiceSpace):
        name, choices = "large", (tuple("abcdefghij"),) * 7

    with pytest.raises(NotImplementedError):
        Large().enumerate()
    assert len(list(Large().restrict("ab").enumerate())) == 2**7


@pytest.mark.parametrize(
    ("name", "choices", "says"),
    [
        ("", (("a", "b"),), "`name`: the name '' is empty"),
        ("x", (), r"`choices` is \(\)"),
        ("x", "ab", "`choices` is 'ab'"),
        ("x", ("ab", "c"), "`choices` is"),
        ("x", (("a", "b"), ()), "place 2 offers nothing"),
        ("x", (("a", "a"),), "place 1 offers a, a; name each option once"),
        ("x", (("a|b", "c"),), r"'a\|b' contains '\|'"),
        ("x", ((" a", "c"),), "' a' is not a name"),
        ("x", ((3, "c"),), "3 is not a name"),
    ],
)
def test_mistakes_in_choices_are_told(name, choices, says):
    kind = type("Mine", (ChoiceSpace,), {"name": name, "choices": choices})
    with pytest.raises(UserError, match=says):
        kind()


@pytest.mark.parametrize(
    ("archs", "says"),
    [
        ([], "no architecture is listed"),
        (["a", "b", "a"], "'a' is listed twice"),
        ([("a", "b"), ("a", "b")], r"'a\|b' is listed twice"),
        ([("a", "b"), "c"], "architectures of 1, 2 words; give all equally many"),
        (["a", ""], "'' is not a name"),
        (["a", "a "], "'a ' is not a name"),
        (["a", "b\n"], "is not a name"),
        ([("a", "b|c")], "stands between two names"),
        ([3, "a"], "3 names no architecture"),
        ([()], "architectures of 0 words"),
        ([(1, 2)], "1 is not a name"),
    ],
)
def test_mistakes_in_a_list_are_told(archs, says):
    with pytest.raises(UserError, match=says):
        ListedSpace("x", archs)


@pytest.mark.parametrize(
    ("space", "text", "says"),
    [
        (Three(), "conv|conv", "has 2 options, three 3 as in 'conv|conv|skip'"),
        (Three(), "conv|cnv|skip", "place 2: unknown option 'cnv'; nearest: conv"),
        (products(), "a|e", "is not one of the 6 of product, such as 'a|b'"),
    ],
)
def test_strings_of_no_architecture_are_told(space, text, says):
    with pytest.raises(UserError) as told:
        space.from_str(text)
    assert says in str(told.value)
    with pytest.raises(UserError):
        space.validate((7, 7, 7))
    with pytest.raises(UserError, match="unknown option 'no'"):
        space.restrict(["no"])
    with pytest.raises(UserError, match="restrict: no "):
        space.restrict(["pool" if space.name == "three" else "d"])
