"""Laws that every search obeys, and what sets each of them apart."""

from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest
from scipy import stats

from nasgauge.benchmarks import load
from nasgauge.core.errors import UserError
from nasgauge.search import SEARCHES, exhaustive, get_search, random_sample, tournament
from nasgauge.spaces import SPACES, get_space

NB201 = get_space("nb201")
SPENDING = [name for name, search in SEARCHES.items() if search.takes_budget]


def candidates_of(space, n_alone=20, n_walked=40):
    """Some architectures that stand alone and some whose neighbours are among them."""
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(n_alone)]
    walk = [space.sample(rng)]
    while len(walk) < n_walked:
        walk.append(space.mutate(walk[-1], rng))
    return list(dict.fromkeys(space.to_str(arch) for arch in archs + walk))


class Counting:
    """An objective without structure that remembers what it was asked, and has no value for a share of it."""

    def __init__(self, space, nan_share=0.0):
        self.space, self.nan_share, self.batches = space, nan_share, []

    @property
    def asked(self):
        return [arch for batch in self.batches for arch in batch]

    def __call__(self, archs):
        assert isinstance(archs, list) and all(isinstance(arch, tuple) for arch in archs)
        self.batches.append(list(archs))
        values = np.array([crc32(self.space.to_str(arch).encode()) / 2**32 for arch in archs])
        return np.where(values < self.nan_share, np.nan, values)


def run(name, space, objective, candidates, *, n=25, seed=0, **options):
    budget = n if SEARCHES[name].takes_budget else None
    return SEARCHES[name](space, objective, candidates, budget=budget, rng=np.random.default_rng(seed), **options)


@pytest.fixture(scope="module", params=SPACES)
def space(request):
    return get_space(request.param)


# --- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SEARCHES)
def test_spends_its_budget_on_candidates_each_once(name, space):
    candidates, objective = candidates_of(space), Counting(space)
    found = run(name, space, objective, candidates)
    assert list(found.columns) == ["arch", "value", "step"]
    assert [str(t) for t in found.dtypes] == ["str", "float64", "int64"]
    assert len(found) == (25 if SEARCHES[name].takes_budget else len(candidates))
    assert found["arch"].is_unique and set(found["arch"]) <= set(candidates)
    assert [space.to_str(arch) for arch in objective.asked] == found["arch"].tolist()
    assert found["step"].tolist() == [step for step, batch in enumerate(objective.batches) for _ in batch]
    assert found["value"].tolist() == Counting(space)(objective.asked).tolist()


@pytest.mark.parametrize("name", SEARCHES)
def test_order_and_copies_of_candidates_do_not_matter(name, space):
    candidates = candidates_of(space)
    first = run(name, space, Counting(space), candidates)
    assert first.equals(run(name, space, Counting(space), candidates[::-1] + candidates[:9]))


@pytest.mark.parametrize("name", SPENDING)
def test_the_generator_decides(name):
    candidates = candidates_of(NB201)
    first, again, other = (run(name, NB201, Counting(NB201), candidates, seed=seed) for seed in (0, 0, 1))
    assert first.equals(again)
    assert set(first["arch"]) != set(other["arch"])


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize("n", [1, 7, 20, 21, 57, 10_000])
def test_any_budget_is_spent_to_the_last(name, n):
    candidates, objective = candidates_of(NB201), Counting(NB201)
    found = run(name, NB201, objective, candidates, n=n)
    assert len(found) == len(set(objective.asked)) == min(n, len(candidates))
    assert all(objective.batches)


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("nan_share", [0.5, 1.0])
def test_an_architecture_without_a_value_is_paid_for_and_shown(name, nan_share, space):
    candidates, objective = candidates_of(space), Counting(space, nan_share)
    found = run(name, space, objective, candidates)
    assert len(found) == (25 if SEARCHES[name].takes_budget else len(candidates))
    missing = np.isnan(objective(list(map(space.from_str, found["arch"]))))
    assert missing.any() and (found["value"].isna() == missing).all()


# --- exhaustive and random -------------------------------------------------------------------------------------------


def test_exhaustive_evaluates_all_at_once():
    candidates, objective = candidates_of(NB201), Counting(NB201)
    found = run("exhaustive", NB201, objective, candidates)
    assert found["arch"].tolist() == sorted(candidates) and len(objective.batches) == 1


