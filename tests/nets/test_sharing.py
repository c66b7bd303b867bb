"""How far weights are shared in a cell: by node or by edge, kernels, normalisations by source, paths dropped."""

import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets import SUPERNETS, NetOptions, SupernetOptions, build, supernet
from nasgauge.nets.sharing import CENTRE, KernelConv, KernelTransform, PathDropout
from nasgauge.spaces import NB201, get_space

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
ONE = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
FOUR = replace(ONE, n_cells=2, n_stages=2)
TWO = replace(ONE, n_stages=2)
SHARED = [
    dict(zip(("operations_on", "kernels", "bn_per_source"), values, strict=True))
    for values in product(("edge", "node"), ("own", "shared"), (False, True))
    if values[0] == "node" or not values[2]
]
NODE = {"operations_on": "node"}
BY_SOURCE = {**NODE, "bn_per_source": True}
ALL_3X3, ALL_1X1 = (3,) * 6, (2,) * 6


def make(o=ONE, space=None, seed=0, **chosen):
    generator = torch.Generator().manual_seed(seed)
    return supernet(space or NB201(), o, SupernetOptions(**chosen), generator=generator)


def images(n=5):
    return torch.randn(n, 1, 6, 6, generator=torch.Generator().manual_seed(1))


def sample(n):
    rng = np.random.default_rng(0)
    return [NB201().sample(rng) for _ in range(n)]


def randomise(net):
    """Weights, scales, shifts and running statistics that no constant could replace."""
    g = torch.Generator().manual_seed(2)
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 0.8, generator=g)
            if tensor.dim() > 1:
                tensor.sub_(0.5)
    return net


def arch_of(**edges):
    """A cell with these operations, by edge as e01, the rest none."""
    return tuple(edges.get(f"e{s}{t}", 0) for s, t in EDGES)


@pytest.mark.parametrize("chosen", SHARED, ids=str)
@pytest.mark.parametrize("bn", ["batch", "tracked"])
def test_a_path_equals_its_stand_alone_network(chosen, bn):
    net = randomise(make(TWO, bn=bn, **chosen))
    for training in (False, True):
        for path in [*sample(1), ALL_1X1, ALL_3X3]:
            shared = net.train(training).standalone(path)
            alone = copy.deepcopy(shared)
            like = build(NB201(), path, TWO, generators=[torch.Generator()])
            assert {n: p.shape for n, p in like.named_parameters()} == {
                n: p.shape for n, p in alone.named_parameters(remove_duplicate=False)
            }
            assert torch.equal(net(images(), path), alone(images()))


@pytest.mark.parametrize("chosen", SHARED, ids=str)
def test_several_paths_at_once_equal_one_by_one(chosen):
    net = randomise(make(FOUR, **chosen)).eval()
    paths = [*sample(4), ALL_1X1, ALL_3X3]
    alone = torch.stack([net(images(), path) for path in paths])
    assert torch.equal(net.each(images(), paths, batched=False), alone)
    torch.testing.assert_close(net.each(images(), paths, batched=True), alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("chosen", SHARED, ids=str)
def test_every_weight_is_used_by_some_path_and_dead_or_unused_ones_get_no_gradient(chosen):
    net = make(replace(ONE, bn_affine=True), **chosen)
    paths = [ALL_3X3, ALL_1X1]
    for path in paths:
        net(images(), path).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=True)
    net(images(), arch_of(e03=3)).square().sum().backward()
    with_gradient = {key for key, part in net.parts.items() if any(p.grad is not None for p in part.parameters())}
    assert with_gradient == {key for key in net.used(arch_of(e03=3)) if any(True for _ in net.parts[key].parameters())}


def n_weights(net):
    return sum(p.numel() for p in net.parameters())


def test_edges_into_a_node_share_each_operation_and_nodes_do_not():
    edge, node = make(), make(**NODE)
    assert {k for k in node.used(ALL_3X3) if "conv" in k} == {f"cell0/{t}/nor_conv_3x3" for t in (1, 2, 3)}
    of_cell = n_weights(edge) - n_weights(node)
    assert of_cell * 2 == sum(
        p.numel() for key, part in edge.parts.items() if key.startswith("cell") for p in part.parameters()
    )
    node(images(), arch_of(e03=3)).sum().backward()
    weight = node.parts["cell0/3/nor_conv_3x3"][1].weight
    assert weight.grad is not None and node.parts["cell0/2/nor_conv_3x3"][1].weight.grad is None
    with torch.no_grad():
        before = node(images(), arch_of(e01=3, e13=3)), node(images(), arch_of(e01=3, e12=3, e23=1))
        weight.mul_(-2).add_(0.1)
        after = node(images(), arch_of(e01=3, e13=3)), node(images(), arch_of(e01=3, e12=3, e23=1))
    assert not torch.equal(before[0], after[0]) and torch.equal(before[1], after[1])


