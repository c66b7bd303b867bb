"""The passes leave no trace, fail into reasons, and obey the algebra that needs no second implementation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot import PASSES, PROXIES, Unmeasurable, curvature, record_of
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201, SPACES, get_space

SPACE = NB201()
SMALL = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, dropout=0.5)
ALL = PASSES - {"layers"}


def small_net(arch=(3, 1, 2, 4, 2, 3), *, seed=0, options=SMALL, dtype=torch.float64):
    return build(SPACE, arch, options, generators=[torch.Generator().manual_seed(seed)]).to(dtype)


def batch(n=8, *, seed=1, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, 8, 8, generator=g, dtype=dtype), torch.arange(n) % 5


def chain(*, bias=False):
    """Three convolutions in a chain, each with normalisation, and a linear head."""
    torch.manual_seed(3)
    parts = []
    for c_in, c_out in ((2, 6), (6, 6), (6, 8)):
        parts += [nn.Conv2d(c_in, c_out, 3, padding=1, bias=bias), nn.BatchNorm2d(c_out), nn.ReLU()]
    head = nn.Linear(8, 5, bias=bias)
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).double()


def trace(net):
    """All that a measurement must not change."""
    return {
        "tensors": [t.clone() for t in net.state_dict().values()],
        "ids": [(name, id(m), type(m)) for name, m in net.named_modules()],
        "training": [m.training for m in net.modules()],
        "tracking": [m.track_running_stats for m in net.modules() if isinstance(m, nn.BatchNorm2d)],
        "grads": [p.grad for p in net.parameters()],
        "requires": [p.requires_grad for p in net.parameters()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in net.modules()],
    }


def assert_same_trace(before, after):
    for a, b in zip(before.pop("tensors"), after.pop("tensors"), strict=True):
        assert torch.equal(a, b)
    assert before == after
    assert all(g is None for g in after["grads"])


@pytest.mark.parametrize("training", [True, False])
def test_measuring_leaves_the_network_as_it_was(training):
    net = small_net().train(training)
    before = trace(net)
    record = record_of(net, *batch(), ALL)
    assert not record.failures
    assert_same_trace(before, trace(net))


class Broken(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        self.inner(x)
        raise KeyError("a mistake in the program")


@pytest.mark.parametrize("needed", sorted(ALL))
def test_hooks_and_modules_are_back_when_a_forward_raises_and_the_mistake_propagates(needed):
    net = Broken(small_net())
    before = trace(net)
    with pytest.raises(KeyError, match="a mistake in the program"):
        record_of(net, *batch(), {needed})
    assert_same_trace(before, trace(net))


def test_only_what_was_asked_for_is_there():
    record = record_of(small_net(), *batch(), {"jacobian"})
    filled = {field for field in ALL if getattr(record, field) is not None}
    assert filled == {"jacobian"}
    with pytest.raises(ValueError, match="no such pass: jacobain"):
        record_of(small_net(), *batch(), {"jacobain"})


def test_a_record_does_not_depend_on_which_other_passes_run():
    alone = {p: record_of(small_net(), *batch(), {p}) for p in ("fisher", "jacobian", "codes", "curvature", "zen")}
    together = record_of(small_net(), *batch(), ALL)
    for a, b in zip(alone["fisher"].fisher, together.fisher, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)
    torch.testing.assert_close(alone["jacobian"].jacobian, together.jacobian, rtol=1e-12, atol=0)
    assert all(torch.equal(a, b) for a, b in zip(alone["codes"].codes.kernels, together.codes.kernels, strict=True))
    assert alone["curvature"].curvature == together.curvature
    assert alone["zen"].zen == together.zen


# --- algebra -----------------------------------------------------------------------------------------------------


def test_plain_is_silent_before_batch_normalisation():
    record = record_of(chain(), *batch(), {"gradients"})
    terms = [float((g * w.weight).sum()) for g, w in zip(record.gradients.weights, record.layers, strict=True)]
    assert max(map(abs, terms[:3])) < 1e-3 * abs(terms[3])  # eps = 1e-5 against variances of about 0.1


def test_grasp_is_the_squared_gradient_before_batch_normalisation():
    net = chain()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.eps = 1e-12  # the law is exact in the limit
    x, y = batch()
    record = record_of(net, x, y, {"curvature", "gradients"})
    squares = sum(float(g.square().sum()) for g in record.gradients.weights[:3])
    # the head alone, by a double backward pass in its weight, whose g is mixed with those of the other layers
    weights = [m.weight for m in net if isinstance(m, nn.Conv2d | nn.Linear)]
    grads = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True)
    z = sum((g.detach() * g).sum() for g in grads)
    head = -float((weights[3].detach() * torch.autograd.grad(z, weights[3])[0]).sum())
    assert -record.curvature == pytest.approx(squares + head, rel=1e-8)


def test_every_layer_of_a_chain_carries_the_whole_flow():
    net = chain()
    record = record_of(net, *batch(), {"synflow"})
    x = torch.ones(1, 2, 8, 8, dtype=torch.float64)
    for m in net:
        if isinstance(m, nn.Conv2d):
            x = F.conv2d(x, m.weight.abs(), padding=1)
        elif isinstance(m, nn.Linear):
            x = F.linear(x.mean((2, 3)), m.weight.abs())
    assert record.synflow == pytest.approx([float(x.detach().sum())] * 4, rel=1e-12)
    biased = record_of(chain(bias=True), *batch(), {"synflow"}).synflow
    assert biased[0] < biased[1] < biased[2] < biased[3]  # each bias adds flow that earlier layers do not carry


def test_inequalities():
    net = small_net()
    record = record_of(net, *batch(), {"gradients", "fisher"})
    score = {name: PROXIES[name]([record]) for name in ("snip", "plain", "grad_norm", "fisher", "l2_norm")}
    assert score["snip"] >= abs(score["plain"]) > 0
    assert score["grad_norm"] > 0 and score["fisher"] > 0
    squares = [math.sqrt(sum(float(v) ** 2 for v in layer.weight.flatten())) for layer in record.layers]
    assert score["l2_norm"] == pytest.approx(sum(squares), rel=1e-12)


def test_jacob_cov_ignores_the_scale_of_the_logits():
    net = chain()
    x, y = batch()
    before = PROXIES["jacob_cov"]([record_of(net, x, y, {"jacobian"})])
    with torch.no_grad():
        net[-1].weight.mul_(7.5)
    assert PROXIES["jacob_cov"]([record_of(net, x, y, {"jacobian"})]) == pytest.approx(before, rel=1e-9)


# --- failures ----------------------------------------------------------------------------------------------------


def test_duplicated_images_have_no_log_determinant():
    x, y = batch()
    x[5] = x[2]
    record = record_of(small_net(), x, y, {"codes", "gradients"})
    for name in ("relu_logdet", "naswot"):
        with pytest.raises(Unmeasurable, match="singular"):
            PROXIES[name]([record])


def test_nan_images_spoil_what_needs_images_and_nothing_else():
    x, y = batch()
    x[0, 0, 0, 0] = math.nan
    record = record_of(small_net(), x, y, ALL)
    of_loss = {"gradients", "fisher", "codes", "jacobian", "n_relu", "n_patterns", "curvature", "n_live"}
    of_loss |= {"features", "random_gradients"}
    assert set(record.failures) == of_loss | {"ntk"} and "not finite" in record.failures["ntk"]
    assert {record.failures[name] for name in of_loss} == {"the loss is nan"}
    assert record.synflow is not None and record.zen is not None
    with pytest.raises(Unmeasurable, match="the loss is nan"):
        PROXIES["snip"]([record])


def test_a_constant_jacobian_row_is_no_correlation():
    net = nn.Sequential(nn.Flatten(), nn.Linear(128, 5)).double()
    nn.init.ones_(net[1].weight)  # every pixel moves the logits alike
    record = record_of(net, *batch(), {"jacobian"})
    for name in ("jacob_cov", "epe_nas"):
        with pytest.raises(Unmeasurable, match="constant"):
            PROXIES[name]([record])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_jacobian_of_rounding_errors_is_none(dtype):
    """What normalisation gives sums to a constant over the batch, so d(sum of logits)/dx is zero, exactly computed."""
    parts = list(chain())
    del parts[8]  # the last ReLU
    net = nn.Sequential(*parts)
    record = record_of(net.to(dtype), *batch(dtype=dtype), {"jacobian", "gradients"})
    assert record.failures == {"jacobian": "the sum of the logits does not depend on the images, but for rounding"}


def test_a_constant_image_of_ones_has_no_flow_behind_normalisation():
    """Max-pooling undoes what the border did to the image of ones; normalised, that is zero and no rounding error."""
    torch.manual_seed(0)
    convs = [nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(3, 1, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 1)]
    net = nn.Sequential(*convs, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)).double()
    record = record_of(net, *batch(), {"synflow", "synflow_bn"})
    assert min(record.synflow) > 0
    assert record.synflow_bn[:2] == (0.0, 0.0) and record.synflow_bn[2] > 0  # the bias of the last convolution


def test_zico_leaves_out_gradients_that_are_rounding_errors():
    """A weight that scales one normalised channel has no gradient, but for the normalisation's eps."""
    torch.manual_seed(0)
    scaled = [
        nn.Conv2d(2, 1, 3),
        nn.BatchNorm2d(1, eps=1e-15),
        nn.ReLU(),
        nn.Conv2d(1, 1, 1),
        nn.BatchNorm2d(1, eps=1e-15),
    ]
    net = nn.Sequential(*scaled, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4, 5)).double()
    records = tuple(record_of(net, *batch(seed=seed), {"gradients"}) for seed in (1, 2))
    assert max(float(r.gradients.weights[1].abs().max()) for r in records) < 1e-14
    terms = []
    for index in (0, 2):
        g = torch.stack([r.gradients.weights[index] for r in records])
        moves = g.std(0, correction=0) > 0
        terms.append(math.log(float((g.abs().mean(0)[moves] / g.std(0, correction=0)[moves]).sum())))
    assert PROXIES["zico"](records) == pytest.approx(sum(terms), rel=1e-9)


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_out_of_memory_is_a_reason_and_nothing_is_retried(error):
    class Big(nn.Module):
        calls = 0

        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 2)

        def forward(self, x):
            Big.calls += 1
            raise error

    record = record_of(Big(), *batch(), {"gradients"})
    assert record.failures["gradients"].startswith("out of memory")
    assert Big.calls == 1


