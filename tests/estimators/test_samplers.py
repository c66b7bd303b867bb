"""Samplers: exact counts, chi-square tests that a wrong sampler fails, replay, and mistakes told at the call."""

import itertools
from collections import Counter
from itertools import islice
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import chisquare

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.restricted import restricted
from nasgauge.estimators.oneshot.samplers import SAMPLERS, Sampler, get_sampler, per_cell
from nasgauge.spaces import NB201, Operation, Space, get_space

SPACE = NB201()
SMALL = SPACE.restrict(["skip_connect", "nor_conv_1x1"])  # 64 encodings
MOSTLY_DEAD = SPACE.restrict(["none", "nor_conv_3x3"])
LEVEL = 1e-3
OPTIONS = {
    "uniform": {"n_samples": 2, "live_conv": True},
    "fairnas": {"live_conv": True},
    "strictly_fair": {},
    "deiso": {"n_samples": 2, "method": "lazy"},
    "subset": {"archs": [(1, 2, 1, 1, 1, 1), (2, 2, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2)]},
    "mixture": {"archs": [(1, 2, 1, 1, 1, 1)], "n_samples": 3},
    "single_evo": {"n_samples": 2},
    "pareto_evo": {"share": 0.5},
    "per_decision": {"n_samples": 3},
}


class Toy(Space):
    """Entry i has sizes[i] options; option 0 is the operation "skip", all others are `op`; order makes no class.

    `live` says which architectures have live operations at all.
    """

    name = "toy"
    reference = ""
    forms = ("sorted",)
    operations: ClassVar = {"skip": Operation(), "pool": Operation(), "conv": Operation(is_convolution=True)}

    def __init__(self, sizes, *, independent=True, small=True, op="conv", live=lambda arch: True):
        self.sizes, self.independent, self.small, self.op, self.live = sizes, independent, small, op, live

    def sample(self, rng):
        return tuple(int(rng.integers(n)) for n in self.sizes)

    def canonical(self, arch, form=None):
        return tuple(sorted(arch))

    def op_counts(self, arch, *, live=False):
        n_skips = arch.count(0)
        return {"skip": n_skips, self.op: 0 if live and not self.live(arch) else len(arch) - n_skips}

    def decisions(self):
        return tuple(tuple(range(n)) for n in self.sizes) if self.independent else super().decisions()

    def enumerate(self):
        return itertools.product(*map(range, self.sizes)) if self.small else super().enumerate()

    def to_str(self, arch):
        return "-".join(map(str, arch))

    def from_str(self, text):
        return tuple(map(int, text.split("-")))

    neighbours = members = encode = uses = validate = words = restrict = graphs = None


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(name, space, n_items, seed=0, **options):
    return [arch for item in islice(get_sampler(name)(space, rng=rng(seed), **options), n_items) for arch in item]


def p_value(archs, expected):
    """Chi-square of the draws against expected probabilities by key; every draw must have one."""
    counts = Counter(archs)
    assert counts.keys() <= expected.keys()
    return chisquare([counts[k] for k in expected], [p * len(archs) for p in expected.values()]).pvalue


def alike(keys):
    keys = set(keys)
    return dict.fromkeys(keys, 1 / len(keys))


def has_live_conv(arch):
    return any(n for op, n in SPACE.op_counts(arch, live=True).items() if op in ("nor_conv_1x1", "nor_conv_3x3"))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_stream_is_its_generator_alone_and_nothing_is_drawn_before_it_is_asked(name):
    sampler, options = SAMPLERS[name], OPTIONS[name]
    own = rng(3)
    np.random.seed(1)
    stream = sampler(SMALL, rng=own, **options)
    assert own.bit_generator.state == rng(3).bit_generator.state
    first = list(islice(stream, 30))
    np.random.seed(2)
    assert first == list(islice(sampler(SMALL, rng=rng(3), **options), 30))
    assert first != list(islice(sampler(SMALL, rng=rng(4), **options), 30))
    assert next(stream) == list(islice(sampler(SMALL, rng=rng(3), **options), 31))[30]  # skipped ahead = went on
    assert all(type(arch) is tuple and set(map(type, arch)) == {int} for item in first for arch in item)


@pytest.mark.parametrize("name", ["uniform", "deiso", "subset", "mixture", "single_evo", "pareto_evo", "per_decision"])
def test_as_many_architectures_a_step_as_asked(name):
    options = OPTIONS[name] | {"n_samples": 4}
    assert {len(item) for item in islice(SAMPLERS[name](SMALL, rng=rng(), **options), 20)} == {4}


