"""Laws that the supernet of every space obeys, under every picking rule that it knows."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets import SUPERNETS, NetOptions, SupernetOptions, build, supernet
from nasgauge.spaces import SPACES, get_space

OPTIONS = NetOptions(channels=8, n_cells=1, n_stages=2, in_channels=1, n_classes=3, depth_divisor=8, conv_bias=True)
RULES = {
    **dict.fromkeys(["nb201", "darts", "darts-nds"], ("ordinal",)),
    **dict.fromkeys([n for n in SPACES if n.startswith("nb101")], ("ordinal", "shuffled", "interpolated")),
    **dict.fromkeys(["nds-resnet", "nds-resnext-a"], ("ordinal", "l1")),
}
COPIED = ("l1", "interpolated")


@pytest.fixture(params=[(name, rule) for name in SUPERNETS for rule in RULES[name]], ids="-".join)
def case(request):
    name, rule = request.param
    return get_space(name), rule


def make(space, rule="ordinal", bn="batch", o=OPTIONS):
    generator = torch.Generator().manual_seed(0)
    return randomised(supernet(space, o, SupernetOptions(bn=bn, picking=rule), generator=generator))


def randomised(net):
    """Weights, scales, shifts and running statistics that no constant could replace."""
    g = torch.Generator().manual_seed(2)
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 0.8, generator=g)
            if tensor.dim() > 1:
                tensor.sub_(0.5)
    return net


def some(space, n=4, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(n)]


def images(n=4):
    return torch.randn(n, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def test_every_space_has_a_supernet():
    assert set(SUPERNETS) == set(SPACES) == set(RULES)


@pytest.mark.parametrize("bn", ["batch", "tracked"])
def test_a_path_equals_its_stand_alone_network(case, bn):
    space, rule = case
    if bn == "tracked" and rule == "interpolated":
        with pytest.raises(UserError, match="interpolated channels have no running statistics"):
            make(space, rule, bn)
        return
    net = make(space, rule, bn)
    for training in (False, True):
        for arch in some(space):
            if rule == "shuffled" and training:
                continue  # then no two calls use the same channels
            shared = net.train(training).standalone(arch)
            alone = copy.deepcopy(shared)
            like = build(space, arch, OPTIONS, generators=[torch.Generator()])
            assert {n: p.shape for n, p in alone.named_parameters()} == {n: p.shape for n, p in like.named_parameters()}
            before = [b.clone() for b in alone.buffers()]
            assert torch.equal(net(images(), arch), alone(images()))
            moved = any(not torch.equal(a, b) for a, b in zip(before, alone.buffers(), strict=True))
            assert moved == (training and bn == "tracked")
            if rule not in COPIED:
                assert all(torch.equal(a, b) for a, b in zip(shared.buffers(), alone.buffers(), strict=True))


def test_several_paths_at_once_equal_one_by_one(case):
    space, rule = case
    net = make(space, rule).eval()
    archs = some(space, 6)
    alone = torch.stack([net(images(), a) for a in archs])
    assert torch.equal(net.each(images(), archs, batched=False), alone)
    torch.testing.assert_close(net.each(images(), archs, batched=True), alone, rtol=1e-3, atol=1e-4)


def test_every_weight_serves_some_path_and_gets_a_gradient_from_it_alone(case):
    space, rule = case
    net = make(space, rule)
    with_weights = {key for key, part in net.parts.items() if any(True for _ in part.parameters())}
    unreached, rng = set(with_weights), np.random.default_rng(0)
    for _ in range(5_000):
        unreached -= set(net.used(space.sample(rng)))
        if not unreached:
            break
    assert not unreached
    arch = some(space)[0]
    net(images(), arch).square().sum().backward()
    touched = {key for key in with_weights if any(p.grad is not None for p in net.parts[key].parameters())}
    assert {"stem", "head"} <= touched <= with_weights & set(net.used(arch))


def test_recalibration_moves_the_statistics_of_the_path_alone(case):
    space, rule = case
    if rule == "interpolated":
        pytest.skip("it has no running statistics")
    net = make(space, rule, "recalibrated")
    before = copy.deepcopy(net.state_dict())
    arch = some(space)[1]
    torch.manual_seed(0)
    net.recalibrate(arch, [images(), 2 * images()])
    moved = {n for n, value in net.state_dict().items() if not torch.equal(value, before[n])}
    assert moved and all("running" in n or "num_batches" in n for n in moved)
    assert {n.removeprefix("parts.").rsplit(".norm.")[0].split(".")[0] for n in moved} <= set(net.used(arch))


def test_a_restricted_space_has_no_weights_for_the_rest(case):
    space, rule = case
    whole = sum(p.numel() for p in make(space, rule).parameters())
    for arch in sorted(some(space, 200), key=lambda a: len(space.uses(a))):
        small = space.restrict(space.uses(arch))
        net = make(small, rule)
        if sum(p.numel() for p in net.parameters()) < whole:
            break
    else:
        pytest.fail("no restriction saves a weight")
    assert net(images(), arch).isfinite().all()
    foreign = next(a for a in some(space, 200) if not set(space.uses(a)) <= set(small.options))
    with pytest.raises(UserError, match="has no weights here; this space has"):
        net(images(), foreign)
    with pytest.raises(UserError):
        net(images(), arch[:-1])


def test_unknown_options_are_told(case):
    space, _ = case
    with pytest.raises(UserError, match=f"unknown channel selection rule of {space.name} 'first'; known: .*ordinal"):
        make(space, "first")
    if space.name != "nb201":
        with pytest.raises(UserError, match="has no linear transformers"):
            chosen = SupernetOptions(linear_transformers=("skip_connect",))
            supernet(space, OPTIONS, chosen, generator=torch.Generator())


CHANNELS = {  # of the published networks
    **dict.fromkeys([n for n in SPACES if n.startswith("nb101")], (128,)),
    "nb201": (16,), "darts": (16, 32, 36), "darts-nds": (16, 24, 32), "nds-resnet": (16,), "nds-resnext-a": (16,),
}  # fmt: skip
PICKING = ("ordinal", "l1", "shuffled", "interpolated", "disabled")


def parts_of(space, rule):
    """The space, or where a rule wants one number of vertices before the output, a part of it for each number."""
    ends = [name for name in space.options if name.startswith("ends")]
    if rule != "disabled" or not ends:
        return [space]
    operations = [name for name in space.options if name not in ends]
    return [space.restrict([*operations, one]) for one in ends]


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("rule", PICKING)
def test_paths_can_be_built_and_run_with_the_published_numbers_of_channels(name, rule):
    for channels in CHANNELS[name]:
        o = NetOptions(channels=channels, n_cells=1, n_stages=1, in_channels=1, n_classes=3, depth_divisor=24)
        for space in parts_of(get_space(name), rule):
            chosen = SupernetOptions(picking=rule)
            if rule not in (*RULES[name], *(["disabled"] if name.startswith("nb101") else [])):
                with pytest.raises(UserError, match=f"unknown channel selection rule of {name} '{rule}'"):
                    supernet(space, o, chosen, generator=torch.Generator())
                continue
            net = supernet(space, o, chosen, generator=torch.Generator().manual_seed(0)).eval()
            for arch in some(space, 3):
                assert net(images(2), arch).isfinite().all()


def test_norms_alone_hold_statistics(case):
    space, rule = case
    net = make(space, rule)
    assert not list(net.buffers()) and any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
