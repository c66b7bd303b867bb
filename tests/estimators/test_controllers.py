"""Samplers that are updated during training: what they keep, where they concentrate, and that a kill changes no bit."""

import copy
from collections import Counter
from functools import partial
from itertools import islice

import numpy as np
import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.core.recorded import RECORDS
from nasgauge.core.tables import check
from nasgauge.estimators.oneshot import SAMPLERS, OneShot, Protocol
from nasgauge.estimators.oneshot.controllers import Controller, Judge
from nasgauge.estimators.oneshot.counted_sampler import CountedSampler
from nasgauge.estimators.oneshot.evolution import child_of, mutated
from nasgauge.nets import NetOptions
from nasgauge.spaces import NB201, SPACES, ListedSpace, get_space

SPACE = NB201()
CONTROLLERS = [name for name in SAMPLERS if name in ("single_evo", "pareto_evo", "per_decision")]
SOON = {"warmup": 1, "every": 1, "n_scored": 24}
SMALL = {"single_evo": {"population": 12}, "pareto_evo": {"population": 12}, "per_decision": {"elite": 0.4}}


def planted(archs):
    """An additive score: how many entries are 3 (a 3x3 convolution of NB201)."""
    return np.array([arch.count(3) for arch in archs], dtype="float64")


JUDGE = Judge(
    accuracy=planted, loss=lambda archs: -planted(archs), n_params=lambda archs: np.array([a.count(2) for a in archs])
)


def controller(name, space=SPACE, seed=0, **options):
    return SAMPLERS[name](space, rng=np.random.default_rng(seed), **(SOON | SMALL[name] | options))


def mean_score(stream, n=300):
    return planted([arch for item in islice(stream, n) for arch in item]).mean()


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_planted_score_draws_the_controller_where_it_is_high_and_a_reversed_one_away(name):
    first = controller(name, n_scored=60)
    assert mean_score(first) == pytest.approx(6 / 5, abs=0.25)  # uniform
    for epoch in range(1, 9):
        first.after_epoch(epoch, JUDGE)
    away = controller(name, n_scored=60, reward="loss")
    for epoch in range(1, 9):
        away.after_epoch(epoch, JUDGE)
    high, low = mean_score(first), mean_score(away)
    assert high > (3.5 if name != "pareto_evo" else 2.5) and low < 0.5, (high, low)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_half_and_half_draws_half_of_the_architectures_uniformly(name):
    fed = controller(name, share=0.5)
    alone = controller(name, share=1.0)
    for epoch in range(1, 9):
        fed.after_epoch(epoch, JUDGE)
        alone.after_epoch(epoch, JUDGE)
    assert mean_score(fed, 1000) == pytest.approx((mean_score(alone, 1000) + 6 / 5) / 2, abs=0.3)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_it_learns_after_warm_up_and_then_every_so_many_epochs(name):
    made = controller(name, warmup=3, every=2)
    asked = []
    judge = Judge(lambda archs: asked.append(len(archs)) or planted(archs), JUDGE.loss, JUDGE.n_params)
    due = [epoch for epoch in range(1, 9) if made.after_epoch(epoch, judge)]
    assert due == [3, 5, 7] and len(asked) == 3 and asked[0] <= 24 and max(asked) <= 24


def test_candidates_are_the_population_and_a_half_random_a_quarter_each_bred():
    made = controller("single_evo", population=100, n_scored=200)
    assert len(made.candidates()) == 200  # all random, as there is no population yet
    made.after_epoch(1, JUDGE)
    kept = list(made.population)
    near = {n for arch in kept for n in SPACE.neighbours(arch)}
    found = made.candidates()
    assert found[:100] == kept and len(set(found)) == 200
    assert set(found[100:125]) <= near
    parents = list(zip(*kept, strict=True))
    assert all(gene in parents[i] for arch in found[125:150] for i, gene in enumerate(arch))
    best = sorted(planted(found), reverse=True)[:100]
    made.candidates = lambda: found
    made.after_epoch(2, JUDGE)
    assert sorted(planted(made.population), reverse=True) == best