@pytest.mark.parametrize("name", ["fairnas", "strictly_fair"])
@pytest.mark.parametrize("space", [SPACE, MOSTLY_DEAD, SMALL.restrict(["skip_connect"])])
def test_fair_samplers_visit_every_option_of_every_decision_once_a_step(name, space):
    for seed in range(5):
        for item in islice(SAMPLERS[name](space, rng=rng(seed)), 20):
            for edge, options in enumerate(space.decisions()):
                assert sorted(arch[edge] for arch in item) == sorted(options)


def test_fair_permutations_of_different_decisions_are_independent():
    archs = drawn("strictly_fair", Toy((3, 3)), 3000)
    assert p_value(archs[::3], alike(itertools.product(range(3), repeat=2))) > LEVEL


def test_the_draws_of_nas_bench_201_are_permutations_of_its_table_and_nothing_else():
    """The very draws that published trainings of this repository took: one call of the generator a step."""
    ours, theirs = rng(5), rng(5)
    table = np.array(SPACE.decisions())
    stream = SAMPLERS["strictly_fair"](SPACE, rng=ours)
    for _ in range(10):
        assert next(stream) == list(map(tuple, theirs.permuted(table, axis=1).T.tolist()))
    assert ours.bit_generator.state == theirs.bit_generator.state


def test_unequal_numbers_of_options_are_balanced_in_every_step_and_from_the_first_draw_on():
    space = Toy((7, 3, 1, 5, 2))
    seen = [Counter(dict.fromkeys(range(n), 0)) for n in space.sizes]
    for item in islice(SAMPLERS["strictly_fair"](space, rng=rng(1)), 60):
        assert len(item) == 7
        for place, n in enumerate(space.sizes):
            within = Counter({option: 0 for option in range(n)})
            for arch in item:
                within[arch[place]] += 1
                seen[place][arch[place]] += 1
                assert max(seen[place].values()) - min(seen[place].values()) <= 1
            assert max(within.values()) - min(within.values()) <= 1 and within.keys() == set(range(n))


def test_unequal_decisions_are_independent_and_each_option_is_equally_likely_at_every_place():
    items = list(islice(SAMPLERS["strictly_fair"](Toy((4, 3)), rng=rng(2)), 4000))
    for j in range(4):
        assert p_value([item[j] for item in items[::7]], alike(itertools.product(range(4), range(3)))) > LEVEL


def test_fairnas_drops_what_has_no_live_convolution():
    every = islice(SAMPLERS["fairnas"](MOSTLY_DEAD, rng=rng()), 100)
    expected = [[arch for arch in item if has_live_conv(arch)] for item in every]
    assert set(map(len, expected)) == {1, 2}  # of two: an operation of its edge 0 -> 3 is live in one of them
    assert list(islice(SAMPLERS["fairnas"](MOSTLY_DEAD, rng=rng(), live_conv=True), 100)) == expected


def test_fairnas_never_gives_an_empty_step():
    space = Toy((2, 2), live=lambda arch: arch == (1, 1))
    every = islice(SAMPLERS["fairnas"](space, rng=rng()), 100)  # of (0, 0) and (1, 1), or of (0, 1) and (1, 0)
    n_live = sum((1, 1) in item for item in every)
    assert 0 < n_live < 100
    assert list(islice(SAMPLERS["fairnas"](space, rng=rng(), live_conv=True), n_live)) == [[(1, 1)]] * n_live


def test_uniform_is_uniform_over_encodings_and_with_live_conv_over_those_that_have_one():
    archs = list(MOSTLY_DEAD.enumerate())
    live = [arch for arch in archs if has_live_conv(arch)]
    assert len(live) < len(archs)
    assert p_value(drawn("uniform", MOSTLY_DEAD, 3000), alike(archs)) > LEVEL
    assert p_value(drawn("uniform", MOSTLY_DEAD, 3000, live_conv=True), alike(live)) > LEVEL


@pytest.mark.parametrize("form", SPACE.forms)
@pytest.mark.parametrize("options", [{}, {"member": "random"}, {"method": "lazy"}])
def test_deiso_is_uniform_over_classes_and_plain_sampling_is_not(form, options):
    def classes(archs):
        return [SMALL.canonical(arch, form) for arch in archs]

    expected = alike(classes(SMALL.enumerate()))
    assert 5 < len(expected) < 64
    n = 100 * len(expected)
    assert p_value(classes(drawn("deiso", SMALL, n, form=form, **options)), expected) > LEVEL
    assert p_value(classes(drawn("uniform", SMALL, n)), expected) < LEVEL


