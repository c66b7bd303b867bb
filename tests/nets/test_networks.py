"""The NAS-Bench-201 network: closed forms, replicas, options, an independent forward pass."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from nasgauge.core.errors import UserError
from nasgauge.nets import INITS, NetOptions, build, complexity
from nasgauge.spaces import NB201

SPACE = NB201()
SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1)


def generators(n=1, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(n)]


@pytest.mark.long
def test_parameters_and_macs_equal_the_closed_forms_to_the_digit():
    rng = np.random.default_rng(0)
    single = [tuple(int(op) if e == edge else 0 for e in range(6)) for edge in range(2) for op in range(5)]
    for arch in [*single, *(SPACE.sample(rng) for _ in range(6)), (3,) * 6]:
        n = SPACE.op_counts(arch)
        got = complexity(SPACE, arch)
        assert got.n_params == 73_306 + 28_000 * n["nor_conv_1x1"] + 243_040 * n["nor_conv_3x3"]
        assert got.macs == (
            7_943_872 + 4_362_240 * n["nor_conv_1x1"] + 35_819_520 * n["nor_conv_3x3"] + 1_290_240 * n["avg_pool_3x3"]
        )


def test_convolution_macs_equal_kernel_times_positions():
    """Independent: every convolution and the classifier by hand, without normalisation, ReLU and pooling."""
    o = NetOptions(channels=8, n_cells=2, n_stages=2)
    arch = (3, 2, 0, 1, 4, 3)
    net = build(SPACE, arch, o, generators=generators())
    by_hand = 32 * 32 * 27 * 8  # stem
    by_hand += sum(size**2 * c * c * (2 * 9 + 1) * o.n_cells for size, c in ((32, 8), (16, 16)))
    by_hand += 16 * 16 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16) + 16 * 10  # reduction and classifier
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() == 2 * by_hand


def test_replicas_equal_networks_built_by_themselves():
    arch = (3, 2, 4, 1, 0, 3)
    three = build(SPACE, arch, replace(SMALL, replicas=3), generators=generators(3))
    alone = [build(SPACE, arch, SMALL, generators=[g]) for g in generators(3)]
    x = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = torch.cat([net(x[:, i : i + 1]) for i, net in enumerate(alone)], 1)
    torch.testing.assert_close(three(x), expected, rtol=1e-5, atol=1e-5)


def plain_cell(net, arch, x):
    """A cell computed with functional calls and the module's own weights, edge by edge."""
    nodes = [x, 0, 0, 0]
    for op, (s, t) in zip(arch, [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], strict=True):
        source = nodes[s] if torch.is_tensor(nodes[s]) else torch.zeros_like(x)
        if op == 1:
            nodes[t] = nodes[t] + source
        elif op == 4:
            nodes[t] = nodes[t] + F.avg_pool2d(source, 3, 1, 1, count_include_pad=False)
        elif op in (2, 3):
            _, conv, norm = net.ops[f"{s}to{t}"]
            y = F.conv2d(F.relu(source), conv.weight, conv.bias, padding=op - 2)
            nodes[t] = nodes[t] + F.batch_norm(y, None, None, norm.weight, norm.bias, training=True)
    return nodes[3] if torch.is_tensor(nodes[3]) else torch.zeros_like(x)


@pytest.mark.parametrize("arch", [(3, 2, 4, 1, 2, 3), (0, 0, 3, 0, 2, 1), (0,) * 6, (1,) * 6])
def test_a_cell_equals_the_plain_computation(arch):
    net = build(SPACE, arch, SMALL, generators=generators())
    x = torch.randn(8, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(net.blocks[0](x), plain_cell(net.blocks[0], arch, x))


def test_skipping_dead_edges_changes_nothing_without_affine_and_bias():
    o = replace(SMALL, bn_affine=False)
    x = torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for arch in [(0, 3, 3, 1, 2, 0), (3, 0, 0, 1, 0, 2), (0, 0, 3, 0, 3, 3)]:
        whole = build(SPACE, arch, o, generators=generators())
        lean = build(SPACE, arch, replace(o, skip_dead=True), generators=generators())
        torch.testing.assert_close(whole(x), lean(x))
        assert complexity(SPACE, arch, o) == complexity(SPACE, arch, replace(o, skip_dead=True, replicas=2))


def test_every_option_does_what_it_says():
    arch = (3, 2, 0, 1, 4, 3)
    for affine, bias, track in itertools.product([False, True], repeat=3):
        o = replace(SMALL, bn_affine=affine, conv_bias=bias, bn_track=track)
        _, conv, norm = build(SPACE, arch, o, generators=generators()).blocks[0].ops["0to1"]
        assert (norm.weight is not None) == affine
        assert (conv.bias is not None) == bias
        assert (norm.running_mean is not None) == track
    net = build(SPACE, arch, replace(SMALL, dropout=0.5, n_classes=7), generators=generators())
    assert net.classifier.dropout.p == 0.5
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize("init", INITS)
def test_initialisation_depends_on_the_generator_alone_and_has_its_spread(init):
    arch = (3,) * 6
    o = NetOptions(channels=16, n_cells=1, n_stages=1)
    torch.manual_seed(1)
    first = build(SPACE, arch, o, generators=generators(), init=init)
    torch.manual_seed(2)
    second = build(SPACE, arch, o, generators=generators(), init=init)
    other = build(SPACE, arch, o, generators=generators(seed=9), init=init)
    weights = [
        torch.cat([p.detach().flatten() for p in n.blocks.parameters() if p.dim() == 4]) for n in (first, second, other)
    ]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    expected = {"default": (1 / 144 / 3) ** 0.5, "kaiming_normal": (2 / 144) ** 0.5, "gaussian": 1.0}[init]
    assert abs(float(weights[0].std()) / expected - 1) < 0.02


def test_default_initialisation_equals_pytorchs_distribution():
    """Bounds of torch's own reset_parameters on the same layer shapes."""
    layer = torch.nn.Conv2d(16, 4000, 3)
    bound = float(layer.weight.detach().abs().max())
    net = build(SPACE, (3,) * 6, NetOptions(channels=16, n_cells=3, n_stages=1), generators=generators())
    ours = max(float(p.detach().abs().max()) for p in net.blocks.parameters() if p.dim() == 4)
    assert abs(ours / bound - 1) < 1e-3


def test_wrong_names_and_numbers_of_generators():
    with pytest.raises(UserError, match="nearest: default"):
        build(SPACE, (0,) * 6, SMALL, generators=generators(), init="defualt")
    with pytest.raises(ValueError, match="2 replicas need as many generators"):
        build(SPACE, (0,) * 6, replace(SMALL, replicas=2), generators=generators())


def test_weights_are_drawn_where_their_generator_is_and_then_moved(monkeypatch):
    """So that a generator on the CPU serves networks on any device, and gives all of them the same weights."""
    drawn = []
    monkeypatch.setattr(
        "nasgauge.nets.networks.initialise", lambda net, *_: drawn.extend(p.device.type for p in net.parameters())
    )
    net = build(NB201(), (3,) * 6, NetOptions(channels=2), generators=[torch.Generator()], device="meta")
    assert set(drawn) == {"cpu"} and {p.device.type for p in net.parameters()} == {"meta"}
