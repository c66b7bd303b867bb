"""Laws that every registered space obeys."""

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.spaces import SPACES, get_space


@pytest.fixture(params=SPACES)
def space(request):
    return get_space(request.param)


def some(space, n=60):
    rng = np.random.default_rng(0)
    return [space.sample(rng) for _ in range(n)]


def test_round_trip(space):
    assert all(space.from_str(space.to_str(a)) == a for a in some(space))


def test_canonical_forms_are_idempotent_and_in_the_space(space):
    for form in space.forms:
        for arch in some(space):
            best = space.canonical(arch, form)
            assert space.canonical(best, form) == best
            assert space.from_str(space.to_str(best)) == best


def test_default_form_is_the_first(space):
    assert all(space.canonical(a) == space.canonical(a, space.forms[0]) for a in some(space))
    with pytest.raises(UserError, match="unknown canonical form"):
        space.canonical(some(space)[0], "no such form")


def test_neighbours_are_symmetric_distinct_and_never_the_architecture_itself(space):
    for arch in some(space, 10):
        near = space.neighbours(arch)
        assert len(near) == len(set(near)) and arch not in near
        assert all(arch in space.neighbours(n) for n in near[:5])


def test_mutation_reaches_every_neighbour_and_nothing_else(space):
    rng = np.random.default_rng(0)
    arch = some(space)[0]
    near = set(space.neighbours(arch))
    seen = {space.mutate(arch, rng) for _ in range(40 * len(near))}
    assert seen == near


def test_a_mutation_is_one_draw_among_the_neighbours_in_their_order(space):
    rng, same = np.random.default_rng(2), np.random.default_rng(2)
    for arch in some(space, 5):
        near = space.neighbours(arch)
        assert space.mutate(arch, rng) == near[int(same.integers(len(near)))]
    assert rng.integers(2**60) == same.integers(2**60)


def test_neighbours_of_independent_decisions_change_one_entry_in_the_order_of_entries_and_options(space):
    try:
        decisions = space.decisions()
    except NotImplementedError:
        pytest.skip("its decisions depend on each other")
    arch = some(space)[0]
    expected = []
    for i, options in enumerate(decisions):
        for option in options:
            other = list(arch)
            other[i] = option
            expected.append(tuple(other))
    assert space.neighbours(arch) == [other for other in expected if other != arch]


def test_encodings_have_one_length_and_tell_architectures_apart(space):
    archs = list(dict.fromkeys(some(space)))
    codes = [space.encode(a) for a in archs]
    assert len({c.shape for c in codes}) == 1 and codes[0].ndim == 1
    assert len({c.tobytes() for c in codes}) == len(archs)


def test_live_operations_are_among_all_operations(space):
    for arch in some(space):
        every, live = space.op_counts(arch), space.op_counts(arch, live=True)
        assert every.keys() == live.keys()
        assert all(live[op] <= every[op] for op in every)


def test_words_tell_architectures_apart_and_one_of_them_is_one_step(space):
    archs = list(dict.fromkeys(some(space)))
    words = [space.words(a) for a in archs]
    assert len(set(words)) == len(archs) and len({len(w) for w in words}) == 1
    for arch in archs[:5]:
        for other in space.neighbours(arch)[:40]:
            changed = sum(a != b for a, b in zip(space.words(arch), space.words(other), strict=True))
            assert changed == 1 or space.name.startswith("darts")  # there two terms of a node may change places


def test_sampling_covers_every_option_and_every_place(space):
    options, rng = set(space.options), np.random.default_rng(0)
    seen = [set() for _ in space.words(some(space, 1)[0])]
    for _ in range(5_000):
        arch = space.sample(rng)
        options -= set(space.uses(arch))
        for known, word in zip(seen, space.words(arch), strict=True):
            known.add(word)
    assert not options
    try:
        assert [len(known) for known in seen] == [len(choices) for choices in space.decisions()]
    except NotImplementedError:
        assert sum(len(known) > 1 for known in seen) >= len(seen) - 4  # the first nodes of DARTS have fixed inputs


