"""Local search climbs by its rule; Pareto evolution keeps the fronts and draws its children as it says."""

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.search import levels_of, local_search, pareto_evolution
from nasgauge.search.pareto_evolution import Member, survivors
from nasgauge.search.pool import Pool
from nasgauge.spaces import NB201, ListedSpace

CELLS = NB201()


def valued(space, values):
    return lambda archs: np.array([values[space.to_str(arch)] for arch in archs])


@pytest.fixture(scope="module")
def noise():
    texts = [CELLS.to_str(arch) for arch in CELLS.enumerate()]
    values = np.random.default_rng(4).random(len(texts))
    return dict(zip(texts, np.where(values < 0.1, np.nan, values), strict=True))


def test_local_search_is_its_rule_written_out(noise):
    """Every batch is a start, or what was new around the best place so far, until nothing around is better."""
    found = local_search(CELLS, valued(CELLS, noise), None, budget=400, rng=np.random.default_rng(0), starts=3)
    batches = [part["arch"].tolist() for _, part in found.groupby("step")]
    seen, here, n_starts, n_steps = set(), None, 0, 0
    for batch in batches[:-1]:  # the last one ends with the budget
        if here is not None:
            near = {CELLS.to_str(arch) for arch in CELLS.neighbours(CELLS.from_str(here))}
            assert set(batch) == near - seen
            n_steps += 1
        else:
            near, n_starts = set(batch), n_starts + 1
            assert len(batch) == 3
        seen |= set(batch)
        known = [text for text in near if noise[text] == noise[text]]
        best = max(known, key=noise.get)
        here = best if here is None or noise[best] > noise[here] else None
    assert n_starts > 3 and n_steps > 6


def test_local_search_does_not_walk_on_a_plain():
    space = ListedSpace("plain", [(a, b) for a in "abcd" for b in "xyz"])
    found = local_search(
        space, lambda archs: np.ones(len(archs)), None, budget=12, rng=np.random.default_rng(0), starts=1
    )
    first = space.from_str(found["arch"][0])
    around = {space.to_str(arch) for arch in space.neighbours(first)}
    assert set(found["arch"][found["step"] == 1]) == around and (found["step"] == 2).sum() == 1


def test_the_fronts_are_those_of_their_definition():
    rng = np.random.default_rng(5)
    for _ in range(30):
        value, size = rng.integers(0, 6, (2, 20)).astype(float)
        value[value == 0] = -np.inf
        pairs = list(zip(value, size, strict=True))
        expected = [not any((v >= a and s <= b) and (v > a or s < b) for v, s in pairs) for a, b in pairs]
        assert (levels_of(size, value) == 1).tolist() == expected


def test_the_population_is_taken_level_by_level():
    rng = np.random.default_rng(6)
    members = [Member(str(i), *map(float, pair)) for i, pair in enumerate(rng.normal(size=(40, 2)))]
    value, size = (np.array([getattr(m, name) for m in members]) for name in ("value", "size"))
    levels = zip(levels_of(size, value), levels_of(-size, value), strict=True)
    level = {member.text for member, both in zip(members, levels, strict=True) if 1 in both}
    assert {m.text for m in survivors(members, len(level))} == level
    assert {m.text for m in survivors(members, len(level) + 3)} > level
    assert len(survivors(members, 100)) == 40
    assert len(level) > 6
    kept, whole = survivors(members, len(level) - 2), [m for m in members if m.text in level]
    assert len({m.text for m in kept} & level) == len(level) - 2
    assert max(m.value for m in kept) == max(m.value for m in whole)
    assert {min(m.size for m in kept), max(m.size for m in kept)} == {
        min(m.size for m in whole),
        max(m.size for m in whole),
    }
    assert survivors(members, 1)[0].value == max(m.value for m in members)


