"""A supernet for each number of vertices that feed the output of a NAS-Bench-101 cell, from configuration to scores."""

import numpy as np
import pytest

from nasgauge.core.errors import UserError
from nasgauge.estimators import RunContext, estimator_config
from nasgauge.spaces import get_space

SPACE = get_space("nb101")
ENDS = [name for name in SPACE.options if name.startswith("ends")]
SHORT = {"epochs": 1, "training": {"train_share": 0.05, "batch_size": 32}, "n_score_batches": 1, "score_batch_size": 32}


def made(ends, space=SPACE, **keys):
    config = {"name": "oneshot", "without": [name for name in ENDS if name != ends], **SHORT, **keys}
    return estimator_config(config).build(RunContext(space))


@pytest.mark.parametrize("ends", ENDS)
def test_a_supernet_without_varying_channels_is_trained_and_scores_its_cells(ends):
    one = made(ends, supernet={"picking": "disabled"}, net={"channels": 8, "n_cells": 1, "n_stages": 1})
    one.train()
    rng = np.random.default_rng(0)
    archs = [one.space.sample(rng) for _ in range(3)]
    assert {SPACE.uses(arch)[-1] for arch in archs} == {ends}
    found = one.estimate(archs)
    assert found.errors.empty and found.scores["score"].notna().all()


@pytest.mark.parametrize("ends", ENDS)
def test_the_published_width_divides_among_the_vertices_up_to_a_channel(ends):
    one = made(ends, supernet={"picking": "disabled"}, net={"channels": 128, "n_cells": 1, "n_stages": 1})
    arch = one.space.sample(np.random.default_rng(0))
    assert {"stem", "head"} <= set(one.fresh().used(arch))


def test_a_restriction_through_which_nothing_is_computed_is_still_refused():
    with pytest.raises(UserError, match=r"without skip_connect.* no path leads from input to output"):
        made(None, get_space("nb201"), without=["skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"])