def test_an_operation_on_a_node_is_applied_to_each_source():
    """Two edges into node 3 from equal values give twice the value of one."""
    net = make(**NODE)
    with torch.no_grad():
        one = net(images(), arch_of(e01=1, e03=3))
        two = net(images(), arch_of(e01=1, e03=3, e13=3))
        values = {}
        net.parts["last"].register_forward_pre_hook(lambda _, given: values.setdefault(len(values), given[0]))
        net(images(), arch_of(e01=1, e03=3))
        net(images(), arch_of(e01=1, e03=3, e13=3))
    torch.testing.assert_close(values[1], 2 * values[0])
    torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-3)  # the normalisation behind cancels the factor


def test_normalisations_by_source_keep_statistics_scale_and_shift_apart():
    net = randomise(make(replace(ONE, bn_affine=True), bn="tracked", **BY_SOURCE)).train()
    norms = {s: net.parts[f"cell0/3/nor_conv_3x3/norm{s}"] for s in (0, 1, 2)}
    assert {key for key in net.parts if key.startswith("cell0/1") and "norm" in key} == {
        f"cell0/1/nor_conv_{k}x{k}/norm0" for k in (1, 3)
    }
    before = {s: copy.deepcopy(norm.state_dict()) for s, norm in norms.items()}
    net(images(), arch_of(e01=3, e13=3)).sum().backward()
    moved = {s for s, norm in norms.items() if not torch.equal(norm.running_mean, before[s]["running_mean"])}
    assert moved == {1} and {s for s, norm in norms.items() if norm.weight.grad is not None} == {1}
    with torch.no_grad():
        net.eval()
        path, other = arch_of(e01=3, e13=3), arch_of(e03=3)
        was = net(images(), path), net(images(), other)
        norms[0].weight.mul_(3)
        norms[0].running_mean.add_(1)
        assert torch.equal(net(images(), path), was[0]) and not torch.equal(net(images(), other), was[1])


def test_recalibration_moves_the_statistics_of_the_sources_alone_that_a_path_has():
    net = make(bn="recalibrated", **BY_SOURCE)
    before = copy.deepcopy(net.state_dict())
    net.recalibrate(arch_of(e03=3), [images(), 2 * images()])
    moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    in_cell = {name.rpartition(".")[0] for name in moved if "cell" in name}
    assert in_cell == {"parts.cell0/3/nor_conv_3x3/norm0"}


def test_one_normalisation_for_all_sources_is_what_is_shared_otherwise():
    net = make(bn="tracked", **NODE, kernels="shared")
    assert [key for key in net.parts if key.startswith("cell0/3/nor_conv")] == [
        "cell0/3/nor_conv/conv",
        "cell0/3/nor_conv/transform",
        "cell0/3/nor_conv/norm",
    ]


def test_a_shared_kernel_begins_as_the_crop_of_the_larger_one():
    """Equal to a supernet whose 1x1 kernels are the centres of its 3x3 kernels, bit for bit."""
    shared, own = make(FOUR, kernels="shared"), make(FOUR)
    state = own.state_dict()
    for key, part in shared.parts.items():
        if key.endswith("/conv"):
            place = f"parts.{key.removesuffix('/nor_conv/conv')}/nor_conv_"
            state[f"{place}3x3.1.weight"] = part.weight.detach()
            state[f"{place}1x1.1.weight"] = part.weight.detach()[:, :, 1:2, 1:2]
    for key in ("stem", "reduction0", "last", "head"):
        state |= {f"parts.{key}.{name}": value for name, value in shared.parts[key].state_dict().items()}
    own.load_state_dict(state)
    for path in [*sample(3), ALL_1X1, ALL_3X3]:
        assert torch.equal(shared(images(), path), own(images(), path))


def test_the_transform_is_learned_by_the_small_kernel_alone_and_is_the_weighted_sum_of_positions():
    net = make(kernels="shared")
    transform = net.parts["cell0/0to3/nor_conv/transform"]
    assert transform.weight.tolist() == [float(i == CENTRE) for i in range(9)]
    net(images(), arch_of(e03=3)).square().sum().backward()
    assert transform.weight.grad is None
    net(images(), arch_of(e03=2)).square().sum().backward()
    assert (transform.weight.grad != 0).all()
    conv = KernelConv(3, bias=False)
    weight = torch.randn(9)
    by_hand = sum(weight[3 * i + j] * conv.weight[:, :, i, j] for i in range(3) for j in range(3))
    torch.testing.assert_close(conv.centre(weight)[:, :, 0, 0], by_hand)
    x = torch.randn(2, 3, 5, 5)
    expected = torch.einsum("oi,nihw->nohw", by_hand, x)
    torch.testing.assert_close(conv(x, weight), expected, rtol=1e-4, atol=1e-5)


