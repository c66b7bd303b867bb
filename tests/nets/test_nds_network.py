"""The NDS networks: published sizes, an independent forward pass, replicas, options, small networks."""

from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nasgauge.benchmarks.building.recipe import Recipe, RecipeSample
from nasgauge.benchmarks.building.sample import chosen_archs
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, build, complexity, zero_init_residual
from nasgauge.spaces import NDSResNet, NDSResNeXtA, get_space

RESNET = NDSResNet()
RESNEXT = NDSResNeXtA()
SMALL = NetOptions(channels=4, in_channels=1)
EXAMPLES = [
    (RESNET, "d2-w16|d1-w40|d3-w24"),
    (RESNEXT, "d1-w32-r0.25-g4|d2-w16-r1-g2|d2-w64-r0.5-g1"),
]
# The two trained networks that NNI's documentation of the NDS tables prints, with its "parameters" and "flops".
PUBLISHED = [
    (RESNET, "d12-w24|d12-w24|d12-w40", 594_138, 184_519_578),
    (RESNEXT, "d16-w64-r0.25-g2|d1-w128-r0.25-g1|d4-w16-r0.25-g2", 83_002, 69_890_986),
]


def generators(n=1, seed=0):
    return [torch.Generator().manual_seed(seed + i) for i in range(n)]


def n_params(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("space", "text", "parameters", "flops"), PUBLISHED)
def test_published_parameters_and_operations_to_the_digit(space, text, parameters, flops):
    """The table's operations are multiply-accumulates, the classifier's biases and five an element normalised."""
    net = build(space, space.from_str(text), generators=generators()).eval()
    assert n_params(net) == parameters
    normalised = []
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda m, i, o: normalised.append(o.numel()))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() // 2 + 10 + 5 * sum(normalised) == flops


def test_resnet_56_has_its_0_856_million_parameters():
    """The complexity that the paper matches design spaces at; its depth of nine is no option of the space."""
    assert n_params(build(RESNET, (9, 16, 9, 32, 9, 64), generators=generators(), device="meta")) == 855_770


def test_complexity_counts_the_elementwise_operations_too():
    """One block of 16 channels on 4x4 images by hand: stage 1 keeps them, stages 2 and 3 halve them and project."""
    got = complexity(RESNET, (1, 16) * 3, NetOptions(in_channels=1), image_size=4)
    convolutions = 16 * 9 * 16 + 2 * 16 * 9 * 256 + (4 + 1) * (2 * 9 + 1) * 256 + 160
    normalised = 16 * (3 * 16 + 3 * 4 + 3 * 1)
    activated = 16 * (3 * 16 + 2 * 4 + 2 * 1)
    assert got.macs == convolutions + 2 * normalised + activated + 16 * 4  # pool: at most 2 x 2 pixels a channel
    assert got.n_params == 9 * 16 + 6 * 9 * 256 + 2 * 256 + 32 * 9 + 170


@pytest.mark.parametrize("space", [RESNET, RESNEXT])
def test_convolutions_are_those_that_the_space_counts(space):
    rng = np.random.default_rng(0)
    for arch in [space.sample(rng) for _ in range(4)]:
        net = build(space, arch, generators=generators(), device="meta")
        found = dict.fromkeys(space.operations, 0)
        for module in net.stages.modules():
            if isinstance(module, nn.Conv2d):
                kernel = module.kernel_size[0]
                found[f"conv_{kernel}x{kernel}" + (f"_g{module.groups}" if module.groups > 1 else "")] += 1
        found["skip_connect"] = sum(isinstance(m, nn.Identity) for m in net.stages.modules())
        assert found == space.op_counts(arch)


