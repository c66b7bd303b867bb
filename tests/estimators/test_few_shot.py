"""Few-shot: nothing is shared across the split, and each part is the one-shot estimator of its part."""

import copy
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.estimators.oneshot.few_shot_split import least_aligned_decision
from nasgauge.spaces import NB201, ListedSpace, SpacePart, choices_of, get_space

SPACE = NB201()
SMALL = {
    "epochs": 2, "training": {"train_share": 0.1, "batch_size": 32}, "score_batch_size": 100, "n_score_batches": 1,
    "net": {"channels": 2, "n_cells": 1, "n_stages": 1, "skip_dead": True}, "budget": "each",
}  # fmt: skip
RNG = np.random.default_rng(0)
ARCHS = list(dict.fromkeys(SPACE.sample(RNG) for _ in range(20)))


def made(space=SPACE, seed=0, folder=None, judged=frozenset, **words):
    return estimator_config({"name": "fewshot", **SMALL, **words}).build(
        RunContext(space, seed=seed, folder=folder, judged=judged)
    )


def one_shot(space=SPACE, **words):
    keys = {key: value for key, value in SMALL.items() if key != "budget"}
    return estimator_config({"name": "oneshot", **keys, **words}).build(RunContext(space))


def trained(estimator):
    estimator.train()
    return estimator


@pytest.fixture(scope="module")
def halves():
    return trained(made(parts=2, checkpoints=[0]))


def storages(net):
    return {tensor.untyped_storage().data_ptr() for tensor in (*net.parameters(), *net.buffers())}


def scores_of(found):
    return found.scores.set_index(["estimator", "arch"])["score"]


def test_no_parameter_is_shared_across_the_split():
    estimator = made(supernet={"bn": "tracked"})
    nets = [part.fresh() for part in estimator.parts]
    assert len(nets) == 5 and all(storages(net) for net in nets)
    for one, other in itertools.combinations(nets, 2):
        assert not storages(one) & storages(other)


def test_training_one_part_moves_no_weight_of_another(halves):
    first, second = (copy.deepcopy(part.checkpoints[2]["weights"]) for part in halves.parts)
    alone = made(parts=2)
    alone.parts[1].train()
    assert alone.parts[0].checkpoints == {} and not alone.is_trained
    again = alone.parts[1].checkpoints[2]["weights"]
    assert all(torch.equal(again[name], second[name]) for name in second)  # whatever the first part did
    assert not all(torch.equal(first[name], second[name]) for name in second.keys() & first.keys())


def test_the_parts_are_a_partition_of_the_space(halves):
    archs = [list(part.space.enumerate()) for part in halves.parts]
    assert sorted(itertools.chain(*archs)) == sorted(SPACE.enumerate())
    assert [len(part) for part in archs] == [9_375, 6_250]


@pytest.mark.parametrize("sampler", ["uniform", "fairnas", "strictly_fair", "deiso"])
def test_a_part_is_trained_on_its_architectures_alone(sampler):
    for part in made(parts=2, sampler=sampler).parts:
        stream = part.sampler(part.space, rng=np.random.default_rng(1))
        seen = [arch for item in itertools.islice(stream, 60) for arch in item]
        assert {arch[0] for arch in seen} == set(part.space.kept)
        assert {arch[1] for arch in seen} == set(range(5))


def test_a_list_of_a_sampler_is_divided_among_the_parts():
    archs = [SPACE.to_str(arch) for arch in ARCHS]
    parts = made(parts=2, sampler="subset", sampler_options={"archs": archs}).parts
    for part in parts:
        stream = part.sampler(part.space, rng=np.random.default_rng(1))
        seen = {arch for item in itertools.islice(stream, 200) for arch in item}
        assert seen == {arch for arch in ARCHS if arch in part.space}
    with pytest.raises(UserError, match="none of the 1 listed architectures lies in"):
        made(parts=2, sampler="subset", sampler_options={"archs": archs[:1]})


