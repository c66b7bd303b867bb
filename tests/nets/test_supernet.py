"""The supernet: paths equal stand-alone networks, several at once equal one by one, statistics, errors."""

import copy
import weakref
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, SupernetOptions, build, supernet
from nasgauge.spaces import NB201

SPACE = NB201()
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
ONE = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
FOUR = replace(ONE, n_cells=2, n_stages=2)
BOTH = ("skip_connect", "avg_pool_3x3")
BROKEN = [(0, 3, 3, 1, 2, 0), (3, 0, 0, 1, 0, 2), (0, 0, 3, 0, 3, 3), (0,) * 6, (0, 0, 1, 0, 4, 2)]  # with dead edges


def make(o=ONE, space=SPACE, seed=0, **chosen):
    return supernet(space, o, SupernetOptions(**chosen), generator=torch.Generator().manual_seed(seed))


def images(n=5, seed=1, size=6):
    return torch.randn(n, 1, size, size, generator=torch.Generator().manual_seed(seed))


def cells(o):
    return o.n_cells * o.n_stages


def sample(n, o=None, seed=0, space=SPACE):
    """Architectures, or with `o` tuples of one for each cell."""
    rng = np.random.default_rng(seed)
    if o is None:
        return [space.sample(rng) for _ in range(n)]
    return [tuple(space.sample(rng) for _ in range(cells(o))) for _ in range(n)]


def randomise(net):
    """Weights, scales, shifts and running statistics that no constant could replace."""
    g = torch.Generator().manual_seed(2)
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 0.8, generator=g)
            if tensor.dim() > 1:
                tensor.sub_(0.5)
    return net


