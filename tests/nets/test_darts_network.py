"""The network of DARTS cells: published sizes, an independent forward pass, replicas, options."""

import ast
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, build, complexity
from nasgauge.nets.darts import FactorisedReduction, layout, operation
from nasgauge.spaces import Darts, DartsNDS

SPACE, NDS = Darts(), DartsNDS()
SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=1)
V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)
PC_DARTS = (
    "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), "
    "('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], "
    "reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), "
    "('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)])"
)


def generators(n=1, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(n)]


def some(space, n, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(n)]


@pytest.mark.parametrize(("genotype", "published"), [(V2, 3_349_342), (PC_DARTS, 3_634_678)])
def test_parameters_of_the_20_layer_networks_are_the_published_ones(genotype, published):
    twenty = NetOptions(channels=36, n_cells=6, n_stages=3)
    assert len(layout(twenty)) == 20
    assert [i for i, block in enumerate(layout(twenty)) if block.reduces] == [20 // 3, 2 * 20 // 3]
    assert complexity(SPACE, SPACE.from_str(genotype), twenty).n_params == published


@pytest.mark.long
def test_parameters_of_the_8_layer_networks_are_those_of_the_surrogate_sample():
    """The sample's column lacks scale and shift in the cells' operations, but not where the inputs enter the cells."""
    root = os.environ.get("NASGAUGE_DATA", "")
    path = Path(root) / "nas-bench-301" / "surrogate_sample.parquet"
    if not root or not path.is_file():
        pytest.skip("nas-bench-301/surrogate_sample.parquet is needed in NASGAUGE_DATA")
    eight = NetOptions(channels=32, n_cells=2, n_stages=3, bn_affine=False)
    assert [i for i, block in enumerate(layout(eight)) if block.reduces] == [8 // 3, 2 * 8 // 3]
    entrances = 2 * 2 * sum(block.channels for block in layout(eight))
    rows = pd.read_parquet(path)
    for row in rows.sample(12, random_state=0).itertuples():
        cells = [[(SPACE.ops[op], source) for source, op in cell] for cell in ast.literal_eval(row.arch)]
        arch = SPACE.from_str(f"Genotype(normal={cells[0]}, reduce={cells[1]})")
        n_params = complexity(SPACE, arch, eight).n_params
        assert n_params + entrances == round(row.params_million * 1e6)


def test_convolution_macs_equal_kernel_times_positions():
    """Independent: the second-order cells of DARTS on 8x8 images, a normal, a reduction and a normal cell."""
    o = NetOptions(channels=8, n_cells=1, n_stages=2)
    net = build(SPACE, SPACE.from_str(V2), o, generators=generators())
    sep = lambda c, pixels: 2 * pixels * (9 * c + c * c)  # noqa: E731
    dil = lambda c, pixels: pixels * (9 * c + c * c)  # noqa: E731
    normal = lambda c, pixels: 5 * sep(c, pixels) + dil(c, pixels)  # noqa: E731
    by_hand = 64 * 27 * 24  # stem
    by_hand += 64 * (24 * 8 + 24 * 8) + normal(8, 64)
    by_hand += 64 * (24 * 16 + 32 * 16)  # the reduction cell: its inputs only; it has no convolution, skips are inside
    by_hand += 16 * 32 * 16 + 16 * 64 * 16 + normal(16, 16)  # factorised: 16 positions of two halves of 8 channels
    by_hand += 64 * 10
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 8, 8))
    assert counter.get_total_flops() == 2 * by_hand


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("replicas", [1, 3])
def test_a_factorised_reduction_sees_every_pixel_of_both_diagonals(size, replicas):
    o = NetOptions(replicas=replicas, bn_affine=False)
    module = FactorisedReduction(2, 5, o).eval()
    x = torch.randn(2, replicas * 2, size, size, generator=torch.Generator().manual_seed(0))
    got = module(x)
    half = (size + 1) // 2
    assert got.shape == (2, replicas * 5, half, half)
    weights = module.conv_a.weight.detach(), module.conv_b.weight.detach()
    for r in range(replicas):
        for i in range(half):
            for j in range(half):
                for out in range(5):
                    shift, conv, k = (0, weights[0], 2 * r + out) if out < 2 else (1, weights[1], 3 * r + out - 2)
                    row, column = 2 * i + shift, 2 * j + shift
                    inside = row < size and column < size
                    pixel = x[:, 2 * r : 2 * r + 2, row, column].relu() if inside else torch.zeros(2, 2)
                    expected = (pixel * conv[k, :, 0, 0]).sum(1) / (1 + 1e-5) ** 0.5
                    torch.testing.assert_close(got[:, 5 * r + out, i, j], expected)