@pytest.mark.parametrize(
    ("space", "n_classes", "n_outside"),
    [
        (MOSTLY_DEAD, 20, 5),  # five have fewer parameters with a skip, which was removed
        (SPACE.restrict(["none", "skip_connect", "nor_conv_1x1"]), 127, 0),
    ],
)
def test_deiso_takes_the_canonical_member_or_the_first_of_a_restricted_space(space, n_classes, n_outside):
    classes = {}
    for arch in space.enumerate():
        classes.setdefault(space.canonical(arch), []).append(arch)
    expected = {best if best in members else min(members) for best, members in classes.items()}
    assert len(expected) == n_classes and len(expected - classes.keys()) == n_outside
    assert expected != set(map(min, classes.values())) or n_outside
    assert set(drawn("deiso", space, 20 * n_classes)) == expected


def test_deiso_can_draw_any_member_with_equal_probability():
    expected = {arch: 1 / 6 / (1 if arch[0] == arch[1] else 2) for arch in itertools.product(range(3), repeat=2)}
    assert p_value(drawn("deiso", Toy((3, 3)), 3000, member="random"), expected) > LEVEL


def test_lazy_deiso_keeps_to_the_first_member_that_it_met():
    for seed in range(3):
        raw = (arch for item in SAMPLERS["uniform"](Toy((3, 3), small=False), rng=rng(seed)) for arch in item)
        first, expected = {}, []
        while len(expected) < 50:
            arch = next(raw)
            if first.setdefault(tuple(sorted(arch)), arch) == arch:
                expected.append(arch)
        assert drawn("deiso", Toy((3, 3), small=False), 50, seed=seed, method="lazy") == expected
        assert len(set(expected)) == 6


@pytest.mark.parametrize("method", ["table", "lazy"])
def test_deiso_without_dead_convolutions_is_uniform_over_the_classes_that_remain(method):
    live = {MOSTLY_DEAD.canonical(arch) for arch in MOSTLY_DEAD.enumerate() if has_live_conv(arch)}
    archs = drawn("deiso", MOSTLY_DEAD, 100 * len(live), method=method, live_conv=True)
    assert all(map(has_live_conv, archs))
    assert p_value([MOSTLY_DEAD.canonical(arch) for arch in archs], alike(live)) > LEVEL


def test_subset_takes_strings_and_tuples_and_counts_repetitions():
    archs = ["0-1", (1, 1), [0, 2], "0-2"]
    expected = {(0, 1): 0.25, (1, 1): 0.25, (0, 2): 0.5}
    assert p_value(drawn("subset", Toy((3, 3)), 2000, archs=archs), expected) > LEVEL
    official = SPACE.to_str((1, 2, 3, 4, 0, 1))
    assert drawn("subset", SPACE, 1, archs=[official], n_samples=2) == [(1, 2, 3, 4, 0, 1)] * 2


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_mixture_marginals(share):
    archs = drawn("mixture", Toy((3, 3)), 3000, archs=["0-1", "2-2"], share=share)
    every = itertools.product(range(3), repeat=2)
    expected = {arch: (1 - share) / 9 + (share / 2 if arch in ((0, 1), (2, 2)) else 0) for arch in every}
    possible = {arch: p for arch, p in expected.items() if p}
    assert p_value(archs, possible) > LEVEL
    if 0 < share < 1:
        assert p_value(archs, alike(expected)) < LEVEL


def test_per_cell_pairs_the_items_of_independent_streams():
    streams = [SAMPLERS["uniform"](SPACE, rng=rng(seed), n_samples=2) for seed in range(3)]
    alone = [list(islice(SAMPLERS["uniform"](SPACE, rng=rng(seed), n_samples=2), 4)) for seed in range(3)]
    for step, paths in enumerate(islice(per_cell(streams), 4)):
        assert paths == [tuple(alone[cell][step][j] for cell in range(3)) for j in range(2)]


def test_per_cell_keeps_strict_fairness_in_every_cell():
    for paths in islice(per_cell([SAMPLERS["strictly_fair"](SPACE, rng=child) for child in rng().spawn(4)]), 10):
        for cell, edge in itertools.product(range(4), range(6)):
            assert sorted(path[cell][edge] for path in paths) == [0, 1, 2, 3, 4]


def test_per_cell_needs_streams_of_equal_items():
    with pytest.raises(UserError, match="no stream"):
        per_cell([])
    stream = per_cell([SAMPLERS["uniform"](SPACE, rng=rng(), n_samples=n) for n in (2, 3)])
    with pytest.raises(UserError, match="give 2, 3 architectures for one step"):
        next(stream)