def on_either_front(points):
    """Places of the points (score, size) that no other dominates, where small or where large is better."""

    def dominated(point, sign):
        return any(a >= point[0] and sign * b >= sign * point[1] and (a, b) != point for a, b in points.values())

    return {i for i, point in points.items() if not (dominated(point, 1) and dominated(point, -1))}


@pytest.mark.parametrize("population", [1, 2, 8, 25])
@pytest.mark.parametrize("seed", range(3))
def test_pareto_evolution_keeps_the_levels_of_both_fronts_and_spreads_the_last_by_size(population, seed):
    made = controller("pareto_evo", population=population, n_scored=40, seed=seed)
    archs, rng = made.candidates(), np.random.default_rng(seed)
    score, size = rng.normal(size=40), rng.permutation(40).astype("float64")
    score[:3] = -np.inf
    sizes = dict(zip(archs, size, strict=True))
    kept = made.kept(archs, score, Judge(planted, planted, lambda asked: np.array([sizes[arch] for arch in asked])))
    left = {i: (score[i], size[i]) for i in range(40)}
    expected = set()
    while left and len(expected) < population:
        level = on_either_front(left)
        n = population - len(expected)
        if len(level) > n:
            best = max(level, key=lambda i: score[i])
            others = sorted(level - {best}, key=lambda i: size[i])
            level = {best, *(others[round(i)] for i in np.linspace(0, len(others) - 1, n - 1))}
        expected |= level
        left = {i: point for i, point in left.items() if i not in level}
    assert set(kept) == expected and len(kept) == population
    assert int(np.argmax(score)) in kept


@pytest.mark.parametrize("name", CONTROLLERS)
def test_scores_that_are_not_finite_are_the_worst(name):
    def some(archs):
        return np.where(planted(archs) > 0, np.nan, 0.5)

    made = controller(name, n_scored=60)
    for epoch in range(1, 6):
        rows = made.after_epoch(epoch, Judge(some, some, JUDGE.n_params))
    assert mean_score(made) < 1.0
    assert rows[made.table]


@pytest.mark.parametrize("name", SPACES)
def test_a_crossed_child_is_of_the_space_and_of_its_parents_where_decisions_are_independent(name):
    space, rng = get_space(name), np.random.default_rng(0)
    for _ in range(10):
        one, other = space.sample(rng), space.sample(rng)
        child = child_of(space, one, other, rng)
        space.validate(child)
        try:
            space.decisions()
        except NotImplementedError:
            continue
        assert all(c in pair for c, *pair in zip(child, one, other, strict=True))


def test_parents_without_a_mixture_are_mutated_and_tiny_spaces_have_fewer_candidates():
    space = ListedSpace("pairs", [("a", "b"), ("b", "a"), ("c", "c")])
    assert child_of(space, (0, 0), (1, 1), np.random.default_rng(0)) in space.enumerate()
    made = controller("single_evo", space)
    rows = made.after_epoch(1, Judge(planted, planted, planted))
    assert {row["arch"] for row in rows["populations"]} == {"a|b", "b|a", "c|c"}


@pytest.mark.parametrize("name", SPACES)
def test_a_mutation_is_a_neighbour(name):
    space, rng = get_space(name), np.random.default_rng(0)
    arch = space.sample(rng)
    near = set(space.neighbours(arch))
    drawn = {mutated(space, arch, rng) for _ in range(20)}
    assert drawn <= near and len(drawn) > 1