def test_an_architecture_is_scored_by_the_supernet_of_its_part_and_by_no_other(halves):
    found = scores_of(halves.estimate(ARCHS))
    for part in halves.parts:
        inside = [arch for arch in ARCHS if arch in part.space]
        assert inside
        own = scores_of(part.estimate(inside))
        assert found[own.index].equals(own)
        with pytest.raises(UserError, match="lies in another part of nb201, split at entry 0"):
            part.fresh().used(next(arch for arch in ARCHS if arch not in part.space))


def test_members_of_one_class_in_two_parts_are_scored_each_by_its_own(halves):
    one, other = (1, 3, 0, 0, 0, 0), (0, 3, 0, 0, 0, 0)
    twin = next(m for m in SPACE.members((3, 0, 0, 0, 1, 0), "functional") if m[0] != 3)
    assert SPACE.canonical(twin, "functional") == SPACE.canonical((3, 0, 0, 0, 1, 0), "functional")
    archs = [one, other, twin, (3, 0, 0, 0, 1, 0)]
    found = halves.estimate(archs)
    assert len(found.scores) == 2 * len(set(archs)) and found.errors.empty
    nets = halves.trained(2)
    assert nets.place(twin) != nets.place((3, 0, 0, 0, 1, 0))


def test_class_means_are_over_the_members_in_the_part():
    estimator = trained(made(parts=2, post_deiso=True))
    found = estimator.estimate(ARCHS)
    rows = found.records["class_scores"].query("estimator == 'fewshot'")
    for arch in ARCHS:
        group = next(part.space.kept for part in estimator.parts if arch in part.space)
        members = [SPACE.to_str(m) for m in SPACE.members(arch) if m[0] in group]
        mean = rows[rows["arch"].isin(members)]["score"].mean()
        assert scores_of(found)["fewshot_post_deiso", SPACE.to_str(arch)] == pytest.approx(mean, abs=1e-9)


def test_one_part_is_plain_one_shot_to_the_bit():
    words = {"checkpoints": [0, 1], "averages": [2], "post_deiso": True}
    plain, one = trained(one_shot(**words)), trained(made(parts=1, label="oneshot", **words))
    theirs, ours = plain.estimate(ARCHS), one.estimate(ARCHS)
    assert ours.scores.equals(theirs.scores) and ours.errors.equals(theirs.errors)
    assert ours.costs["n"].equals(theirs.costs["n"])
    assert ours.records.keys() == theirs.records.keys()
    for name, table in theirs.records.items():
        pd.testing.assert_frame_equal(ours.records[name], table)
    logs = [estimator.history()["training_log"].drop(columns="train_seconds") for estimator in (plain, one)]
    pd.testing.assert_frame_equal(*logs, check_like=True)


def test_the_log_is_the_mean_loss_and_the_sum_of_seconds(halves):
    log = halves.history()["training_log"]
    each = [part.history()["training_log"] for part in halves.parts]
    assert log["train_loss"].tolist() == pytest.approx(((each[0]["train_loss"] + each[1]["train_loss"]) / 2).tolist())
    assert log["train_seconds"].sum() == pytest.approx(halves.fit_seconds)
    assert halves.fit_seconds == pytest.approx(sum(part.fit_seconds for part in halves.parts))
    inside = [arch for arch in ARCHS if arch in halves.parts[0].space]
    costs = halves.estimate(inside).costs
    assert costs["fit_seconds"].tolist() == [pytest.approx(halves.fit_seconds)] * 2  # of both, though one was asked
    assert costs["n"].tolist() == [len(inside)] * 2


@pytest.mark.parametrize(("budget", "epochs"), [("total", [5, 2, 1]), ("each", [5, 5, 5])])
def test_the_budget_is_divided_or_given_to_each(budget, epochs):
    for parts, wanted in zip((1, 2, 5), epochs, strict=True):
        estimator = made(parts=parts, budget=budget, epochs=5)
        assert {part.protocol.epochs for part in estimator.parts} == {wanted}
        settings = {"n_parts": parts, "split": 0, "total_epochs": parts * wanted, "channels": 2}
        assert settings.items() <= estimator.settings.items() and "epochs" not in estimator.settings


