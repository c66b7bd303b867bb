"""Fair samplers visit each option of a decision equally often, on every space, exactly."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot import SAMPLERS
from nasgauge.spaces import SPACES, ListedSpace, get_space

N_A_STEP = {  # the most options of a decision; of cells the operations
    "darts": 7, "darts-nds": 8, "nb101": 3, "nb101-1shot1-1": 3, "nb101-1shot1-2": 3, "nb101-1shot1-3": 3,
    "nb101-1shot1-3-chain": 3, "nb201": 5, "nds-resnet": 12, "nds-resnext-a": 5,
}  # fmt: skip


@pytest.fixture(params=SPACES)
def space(request):
    return get_space(request.param)


def items(space, n, seed=0):
    return islice(SAMPLERS["strictly_fair"](space, rng=np.random.default_rng(seed)), n)


def groups(space):
    """By group of places that an encoding may swap, the options: the two terms of a node, or one place alone."""
    entries = space.balanced_entries()
    if not space.sorts_entries:
        return {(place,): options for place, options in entries.items()}
    return {(place, place + 2): entries[place] for place in entries if place % 4 == 1}


def spread(counts, options):
    found = [counts[option] for option in options]
    assert counts.keys() <= set(options)
    return max(found) - min(found)


def test_visits_differ_by_at_most_one_a_step_and_from_the_first_architecture_on(space):
    seen = {places: Counter() for places in groups(space)}
    for item in items(space, 20):
        assert len(item) == N_A_STEP[space.name]
        for arch in item:
            space.validate(arch)
        for places, options in groups(space).items():
            within = Counter()
            for arch in item:
                within.update(arch[place] for place in places)
                seen[places].update(arch[place] for place in places)
                assert len(places) > 1 or spread(seen[places], options) <= 1
            assert spread(within, options) <= 1
            if not len(places) * len(item) % len(options):
                assert spread(within, options) == 0
            assert spread(seen[places], options) <= 1


def test_the_topology_is_one_for_a_step_and_another_for_the_next(space):
    balanced = space.balanced_entries()
    drawn = [
        {tuple(option for place, option in enumerate(arch) if place not in balanced) for arch in item}
        for item in items(space, 20)
    ]
    n_open = len(next(iter(drawn[0])))
    assert {len(one) for one in drawn} == {1}
    assert (len(set(map(frozenset, drawn))) > 5) == (n_open > 0)
    assert (n_open > 0) == space.name.startswith(("darts", "nb101"))


def test_what_is_free_can_be_chosen_whatever_stands_elsewhere(space):
    rng = np.random.default_rng(1)
    free = space.free_entries()
    assert space.balanced_entries().items() <= dict(free).items()
    for _ in range(30):
        arch, other = space.sample(rng), space.sample(rng)
        changed = space.with_entries(arch, {place: other[place] for place in free})
        space.validate(changed)
        assert len(changed) == len(arch)
        if not space.sorts_entries:
            assert changed == tuple(other[i] if i in free else arch[i] for i in range(len(arch)))


def test_a_list_that_lacks_a_combination_says_so():
    space = ListedSpace("three", [("a", "b"), ("a", "c"), ("d", "b")])
    with pytest.raises(UserError, match="decisions of three depend on each other; sampler 'uniform' serves"):
        SAMPLERS["fairnas"](space, rng=np.random.default_rng(0))