def test_what_an_architecture_uses_is_what_a_restriction_must_keep(space):
    for arch in some(space, 10):
        used = space.uses(arch)
        assert len(set(used)) == len(used) and set(used) <= set(space.options)
        small = space.restrict(used)
        small.validate(arch)
        rng = np.random.default_rng(0)
        assert all(set(small.uses(small.sample(rng))) <= set(used) for _ in range(5))


def test_graphs_name_only_their_own_nodes(space):
    for arch in some(space, 10):
        for graph in space.graphs(arch).values():
            assert all(s < t < len(graph.nodes) for s, t, _ in graph.edges)
            assert all(0 <= e < len(graph.edges) for e in graph.dead)


def test_every_operation_drawn_or_counted_is_described_and_no_other(space):
    named = set()
    for arch in some(space, 200):
        for graph in space.graphs(arch).values():
            labels = {label for _, _, label in graph.edges} - {""} or set(graph.nodes[1:-1])
            named |= {name for label in labels for name in graph.parts.get(label, (label,))}
            crossed = [graph.crossed(edge) for edge in range(len(graph.edges))]
            assert {name for names in crossed for name in names} <= named
            zero = {edge for edge, names in enumerate(crossed) if any(space.operation(n).is_zero for n in names)}
            assert zero <= graph.dead
        named |= set(space.op_counts(arch))
    assert named == set(space.operations)


def test_sampling_is_repeatable_whatever_the_global_seed(space):
    np.random.seed(1)
    first = some(space)
    np.random.seed(2)
    assert first == some(space)


def test_options_are_what_restrict_may_keep(space):
    whole = space.restrict(space.options)
    assert whole.options == space.options and repr(whole) == repr(space)
    with pytest.raises(UserError):
        space.restrict(["no such option"])


def test_a_class_holds_its_members_and_nothing_else(space):
    for arch in some(space, 5):
        members = space.members(arch)
        assert arch in members and len(set(members)) == len(members)
        assert {space.canonical(m) for m in members} == {space.canonical(arch)}


def test_any_combination_of_independent_decisions_is_an_architecture(space):
    try:
        decisions = space.decisions()
    except NotImplementedError:
        pytest.skip("its decisions depend on each other")
    rng = np.random.default_rng(1)
    for _ in range(20):
        arch = tuple(int(rng.choice(options)) for options in decisions)
        assert space.from_str(space.to_str(arch)) == arch


def test_an_identity_is_in_the_space_its_own_and_never_joins_two_classes(space):
    archs = list(dict.fromkeys(some(space, 300)))
    identities = [space.identity(a) for a in archs]
    for arch, identity in zip(archs, identities, strict=True):
        space.validate(identity)
        assert space.identity(identity) == identity
        assert space.canonical(identity) == space.canonical(arch)
        assert space.identity_of(space.to_str(arch)) == space.to_str(identity)
        assert space.spelling(space.to_str(arch)) == space.to_str(arch)


def test_members_of_a_class_have_one_identity_only_where_the_literature_trains_them_once(space):
    one = {"nb101"}  # its published table holds one cell of each class
    for arch in some(space, 20):
        members = space.members(arch)
        assert len({space.identity(m) for m in members}) == (1 if space.name in one else len(members))


def changed_at_an_end(arch, value):
    """Copies with another first, and another last entry."""
    return [(value, *arch[1:]), (*arch[:-1], value)]


def test_whole_numbers_in_any_sequence_and_strings_are_checked_architectures(space):
    for arch in some(space, 5):
        for given in (arch, list(arch), np.array(arch), [np.int64(n) for n in arch], space.to_str(arch)):
            found = space.checked(given)
            assert found == arch and type(found) is tuple and {type(n) for n in found} == {int}


def test_what_is_no_architecture_is_refused_in_one_line(space):
    arch = some(space, 1)[0]
    others = [arch[:-1], (*arch, 0), (), *changed_at_an_end(arch, -1), *changed_at_an_end(arch, 10**9)]
    for one in (None, True, "0", (1,), float(arch[0]), float("nan"), np.array([1, 2])):
        others += changed_at_an_end(arch, one)
    others += [None, 3, b"\x00" * len(arch), {1, 2}, np.array(arch, dtype=float), np.array([arch]), np.array(3)]
    for other in others:
        with pytest.raises(UserError):
            space.checked(other)
