"""Every space can be split at each of its free decisions, and few-shot supernets train on the parts."""

import itertools

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.spaces import SPACES, SpacePart, choices_of, get_space, in_groups, option_words

WORDS = {
    "epochs": 1, "training": {"train_share": 0.06, "batch_size": 32}, "score_batch_size": 32, "n_score_batches": 1,
    "net": {"channels": 4, "n_cells": 1, "n_stages": 2}, "budget": "each", "parts": 2,
}  # fmt: skip
N_DECISIONS = {  # that leave a choice whatever the others are
    "darts": 16, "darts-nds": 16, "nb101": 5, "nb101-1shot1-1": 7, "nb101-1shot1-2": 8, "nb101-1shot1-3": 10,
    "nb101-1shot1-3-chain": 8, "nb201": 6, "nds-resnet": 6, "nds-resnext-a": 12,
}  # fmt: skip


@pytest.fixture(params=SPACES)
def space(request):
    return get_space(request.param)


def draws(space, n=40, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(n)]


def test_parts_divide_what_the_space_draws(space):
    decisions = choices_of(space)
    assert len(decisions) == N_DECISIONS[space.name]
    for place, options in decisions[:: max(1, len(decisions) // 4)]:
        parts = [SpacePart(space, place, group) for group in in_groups(options, 2)]
        assert sorted(itertools.chain(*(part.kept for part in parts))) == sorted(options)
        for arch in draws(space):
            assert sum(arch in part for part in parts) == 1
        for part, other in (parts, parts[::-1]):
            for arch in draws(part, 5):
                part.validate(arch)
                assert arch[place] in part.kept and all(near in part for near in part.neighbours(arch))
                assert arch in part.members(arch) and not set(part.members(arch)) & set(other.members(arch))
                with pytest.raises(UserError, match="lies in another part"):
                    other.validate(arch)


def test_what_ends_before_the_place_of_the_split_lies_in_no_part(space):
    place, options = choices_of(space)[-1]
    arch = draws(space, 1)[0]
    for part in (SpacePart(space, place, group) for group in in_groups(options, 2)):
        assert arch[:place] not in part and () not in part


def test_options_have_words(space):
    for place, options in choices_of(space):
        words = option_words(space, place, options)
        assert sorted(words.values()) == sorted(options) and len(words) == len(options)


@pytest.mark.long
def test_few_shot_supernets_train_and_score_on_every_space(space):
    small = {"depth_divisor": 24} if space.name.startswith("nds") else WORDS["net"]
    words = WORDS | {"net": small | {"channels": 4}}
    estimator = estimator_config({"name": "fewshot", **words}).build(RunContext(space))
    estimator.train()
    archs = list(dict.fromkeys(draws(space, 6)))
    found = estimator.estimate(archs)
    assert found.errors.empty and np.isfinite(found.scores["score"]).all()
    assert set(found.scores["arch"]) == {space.to_str(arch) for arch in archs}
    assert len(found.scores) == 2 * len(archs)


@pytest.mark.long
@pytest.mark.parametrize("sampler", ["fairnas", "strictly_fair"])
def test_fair_samplers_serve_parts_or_say_before_training_why_not(space, sampler):
    words = WORDS | {"sampler": sampler, "net": {"channels": 2}}
    build = estimator_config({"name": "fewshot", **words}).build
    if space.sorts_entries:
        with pytest.raises(UserError, match="a part is not balanced; sampler 'uniform' serves such spaces"):
            build(RunContext(space))
        return
    for part in build(RunContext(space)).parts:
        stream = part.sampler(part.space, rng=np.random.default_rng(0))
        balanced = part.space.balanced_entries()
        for item in itertools.islice(stream, 10):
            assert all(arch in part.space for arch in item)
            for place, options in balanced.items():
                counts = [sum(arch[place] == option for arch in item) for option in options]
                assert max(counts) - min(counts) <= 1
