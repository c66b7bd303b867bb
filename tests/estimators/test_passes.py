"""The passes leave no trace, fail into reasons, and obey the algebra that needs no second implementation."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot import PASSES, PROXIES, Unmeasurable, measure
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import NB201

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
    record = measure(net, *batch(), ALL)
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
        measure(net, *batch(), {needed})
    assert_same_trace(before, trace(net))


def test_only_what_was_asked_for_is_there():
    record = measure(small_net(), *batch(), {"jacobian"})
    filled = {field for field in ALL if getattr(record, field) is not None}
    assert filled == {"jacobian"}
    with pytest.raises(ValueError, match="no such pass: jacobain"):
        measure(small_net(), *batch(), {"jacobain"})


def test_a_record_does_not_depend_on_which_other_passes_run():
    alone = {p: measure(small_net(), *batch(), {p}) for p in ("fisher", "jacobian", "codes", "curvature", "zen")}
    together = measure(small_net(), *batch(), ALL)
    for a, b in zip(alone["fisher"].fisher, together.fisher, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)
    torch.testing.assert_close(alone["jacobian"].jacobian, together.jacobian, rtol=1e-12, atol=0)
    assert all(torch.equal(a, b) for a, b in zip(alone["codes"].codes.kernels, together.codes.kernels, strict=True))
    assert alone["curvature"].curvature == together.curvature
    assert alone["zen"].zen == together.zen


# --- algebra -----------------------------------------------------------------------------------------------------


def test_plain_is_silent_before_batch_normalisation():
    record = measure(chain(), *batch(), {"gradients"})
    terms = [float((g * w.weight).sum()) for g, w in zip(record.gradients.weights, record.layers, strict=True)]
    assert max(map(abs, terms[:3])) < 1e-3 * abs(terms[3])  # eps = 1e-5 against variances of about 0.1


def test_grasp_is_the_squared_gradient_before_batch_normalisation():
    net = chain()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.eps = 1e-12  # the law is exact in the limit
    x, y = batch()
    record = measure(net, x, y, {"curvature", "gradients"})
    squares = sum(float(g.square().sum()) for g in record.gradients.weights[:3])
    # the head alone, by a double backward pass in its weight, whose g is mixed with those of the other layers
    weights = [m.weight for m in net if isinstance(m, nn.Conv2d | nn.Linear)]
    grads = torch.autograd.grad(F.cross_entropy(net(x), y), weights, create_graph=True)
    z = sum((g.detach() * g).sum() for g in grads)
    head = -float((weights[3].detach() * torch.autograd.grad(z, weights[3])[0]).sum())
    assert -record.curvature == pytest.approx(squares + head, rel=1e-8)


def test_every_layer_of_a_chain_carries_the_whole_flow():
    net = chain()
    record = measure(net, *batch(), {"synflow"})
    x = torch.ones(1, 2, 8, 8, dtype=torch.float64)
    for m in net:
        if isinstance(m, nn.Conv2d):
            x = F.conv2d(x, m.weight.abs(), padding=1)
        elif isinstance(m, nn.Linear):
            x = F.linear(x.mean((2, 3)), m.weight.abs())
    assert record.synflow == pytest.approx([float(x.detach().sum())] * 4, rel=1e-12)
    biased = measure(chain(bias=True), *batch(), {"synflow"}).synflow
    assert biased[0] < biased[1] < biased[2] < biased[3]  # each bias adds flow that earlier layers do not carry


def test_inequalities():
    net = small_net()
    record = measure(net, *batch(), {"gradients", "fisher"})
    score = {name: PROXIES[name]([record]) for name in ("snip", "plain", "grad_norm", "fisher", "l2_norm")}
    assert score["snip"] >= abs(score["plain"]) > 0
    assert score["grad_norm"] > 0 and score["fisher"] > 0
    squares = [math.sqrt(sum(float(v) ** 2 for v in layer.weight.flatten())) for layer in record.layers]
    assert score["l2_norm"] == pytest.approx(sum(squares), rel=1e-12)


def test_jacob_cov_ignores_the_scale_of_the_logits():
    net = chain()
    x, y = batch()
    before = PROXIES["jacob_cov"]([measure(net, x, y, {"jacobian"})])
    with torch.no_grad():
        net[-1].weight.mul_(7.5)
    assert PROXIES["jacob_cov"]([measure(net, x, y, {"jacobian"})]) == pytest.approx(before, rel=1e-9)


# --- failures ----------------------------------------------------------------------------------------------------


def test_duplicated_images_have_no_log_determinant():
    x, y = batch()
    x[5] = x[2]
    record = measure(small_net(), x, y, {"codes", "gradients"})
    for name in ("relu_logdet", "naswot"):
        with pytest.raises(Unmeasurable, match="singular"):
            PROXIES[name]([record])


def test_nan_images_spoil_what_needs_images_and_nothing_else():
    x, y = batch()
    x[0, 0, 0, 0] = math.nan
    record = measure(small_net(), x, y, ALL)
    assert set(record.failures) == {"gradients", "fisher", "codes", "jacobian", "n_relu", "curvature"}
    assert set(record.failures.values()) == {"the loss is nan"}
    assert record.synflow is not None and record.zen is not None
    with pytest.raises(Unmeasurable, match="the loss is nan"):
        PROXIES["snip"]([record])


def test_a_constant_jacobian_row_is_no_correlation():
    net = nn.Sequential(nn.Flatten(), nn.Linear(128, 5)).double()
    nn.init.ones_(net[1].weight)  # every pixel moves the logits alike
    record = measure(net, *batch(), {"jacobian"})
    for name in ("jacob_cov", "epe_nas"):
        with pytest.raises(Unmeasurable, match="constant"):
            PROXIES[name]([record])


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

    record = measure(Big(), *batch(), {"gradients"})
    assert record.failures["gradients"].startswith("out of memory")
    assert Big.calls == 1


def test_nonlinear_operations_outside_modules_are_noticed():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(128, 6).double(), nn.Linear(6, 5).double()

        def forward(self, x):
            return self.b(torch.tanh(self.a(x.flatten(1))))

    with pytest.raises(RuntimeError, match=r"dL\[g\]"):
        measure(Hidden(), *batch(), {"curvature"})
    with pytest.raises(TypeError, match="no expansion is known for GELU"):
        measure(nn.Sequential(nn.Flatten(), nn.GELU(), nn.Linear(128, 5)).double(), *batch(), {"curvature"})


def test_a_disconnected_architecture_gives_zeros_or_reasons():
    record = measure(small_net((0, 0, 0, 0, 0, 0)), *batch(), ALL)
    assert PROXIES["synflow"]([record]) == 0
    assert PROXIES["snip"]([record]) == 0
    assert record.failures == {"jacobian": "the logits do not depend on the images"}
    with pytest.raises(Unmeasurable, match="do not depend on the image"):
        PROXIES["zen"]([record])


def test_dead_convolutions_count_in_relu_logdet_but_not_in_naswot():
    dead_end = small_net((3, 0, 0, 1, 0, 0))  # 0 -> 1 is a convolution that leads nowhere
    record = measure(dead_end, *batch(), {"codes", "gradients"})
    assert record.codes.reached.count(False) == 2  # one a cell
    assert PROXIES["relu_logdet"]([record]) != PROXIES["naswot"]([record])