def test_a_dropped_path_is_expected_to_be_the_undropped_one():
    drop = PathDropout(0.6, 1, 3).train()
    assert drop.keep == pytest.approx(1 - 0.6 * 2 / 3)
    x = torch.randn(20_000, 2, 1, 1, generator=torch.Generator().manual_seed(0)) + 5
    torch.manual_seed(0)
    y = drop(x, 0)
    kept = (y != 0).flatten(1)
    assert torch.equal(kept.all(1), kept.any(1))  # an image as a whole
    torch.testing.assert_close(y[kept.all(1)], x[kept.all(1)] / drop.keep)
    assert abs(kept.all(1).double().mean() - drop.keep) < 5 * (drop.keep * (1 - drop.keep) / 20_000) ** 0.5
    assert torch.allclose(y.mean(0), x.mean(0), rtol=0.03)
    assert torch.equal(drop.eval()(x, 0), x)


def test_later_cells_drop_more_and_skip_connections_never():
    net = make(FOUR, path_dropout=0.4)
    keeps = [net.parts[f"cell{i}/drop"].keep for i in range(4)]
    assert keeps == pytest.approx([0.9, 0.8, 0.7, 0.6])
    skips = (1,) * 6
    assert not any("drop" in key for key in net.used(skips)) and "cell0/drop" in net.used((4,) * 6)
    plain = make(FOUR)
    for path in sample(3):
        assert torch.equal(net.eval()(images(), path), plain.eval()(images(), path))  # no weights of its own


def test_each_edge_and_image_is_dropped_by_itself():
    net = make(path_dropout=0.99).train()
    seen = {}
    for s, t in ((0, 1), (0, 2), (0, 3)):
        seen[s, t] = []
    drop = net.parts["cell0/drop"]
    drop.keep = 0.5
    drop.register_forward_hook(lambda _, given, out: seen[given[1], given[2]].append((out != 0).flatten(1).any(1)))
    torch.manual_seed(0)
    with torch.no_grad():
        net(images(400), arch_of(e01=4, e02=4, e03=4, e13=1, e23=1))
    masks = torch.stack([seen[edge][0] for edge in seen]).double()
    assert ((masks.mean(1) > 0.4) & (masks.mean(1) < 0.6)).all()
    assert torch.corrcoef(masks).fill_diagonal_(0).abs().max() < 0.2


@pytest.mark.parametrize("name", [name for name in SUPERNETS if not name.startswith("nds")])
def test_paths_of_every_space_of_cells_can_be_dropped(name):
    space = get_space(name)
    o = NetOptions(channels=4, n_cells=2, n_stages=1, in_channels=1, n_classes=3)
    nets = [
        supernet(space, o, SupernetOptions(path_dropout=rate), generator=torch.Generator().manual_seed(0))
        for rate in (0.0, 0.5)
    ]
    rng = np.random.default_rng(3)
    differs = False
    for path in (space.sample(rng) for _ in range(3)):
        assert torch.equal(*(net.eval()(images(), path) for net in nets))
        differs |= not torch.equal(*(net.train()(images(), path) for net in nets))
    assert differs and nets[1].parts["cell1/drop"].keep == 0.5
    assert nets[1].standalone(path)(images()).isfinite().all()


@pytest.mark.parametrize("name", [name for name in SUPERNETS if name != "nb201"])
@pytest.mark.parametrize("chosen", [NODE, {"kernels": "shared"}, {"bn_per_source": True}], ids=str)
def test_what_only_cells_of_nasbench_201_share_is_refused_elsewhere(name, chosen):
    [option] = chosen
    with pytest.raises(UserError, match=f"{option} is of cells of NAS-Bench-201 alone, and {name} has none"):
        supernet(get_space(name), ONE, SupernetOptions(**chosen), generator=torch.Generator())


def test_residual_networks_drop_no_paths():
    with pytest.raises(UserError, match="path_dropout is of search spaces of cells alone"):
        supernet(get_space("nds-resnet"), ONE, SupernetOptions(path_dropout=0.1), generator=torch.Generator())


def test_restricted_spaces_have_the_parts_that_they_need():
    space = NB201().restrict(["nor_conv_1x1", "nor_conv_3x3", "none"])
    net = make(space=space, kernels="shared", **BY_SOURCE)
    assert net(images(), ALL_1X1).isfinite().all() and not isinstance(net.parts["relu"], KernelTransform)
    assert isinstance(net.parts["cell0/3/nor_conv/norm2"], nn.BatchNorm2d)
    with pytest.raises(UserError, match="needs both convolutions, and this space lacks nor_conv_3x3"):
        make(space=NB201().restrict(["nor_conv_1x1", "none"]), kernels="shared")