@pytest.mark.parametrize(
    ("name", "space", "options", "says"),
    [
        ("uniform", SPACE, {"n_samples": 0}, "whole number from 1, got 0"),
        ("uniform", SPACE, {"n_samples": True}, "whole number from 1, got True"),
        ("uniform", SPACE, {"n_sample": 2}, "sampler 'uniform': unknown option 'n_sample'; nearest: n_samples"),
        ("uniform", SPACE, {"live_conv": "no"}, "live_conv must be true or false"),
        ("uniform", SPACE.restrict(["none", "skip_connect"]), {"live_conv": True}, r"of NB201\(none, skip_connect\)"),
        ("uniform", Toy((3, 3), op="pool"), {"live_conv": True}, "has a live convolution"),
        ("fairnas", SPACE.restrict(["avg_pool_3x3"]), {"live_conv": True}, "has a live convolution"),
        ("fairnas", Toy((3, 2), independent=False), {}, "toy depend on each other; sampler 'uniform' serves"),
        ("fairnas", Toy(()), {}, "toy balances no entry; sampler 'uniform' serves"),
        ("strictly_fair", Toy((3, 3), independent=False), {}, "toy depend on each other; sampler 'uniform' serves"),
        ("strictly_fair", SPACE, {"n_samples": 5}, "takes no options, got 'n_samples'"),
        ("deiso", SPACE, {"form": "papers"}, "unknown canonical form 'papers'; nearest: paper"),
        ("deiso", SPACE, {"method": "tables"}, "nearest: table"),
        ("deiso", SPACE, {"member": "rand"}, "nearest: random"),
        ("deiso", SPACE, {"method": "lazy", "member": "random"}, "method 'lazy' knows one member"),
        ("deiso", Toy((3, 3), small=False), {}, "toy is too large to list; use method 'lazy'"),
        ("deiso", SPACE.restrict(["none"]), {"live_conv": True}, "has a live convolution"),
        ("subset", SPACE, {}, "option 'archs' is missing"),
        ("subset", SPACE, {"archs": []}, "at least one architecture"),
        ("subset", SPACE, {"archs": "|none~0|"}, "must be a list"),
        ("subset", SPACE, {"archs": 5}, "must be a list"),
        ("mixture", SPACE, {"archs": True}, "must be a list"),
        ("subset", SPACE, {"archs": {"|none~0|": 1}}, "must be a list"),
        ("subset", SPACE, {"archs": [3]}, "3 in archs is not an architecture"),
        ("subset", SPACE, {"archs": ["|none~0|"]}, "not a valid NAS-Bench-201 cell"),
        ("subset", SPACE, {"archs": [(0, 1)]}, r"\(0, 1\) does not lie in"),
        ("subset", SMALL, {"archs": [(1, 1, 1, 1, 1, 3)]}, r"does not lie in NB201\(skip_connect, nor_conv_1x1\)"),
        ("mixture", SMALL, {"archs": [(1, 1, 1, 1, 1, 3)]}, "does not lie in"),
        ("mixture", SPACE, {"archs": [(1, 1, 1, 1, 1, 3)], "share": 1.5}, "fraction from 0 to 1, got 1.5"),
    ],
)
def test_mistakes_are_told_at_the_call(name, space, options, says):
    with pytest.raises(UserError, match=says):
        SAMPLERS[name](space, rng=rng(), **options)


@pytest.mark.parametrize("name", ["uniform", "fairnas", "deiso"])
def test_where_nothing_can_be_listed_endless_rejection_ends_and_says_so(name):
    options = {"method": "lazy"} if name == "deiso" else {}
    stream = SAMPLERS[name](Toy((3, 3), small=False, op="pool"), rng=rng(), live_conv=True, **options)
    with pytest.raises(UserError, match="10,000 draws in a row were rejected: no live convolution"):
        next(stream)


def test_samplers_go_by_name_or_by_object():
    own = Sampler(lambda space, *, rng: iter([]), "somebody2030")
    assert get_sampler(own) is own and get_sampler("fairnas") is SAMPLERS["fairnas"]
    with pytest.raises(UserError, match="unknown sampler 'fairna'; nearest: fairnas"):
        get_sampler("fairna")


@pytest.mark.parametrize(
    ("space", "without"),
    [("nb101-1shot1-1", ("ends1", "ends2")), ("nb101", ("ends0", "ends1", "ends2", "ends3", "ends4"))],
)
def test_options_of_which_none_is_left_are_not_ignored(space, without):
    with pytest.raises(UserError, match=r"here: without ends\d, .* no architecture is left; keep one of them"):
        restricted(get_space(space), without, "here")


def test_ends_that_a_space_does_not_offer_are_refused():
    narrow = get_space("nb101").restrict(["conv3x3-bn-relu", "ends4"])
    for space, kept in ((get_space("nb101-1shot1-1"), "ends3"), (narrow, "ends1")):
        with pytest.raises(UserError, match=rf"restrict: none of {kept} is offered; name at least one of ends"):
            space.restrict(["conv3x3-bn-relu", kept])
