"""Searches of a whole space, planted optima, smaller budgets of one generator, and single candidates."""

import numpy as np
import pytest
from scipy import stats

from nasgauge.core.errors import UserError
from nasgauge.search import SEARCHES, Listed, exhaustive
from nasgauge.spaces import NB201, SPACES, ListedSpace, get_space

SPENDING = [name for name, search in SEARCHES.items() if search.takes_budget]
LEARNING = [name for name in SPENDING if name != "random"]
CELLS = NB201()


class Additive:
    """The sum of a random worth of each word of an architecture; remembers what it was asked."""

    def __init__(self, space, seed=0):
        self.space, self.seed, self.asked, self.worth = space, seed, [], {}

    def value(self, arch):
        return sum(map(self.worth_of, enumerate(self.space.words(arch))))

    def worth_of(self, word):
        if word not in self.worth:
            self.worth[word] = np.random.default_rng([self.seed, *repr(word).encode()]).normal()
        return self.worth[word]

    def __call__(self, archs):
        self.asked += [self.space.to_str(arch) for arch in archs]
        return np.array([self.value(arch) for arch in archs])


def run(name, space, objective, candidates=None, *, n=60, seed=0, **options):
    return SEARCHES[name](space, objective, candidates, budget=n, rng=np.random.default_rng(seed), **options)


@pytest.fixture(scope="module", params=SPACES)
def space(request):
    return get_space(request.param)


@pytest.fixture(scope="module")
def everything():
    return Listed(CELLS, [CELLS.to_str(arch) for arch in CELLS.enumerate()])


@pytest.mark.parametrize("name", SPENDING)
def test_the_budget_is_spent_on_architectures_of_the_space_each_once(name, space):
    objective = Additive(space)
    found = run(name, space, objective)
    assert len(found) == 60 and found["arch"].is_unique and found["arch"].tolist() == objective.asked
    for text in found["arch"]:
        space.validate(space.from_str(text))
        assert space.identity_of(text) == text
    assert found.equals(run(name, space, Additive(space)))
    assert set(found["arch"]) != set(run(name, space, Additive(space), seed=1)["arch"])


@pytest.mark.parametrize("name", SPENDING)
def test_a_space_that_can_be_listed_is_the_list_of_all(name, everything):
    alone = run(name, CELLS, Additive(CELLS))
    assert alone.equals(run(name, CELLS, Additive(CELLS), everything))
    assert alone.equals(run(name, CELLS, Additive(CELLS), list(everything)))


def test_exhaustive_lists_a_space_or_says_that_it_cannot():
    small = ListedSpace("small", ["a", "b", "c"])
    found = exhaustive(small, lambda archs: np.arange(3.0), None, rng=np.random.default_rng(0))
    assert found["arch"].tolist() == ["a", "b", "c"]
    with pytest.raises(UserError, match="darts is too large to be listed; give candidates"):
        exhaustive(get_space("darts"), Additive(get_space("darts")), None, rng=np.random.default_rng(0))


class Unlisted:
    """A few architectures of a space that does not enumerate them."""

    def __new__(cls, n):
        small = ListedSpace("unlisted", [(w, v) for w in "abcdefgh"[:n] for v in "xy"])
        small.enumerate = lambda: (_ for _ in ()).throw(NotImplementedError)
        return small


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize("n", [1, 4])
def test_a_search_ends_where_nothing_is_left_whether_the_space_is_listed_or_not(name, n):
    options = {"size": lambda archs: np.zeros(len(archs))} if "size" in SEARCHES[name].options else {}
    for small in (Unlisted(n), ListedSpace("listed", [(w, v) for w in "abcdefgh"[:n] for v in "xy"])):
        found = run(name, small, Additive(small), n=10_000, **options)
        assert len(found) == 2 * n and found["arch"].is_unique


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("value", [1.0, np.nan, -np.inf])
def test_one_candidate_is_found(name, value):
    one, budget = CELLS.to_str((3,) * 6), 5 if SEARCHES[name].takes_budget else None
    found = run(name, CELLS, lambda archs: np.full(len(archs), value), [one], n=budget)
    assert found["arch"].tolist() == [one] and np.array_equal(found["value"], [value], equal_nan=True)


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize("place", ["nb201", "darts"])
def test_a_smaller_budget_gives_the_first_rows_of_a_larger_one(name, place, everything):
    space, candidates = get_space(place), everything if place == "nb201" else None
    whole = run(name, space, Additive(space), candidates, n=70)
    for n in (1, 13, 33, 69):
        assert run(name, space, Additive(space), candidates, n=n).equals(whole.head(n))


@pytest.mark.parametrize("name", LEARNING)
def test_a_planted_optimum_is_found_far_more_often_than_by_chance(name, everything, n=500, n_runs=8):
    n_found = 0
    for seed in range(n_runs):
        objective = Additive(CELLS, seed)
        best = max(map(objective.value, CELLS.enumerate()))
        found = run(name, CELLS, objective, everything, n=n, seed=seed)
        assert len(found) == n
        n_found += found["value"].max() > best - 1e-9
    chance = n / len(everything)
    assert stats.binomtest(n_found, n_runs, chance, alternative="greater").pvalue < 1e-4 and n_found >= n_runs / 5


@pytest.mark.parametrize("name", LEARNING)
def test_better_is_found_than_by_random_search_where_nothing_can_be_listed(name, n_runs=8):
    space = get_space("nds-resnext-a")
    ahead = [
        run(one, space, Additive(space, seed), n=150, seed=seed)["value"].max()
        for seed in range(n_runs)
        for one in (name, "random")
    ]
    ahead = np.array(ahead).reshape(-1, 2)
    assert stats.wilcoxon(ahead[:, 0], ahead[:, 1], alternative="greater").pvalue < 0.05