@pytest.mark.long
def test_random_draws_uniformly_and_in_random_order(n=12, k=4, n_runs=1500):
    candidates = candidates_of(NB201)[:n]
    rng = np.random.default_rng(5)
    found = [random_sample(NB201, Counting(NB201), candidates, budget=k, rng=rng) for _ in range(n_runs)]
    drawn = [table["arch"].tolist() for table in found]
    for position in (0, k - 1):
        counts = [sum(d[position] == arch for d in drawn) for arch in candidates]
        assert stats.chisquare(counts).pvalue > 0.001
    share = k / n
    often = np.array([sum(arch in d for d in drawn) for arch in candidates])
    # without replacement: the counts sum to n_runs * k, each is binomial
    statistic = ((often - n_runs * share) ** 2).sum() / (n_runs * share * (1 - share)) * (n - 1) / n
    assert 0.001 < stats.chi2.sf(statistic, n - 1) < 0.999


def test_a_smaller_budget_gives_the_first_of_a_larger_one():
    small, large = (run("random", NB201, Counting(NB201), candidates_of(NB201), n=n) for n in (9, 30))
    assert small.equals(large.head(9))


# --- evolution -------------------------------------------------------------------------------------------------------


def ways(parent, known):
    """Where mutations of the parent lead, one change at a time."""
    lead = set()
    for edge in range(6):
        for op in range(5):
            child = (*parent[:edge], op, *parent[edge + 1 :])
            own, representative = NB201.to_str(child), NB201.to_str(NB201.canonical(child))
            lead |= {own} & known or {representative} & known
    return lead


@pytest.fixture(scope="module")
def digits():
    return load("digits-nb201").archs


@pytest.fixture(scope="module")
def everything():
    return [NB201.to_str(arch) for arch in NB201.enumerate()]


def test_evolution_starts_with_what_random_search_draws(digits):
    evolved = run("evolution", NB201, Counting(NB201), digits, n=60)
    drawn = run("random", NB201, Counting(NB201), digits, n=20)
    assert evolved.head(20).equals(drawn)
    assert evolved["step"].value_counts(sort=False).tolist() == [20, 10, 10, 10, 10]


@pytest.mark.parametrize("truth", ["digits", "everything"])
def test_a_child_is_where_a_mutation_of_its_parent_leads(truth, request):
    known, objective = set(request.getfixturevalue(truth)), Counting(NB201)
    alone = {"population": 1, "sample_size": 1, "children": 1}  # the parent is the architecture before
    found = run("evolution", NB201, objective, known, n=300, **alone)["arch"].tolist()
    seen, n_stand_ins, n_unevaluated = set(), 0, 0
    for parent, child in pairwise(found):
        seen.add(parent)
        free = ways(NB201.from_str(parent), known) - seen
        assert child in free or not free
        n_unevaluated += not free
        distance = sum(a != b for a, b in zip(NB201.from_str(parent), NB201.from_str(child), strict=True))
        n_stand_ins += bool(free) and distance > 1
    assert n_unevaluated == 0 if truth == "everything" else n_unevaluated > 0
    assert n_stand_ins == 0 if truth == "everything" else n_stand_ins > 0


@pytest.mark.long
def test_a_child_is_any_of_the_mutants_with_equal_chance():
    archs = [(3, 3, 3, 3, 3, 3), (1, 3, 3, 3, 3, 3), (3, 3, 4, 3, 3, 3), (3, 3, 3, 3, 0, 3)]
    centre, *mutants = map(NB201.to_str, archs)
    candidates, seconds = [centre, *mutants], []
    rng = np.random.default_rng(6)
    for _ in range(800):
        first, second = tournament(NB201, Counting(NB201), candidates, budget=2, rng=rng, population=1)["arch"]
        if first == centre:
            seconds.append(second)
        else:
            assert second == centre  # the only neighbour of the others
    assert stats.chisquare([seconds.count(m) for m in mutants]).pvalue > 0.001


def members_before(found, step, population):
    """The youngest with a value, before that step."""
    alive = found[(found["step"] < step) & found["value"].notna()]
    return alive.tail(population)


@pytest.mark.parametrize("nan_share", [0.0, 0.4])
def test_parents_have_a_value_and_are_among_the_youngest(nan_share, everything):
    found = run("evolution", NB201, Counting(NB201, nan_share), everything, n=200, population=12)
    for step, children in found[found["step"] > 0].groupby("step"):
        parents = members_before(found, step, 12)["arch"]
        near = set().union(*(ways(NB201.from_str(parent), set(everything)) for parent in parents))
        assert set(children["arch"]) <= near