def test_groups_by_name_and_other_decisions():
    groups = [["nor_conv_3x3", "nor_conv_1x1"], ["avg_pool_3x3", "none", "skip_connect"]]
    estimator = made(split=5, groups=groups)
    assert [(part.space.place, part.space.kept) for part in estimator.parts] == [(5, (3, 2)), (5, (4, 0, 1))]
    nets = made(get_space("nds-resnet"), split=1, parts=4, net={"channels": 2, "depth_divisor": 24})
    assert [part.space.kept for part in nets.parts] == [(16, 24, 32), (40, 48, 64), (80, 96, 128), (160, 192, 256)]


def test_a_removed_operation_is_in_no_part_and_classes_are_judged_by_a_member_inside():
    estimator = trained(made(without=["skip_connect"]))
    assert [part.space.kept for part in estimator.parts] == [(0,), (2,), (3,), (4,)]
    plain = trained(one_shot(without=["skip_connect"]))
    outside = (a for a in SPACE.enumerate() if 1 in a and any(1 not in m for m in SPACE.members(a)))
    asked = [*itertools.islice(outside, 0, 60, 20), (1, 1, 1, 1, 1, 1), (0, 0, 0, 0, 0, 0), *ARCHS]
    ours, theirs = estimator.estimate(asked), plain.estimate(asked)
    members = [found.records["stand_ins"].query("not estimator.str.endswith('loss')") for found in (ours, theirs)]
    pairs = [dict(zip(table["arch"], table["member"], strict=True)) for table in members]
    assert pairs[0] == pairs[1] != {}
    failed = [set(found.errors["arch"]) for found in (ours, theirs)]
    assert failed[0] == failed[1] and SPACE.to_str((1, 1, 1, 1, 1, 1)) in failed[0]
    for arch, member in pairs[0].items():
        place = estimator.trained(2).place(SPACE.from_str(member))
        alone = scores_of(estimator.parts[place].estimate([SPACE.from_str(member)]))
        assert scores_of(ours)["fewshot", arch] == alone["fewshot", member]


def test_a_training_that_was_ended_goes_on_in_the_part_where_it_stopped(tmp_path):
    words = {"parts": 2, "checkpoints": [1]}
    whole = trained(made(folder=tmp_path / "whole", **words))
    broken = made(folder=tmp_path / "broken", **words)

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first, second = broken.parts
        first.train()
        replace(second, progress=stop).train()
    left = made(folder=tmp_path / "broken", **words)
    assert left.parts[0].is_trained and set(left.parts[1].checkpoints) == {1} and not left.is_trained
    left.train()
    for one, other in zip(whole.parts, left.parts, strict=True):
        for name, tensor in one.checkpoints[2]["weights"].items():
            assert torch.equal(tensor, other.checkpoints[2]["weights"][name])
    assert left.estimate(ARCHS).scores.equals(whole.estimate(ARCHS).scores)
    others = made(folder=tmp_path / "broken", parts=3)  # another split does not go on from these weights
    assert not any(len(part.checkpoints) for part in others.parts)


def test_progress_counts_the_epochs_of_all_parts():
    told = []
    context = RunContext(SPACE, progress=lambda done, total: told.append((done, total)))
    trained(estimator_config({"name": "fewshot", **SMALL, "parts": 2}).build(context))
    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]