def test_children_are_random_crossed_or_neighbours_in_the_shares_that_are_given(noise):
    def distances(**shares):
        options = {"population": 1, "children": 1, "size": lambda archs: np.zeros(len(archs)), **shares}
        values = {text: float(i) for i, text in enumerate(sorted(noise))}
        found = pareto_evolution(CELLS, valued(CELLS, values), None, budget=40, rng=np.random.default_rng(1), **options)
        archs = list(map(CELLS.from_str, found["arch"]))
        best, apart = archs[0], []
        for arch, value in zip(archs[1:], found["value"][1:], strict=True):
            apart.append(sum(a != b for a, b in zip(best, arch, strict=True)))
            best = arch if value > values[CELLS.to_str(best)] else best
        return apart

    assert set(distances(random_share=0, crossover_share=0)) == {1}  # a neighbour of the only member
    assert set(distances(random_share=0, crossover_share=1)) == {1}  # crossed with itself it is nothing new
    assert np.mean(distances(random_share=1, crossover_share=0)) > 3


class ParentsFirst(Pool):
    """All of NAS-Bench-201, of which a search draws these two first."""

    parents = ((0,) * 6, (3,) * 6)
    size = None

    def resolve(self, arch):
        return CELLS.to_str(arch)

    def unevaluated(self, rng, taken):
        return iter(map(CELLS.to_str, self.parents))


def test_a_crossover_takes_each_entry_from_either_parent():
    """The only members are two parents without a common entry, and one child of them is evaluated, 600 times.

    Half of the pairs that are drawn are different; of 64 equally likely mixtures 50 differ from both parents in two
    entries or more, as no neighbour does.
    """
    pool = ParentsFirst(CELLS)

    def objective(archs):
        return np.array([1.0 if arch in pool.parents else np.nan for arch in archs])

    children = []
    for seed in range(600):
        found = pareto_evolution(
            CELLS, objective, pool, budget=3, rng=np.random.default_rng(seed), size=lambda archs: np.zeros(len(archs)),
            population=2, children=1, random_share=0, crossover_share=1,
        )  # fmt: skip
        children.append(CELLS.from_str(found["arch"].iloc[2]))
    counts = [
        [sum(a == b for a, b in zip(child, parent, strict=True)) for parent in pool.parents] for child in children
    ]
    assert all(sum(pair) == 6 or max(pair) == 5 for pair in counts)  # a mixture, or a neighbour
    mixtures = [child for child, pair in zip(children, counts, strict=True) if sum(pair) == 6 and max(pair) < 5]
    assert len(mixtures) / len(children) == pytest.approx(50 / 64 / 2, abs=0.06)
    assert np.mean([[entry == 0 for entry in child] for child in mixtures], axis=0) == pytest.approx(0.5, abs=0.12)
    assert len(set(mixtures)) > 45


def test_large_and_small_ones_are_kept_where_value_alone_would_lose_one_side():
    """With values that favour small cells, the largest cells are found by the inverse front only."""
    size = lambda archs: np.array([float(sum(a)) for a in archs])  # noqa: E731
    found = pareto_evolution(
        CELLS, lambda archs: -size(archs), None, budget=400, rng=np.random.default_rng(0), size=size,
        random_share=0.1, crossover_share=0.0,
    )  # fmt: skip
    late = found.tail(100)["value"]
    assert late.min() <= -20 and late.max() >= -3


def test_mistakes_are_told():
    objective, rng = (lambda archs: np.zeros(len(archs))), np.random.default_rng(0)
    with pytest.raises(UserError, match="starts is 0"):
        local_search(CELLS, objective, None, budget=3, rng=rng, starts=0)
    for options, says in (
        ({"population": 0}, "population is 0"),
        ({"children": -1}, "children is -1"),
        ({"random_share": 0.9, "crossover_share": 0.2}, "at most 1 in sum"),
        ({"random_share": -0.1}, "shares from 0"),
        ({"size": lambda archs: np.full(len(archs), np.nan)}, "size of an architecture is NaN"),
        ({"size": lambda archs: 1.0}, "shape"),
    ):
        with pytest.raises(UserError, match=says):
            pareto_evolution(CELLS, objective, None, budget=3, rng=rng, **options)
    silent = ListedSpace("silent", ["a", "b"])
    with pytest.raises(UserError, match="'silent' does not say what its operations do; give size"):
        pareto_evolution(silent, objective, None, budget=1, rng=rng)