class Hidden(nn.Module):
    """Nonlinear where no module is, by `function` of two tensors."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.a, self.b = nn.Linear(128, 6).double(), nn.Linear(6, 5).double()

    def forward(self, x):
        a = self.a(x.flatten(1))
        return self.b(self.function(a, a.detach()))


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: torch.tanh(a),
        lambda a, b: F.gelu(a),
        lambda a, b: a * a,
        lambda a, b: a + 1,
        lambda a, b: 2 * a - a.mean(),
        lambda a, b: torch.relu(a),
        lambda a, b: torch.where(b > 0, a, 0),
        lambda a, b: a + torch.nn.Parameter(torch.ones(6, dtype=torch.float64)),
    ],
)
def test_what_the_expansion_does_not_know_is_differentiated_twice(function):
    torch.manual_seed(2)
    net, (x, y) = Hidden(function), batch()
    weights = [net.a.weight, net.b.weight]
    first = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True)
    second = torch.autograd.grad(sum((g.detach() * g).sum() for g in first), weights)
    expected = sum(float((w.detach() * h).sum()) for w, h in zip(weights, second, strict=True))
    assert record_of(net, x, y, {"curvature"}).curvature == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("space", SPACES)
def test_our_own_networks_are_expanded(space, monkeypatch):
    monkeypatch.setattr(curvature, "_differentiated_twice", None)  # TypeError, so a failure, if it is called
    space, rng = get_space(space), np.random.default_rng(0)
    options = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, depth_divisor=12)
    for _ in range(3):
        net = build(space, space.sample(rng), options, generators=[torch.Generator().manual_seed(0)]).double()
        assert not record_of(net, *batch(), {"curvature", "codes", "n_relu"}).failures


def test_a_disconnected_architecture_gives_zeros_or_reasons():
    record = record_of(small_net((0, 0, 0, 0, 0, 0)), *batch(), ALL)
    assert PROXIES["synflow"]([record]) == 0
    assert PROXIES["snip"]([record]) == 0
    assert record.failures == {
        "jacobian": "the logits do not depend on the images",
        "receptive_field": "the features before the last pooling do not depend on the image",
        "ntk": "the gradients of the logits are zero, or not finite",
    }
    assert set(record.cells.transfers[:-1]) == {0.0} and PROXIES["vkdnw"]([record]) >= 0
    with pytest.raises(Unmeasurable, match="do not depend on the image"):
        PROXIES["zen"]([record])


def test_dead_convolutions_count_in_relu_logdet_but_not_in_naswot():
    dead_end = small_net((3, 0, 0, 1, 0, 0))  # 0 -> 1 is a convolution that leads nowhere
    record = record_of(dead_end, *batch(), {"codes", "gradients"})
    assert record.codes.reached.count(False) == 2  # one a cell
    assert PROXIES["relu_logdet"]([record]) != PROXIES["naswot"]([record])


def test_normalisations_without_scale_are_expanded_with_one(monkeypatch):
    """CUDA gives the moments that the expansion needs for normalisations with a scale alone."""
    given = []
    plain = torch.native_batch_norm
    monkeypatch.setattr(
        torch, "native_batch_norm", lambda x, scale, *rest: given.append(scale) or plain(x, scale, *rest)
    )
    net = build(
        SPACE, (3,) * 6, replace(SMALL, bn_affine=False), generators=[torch.Generator().manual_seed(0)]
    ).double()
    assert not record_of(net, *batch(), {"curvature"}).failures
    assert len(given) > 12 and all(torch.is_tensor(scale) for scale in given)