def test_the_least_aligned_decision_against_a_plain_computation():
    space = SPACE.restrict(["nor_conv_1x1", "nor_conv_3x3"])
    whole = one_shot(space)
    net = replace(whole, seed=0).fresh()
    rows, rng = whole.split.train[:128], np.random.default_rng(0)
    bases = [space.sample(rng) for _ in range(4)]

    def gradient(arch):
        net.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(net(whole.data.images[rows], arch), whole.data.labels[rows]).backward()
        return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}

    means = []
    for place in range(6):
        cosines = []
        for base in bases:
            a, b = (gradient((*base[:place], option, *base[place + 1 :])) for option in (2, 3))
            for position in ("parts.stem", "parts.cell0", "parts.last", "parts.head"):
                pairs = [(a[n].flatten(), b[n].flatten()) for n in a.keys() & b.keys() if n.startswith(position)]
                if pairs:
                    x, y = (torch.cat(vectors).double() for vectors in zip(*pairs, strict=True))
                    cosines.append(float(x @ y / (x.norm() * y.norm())))
        means.append(np.mean(cosines))
    assert least_aligned_decision(whole) == int(np.argmin(means)) and len(set(np.round(means, 6))) > 1
    assert {made(space, seed=seed, split="gradients").settings["split"] for seed in (0, 1)} == {np.argmin(means)}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"split": 6}, "estimator 'fewshot': split = 6, but nb201 has decisions 0 to 5"),
        ({"split": -1}, "'split'"),
        ({"split": "edges"}, "'split'"),
        ({"parts": 6}, "parts = 6, but decision 0 has 5 options: none, skip_connect, nor_conv_1x1"),
        ({"parts": 0}, "'parts' must be at least 1"),
        ({"parts": 2, "groups": [["none"]]}, "parts = 2 and groups are both given; remove one of the two"),
        ({"groups": [["none", "skip"]]}, r"unknown option \(.*: groups of split = 0\) 'skip'; nearest: skip_connect"),
        ({"groups": [["none"], ["skip_connect"]]}, "nor_conv_1x1, nor_conv_3x3, avg_pool_3x3 in no group"),
        ({"groups": [["none", *SPACE.options[1:]], ["none"]]}, "none stands in two groups"),
        ({"groups": [[]]}, "groups: one of them is empty"),
        ({"budget": "total"}, "2 epochs for 5 parts; give an epoch each, or budget = \"each\""),
        ({"budget": "total", "epochs": 9, "checkpoints": [2]}, "checkpoints holds 2; each of 5 parts is trained 1 ep"),
        ({"label": "x", "split": 9}, "estimator 'x': split = 9"),
        ({"start": {"of": "net"}}, "start is not possible with several supernets; leave it out, or take name = 'one"),
        ({"sampler": "subset", "top": {"of": "net", "share": 0.5}}, "top is not possible with several supernets"),
        ({"also_without": [["none"]]}, "also_without is not possible with several supernets"),
        ({"epochs": 60, "sampler": "single_evo"}, "the controller of sampler 'single_evo' needs one supernet; take na"),
        *(
            ({"sampler": "subset", "sampler_options": {"archs": archs}}, f"estimator 'fewshot', archs: {says}")
            for archs, says in (
                ([], "archs must be a list of at least one"), ([3], "3 in archs is not an architecture"),
                ([()], r"architecture \(\) does not lie in"), ([(0, 1)], r"architecture \(0, 1\) does not lie in"),
                ([(0, 0, 0, 0, 0, 9)], "architecture .* does not lie in NB201"),
            )
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_any_work(words, says):
    with pytest.raises(UserError, match=says) as told:
        made(**words)
    assert "\n" not in str(told.value)


def test_a_space_without_a_decision_to_split_says_so():
    space = ListedSpace("three", [("a", "b"), ("a", "c"), ("d", "b")])
    with pytest.raises(UserError, match="decisions of three depend on each other; use name = 'oneshot'"):
        made(space)
    with pytest.raises(UserError, match="leaves no choice to be split"):
        made(SPACE.restrict(["nor_conv_3x3"]))


def test_a_part_of_a_part_and_copies_of_parts():
    part = SpacePart(SPACE, 0, (1, 2))
    inner = SpacePart(part, 3, (4,))
    assert copy.deepcopy(inner).decisions() == inner.decisions() == (
        (1, 2), *(tuple(range(5)),) * 2, (4,), *(tuple(range(5)),) * 2
    )  # fmt: skip
    assert choices_of(inner)[0] == (0, (1, 2)) and 3 not in dict(choices_of(inner))
    with pytest.raises(UserError, match=r"part of nb201: \(3,\) at entry 0; give some of \(1, 2\)"):
        SpacePart(part, 0, (3,))