@pytest.mark.parametrize("space", [ListedSpace("one", ["a"]), SPACE.restrict(["nor_conv_3x3"])])
@pytest.mark.parametrize("name", CONTROLLERS)
def test_an_architecture_without_a_neighbour_is_no_end_of_a_controller(name, space):
    made = controller(name, space)
    (only,) = space.enumerate()
    assert mutated(space, only, np.random.default_rng(0)) == only
    for epoch in (1, 2, 3):
        made.after_epoch(epoch, Judge(planted, planted, planted))
    assert next(made) == [only]


def test_a_place_with_many_words_has_no_distribution_and_does_not_move_the_others():
    """The adjacency matrix of NAS-Bench-101 is one word of thousands; its operations are places of three."""
    space = get_space("nb101")
    made = controller("per_decision", space, n_scored=40)
    words = [len(place) for place in made.base]
    assert 0 in words and max(words) <= 50 and sum(n > 0 for n in words) >= 5
    rows = made.after_epoch(
        1,
        Judge(*[lambda archs: np.array([space.words(a).count("conv3x3-bn-relu") for a in archs], dtype="float64")] * 3),
    )
    assert {row["place"] for row in rows["preferences"]} == {i for i, n in enumerate(words) if n}
    for (arch,) in islice(made, 10):
        space.validate(arch)


def test_probabilities_are_those_of_the_best_and_no_option_dies():
    made = controller("per_decision", n_scored=100, elite=0.1, rate=1.0, floor=0.1)
    for epoch in range(1, 8):
        rows = made.after_epoch(epoch, JUDGE)["preferences"]
    table = {(row["place"], row["option"]): row["probability"] for row in rows}
    assert len(table) == 30 and min(table.values()) == pytest.approx(0.1 / 5)
    for place in range(6):
        assert sum(table[place, option] for option in SPACE.options) == pytest.approx(1)
        assert table[place, "nor_conv_3x3"] == pytest.approx(0.9 + 0.1 / 5)
    counts = Counter(arch[0] for item in islice(made, 1000) for arch in item)
    assert counts[3] > 850


def test_decisions_that_depend_on_each_other_follow_the_scores_too():
    space = get_space("darts")
    skips = lambda archs: np.array([space.words(a).count("skip_connect") for a in archs], dtype="float64")  # noqa: E731
    made = controller("per_decision", space, n_scored=60)
    before = skips([arch for item in islice(made, 60) for arch in item]).mean()
    for epoch in range(1, 6):
        made.after_epoch(epoch, Judge(skips, skips, skips))
    drawn = [arch for item in islice(made, 60) for arch in item]
    for arch in drawn:
        space.validate(arch)
    assert skips(drawn).mean() > before + 1.5


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("single_evo", {"n_scored": 12}, "n_scored is 12; give more than the population, 12"),
        ("pareto_evo", {"population": 0}, "population must be a whole number from 1, got 0"),
        ("single_evo", {"warmup": 0}, "warmup must be a whole number from 1, got 0"),
        ("single_evo", {"share": 0}, "share must be a fraction above 0, at most 1, got 0"),
        ("single_evo", {"reward": "size"}, "reward must be 'accuracy' or 'loss', got 'size'"),
        ("per_decision", {"floor": 1.0}, "floor = 1 keeps every decision uniform"),
        ("per_decision", {"rate": 1.5}, "rate must be a fraction above 0, at most 1, got 1.5"),
        ("per_decision", {"popultion": 3}, "unknown option 'popultion'"),
    ],
)
def test_mistakes_are_told_before_anything_is_drawn(name, options, message):
    with pytest.raises(UserError, match=message):
        controller(name, **options)


NET = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3, bn_affine=False)


def estimator(name, patches, split, checkpoints, *, space=SPACE, epochs=4, images="shared", **options):
    sampler = partial(SAMPLERS[name], **({"warmup": 1, "every": 2, "n_scored": 6, "n_samples": 2} | options))
    return OneShot(
        space, patches, split, sampler, Protocol(epochs=epochs, batch_size=20, lr=0.02, images=images), net=NET, seed=3,
        checkpoint_epochs=tuple(range(epochs)), score_batch_size=20, checkpoints=checkpoints,
    )  # fmt: skip


