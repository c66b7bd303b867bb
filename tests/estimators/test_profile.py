"""A proxy layer by layer: its sums are the proxies, its variances those that the norms see."""

import pytest
import torch

from nasgauge.estimators.zeroshot import PROXIES, Unmeasurable, layer_profile, record_of
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

NET = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1, n_classes=3, bn_affine=False)
CHAIN = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def network():
    return build(NB201(), NB201().from_str(CHAIN), NET, generators=[torch.Generator().manual_seed(0)])


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(6, 1, 8, 8, generator=generator), torch.arange(6) % 3


def test_its_sums_are_the_proxies():
    x, y = batch()
    profile, record = layer_profile(network(), x, y), record_of(network(), x, y, {"gradients"})
    for name in ("snip", "grad_norm"):
        assert profile[name].sum() == pytest.approx(PROXIES[name]((record,)), rel=1e-6)
    assert profile["layer"].tolist() == list(range(len(profile)))


def test_variances_are_those_before_the_norms_and_the_network_stays():
    net, (x, y) = network(), batch()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    profile = layer_profile(net, x, y)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items()) and net.training
    first = profile[profile["kind"] == "norm"].iloc[0]
    conv = dict(net.named_modules())[profile[profile["kind"] == "weights"].iloc[0]["name"]]
    assert first["batch_variance"] == pytest.approx(
        float(conv(x).detach().var(dim=(0, 2, 3), correction=0).mean()), rel=1e-5
    )


def test_a_loss_that_is_not_finite_is_told():
    x, y = batch()
    with pytest.raises(Unmeasurable, match="the loss is nan"):
        layer_profile(network(), x * float("inf"), y)