def by_hand(net, path, x, o, transformed):
    """The path computed with functional calls and the parts' own weights, cell by cell and edge by edge."""

    def norm(y, m):
        by_batch = m.training or m.running_mean is None
        return F.batch_norm(y, m.running_mean, m.running_var, m.weight, m.bias, by_batch, momentum=0.0)

    def relu_conv_bn(y, part, stride=1):
        _, conv, bn = part
        return norm(F.conv2d(F.relu(y), conv.weight, conv.bias, stride, conv.weight.shape[-1] // 2), bn)

    def cell(x, key, arch):
        nodes = [x, 0, 0, 0]
        for (s, t), op in zip(EDGES, arch, strict=True):
            if op == 0:
                continue
            y = nodes[s] if torch.is_tensor(nodes[s]) else torch.zeros_like(x)
            name = SPACE.ops[op]
            if op in (2, 3):
                y = relu_conv_bn(y, p[f"{key}/{s}to{t}/{name}"])
            if op == 4:
                y = F.avg_pool2d(y, 3, 1, 1, count_include_pad=False)
            if name in transformed:
                y = F.conv2d(y, next(p[f"{key}/{s}to{t}/{name}"].parameters()))
            nodes[t] = nodes[t] + y
        return nodes[3] if torch.is_tensor(nodes[3]) else torch.zeros_like(x)

    p = net.parts
    archs = path if isinstance(path[0], tuple) else (path,) * cells(o)
    x = norm(F.conv2d(x, p["stem"][0].weight, padding=1), p["stem"][1])
    for i, arch in enumerate(archs):
        if i and i % o.n_cells == 0:
            r = p[f"reduction{i // o.n_cells - 1}"]
            shortcut = F.conv2d(F.avg_pool2d(x, 2), r.shortcut[1].weight)
            x = relu_conv_bn(relu_conv_bn(x, r.conv_a, 2), r.conv_b) + shortcut
        x = cell(x, f"cell{i}", arch)
    return F.linear(F.relu(norm(x, p["last"][0])).mean((2, 3)), p["head"].linear.weight, p["head"].linear.bias)


@pytest.mark.long
@pytest.mark.parametrize("chosen", [{}, {"bn": "tracked"}, {"linear_transformers": BOTH}], ids=str)
@pytest.mark.parametrize("o", [ONE, FOUR], ids=["one cell", "four cells"])
def test_a_path_equals_the_stand_alone_network_under_every_option(o, chosen):
    x = images()
    for seed, (affine, skip_dead, bias) in enumerate([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]):
        options = replace(o, bn_affine=bool(affine), skip_dead=bool(skip_dead), conv_bias=bool(bias))
        net = randomise(make(options, **chosen))
        for path in [BROKEN[seed], *sample(1, seed=seed), *sample(1, options, seed=seed)]:
            for training in (False, True):
                net.train(training)
                shared = net.standalone(path)
                alone = copy.deepcopy(shared)
                logits = net(x, path)
                assert torch.equal(logits, alone(x))
                for moved, expected in zip(shared.buffers(), alone.buffers(), strict=True):
                    assert torch.equal(moved, expected)
                if skip_dead and (affine or bias or not training):
                    continue  # a dead convolution is then more than zero, so leaving it out is another network
                expected = by_hand(net, path, x, options, chosen.get("linear_transformers", ()))
                torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bn", ["batch", "tracked"])
def test_a_path_equals_a_network_of_build_with_the_weights_copied_by_hand(bn):
    net = randomise(make(FOUR, bn=bn))
    for arch in [*BROKEN, *sample(3)]:
        alone = build(SPACE, arch, replace(FOUR, bn_track=bn != "batch"), generators=[torch.Generator()])
        pairs = [
            (alone.stem, "stem"),
            (alone.last, "last"),
            (alone.classifier, "head"),
            (alone.blocks[2], "reduction0"),
        ]
        for i, block in enumerate(alone.blocks[j] for j in (0, 1, 3, 4)):
            for (s, t), op in zip(EDGES, arch, strict=True):
                if op in (2, 3):
                    pairs.append((block.ops[f"{s}to{t}"], f"cell{i}/{s}to{t}/{SPACE.ops[op]}"))
        for module, key in pairs:
            module.load_state_dict(net.parts[key].state_dict())
        assert sum(p.numel() for p in alone.parameters()) == sum(
            p.numel() for key in set(net.used(arch)) | {k for _, k in pairs} for p in net.parts[key].parameters()
        )
        for training in (False, True):
            assert torch.equal(net.train(training)(images(), arch), alone.train(training)(images()))


def test_standalone_shares_the_parts_and_knows_the_mode():
    net = make(FOUR, bn="tracked").eval()
    alone = net.standalone((3,) * 6)
    assert not alone.training and not any(p.is_meta for p in alone.parameters())
    assert alone.blocks[3].ops["1to2"] is net.parts["cell2/1to2/nor_conv_3x3"]
    assert {id(p) for p in alone.parameters()} < {id(p) for p in net.parameters()}


def test_identity_as_linear_transformer_changes_nothing():
    net = randomise(make(FOUR, linear_transformers=BOTH))
    plain = randomise(make(FOUR))
    for key, part in plain.parts.items():
        part.load_state_dict(net.parts[key].state_dict())
    archs = [(1, 4, 3, 4, 1, 2), (4,) * 6, (1,) * 6]
    changed = [net(images(), arch) for arch in archs]
    for key, part in net.parts.items():
        if key.endswith(BOTH):
            for weight in part.parameters():
                nn.init.dirac_(weight)
    for arch, before in zip(archs, changed, strict=True):
        torch.testing.assert_close(net(images(), arch), plain(images(), arch), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(before, plain(images(), arch), rtol=1e-2)
    one = make(FOUR, linear_transformers=("skip_connect",))
    assert {k.split("/")[2] for k in one.parts if k.endswith(BOTH) and "/" in k} == {"skip_connect"}


@pytest.mark.parametrize("o", [ONE, FOUR], ids=["one cell", "four cells"])
@pytest.mark.parametrize("grad", [False, True])
def test_each_equals_one_by_one_bit_for_bit_in_any_order_and_grouping(o, grad):
    paths = [*BROKEN, *sample(12), *sample(12, o), *sample(3)]  # three of them twice
    for training, chosen in ((True, {}), (False, {"bn": "tracked"})):
        net = randomise(make(o, **chosen)).train(training)
        with torch.set_grad_enabled(grad):
            expected = torch.stack([net(images(), path) for path in paths])
            for group_size in (None, 1, 7):
                assert torch.equal(net.each(images(), paths, group_size=group_size), expected)
            order = np.random.default_rng(0).permutation(len(paths))
            assert torch.equal(net.each(images(), [paths[i] for i in order], group_size=5), expected[order])
            assert expected.requires_grad == grad


@pytest.mark.parametrize("o", [ONE, FOUR], ids=["one cell", "four cells"])
def test_batched_agrees_to_rounding_and_so_do_its_gradients(o):
    paths = [*BROKEN, *sample(8), *sample(8, o), *sample(3)]
    for training, chosen in ((True, {}), (False, {"bn": "tracked"}), (True, {"linear_transformers": BOTH})):
        net = randomise(make(replace(o, dropout=0.0 if training else 0.5), **chosen)).double().train(training)
        x = images().double()
        wanted = torch.autograd.grad(net.each(x, paths).square().sum(), tuple(net.parameters()), allow_unused=True)
        for group_size in (None, 6):
            logits = net.each(x, paths, batched=True, group_size=group_size)
            torch.testing.assert_close(logits, net.each(x, paths))
            grads = torch.autograd.grad(logits.square().sum(), tuple(net.parameters()), allow_unused=True)
            for grad, other in zip(grads, wanted, strict=True):
                absent = grad is not None and other is None  # what has no influence has none, or zero
                torch.testing.assert_close(grad, torch.zeros_like(grad) if absent else other)


def test_batched_draws_dropout_for_every_path_by_itself():
    net = make(replace(ONE, dropout=0.5))
    net.parts["cell0/0to2/nor_conv_3x3"].load_state_dict(net.parts["cell0/0to1/nor_conv_3x3"].state_dict())
    twins = [(3, 0, 0, 0, 1, 0), (0, 3, 0, 0, 0, 1)]  # one way or the other, with equal weights
    torch.manual_seed(0)
    plain = net.eval().each(images(), twins, batched=True)
    torch.testing.assert_close(plain[0], plain[1])
    masked = net.train().each(images(), twins, batched=True)
    assert not torch.allclose(masked[0], masked[1])


def test_gradients_of_each_are_the_sum_of_separate_ones():
    net = randomise(make(FOUR)).double()
    x, y = images().double(), torch.tensor([0, 1, 2, 0, 1])
    paths = [*sample(4), *sample(4, FOUR)]
    sum(F.cross_entropy(logits, y) for logits in net.each(x, paths)).backward()
    together = {name: p.grad for name, p in net.named_parameters()}
    net.zero_grad()
    for path in paths:
        F.cross_entropy(net(x, path), y).backward()
    for name, p in net.named_parameters():
        assert (p.grad is None) == (together[name] is None)
        assert p.grad is None or torch.allclose(p.grad, together[name], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("o", [ONE, FOUR], ids=["one cell", "four cells"])
def test_exactly_the_used_parts_get_gradients(o):
    net = make(replace(o, skip_dead=True), linear_transformers=("skip_connect",))
    for path in [*BROKEN, *sample(6), *sample(6, o)]:
        net.zero_grad()
        net(images(), path).sum().backward()
        touched = {key for key, part in net.parts.items() for p in part.parameters() if p.grad is not None}
        complete = {k for k in touched if all(p.grad is not None for p in net.parts[k].parameters())}
        used = net.used(path)
        assert len(set(used)) == len(used) and used[0] == "stem" and used[-1] == "head"
        weighty = {key for key in used if list(net.parts[key].parameters())}
        assert touched == complete <= weighty
        assert touched == weighty or "zeros" in used  # nothing arrives: what lies before has no influence


def test_every_parameter_belongs_to_exactly_one_part_and_their_number_is_the_closed_form():
    with torch.device("meta"):
        net = make(NetOptions())
    owners = [id(p) for part in net.parts.values() for p in part.parameters()]
    assert sorted(owners) == sorted(id(p) for p in net.parameters())
    assert sum(p.numel() for p in net.parameters()) == 73_306 + 6 * (28_000 + 243_040)
    positions = {key.partition("/")[0] for key, part in net.parts.items() if list(part.parameters())}
    assert positions == {"stem", "last", "head", "reduction0", "reduction1", *(f"cell{i}" for i in range(15))}


def test_operations_that_the_space_was_restricted_away_from_have_no_weights():
    space = SPACE.restrict(["none", "skip_connect", "nor_conv_1x1"])
    net = make(FOUR, space)
    assert not [key for key in net.parts if "3x3" in key and "/" in key]
    assert len([key for key in net.parts if "/" in key]) == 4 * 6
    whole = make(FOUR)
    for key, part in net.parts.items():
        part.load_state_dict(whole.parts[key].state_dict())
    for path in [*sample(3, space=space), *sample(3, FOUR, space=space)]:
        assert torch.equal(net(images(), path), whole(images(), path))
    with pytest.raises(
        UserError, match=r"uses nor_conv_3x3, which has no weights here; this space has none, skip_connect, nor"
    ):
        net(images(), (0, 3, 0, 0, 0, 0))


def expression(arch):
    """What the output of a cell is, written out, with the edge at each convolution because its weights are its own."""
    nodes = ["x", "", "", ""]
    for (s, t), op in zip(EDGES, arch, strict=True):
        if op:
            source = nodes[s] or "0"
            term = {1: source, 4: f"pool({source})"}.get(op, f"conv{op}_{s}{t}({source})")
            nodes[t] = f"({nodes[t]} + {term})" if nodes[t] else term
    return nodes[3]


def test_each_computes_every_distinct_step_once_and_frees_what_is_not_needed_again():
    alive, most, counts = set(), 0, {}
    net = make(ONE)

    def watch(key):
        def hook(module, inputs, output):
            nonlocal most
            counts[key] = counts.get(key, 0) + 1
            if key != "head":
                reference = weakref.ref(output, lambda r: alive.discard(id(r)))
                alive.add(id(reference))
                kept.append(reference)
            most = max(most, len(alive))

        return hook

    kept: list[weakref.ref] = []
    for key, part in net.parts.items():
        part.register_forward_hook(watch(key))
    paths = sample(400)
    with torch.no_grad():
        net.each(images(2), paths)
    assert counts["stem"] == counts["cell0/0to1/nor_conv_3x3"] == counts["cell0/0to3/nor_conv_3x3"] == 1
    assert 1 < counts["cell0/2to3/nor_conv_3x3"] <= 105  # distinct sums at node 2 at most
    assert counts["head"] == counts["last"] == len({expression(path) for path in paths}) < len(set(paths))
    assert len(kept) > 900 and most < 100  # of 964 values 70 live together, in the caller's order 140
    assert not alive


def test_recalibrated_statistics_equal_those_of_the_stand_alone_network():
    net = randomise(make(replace(FOUR, dropout=0.5, skip_dead=True), bn="recalibrated")).eval()
    path = (3, 0, 2, 4, 1, 2)
    net.recalibrate(path, [images(seed=9)])  # must be forgotten
    before = copy.deepcopy(net.state_dict())
    alone = copy.deepcopy(net.standalone(path))
    norms = [m for m in alone.modules() if isinstance(m, nn.BatchNorm2d)]
    batches = [images(seed=seed) for seed in range(3)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for x in batches:
        alone(x)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    net.recalibrate(path, iter(batches))
    assert torch.equal(torch.get_rng_state(), state)
    assert not net.training and not any(m.training for m in net.modules())
    assert {m.momentum for m in net.modules() if isinstance(m, nn.BatchNorm2d)} == {0.1}
    for name, tensor in net.standalone(path).state_dict().items():
        assert torch.equal(tensor, alone.state_dict()[name])
    y = torch.stack([F.conv2d(x, net.parts["stem"][0].weight, padding=1) for x in batches])
    torch.testing.assert_close(net.parts["stem"][1].running_mean, y.mean((0, 1, 3, 4)))
    changed = {k.split(".")[1] for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {
        key for key in net.used(path) if any(isinstance(m, nn.BatchNorm2d) for m in net.parts[key].modules())
    }
    assert torch.equal(net(images(), path), alone.eval()(images()))


def test_weights_come_from_the_generator_alone_and_a_copy_is_independent():
    torch.manual_seed(1)
    first = make(FOUR)
    torch.manual_seed(2)
    second, other = make(FOUR), make(FOUR, seed=1)
    weights = [net.parts["cell2/0to3/nor_conv_3x3"][1].weight for net in (first, second, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert first.training and first.n_cells == 4
    path = (3,) * 6
    logits = first(images(), path)
    twin = copy.deepcopy(first)
    randomise(first)
    assert torch.equal(twin(images(), path), logits) and not torch.equal(first(images(), path), logits)


def test_mistakes():
    net = make(FOUR)
    for path, message in [
        (((3,) * 6,) * 3, "3 architectures for 4 cells"),
        ((3,) * 5, "has 5 entries; an architecture has 6"),
        ((), "0 entries"),
        ((0, 0, 7, 0, 0, 0), "entry 2 is 7; expected 0 to 4"),
    ]:
        for attempt in (net.used, net.standalone, lambda p: net(images(), p), lambda p: net.each(images(), [p])):
            with pytest.raises(UserError, match=message):
                attempt(path)
    for chosen, message in [
        ({"bn": "bacth"}, "nearest: batch"),
        ({"linear_transformers": ("skip",)}, "'skip'; nearest: skip_connect"),
    ]:
        with pytest.raises(UserError, match=message):
            make(**chosen)
    with pytest.raises(UserError, match="one replica, not 2"):
        make(replace(ONE, replicas=2))
    with pytest.raises(UserError, match=r"space 'nb202' has no supernet: .* register one in nasgauge\.nets\.SUPERNETS"):
        make(space=SimpleNamespace(name="nb202"))
    with pytest.raises(UserError, match="nearest: default"):
        supernet(SPACE, ONE, generator=torch.Generator(), init="defualt")
    with pytest.raises(UserError, match="bn='recalibrated'"):
        net.recalibrate((3,) * 6, [images()])
    with pytest.raises(UserError, match="at least one"):
        make(bn="recalibrated").recalibrate((3,) * 6, [])
    with pytest.raises(UserError, match="cannot be updated batched"):
        make(bn="tracked").each(images(), [(3,) * 6], batched=True)
    for arguments in ({"paths": []}, {"paths": [(3,) * 6], "group_size": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            net.each(images(), **arguments)