TINY = {"single_evo": {"population": 3}, "pareto_evo": {"population": 3}, "per_decision": {}}


def same(a, b):
    """Equal to the last bit, but for the seconds."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(k == "train_seconds" or same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("name", CONTROLLERS)
def test_stopped_after_any_epoch_it_ends_with_equal_weights_and_an_equal_population(name, patches, split):
    kept = {}
    estimator(name, patches, split, kept, images="own", **TINY[name]).train()
    assert kept[4]["controller"] != kept[1]["controller"] != kept[0]["controller"]
    for epoch in range(4):
        again = {e: copy.deepcopy(kept[e]) for e in range(epoch + 1)}
        estimator(name, patches, split, again, images="own", **TINY[name]).train()
        assert same(again, kept), epoch


@pytest.mark.parametrize("name", CONTROLLERS)
def test_what_it_did_is_recorded_and_its_seconds_are_those_of_training(name, patches, split):
    made = estimator(name, patches, split, {}, **TINY[name])
    made.train()
    history = made.history()
    table = {"per_decision": "preferences"}.get(name, "populations")
    check(history[table], RECORDS[table])
    assert set(history[table]["epoch"]) == {1, 3} and set(history) == {"training_log", table}
    if table == "populations":
        last = history[table].query("epoch == 3").set_index("arch")["score"]
        net = made.trained(3)
        scored = made.judge(net).accuracy([SPACE.from_str(arch) for arch in last.index])
        assert np.array_equal(scored, last.to_numpy()) and len(last) == 3


def test_scores_of_the_judge_are_those_of_the_estimator_and_leave_no_trace(patches, split):
    made = estimator("single_evo", patches, split, {}, population=3)
    made.train()
    net = made.trained(4)
    before = copy.deepcopy(net.state_dict())
    archs = [SPACE.sample(np.random.default_rng(i)) for i in range(4)]
    judge = made.judge(net.train())
    found = made.estimate(archs).scores.pivot(index="arch", columns="estimator", values="score")
    texts = [SPACE.to_str(arch) for arch in archs]
    assert np.array_equal(judge.accuracy(archs), found.loc[texts, "oneshot"].to_numpy())
    assert np.array_equal(judge.loss(archs), found.loc[texts, "oneshot_loss"].to_numpy())
    assert net.training and same(dict(net.state_dict()), dict(before))


def test_checkpoints_of_another_sampler_are_refused(patches, split):
    kept = {}
    estimator("single_evo", patches, split, kept, population=3).train()
    del kept[4]
    for name, options, message in (
        ("single_evo", {"population": 4}, "its sampler had population = 3, this one has 4"),
        ("pareto_evo", {"population": 3}, "its sampler had controller = SingleEvolution, this one has ParetoEvolution"),
    ):
        with pytest.raises(UserError, match=message):
            estimator(name, patches, split, dict(kept), **options).train()
    plain = OneShot(SPACE, patches, split, SAMPLERS["uniform"], Protocol(epochs=4, batch_size=20, lr=0.02), net=NET,
                    seed=3, checkpoint_epochs=(0, 1, 2, 3), score_batch_size=20, checkpoints=dict(kept))  # fmt: skip
    with pytest.raises(UserError, match="was trained with another sampler"):
        plain.train()


def test_a_warm_up_that_lasts_as_long_as_training_is_refused(patches, split):
    with pytest.raises(UserError, match="warmup = 4 of its sampler leaves no epoch of 4"):
        estimator("per_decision", patches, split, {}, warmup=4)


def test_without_scores_it_is_told():
    counted = CountedSampler(controller("single_evo"))
    assert isinstance(controller("single_evo"), Controller) and counted.after_epoch(0, None) == {}
    with pytest.raises(UserError, match="its sampler needs scores of the weights"):
        counted.after_epoch(1, None)