def test_a_tournament_of_very_many_is_won_by_the_best(everything):
    options = {"population": 6, "sample_size": 1000, "children": 3}  # no parent lives to use up its 24 ways
    found = run("evolution", NB201, Counting(NB201, 0.3), everything, n=96, **options)
    for step, children in found[found["step"] > 0].groupby("step"):
        parents = members_before(found, step, 6)
        best = parents["arch"][parents["value"].idxmax()]
        assert set(children["arch"]) <= ways(NB201.from_str(best), set(everything))


def test_equally_good_members_win_equally_often(n_runs=400):
    couples = [{(0, 0, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0)}, {(3, 3, 3, 3, 3, 3), (3, 3, 3, 3, 4, 3)}]
    candidates = [NB201.to_str(arch) for couple in couples for arch in couple]
    rng, winners = np.random.default_rng(7), []
    for _ in range(n_runs):
        found = tournament(NB201, lambda archs: np.ones(len(archs)), candidates, budget=3, rng=rng, population=2)
        first, second, child = (NB201.from_str(arch) in couples[0] for arch in found["arch"])
        if first != second:
            winners.append((child == first, child))  # the older one, the one of the first couple
    assert len(winners) > 200
    for n_won in np.sum(winners, axis=0):
        assert stats.binomtest(int(n_won), len(winners)).pvalue > 0.001


def best_found(search, objective, candidates, n_seeds=20):
    runs = [search(NB201, objective, candidates, budget=150, rng=np.random.default_rng(s)) for s in range(n_seeds)]
    return np.array([found["value"].max() for found in runs])


@pytest.mark.long
def test_evolution_finds_better_where_neighbours_are_alike_and_only_there(everything):
    worth = np.random.default_rng(8).normal(size=(6, 5))

    def planted(archs):
        return worth[np.arange(6), np.array(archs)].sum(axis=1)

    noise = dict(zip(NB201.enumerate(), np.random.default_rng(9).random(len(everything)), strict=True))

    def without_structure(archs):
        return np.array([noise[arch] for arch in archs])

    ahead = best_found(tournament, planted, everything) - best_found(random_sample, planted, everything)
    assert ahead.mean() > 0.5 and (ahead > 0).mean() > 0.8
    by_chance = best_found(tournament, without_structure, everything)
    by_chance = stats.ttest_ind(by_chance, best_found(random_sample, without_structure, everything))
    assert by_chance.pvalue > 0.01


# --- errors and the dictionary ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPENDING)
@pytest.mark.parametrize(("budget", "says"), [(None, "missing"), (0, "from 1"), (-3, "from 1"), (2.5, "from 1")])
def test_a_budget_must_be_given(name, budget, says):
    with pytest.raises(UserError, match=says):
        SEARCHES[name](NB201, Counting(NB201), candidates_of(NB201), budget=budget, rng=np.random.default_rng(0))


def test_exhaustive_refuses_a_budget():
    with pytest.raises(UserError, match=r'omit it, or choose "random" or "evolution"'):
        exhaustive(NB201, Counting(NB201), candidates_of(NB201), budget=5, rng=np.random.default_rng(0))


@pytest.mark.parametrize("name", SEARCHES)
def test_mistakes_are_told(name):
    good = candidates_of(NB201)[:3]
    with pytest.raises(UserError, match="no candidates"):
        run(name, NB201, Counting(NB201), [])
    with pytest.raises(UserError, match="written otherwise"):
        run(name, NB201, Counting(NB201), [*good, " " + good[0]])
    with pytest.raises(UserError, match="not a valid NAS-Bench-201 cell"):
        run(name, NB201, Counting(NB201), [*good, "conv"])
    with pytest.raises(UserError, match=r"shape \(2,\) for 3 architectures"):
        run(name, NB201, lambda archs: np.zeros(len(archs) - 1), good)
    with pytest.raises(UserError, match="option"):
        run(name, NB201, Counting(NB201), good, sample_sise=3)


@pytest.mark.parametrize("option", ["population", "sample_size", "children"])
def test_evolution_needs_at_least_one_of_each(option):
    with pytest.raises(UserError, match=f"{option} is 0"):
        run("evolution", NB201, Counting(NB201), candidates_of(NB201), **{option: 0})


@pytest.mark.parametrize("name", SEARCHES)
def test_an_entry_says_what_it_is_and_whose(name):
    search = get_search(name)
    assert get_search(search) is search
    assert search.summary and search.reference and search.reference in search.function.__doc__
    assert search.takes_budget == (name != "exhaustive")


def test_an_unknown_search_lists_the_nearest():
    with pytest.raises(UserError, match="unknown search 'evolutoin'; nearest: evolution"):
        get_search("evolutoin")