def plain_forward(net, stages, x):
    """Functional calls on the modules' own weights, batch statistics, a strided 1x1 convolution as the shortcut."""

    def conv_norm(x, pair, stride=1):
        conv, norm = pair
        y = F.conv2d(x, conv.weight, conv.bias, stride, conv.weight.shape[-1] // 2, groups=conv.groups)
        return F.batch_norm(y, None, None, norm.weight, norm.bias, training=True)

    x = F.relu(conv_norm(x, net.stem[:2]))
    for number, (blocks, stage) in enumerate(zip(net.stages, stages, strict=True)):
        assert len(blocks) == stage.depth
        for i, block in enumerate(blocks):
            stride = 2 if number and not i else 1
            short = conv_norm(x, block.shortcut.project, stride) if stage.projected and not i else x
            if hasattr(block.body, "conv_c"):
                y = F.relu(conv_norm(x, block.body.conv_a))
                y = F.relu(conv_norm(y, block.body.conv_b, stride))
                y = conv_norm(y, block.body.conv_c)
            else:
                y = F.relu(conv_norm(x, block.body.conv_a, stride))
                y = conv_norm(y, block.body.conv_b)
            x = F.relu(short + y)
    return F.linear(x.mean((2, 3)), net.classifier.linear.weight, net.classifier.linear.bias)


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_a_network_equals_the_plain_computation(space, text):
    arch = space.from_str(text)
    net = build(space, arch, SMALL, generators=generators())
    x = torch.randn(8, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(net(x), plain_forward(net, space.stages(arch), x))


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_replicas_equal_networks_built_by_themselves(space, text):
    arch = space.from_str(text)
    three = build(space, arch, replace(SMALL, replicas=3), generators=generators(3))
    alone = [build(space, arch, SMALL, generators=[g]) for g in generators(3)]
    x = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = torch.cat([net(x[:, i : i + 1]) for i, net in enumerate(alone)], 1)
    torch.testing.assert_close(three(x), expected, rtol=1e-4, atol=1e-5)


def shapes(space, text, options):
    net = build(space, space.from_str(text), options, generators=generators(), device="meta")
    first = [blocks[0].body for blocks in net.stages]
    return [tuple((c.out_channels, c.groups) for c in body.modules() if isinstance(c, nn.Conv2d)) for body in first]


def test_channels_scale_the_widths_and_groups_still_divide():
    text = "d1-w16-r0.25-g4|d1-w64-r0.5-g2|d1-w32-r0.25-g2"
    assert shapes(RESNEXT, text, NetOptions()) == [
        ((4, 1), (4, 4), (16, 1)),
        ((32, 1), (32, 2), (64, 1)),
        ((8, 1), (8, 2), (32, 1)),
    ]
    assert shapes(RESNEXT, text, NetOptions(channels=4)) == [
        ((4, 1), (4, 4), (4, 1)),  # a quarter of four channels, rounded up to four groups
        ((8, 1), (8, 2), (16, 1)),
        ((2, 1), (2, 2), (8, 1)),
    ]
    widths = [f"d1-w{w}|d1-w16|d1-w16" for w in (16, 24, 40, 80, 256)]
    for channels, expected in ((2, [2, 3, 5, 10, 32]), (3, [3, 5, 8, 15, 48]), (32, [32, 48, 80, 160, 512])):
        assert [shapes(RESNET, w, NetOptions(channels=channels))[0][0][0] for w in widths] == expected


def test_the_depth_divisor_rounds_up():
    text = "d1-w16|d6-w16|d24-w16"
    for divisor, depths in ((1, [1, 6, 24]), (4, [1, 2, 6]), (100, [1, 1, 1])):
        o = NetOptions(depth_divisor=divisor)
        net = build(RESNET, RESNET.from_str(text), o, generators=generators(), device="meta")
        assert [len(blocks) for blocks in net.stages] == depths
    with pytest.raises(UserError, match="'depth_divisor' must be at least 1"):
        build(RESNET, RESNET.from_str(text), NetOptions(depth_divisor=0), generators=generators())


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_options_do_what_they_say(space, text):
    o = replace(SMALL, bn_affine=False, conv_bias=True, bn_track=False, dropout=0.5, n_classes=7)
    net = build(space, space.from_str(text), o, generators=generators())
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(m.running_mean is None for m in norms)
    assert [m.weight is not None for m in norms] == [True] + [False] * (len(norms) - 1)
    assert all(m.bias is not None for m in net.stages.modules() if isinstance(m, nn.Conv2d))
    assert net.stem[0].bias is None and net.classifier.dropout.p == 0.5
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
    plain = build(space, space.from_str(text), SMALL, generators=generators())
    assert all(m.bias is None for m in plain.stages.modules() if isinstance(m, nn.Conv2d))
    assert all(
        m.weight is not None and m.running_mean is not None for m in plain.modules() if isinstance(m, type(norms[0]))
    )


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_no_pointwise_convolution_has_a_stride(space, text):
    """Its backward pass corrupts memory for channels-last images of few channels (nets/nds.py)."""
    net = build(space, space.from_str(text), SMALL, generators=generators(), device="meta")
    assert all(m.stride == (1, 1) for m in net.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1))


@pytest.mark.parametrize("name", ["digits-resnet", "digits-resnext-a"])
def test_the_recipe_builds_networks_that_fit_its_images(name):
    path = resources.files("nasgauge") / "benchmarks" / "recipes" / f"{name}.toml"
    recipe = parse(path.read_text(), Recipe, name)
    space = get_space(recipe.space)
    o = NetOptions(**recipe.net, in_channels=1, replicas=recipe.n_seeds)
    for arch in chosen_archs(space, RecipeSample(n=2, form=recipe.archs.form, seed=recipe.archs.seed)):
        net = build(space, arch, o, generators=generators(recipe.n_seeds), device="meta")
        x = torch.zeros(2, recipe.n_seeds, recipe.image_size, recipe.image_size, device="meta")
        assert net(x).shape == (2, 10 * recipe.n_seeds)


@pytest.mark.parametrize(("space", "text"), EXAMPLES)
def test_residual_blocks_that_start_as_their_shortcuts(space, text):
    """The output is that of the stem, all shortcuts and the classifier; nothing but the last factors is changed."""
    options = replace(SMALL, replicas=2)
    before = build(space, space.from_str(text), options, generators=generators(2)).state_dict()
    net = zero_init_residual(build(space, space.from_str(text), options, generators=generators(2)))
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    letter = "b" if space is RESNET else "c"
    blocks = [name for name, module in net.named_modules() if hasattr(module, "shortcut")]
    assert changed == {f"{name}.body.conv_{letter}.1.weight" for name in blocks}
    x = torch.randn(3, 2, 8, 8)
    direct = net.stem(x)
    for block in (block for stage in net.stages for block in stage):
        direct = torch.relu(block.shortcut(direct))
    assert torch.equal(net(x), net.classifier(direct))


@pytest.mark.parametrize(
    ("space", "arch", "affine"), [(RESNET, (2, 16) * 3, False), (get_space("nb201"), (3, 1, 2, 1, 0, 2), True)]
)
def test_networks_whose_blocks_cannot_start_as_their_shortcuts(space, arch, affine):
    net = build(space, arch, replace(SMALL, bn_affine=affine), generators=generators())
    with pytest.raises(UserError, match=r"zero_init_residual needs residual blocks .* bn_affine = true"):
        zero_init_residual(net)
