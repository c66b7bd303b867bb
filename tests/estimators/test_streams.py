"""Streams of random numbers that belong to one training, or to what is drawn beside it, have nothing in common."""

import itertools

import numpy as np
import pytest

from nasgauge.estimators import RunContext, estimator_config
from nasgauge.estimators.oneshot.draws import live_convolution
from nasgauge.estimators.oneshot.per_decision import per_decision
from nasgauge.estimators.oneshot.randomness import Purpose, own_stream, sampling_stream
from nasgauge.spaces import NB201, get_space

SPACE = NB201()
SMALL = {"net": {"channels": 2, "n_cells": 1, "n_stages": 1}, "epochs": 2}


def state(rng):
    return rng.bit_generator.state["state"]["state"]


def test_no_two_streams_are_equal():
    """Of samplers of fresh and of started supernets, of cells with architectures of their own, and of all purposes."""
    streams = [sampling_stream(seed, n) for seed in (0, 1, 2) for n in (*range(6), 90, 600, 1_000)]
    streams += [child for seed in (0, 1) for n in (0, 1, 2) for child in sampling_stream(seed, n).spawn(4)]
    streams += [own_stream(seed, purpose) for seed in (0, 1, 2) for purpose in Purpose]
    assert len({state(rng) for rng in streams}) == len(streams)


@pytest.mark.parametrize("seed", [0, 7, 2**40])
def test_a_sampler_without_a_start_draws_from_its_seed_alone(seed):
    assert state(sampling_stream(seed)) == state(np.random.default_rng(seed))


def test_probed_architectures_are_not_those_that_a_supernet_started_after_one_epoch_trains_first(monkeypatch):
    """The stream [seed, 1] is that of the sampler of a supernet which starts from the first epoch of another."""
    words = {"name": "oneshot", **SMALL, "gradient_epochs": [1], "n_gradient_archs": 6}
    for seed in (0, 1):
        made = estimator_config(words).build(RunContext(SPACE, seed=seed))
        probed, is_live = made.probes[0].archs, live_convolution(SPACE)
        for n_before in range(4):
            stream = made.sampler(SPACE, rng=sampling_stream(seed, n_before))
            first = [arch for (arch,) in itertools.islice(stream, 40) if is_live(arch)]
            assert first[:6] != probed


def test_frequencies_of_words_are_no_draws_of_a_training():
    space = get_space("nb101")
    found = []
    for n_before in (0, 1_000):  # 1,000 is what the frequencies were drawn with
        counted = per_decision(space, rng=sampling_stream(0, n_before), warmup=1)
        archs = [space.words(space.sample(rng)) for rng in [sampling_stream(0, n_before)] for _ in range(1_000)]
        places = list(zip(*archs, strict=True))
        found.append(
            [
                {word: places[i].count(word) / 1_000 for word in sorted(base)} == {w: base[w] for w in sorted(base)}
                for i, base in enumerate(counted.base)
                if base
            ]
        )
    assert not any(map(all, found))
