"""The NAS-Bench-101 network: published parameter counts, channel rule, replicas, an independent forward pass."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, build, complexity
from nasgauge.nets.nb101 import vertex_channels
from nasgauge.spaces import NB101, get_space

SPACE = NB101()
PUBLISHED = NetOptions(channels=128, n_cells=3, n_stages=3)
SMALL = NetOptions(channels=7, n_cells=1, n_stages=2, in_channels=1)
TABLE = Path(os.environ.get("NASGAUGE_DATA", "")) / "nas-bench-101" / "accuracy.parquet"
needs_data = pytest.mark.skipif(not TABLE.is_file(), reason="needs $NASGAUGE_DATA/nas-bench-101/accuracy.parquet")
C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
WIDE = f"{C3}~0|{C1}~0|{POOL}~1|{C3}~1+2|output~0+2+3+4"  # 7 channels on three vertices: 3, 2, 2


def generators(n=1, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(n)]


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def n_params_by_hand(arch):
    """Convolutions without bias, two numbers a channel for each normalisation, ten classes with bias."""
    parents = SPACE.parents(arch)
    total = 27 * 128 + 2 * 128 + 512 * 10 + 10
    for c_in, c_out, n in ((128, 128, 3), (128, 256, 1), (256, 256, 2), (256, 512, 1), (512, 512, 2)):
        channels = vertex_channels(parents, c_in, c_out)
        for v in range(1, 7):
            c = channels[v]
            kernel = 0 if v == 6 or not parents[v] else (9, 1, 0)[arch[v]]
            total += n * (kernel * c * c + 2 * c * (kernel > 0))
            total += n * (c_in * c + 2 * c) * (0 in parents[v])
    return total


@pytest.mark.long
@needs_data
def test_parameters_equal_the_published_ones():
    table = pd.read_parquet(TABLE).sample(2000, random_state=1)
    for i, row in enumerate(table.itertuples()):
        arch = SPACE.from_table(row.n_vertices, row.adj_bits, row.ops)
        assert n_params_by_hand(arch) == row.params
        if i < 5:
            assert complexity(SPACE, arch, PUBLISHED).n_params == row.params


def test_parameters_of_two_cells_worked_out_by_hand():
    """A chain of one 3x3 convolution: projection and convolution in each of nine cells. Then the empty cell."""
    chain = SPACE.from_str(f"{C3}~0|output~1")
    widths = [(128, 128)] * 3 + [(128, 256)] + [(256, 256)] * 2 + [(256, 512)] + [(512, 512)] * 2
    projections = sum(a * b + 2 * b for a, b in widths)
    convolutions = sum(9 * b * b + 2 * b for _, b in widths)
    rest = 27 * 128 + 256 + 5130
    assert complexity(SPACE, chain, PUBLISHED).n_params == rest + projections + convolutions
    assert complexity(SPACE, SPACE.from_str("output~0"), PUBLISHED).n_params == rest + projections


def test_channels_worked_out_by_hand():
    parents = SPACE.parents(SPACE.from_str(WIDE))
    assert vertex_channels(parents, 5, 7) == [5, 2, 3, 2, 2, 0, 7]  # vertex 2 has one more; 1 feeds 3 and 4
    parents = SPACE.parents(SPACE.from_str(f"{C3}~0|{C3}~1|{C3}~1|output~2+3"))
    assert vertex_channels(parents, 4, 9) == [4, 5, 5, 4, 0, 0, 9]
    assert vertex_channels(SPACE.parents(SPACE.from_str("output~0")), 4, 9) == [4, 0, 0, 0, 0, 0, 9]
    five = SPACE.from_str("|".join([f"{C3}~0"] * 4) + "|output~1+2+3+4")
    with pytest.raises(UserError, match="channels = 3 cannot be divided among the 4 vertices"):
        build(SPACE, five, replace(SMALL, channels=3), generators=generators())


def test_macs_worked_out_by_hand():
    """8x8 images, one stage: stem, projection and 3x3 convolution of 7 channels with normalisation and ReLU."""
    o = NetOptions(channels=7, n_cells=1, n_stages=1, in_channels=1)
    convolutions = 64 * (9 * 7 + 7 * 7 + 9 * 7 * 7)
    elementwise = 3 * 64 * 7 * (2 + 1)
    head = 7 * 9 * 9 + 7 * 10  # the adaptive pool is charged a window of 8 // 1 + 1
    got = complexity(SPACE, SPACE.from_str(f"{C3}~0|{POOL}~1|output~2"), o, image_size=8)
    assert got.macs == convolutions + elementwise + head


def plain_unit(unit, x, kernel):
    conv, norm, _ = unit
    y = F.conv2d(x, conv.weight, conv.bias, padding=kernel // 2)
    return F.relu(F.batch_norm(y, None, None, norm.weight, norm.bias, training=True))


def test_a_cell_equals_the_plain_computation():
    """`WIDE` written out vertex by vertex, with the module's own weights."""
    cell = build(SPACE, SPACE.from_str(WIDE), SMALL, generators=generators()).blocks[0]
    x = images(6, 7, 8, 8)
    v1 = plain_unit(cell.vertices["1"], plain_unit(cell.projections["1"], x, 1), 3)  # 2 channels
    v2 = plain_unit(cell.vertices["2"], plain_unit(cell.projections["2"], x, 1), 1)  # 3 channels
    v3 = F.max_pool2d(v1, 3, 1, 1)
    v4 = plain_unit(cell.vertices["4"], v1 + v2[:, :2], 3)
    expected = torch.cat([v2, v3, v4], 1) + plain_unit(cell.projections["6"], x, 1)
    torch.testing.assert_close(cell(x), expected)
    assert set(cell.projections) == {"1", "2", "6"}


