"""From the words of a one-shot estimator to what is trained."""

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.spaces import get_space

NET = {"channels": 2, "n_cells": 1, "n_stages": 2}


def oneshot(space="nb201", seed=0, **words):
    config = estimator_config({"name": "oneshot", "epochs": 1, "net": NET, **words})
    return config.build(RunContext(get_space(space), seed))


@pytest.mark.parametrize(
    ("words", "n_samples"),
    [
        ({"sampler": "uniform"}, 1),
        ({"sampler": "uniform", "sampler_options": {"n_samples": 3}}, 3),
        ({"sampler": "deiso", "sampler_options": {"method": "lazy", "n_samples": 2}}, 2),
        ({"sampler": "fairnas"}, 5),
        ({"sampler": "strictly_fair"}, 5),
        ({"sampler": "strictly_fair", "without": ["none", "avg_pool_3x3"]}, 3),
        ({"sampler": "strictly_fair", "share_topology": False}, 5),
    ],
)
def test_the_setting_n_samples_is_what_a_step_trains(words, n_samples):
    one = oneshot(**words)
    assert one.settings["n_samples"] == n_samples
    steps = one.sampler(one.space, rng=np.random.default_rng(5))
    assert {len(next(steps)) for _ in range(5)} == {n_samples}


def test_the_settings_of_an_estimator_are_the_same_for_all_seeds():
    words = {"sampler": "fairnas", "sampler_options": {"live_conv": True}}  # its steps differ in length
    estimators = [oneshot(seed=seed, **words) for seed in range(6)]
    lengths = {len(next(one.sampler(one.space, rng=np.random.default_rng(one.seed)))) for one in estimators}
    assert len(lengths) > 1 and len({tuple(one.settings.items()) for one in estimators}) == 1


@pytest.mark.parametrize(
    ("space", "n_cells"),
    [("nb201", 2), ("nb101", 2), ("darts", 3), ("nds-resnet", 1)],  # with a reduction cell; a whole network
)
def test_unshared_topology_has_an_architecture_for_every_cell_of_the_supernet(space, n_cells):
    net = {"channels": 2} if space == "nds-resnet" else NET  # stages and cells are the architecture's own there
    one = oneshot(space, share_topology=False, net=net)
    path = next(one.sampler(one.space, rng=np.random.default_rng(0)))[0]
    assert len(path) == n_cells == one.fresh().n_cells
    assert one.fresh().used(path)


def test_a_device_that_is_not_there_is_told_before_training():
    with pytest.raises(UserError, match="estimator 'oneshot': device 'cudda' is not available here"):
        oneshot(device="cudda")
