"""Layers of which a path uses a part: each picking rule against its definition, written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, SupernetOptions, supernet
from nasgauge.nets.ops import Classifier
from nasgauge.nets.resized import (
    IndexedConvBN,
    InterpolatedConvBN,
    LargestL1,
    OrdinalConvBN,
    ResizedClassifier,
    ShuffledConvBN,
)
from nasgauge.spaces import NB101, NDSResNeXtA, get_space


def layer(kind, c_in=8, c_out=12, kernel=3, track=False):
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2), nn.BatchNorm2d(c_out, track_running_stats=track), nn.ReLU()
    )
    nn.init.uniform_(plain[1].weight)
    nn.init.uniform_(plain[1].bias)
    return kind(plain)


def images(c):
    return torch.randn(3, c, 5, 5, generator=torch.Generator().manual_seed(1))


def plainly(x, weight, bias, scale, shift, groups=1):
    y = F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=groups)
    mean, var = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), unbiased=False, keepdim=True)
    return F.relu((y - mean) / (var + 1e-5).sqrt() * scale[:, None, None] + shift[:, None, None])


def test_ordinal_takes_the_first_channels():
    part = layer(OrdinalConvBN)
    c, n = part.conv, part.norm
    expected = plainly(images(6), c.weight[:5, :6], c.bias[:5], n.weight[:5], n.bias[:5])
    torch.testing.assert_close(part(images(6), 6, 5, 1), expected)


@pytest.mark.parametrize("groups", [2, 4])
def test_groups_are_the_undivided_convolution_without_what_lies_between_them(groups):
    part = layer(OrdinalConvBN, 8, 8)
    c, n = part.conv, part.norm
    masked = torch.zeros_like(c.weight)
    for i in range(8):
        subpart = i * groups // 8  # appendix C of Ning et al. 2021
        inputs = slice(subpart * 8 // groups, (subpart + 1) * 8 // groups)
        masked[i, inputs] = c.weight[i, inputs]
    expected = plainly(images(8), masked, c.bias, n.weight, n.bias)
    torch.testing.assert_close(part(images(8), 8, 8, groups), expected)
    every = torch.arange(8)
    indexed = layer(IndexedConvBN, 8, 8)
    torch.testing.assert_close(indexed(images(8), every, every, groups), expected)


def test_interpolated_averages_neighbours():
    part = layer(InterpolatedConvBN)
    c, n = part.conv, part.norm

    def averaged(values, k, axis):
        size = values.shape[axis]
        bounds = [(i * size // k, -(-(i + 1) * size // k)) for i in range(k)]
        return np.stack([values.take(range(a, b), axis).mean(axis) for a, b in bounds], axis)

    rows = [torch.tensor(averaged(v.detach().numpy(), 5, 0)) for v in (c.bias, n.weight, n.bias)]
    weight = torch.tensor(averaged(averaged(c.weight.detach().numpy(), 5, 0), 6, 1))
    torch.testing.assert_close(part(images(6), 6, 5, 1), plainly(images(6), weight, *rows))


def test_shuffled_draws_other_filters_in_training_and_takes_the_first_otherwise():
    part, first = layer(ShuffledConvBN), layer(OrdinalConvBN)
    assert torch.equal(part.eval()(images(6), 6, 5, 1), first(images(6), 6, 5, 1))
    part.train()
    seen = set()
    for seed in range(40):
        torch.manual_seed(seed)
        rows, weight = part.share(6, 5, 1)
        assert len(set(rows.tolist())) == 5 and torch.equal(weight, part.conv.weight[rows][:, :6])
        seen |= set(rows.tolist())
    assert seen == set(range(12))


def test_statistics_of_the_picked_channels_alone_are_updated():
    part, twin = layer(IndexedConvBN, track=True), layer(OrdinalConvBN, track=True)
    rows = torch.tensor([1, 4, 11])
    part(images(8), rows, torch.arange(8), 1)
    twin(images(8), 8, 12, 1)
    others = [i for i in range(12) if i not in rows.tolist()]
    torch.testing.assert_close(part.norm.running_mean[rows], twin.norm.running_mean[rows])
    assert part.norm.running_mean[others].eq(0).all() and part.norm.running_var[others].eq(1).all()


def test_largest_l1_sums_over_writers_and_breaks_ties_by_index():
    a, b = nn.Conv2d(2, 4, 1, bias=False), nn.Conv2d(3, 4, 1, bias=False)
    with torch.no_grad():
        a.weight.copy_(torch.tensor([1.0, -5.0, 2.0, 2.0])[:, None, None, None])
        b.weight.copy_(torch.tensor([9.0, 0.0, 0.0, 0.0])[:, None, None, None])
    part = LargestL1([a, b])
    assert part(2, 0, 1).tolist() == [1, 2]
    assert part(2, 0, 2).tolist() == [0, 1]
    assert part(1, 1, 2).tolist() == [0] and not list(part.parameters())


def test_classifier_reads_the_columns_it_is_told():
    plain = Classifier(6, NetOptions(n_classes=3))
    part = ResizedClassifier(plain)
    w, b = plain.linear.weight, plain.linear.bias
    torch.testing.assert_close(part(images(4), 4), images(4).mean((2, 3)) @ w[:, :4].T + b)
    at = torch.tensor([0, 5])
    torch.testing.assert_close(part(images(2), at), images(2).mean((2, 3)) @ w[:, at].T + b)


def test_training_a_view_trains_the_supernet():
    space = get_space("nds-resnet")
    o = NetOptions(channels=4, in_channels=1, n_classes=3, depth_divisor=24)
    net = supernet(space, o, generator=torch.Generator().manual_seed(0))
    arch = (1, 32, 1, 64, 1, 16)
    alone = net.standalone(arch)
    alone(torch.randn(4, 1, 8, 8)).sum().backward()
    with torch.no_grad():
        for p in alone.parameters():
            p -= p.grad
    assert torch.equal(net(torch.ones(2, 1, 8, 8), arch), alone(torch.ones(2, 1, 8, 8)))


def test_groups_around_which_channels_are_always_the_first_ones():
    o = NetOptions(channels=4, in_channels=1, n_classes=3, depth_divisor=16)
    chosen = SupernetOptions(picking="l1")
    net = supernet(NDSResNeXtA(), o, chosen, generator=torch.Generator().manual_seed(0))
    assert [key for key in net.parts if key.endswith("largest")] == [f"stage{i}/largest" for i in range(3)]


def test_disabled_wants_a_space_in_which_one_number_of_vertices_feeds_the_output():
    o = NetOptions(channels=8, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    chosen = SupernetOptions(picking="disabled")
    two = NB101().restrict([*NB101().options[:3], "ends2"])
    net = supernet(two, o, chosen, generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    for _ in range(20):
        arch = two.sample(rng)
        assert not [step for step in net._program(arch) if step.part == "first"]
    with pytest.raises(UserError, match="0, 1, 2, 3, 4 vertices may feed"):
        supernet(NB101(), o, chosen, generator=torch.Generator())
    odd = supernet(two, replace(o, channels=9), chosen, generator=torch.Generator().manual_seed(0))
    for arch in [two.sample(rng) for _ in range(20)]:  # of two vertices the first has five channels, the other four
        widths = {c for step in odd._program(arch) if step.part.startswith("cell0/") for c in step.args[1:2]}
        assert widths <= {4, 5}
        assert torch.equal(odd(torch.ones(2, 1, 8, 8), arch), odd.standalone(arch)(torch.ones(2, 1, 8, 8)))