def test_the_network_is_stem_cells_pooling_and_head():
    o = replace(SMALL, n_cells=2, n_stages=3)
    net = build(SPACE, SPACE.from_str(WIDE), o, generators=generators())
    assert [type(b).__name__ for b in net.blocks] == ["Cell", "Cell", "MaxPool2d"] * 2 + ["Cell", "Cell"]
    assert [b.channels[0] for b in net.blocks if hasattr(b, "channels")] == [7, 7, 7, 14, 14, 28]
    assert [b.channels[6] for b in net.blocks if hasattr(b, "channels")] == [7, 7, 14, 14, 28, 28]
    x = images(3, 1, 8, 8)
    y = net.stem(x)
    for i, block in enumerate(net.blocks):
        y = F.max_pool2d(y, 2) if i in (2, 5) else block(y)
    head = net.classifier.linear
    torch.testing.assert_close(net(x), F.linear(y.mean((2, 3)), head.weight, head.bias))


@pytest.mark.parametrize("text", [WIDE, "output~0", f"{POOL}~0|output~1", f"{C3}~0|{C1}~1|output~1+2"])
def test_replicas_equal_networks_built_by_themselves(text):
    arch = SPACE.from_str(text)
    three = build(SPACE, arch, replace(SMALL, replicas=3), generators=generators(3))
    alone = [build(SPACE, arch, SMALL, generators=[g]) for g in generators(3)]
    x = images(16, 3, 8, 8)
    expected = torch.cat([net(x[:, i : i + 1]) for i, net in enumerate(alone)], 1)
    torch.testing.assert_close(three(x), expected, rtol=1e-4, atol=1e-5)


def test_dead_vertices_are_not_there():
    lean = SPACE.from_str(f"{C3}~0|{POOL}~1|output~1+2")
    dead = SPACE.from_str(f"{C1}~|{C3}~0+1|{C1}~0+2|{POOL}~2|output~2+4")
    x = images(4, 1, 8, 8)
    results = [build(SPACE, arch, SMALL, generators=generators())(x) for arch in (lean, dead)]
    assert torch.equal(*results)
    assert complexity(SPACE, lean, SMALL) == complexity(SPACE, dead, SMALL)


def test_every_option_does_what_it_says():
    arch = SPACE.from_str(WIDE)
    for affine, bias, track in ((False, True, False), (True, False, True)):
        o = replace(SMALL, bn_affine=affine, conv_bias=bias, bn_track=track)
        net = build(SPACE, arch, o, generators=generators())
        for conv, norm, _ in (net.blocks[0].vertices["1"], net.blocks[0].projections["6"]):
            assert (norm.weight is not None) == affine
            assert (conv.bias is not None) == bias
            assert (norm.running_mean is not None) == track
        assert net.stem[1].weight is not None and net.stem[0].bias is None
    net = build(SPACE, arch, replace(SMALL, dropout=0.5, n_classes=4), generators=generators())
    assert net.classifier.dropout.p == 0.5
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 4)


@pytest.mark.parametrize("name", ["1", "2", "3", "3-chain"])
def test_a_sub_spaces_network_is_that_of_its_cell(name):
    space = get_space(f"nb101-1shot1-{name}")
    rng = np.random.default_rng(0)
    for arch in (space.sample(rng) for _ in range(3)):
        x = images(4, 1, 8, 8)
        here = build(space, arch, SMALL, generators=generators())
        there = build(SPACE, space.to_nb101(arch), SMALL, generators=generators())
        assert torch.equal(here(x), there(x))