def plain_operation(module, name, stride, x):
    """The operation as functional calls with the module's own weights."""

    def separable(y, layers, stride, dilation):
        _, deep, point, norm = layers
        kernel = deep.weight.shape[-1]
        y = F.conv2d(F.relu(y), deep.weight, None, stride, dilation * (kernel // 2), dilation, groups=y.shape[1])
        return F.batch_norm(F.conv2d(y, point.weight), None, None, norm.weight, norm.bias, training=True)

    layers = list(module.children())
    if name == "max_pool_3x3":
        return F.max_pool2d(x, 3, stride, 1)
    if name == "avg_pool_3x3":
        sums = F.conv2d(x, torch.ones(x.shape[1], 1, 3, 3), None, stride, 1, groups=x.shape[1])
        return sums / F.conv2d(torch.ones_like(x[:1, :1]), torch.ones(1, 1, 3, 3), None, stride, 1)
    if name == "skip_connect":
        return x if stride == 1 else plain_reduction(module, x)
    if name.startswith("dil"):
        return separable(x, layers, stride, 2)
    return separable(separable(x, layers[:4], stride, 1), layers[4:], 1, 1)


def plain_reduction(module, x):
    x = F.relu(x)
    y = torch.cat(
        [F.conv2d(x, module.conv_a.weight, None, 2), F.conv2d(x[:, :, 1:, 1:], module.conv_b.weight, None, 2)], 1
    )
    return F.batch_norm(y, None, None, module.norm.weight, module.norm.bias, training=True)


def plain_cell(cell, graph, reduces, a, b):
    def enter(module, x):
        if isinstance(module, FactorisedReduction):
            return plain_reduction(module, x)
        _, conv, norm = module
        return F.batch_norm(F.conv2d(F.relu(x), conv.weight), None, None, norm.weight, norm.bias, training=True)

    values = [enter(cell.input0, a), enter(cell.input1, b)]
    half = values[1][:, :, ::2, ::2] if reduces else values[1]
    for node in range(2, 6):
        total, seen = torch.zeros_like(half), set()
        for source, target, name in graph.edges:
            if target == node and name != "none":
                key = f"{source}to{target}" + ("_second" if source in seen else "")
                seen.add(source)
                total = total + plain_operation(cell.ops[key], name, 2 if reduces and source < 2 else 1, values[source])
        values.append(total)
    return torch.cat(values[2:], 1)


@pytest.mark.parametrize("space", [SPACE, NDS], ids=lambda s: s.name)
def test_a_network_equals_the_plain_computation(space):
    x = torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    every = set()
    for arch in some(space, 5, seed=3):
        net = build(space, arch, SMALL, generators=generators())
        graphs = space.graphs(arch)
        before = last = net.stem(x)
        for cell, name in zip(net.cells, ("normal", "reduce", "normal"), strict=True):
            every |= {(label, name) for _, _, label in graphs[name].edges}
            before, last = last, plain_cell(cell, graphs[name], name == "reduce", before, last)
        expected = last.mean((2, 3)) @ net.classifier.linear.weight.T + net.classifier.linear.bias
        torch.testing.assert_close(net(x), expected, rtol=1e-4, atol=1e-5)
    assert every == {(op, name) for op in space.ops for name in ("normal", "reduce")}, "every operation was met"


@pytest.mark.parametrize("space", [SPACE, NDS], ids=lambda s: s.name)
def test_replicas_equal_networks_built_by_themselves(space):
    x = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    o = replace(SMALL, conv_bias=True, auxiliary=True)
    for arch in some(space, 2, seed=1):
        three = build(space, arch, replace(o, replicas=3), generators=generators(3))
        alone = [build(space, arch, o, generators=[g]) for g in generators(3)]
        expected = torch.cat([net(x[:, i : i + 1]) for i, net in enumerate(alone)], 1)
        torch.testing.assert_close(three(x), expected, rtol=1e-4, atol=1e-5)
        wide = torch.nn.functional.interpolate(x, (16, 16))
        both = [net.with_auxiliary(wide[:, i : i + 1]) for i, net in enumerate(alone)]
        for got, expected in zip(three.with_auxiliary(wide), zip(*both, strict=True), strict=True):
            torch.testing.assert_close(got, torch.cat(expected, 1), rtol=1e-4, atol=1e-5)


def test_the_reduction_cell_counts_from_two_stages_on():
    first, second = some(SPACE, 2)
    mixed = (*first[:16], *second[16:])
    x = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for stages, same in ((1, True), (2, False)):
        o = replace(SMALL, n_stages=stages)
        a, b = (build(SPACE, arch, o, generators=generators())(x) for arch in (first, mixed))
        assert torch.equal(a, b) == same


def test_isomorphic_cells_have_networks_of_equal_size():
    for arch in some(SPACE, 3):
        members = SPACE.members(arch)
        sizes = {complexity(SPACE, m, SMALL, image_size=8) for m in (arch, *members[:: len(members) // 3 or 1])}
        assert len(sizes) == 1


def test_dead_terms_are_left_out_only_if_asked_and_cost_parameters_either_way():
    dead = "('none', 0), ('none', 1), ('sep_conv_3x3', 2), ('sep_conv_3x3', 0), ('skip_connect', 1), ('none', 1), "
    dead += "('sep_conv_5x5', 2), ('none', 4)"
    arch = NDS.from_str(f"Genotype(normal=[{dead}], reduce=[{dead}])")
    o = replace(SMALL, bn_affine=False)
    x = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    whole, lean = (build(NDS, arch, replace(o, skip_dead=s), generators=generators()) for s in (False, True))
    assert [len(cell.wires) for cell in whole.cells] == [4, 4, 4]
    assert [len(cell.wires) for cell in lean.cells] == [2, 2, 2]
    torch.testing.assert_close(whole(x), lean(x))
    assert complexity(NDS, arch, o) == complexity(NDS, arch, replace(o, skip_dead=True, replicas=2))
    empty = NDS.from_str("Genotype(normal=[{0}], reduce=[{0}])".format("('none', 0), ('none', 1), " * 4))
    assert torch.equal(build(NDS, empty, o, generators=generators())(x).std(0), torch.zeros(10))


def test_options():
    arch = some(SPACE, 1)[0]
    for affine, track in ((False, True), (True, False)):
        net = build(SPACE, arch, replace(SMALL, bn_affine=affine, bn_track=track), generators=generators())
        norms = [m for m in net.cells.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert {n.weight is not None for n in norms} == {affine}
        assert {n.running_mean is not None for n in norms} == {track}
        assert net.stem[1].weight is not None
    net = build(SPACE, arch, replace(SMALL, dropout=0.5, n_classes=7, auxiliary=True), generators=generators())
    assert net.classifier.dropout.p == 0.5
    assert [y.shape for y in net.with_auxiliary(torch.zeros(2, 1, 16, 16))] == [(2, 7)] * 2
    with pytest.raises(UserError, match="n_stages must be at least 2"):
        build(SPACE, arch, replace(SMALL, n_stages=1, auxiliary=True), generators=generators())


def test_operations_halve_exactly_where_they_are_told_to():
    x = torch.zeros(1, 4, 8, 8)
    for name in SPACE.ops:
        for stride in (1, 2):
            assert operation(name, 4, stride, SMALL)(x).shape[2:] == (8 // stride, 8 // stride)
