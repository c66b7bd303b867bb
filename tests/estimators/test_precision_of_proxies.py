"""Proxies in every precision: a score that is one, or a missing score that says why."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from nasgauge.estimators import RunContext, estimator_config, supernets_of
from nasgauge.estimators.zeroshot import PROXIES, ZeroShot, draw_batches
from nasgauge.estimators.zeroshot.passes import PASSES, record_of
from nasgauge.estimators.zeroshot.watching import sign_agreement
from nasgauge.images import load_images
from nasgauge.nets import NetOptions, autocast
from nasgauge.spaces import get_space

SPACE = get_space("nb201")
ARCHS = [(3, 1, 2, 3, 0, 3), (2, 3, 1, 0, 4, 2)]
NET = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1)
AS_IN_FLOAT32 = {  # measured in 32 bits at least, or not by products at all
    *(
        "grasp",
        "jacob_cov",
        "epe_nas",
        "zen",
        "synflow",
        "synflow_bn",
        "l2_norm",
        "relu",
        "n_params",
        "macs",
        "n_convs",
        "n_live_params",
        "n_blocks",
        "jacobian_whiteness",
        "identity_path",
        "receptive_field_entropy",
    ),
    "random",
    *("az_expressivity", "az_progressivity", "az_trainability", "vkdnw", "vkdnw_single", "intrain", "meco", "meco_opt"),
    "ntk_condition",
}
SIZED = {
    *("grad_norm", "snip", "fisher", "relu_logdet", "naswot", "plain", "embedding_spectrum", "gradient_flatness"),
    *("swap", "linear_regions"),
}
NOT_SCORED = {"zico"}


@pytest.fixture(scope="module")
def batches():
    rng = np.random.default_rng(0)
    data = load_images("digits", None, n=40, rng=rng)
    return draw_batches(data.images, data.labels, n_batches=2, batch_size=16, rng=rng)


@pytest.fixture(scope="module")
def found(batches):
    def of(precision):
        return ZeroShot(SPACE, tuple(PROXIES), batches, NET, precision=precision).estimate(ARCHS)

    return {precision: of(precision) for precision in ("float64", "float32", "bfloat16")}


def scores(estimates):
    return estimates.scores.set_index(["estimator", "arch"])["score"]


def test_bfloat16_gives_every_proxy_a_score_or_a_reason(found):
    assert set(PROXIES) == AS_IN_FLOAT32 | SIZED | NOT_SCORED
    half, whole = scores(found["bfloat16"]), scores(found["float32"])
    errors = found["bfloat16"].errors.set_index(["estimator", "arch"])["error"]
    assert not set(half.index) & set(errors.index) and len(half) + len(errors) == len(PROXIES) * len(ARCHS)
    assert set(half.index.get_level_values(0)) == AS_IN_FLOAT32 | SIZED
    assert errors.str.contains("products rounded to 0.008 hide how gradients vary; measure zico in float32").all()
    both = pd.DataFrame({"half": half, "whole": whole}).dropna()
    exact = both[both.index.get_level_values(0).isin(AS_IN_FLOAT32)]
    assert (exact["half"] == exact["whole"]).all()
    sized = both.drop(exact.index)
    assert ((sized["half"] - sized["whole"]).abs() < 0.1 * sized["whole"].abs()).all()
    assert (sized["half"] != sized["whole"]).any()  # it was in fact computed in another precision


def test_float64_agrees_with_float32_to_rounding(found):
    wide, narrow = scores(found["float64"]), scores(found["float32"])
    assert found["float64"].errors.empty and found["float32"].errors.empty and len(wide) == len(narrow)
    relative = ((narrow - wide).abs() / wide.abs().clip(lower=1e-12)).groupby("estimator").max()
    assert (relative.drop("zico") < 1e-3).all() and relative["zico"] < 2e-2
    assert (relative > 0).any()


def test_what_a_proxy_is_given_does_not_depend_on_which_others_are_asked(batches, found):
    half = scores(found["bfloat16"])
    for name in ("snip", "jacob_cov", "relu_logdet", "grasp"):
        alone = ZeroShot(SPACE, [name], batches, NET, precision="bfloat16").estimate(ARCHS)
        assert (scores(alone) == half.loc[[name]]).all()


def test_codes_are_counted_exactly_in_bfloat16():
    y = torch.rand(5, 3001, generator=torch.Generator().manual_seed(0)).sub(0.3).relu()
    for given in (y, y.bfloat16()):  # what a layer gives under autocast
        with autocast("bfloat16", "cpu"):
            counted = sign_agreement(given)
        assert torch.equal(counted, ((y[:, None] > 0) == (y > 0)).sum(2).double())


class Shrinking(nn.Module):
    """A sum that is small against its terms: the gradient times weight of a layer before normalisation is 0."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.last = nn.Linear(8, 10, bias=False)
        self.last.requires_grad_(False)

    def forward(self, x):
        return self.last(self.layers(x))


def test_a_sum_below_the_rounding_of_its_terms_is_no_score_in_bfloat16(batches):
    for precision, measured in (("float64", True), ("float32", True), ("bfloat16", False)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            estimator = ZeroShot(
                SPACE, ["plain", "snip"], batches, NET, network=lambda arch: Shrinking(), precision=precision
            )
            found = estimator.estimate(ARCHS[:1])
        assert set(found.scores["estimator"]) == ({"plain", "snip"} if measured else {"snip"})
        if not measured:
            assert found.errors["error"].str.contains("the sum is .*, and products rounded to 0.008 leave an err").all()


def test_passes_leave_the_precision_around_them_as_it_was(batches):
    start = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 3)
    net = nn.Sequential(*start, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 10))
    x, y = batches[0]
    with autocast("bfloat16", "cpu"):
        record = record_of(net, x, y, PASSES)
        assert torch.is_autocast_enabled("cpu") and net(x).dtype == torch.bfloat16
    assert not record.failures and record.gradients.rounded and record.gradients.eps == 2**-7
    assert record.gradients.weights[0].dtype == torch.float32 and record.jacobian.dtype == torch.float64
    plain = record_of(net, x, y, PASSES)
    assert not plain.gradients.rounded and torch.equal(plain.jacobian, record.jacobian) and plain.zen == record.zen


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_proxies_on_trained_weights_are_measured_in_the_precision_that_is_asked_for(precision, tmp_path):
    oneshot = {"name": "oneshot", "epochs": 1, "net": {"channels": 2, "n_cells": 1, "n_stages": 1}}
    config = estimator_config(oneshot)
    context = RunContext(SPACE, folder=tmp_path, supernets=supernets_of([config]))
    config.build(context).train()
    words = {"name": "inherited", "proxies": ["snip", "jacob_cov", "synflow"], "batch_size": 16}
    a, b = (
        scores(estimator_config(words | {"precision": p}).build(context).estimate(ARCHS))
        for p in ("float32", precision)
    )
    assert ((a - b).abs() < 0.05 * a.abs()).all() and (a != b).any()
