"""Networks that no space of ours builds: every weight counts, or the proxy is missing and says which layer is why."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from nasgauge.core.tables import ERRORS, SCORES, check
from nasgauge.estimators.zeroshot import PASSES, PROXIES, Proxy, ZeroShot, layer_profile, record_of
from nasgauge.estimators.zeroshot.weights import gaussian_state, weights_of
from nasgauge.nets import NetOptions, count
from nasgauge.spaces import NB201

ALL = PASSES - {"layers"}
NEEDS_RELU = {"relu", "relu_logdet", "naswot", "swap", "linear_regions"}
OF_BLOCKS = {"az_expressivity", "az_progressivity", "az_trainability"}  # of two at least


class Net(nn.Module):
    """Parts by name, and what becomes of a batch (N, 2, 8, 8); the logits come from `head` on the mean over pixels."""

    def __init__(self, features, n_features, **parts):
        super().__init__()
        self.features = features
        for name, part in parts.items():
            setattr(self, name, part)
        self.head = nn.Linear(n_features, 5)

    def forward(self, x):
        return self.head(self.features(self, x))


def pixels(x):
    """A row for each pixel, (N, 64, 2)."""
    return x.flatten(2).transpose(1, 2)


def chain(*names):
    """The parts one after the other, then the mean over whatever is no channel."""

    def features(net, x):
        for name in names:
            x = getattr(net, name)(x)
        return x.flatten(2).mean(2)

    return features


def conv2d(norm, **options):
    return Net(
        chain("a", "norm", "relu", "b"), 4, a=nn.Conv2d(2, 4, 3), norm=norm, relu=nn.ReLU(), b=nn.Conv2d(4, 4, 3)
    )


def sequence(net, x):
    return F.relu(net.norm(net.a(net.reshape(x)))).flatten(2).mean(2)


def with_positions(net, x):
    return torch.relu(net.a(pixels(x)) + net.where(torch.arange(64))).mean(1)


def attended(net, x):
    tokens = net.a(pixels(x))
    return F.relu(net.attention(tokens, tokens, tokens, need_weights=False)[0]).mean(1)


def twice(net, x):
    x = net.relu(net.a(x))
    return net.relu(net.a(x)).flatten(2).mean(2)


def tied(net, x):
    return net.b(F.relu(net.a(x.flatten(2).mean(2))))


def tied_net():
    net = Net(tied, 2, a=nn.Linear(2, 2), b=nn.Linear(2, 2))
    net.b.weight = net.a.weight
    return net


# name -> (network, its weights, its ReLUs)
READ = {
    "conv1d": (
        lambda: Net(sequence, 4, reshape=nn.Flatten(2), a=nn.Conv1d(2, 4, 3), norm=nn.BatchNorm1d(4)), "a head", 1
    ),
    "conv3d": (
        lambda: Net(sequence, 4, reshape=nn.Unflatten(1, (2, 1)), a=nn.Conv3d(2, 4, (1, 3, 3)), norm=nn.BatchNorm3d(4)),
        "a head", 1,
    ),
    "transposed 1d": (
        lambda: Net(sequence, 6, reshape=nn.Flatten(2), a=nn.ConvTranspose1d(2, 6, 3), norm=nn.Identity()), "a head", 1
    ),
    "transposed 2d": (
        lambda: Net(chain("a", "relu"), 6, a=nn.ConvTranspose2d(2, 6, 3, groups=2), relu=nn.ReLU6()), "a head", 1
    ),
    "transposed 3d": (
        lambda: Net(
            sequence, 6, reshape=nn.Unflatten(1, (2, 1)), a=nn.ConvTranspose3d(2, 6, (1, 2, 2)), norm=nn.BatchNorm3d(6)
        ),
        "a head", 1,
    ),
    "grouped": (lambda: Net(chain("a", "r"), 6, a=nn.Conv2d(2, 6, 3, groups=2), r=nn.LeakyReLU(0.1)), "a head", 1),
    "depthwise": (
        lambda: Net(chain("a", "b", "relu"), 4, a=nn.Conv2d(2, 2, 3, groups=2), b=nn.Conv2d(2, 4, 1), relu=nn.ReLU()),
        "a b head", 1,
    ),
    "linear on pixels": (
        lambda: Net(lambda net, x: F.relu(net.a(pixels(x))).mean(1), 6, a=nn.Linear(2, 6)), "a head", 1
    ),
    "linear on rows": (  # as many images as channels
        lambda: Net(lambda net, x: net.relu(net.a(x.flatten(2))).flatten(1), 12, a=nn.Linear(64, 6), relu=nn.ReLU()),
        "a head", 1,
    ),
    "layer norm": (
        lambda: Net(
            lambda net, x: F.relu(net.norm(net.a(pixels(x)))).mean(1), 6, a=nn.Linear(2, 6), norm=nn.LayerNorm(6)
        ),
        "a head", 1,
    ),
    "batch norm": (lambda: conv2d(nn.BatchNorm2d(4)), "a b head", 1),
    "group norm": (lambda: conv2d(nn.GroupNorm(2, 4)), "a b head", 1),
    "instance norm": (lambda: conv2d(nn.InstanceNorm2d(4, affine=True, track_running_stats=True)), "a b head", 1),
    "rms norm": (lambda: conv2d(nn.RMSNorm((4, 6, 6))), "a b head", 1),
    "embedding": (lambda: Net(with_positions, 6, a=nn.Linear(2, 6), where=nn.Embedding(64, 6)), "a where head", 1),
    "attention": (
        lambda: Net(attended, 6, a=nn.Linear(2, 6), attention=nn.MultiheadAttention(6, 2, 0.3, batch_first=True)),
        "a attention.in_proj_weight attention.out_proj head", 1,
    ),
    "shared": (lambda: Net(twice, 2, a=nn.Conv2d(2, 2, 3), relu=nn.ReLU()), "a head", 2),
    "tied": (tied_net, "a head", 1),
    "dropout": (
        lambda: Net(lambda net, x: F.dropout2d(F.relu(net.a(x)), 0.5).flatten(2).mean(2), 4, a=nn.Conv2d(2, 4, 3)),
        "a head", 1,
    ),
    "max pooling": (lambda: Net(chain("a", "pool"), 4, a=nn.Conv2d(2, 4, 3), pool=nn.MaxPool2d(3, 1, 1)), "a head", 0),
}  # fmt: skip


def built(make):
    torch.manual_seed(0)
    return make().double()


def batch(n=6):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 2, 8, 8, generator=generator, dtype=torch.float64), torch.arange(n) % 5


def parameters(net, names):
    own = dict(net.named_parameters())
    return [own[name] if name in own else own[f"{name}.weight"] for name in names.split()]


def quiet(net):
    """A copy that drops nothing out, for references."""
    net = copy.deepcopy(net)
    for m in net.modules():
        if isinstance(m, nn.MultiheadAttention):
            m.dropout = 0.0
    return net


def loss(net, x, y, monkeypatch):
    monkeypatch.setattr(F, "dropout2d", lambda x, p: x)
    return F.cross_entropy(net(x), y)


@pytest.mark.parametrize("name", READ)
def test_every_weight_counts_and_the_scores_are_the_naive_ones(name, monkeypatch):
    make, names, n_relu = READ[name]
    net, (x, y) = built(make), batch()
    before = copy.deepcopy(net.state_dict())
    record = record_of(net, x, y, ALL)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert [layer.name for layer in record.layers] == names.split()
    assert record.n_relu == n_relu
    if n_relu:
        assert len(record.codes.kernels) == n_relu and all(record.codes.reached)

    plain = quiet(net)
    weights = parameters(plain, names)
    with sdpa_kernel(SDPBackend.MATH):  # which has a second derivative
        first = torch.autograd.grad(loss(plain, x, y, monkeypatch), weights, create_graph=True)
    for ours, expected in zip(record.gradients.weights, first, strict=True):
        torch.testing.assert_close(ours, expected.detach(), rtol=1e-9, atol=1e-14)
    z = sum((g.detach() * g).sum() for g in first)
    second = torch.autograd.grad(z, weights)
    expected = sum(float((w.detach() * h).sum()) for w, h in zip(weights, second, strict=True))
    assert record.curvature == pytest.approx(expected, rel=1e-7, abs=1e-14)

    weights, first = ([t.detach() for t in tensors] for tensors in (weights, first))
    score = {key: PROXIES[key]([record]) for key in ("grad_norm", "snip", "plain", "l2_norm")}
    assert score["grad_norm"] == pytest.approx(sum(float(g.norm()) for g in first))
    assert score["snip"] == pytest.approx(sum(float((g * w).abs().sum()) for g, w in zip(first, weights, strict=True)))
    assert score["plain"] == pytest.approx(-sum(float((g * w).sum()) for g, w in zip(first, weights, strict=True)))
    assert score["l2_norm"] == pytest.approx(sum(float(w.norm()) for w in weights))


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("keep", [False, True])
def test_the_flow_is_the_naive_one(name, keep, monkeypatch):
    make, names, _ = READ[name]
    net = built(make)
    found = record_of(net, *batch(), {"synflow_bn" if keep else "synflow"})
    plain = quiet(net)
    norms = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d, nn.RMSNorm)
    for m in list(plain.modules()):
        for key, child in list(m.named_children()):
            if isinstance(child, norms) and not keep:
                setattr(m, key, nn.Identity())
    for p in plain.parameters():
        p.data.abs_()
    monkeypatch.setattr(F, "dropout2d", lambda x, p: x)
    plain(torch.ones(1, 2, 8, 8, dtype=torch.float64)).sum().backward()
    expected = [float((w.detach() * w.grad).abs().sum()) for w in parameters(plain, names)]
    assert (found.synflow_bn if keep else found.synflow) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in READ if name not in ("embedding", "attention")])
def test_fisher_is_the_naive_one(name, monkeypatch):
    net, (x, y) = built(READ[name][0]), batch()
    found = PROXIES["fisher"]([record_of(net, x, y, {"fisher"})])
    plain, outputs = quiet(net), []
    for m in plain.modules():
        if hasattr(m, "weight") and not isinstance(m, nn.Linear) and m.weight is not None and m.weight.dim() > 2:
            m.register_forward_hook(lambda m, i, o: (o.retain_grad(), outputs.append((m, o, 1)))[1])
        if isinstance(m, nn.Linear):
            m.register_forward_hook(lambda m, i, o: (o.retain_grad(), outputs.append((m, o, o.dim() - 1)))[1])
    loss(plain, x, y, monkeypatch).backward()
    expected = 0.0
    for m, o, channel in outputs:
        if isinstance(m, nn.RMSNorm):
            continue
        others = [d for d in range(1, o.dim()) if d != channel]
        product = (o.detach() * o.grad).sum(others) if others else o.detach() * o.grad
        expected += float((product**2).mean(0).sum()) / 2 * m.weight.numel() / o.shape[channel]
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("embedding", r"'where' \(Embedding\)"), ("attention", r"'attention' \(MultiheadAttention\)")],
)
def test_fisher_says_which_layer_has_no_channels(name, reason):
    record = record_of(built(READ[name][0]), *batch(), ALL)
    with pytest.raises(ValueError, match=reason):
        PROXIES["fisher"]([record])
    assert math.isfinite(PROXIES["snip"]([record]))


# --- activations -------------------------------------------------------------------------------------------------


def branches(relu, add=torch.add):
    """Two convolutions without normalisation, and a ReLU of each and of their sum."""

    def features(net, x):
        a, b = net.a(x), net.b(x)
        either = relu(add(net.a(x), b.detach()))
        return (relu(a) + relu(b) + either).flatten(2).mean(2)

    return lambda: Net(features, 4, a=nn.Conv2d(2, 4, 3), b=nn.Conv2d(2, 4, 3))


WAYS = {
    "one module, several inputs": (nn.ReLU(),),
    "function": (F.relu,),
    "torch": (torch.relu,),
    "method": (lambda x: x.relu(),),
    "method in place": (lambda x: x.relu_(),),
    "function in place": (lambda x: F.relu(x, inplace=True),),
    "module in place": (nn.ReLU(inplace=True),),
    "sum in place": (F.relu, lambda a, b: a.add_(b)),
    "leaky with slope 0": (lambda x: F.leaky_relu(x, 0.0),),
    "hardtanh without a bound in reach": (lambda x: F.hardtanh(x, 0.0, 1e9),),
}


def scores(make, passes=ALL):
    net = built(make)
    records = tuple(record_of(net, x, y, passes) for x, y in (batch(6), batch(7)))
    found = {}
    for name, proxy in PROXIES.items():
        if proxy.needs <= PASSES:
            found[name] = proxy(records)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_relu_counts_however_it_is_called(way):
    expected = scores(branches(lambda x: nn.ReLU()(x)))
    assert expected["relu"] == 3
    assert scores(branches(*WAYS[way])) == pytest.approx(expected, rel=1e-9)


def test_a_network_may_work_on_its_images_in_place():
    def shifted(shift):
        layers = {"a": nn.Conv2d(2, 4, 3), "b": nn.Conv2d(4, 4, 1)}  # two, as some proxies compare blocks
        return lambda: Net(lambda net, x: F.relu(net.b(F.relu(net.a(shift(x))))).mean((2, 3)), 4, **layers)

    x, y = batch()
    before = x.clone()
    layer_profile(built(shifted(lambda x: x.sub_(0.5))), x, y)
    assert scores(shifted(lambda x: x.sub_(0.5))) == pytest.approx(scores(shifted(lambda x: x - 0.5)), rel=1e-12)
    assert torch.equal(x, before)


def test_an_input_that_changes_in_place_has_codes_of_its_own():
    def features(net, x):
        x = net.a(x)
        first = F.relu(x)
        x -= 0.1
        return (first + F.relu(x)).flatten(2).mean(2)

    record = record_of(built(lambda: Net(features, 4, a=nn.Conv2d(2, 4, 3))), *batch(), {"codes"})
    assert not torch.equal(*record.codes.kernels)


@pytest.mark.parametrize(
    "act",
    [nn.GELU(), nn.SiLU(), nn.Tanh(), nn.Sigmoid(), nn.ELU(), nn.Hardswish(), nn.PReLU(), nn.Softplus(), nn.Mish()],
)
def test_another_activation_is_no_relu_and_is_named(act):
    make = lambda: Net(chain("a", "norm", "act"), 4, a=nn.Conv2d(2, 4, 3), norm=nn.BatchNorm2d(4), act=act)  # noqa: E731
    record = record_of(built(make), *batch(), ALL)
    for name in NEEDS_RELU:
        with pytest.raises(ValueError, match=rf"'act' \({type(act).__name__}\) applies .* not known to be a ReLU"):
            PROXIES[name]([record])
    for name in set(PROXIES) - NEEDS_RELU - OF_BLOCKS - {"zico", "random", "zen"}:
        if PROXIES[name].needs <= PASSES:
            assert math.isfinite(PROXIES[name]([record]))


@pytest.mark.parametrize("function", [torch.sin, lambda x: x * (x > 0), lambda x: x.clamp(min=0), lambda x: x.abs()])
def test_arithmetic_that_may_be_an_activation_is_named_too(function):
    make = lambda: Net(lambda net, x: function(net.a(x)).flatten(2).mean(2), 4, a=nn.Conv2d(2, 4, 3))  # noqa: E731
    record = record_of(built(make), *batch(), {"n_relu"})
    assert "the network (Net) applies" in record.failures["n_relu"]


# --- what cannot be read -----------------------------------------------------------------------------------------


class Recurrent(nn.LSTM):
    def forward(self, x):
        return super().forward(pixels(x))[0].transpose(1, 2)


class Learned(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(2, 8, 8))

    def forward(self, x):
        return x + self.position


UNREADABLE = {
    "lstm": (lambda: Net(chain("a"), 4, a=Recurrent(2, 4, batch_first=True)), r"'a' \(Recurrent\)"),
    "parameter": (lambda: Net(chain("a"), 2, a=Learned()), r"'a' \(Learned\) has parameters .*: position"),
    "weight norm": (
        lambda: Net(chain("a"), 4, a=nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 4, 3))),
        r"'a' \(ParametrizedConv2d\) computes its weight",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_parameters_that_nobody_can_read_are_named_and_spoil_only_what_needs_weights(name):
    make, reason = UNREADABLE[name]
    record = record_of(built(make), *batch(), ALL)
    for key in ("snip", "grad_norm", "plain", "grasp", "fisher", "synflow", "synflow_bn", "l2_norm", "zen"):
        with pytest.raises(ValueError, match=reason):
            PROXIES[key]([record])
    assert math.isfinite(PROXIES["jacob_cov"]([record]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.ReLU(), F.relu),
        (nn.AvgPool2d(2), lambda x: F.avg_pool2d(x, kernel_size=(2, 2))),
        (nn.AdaptiveAvgPool2d(2), lambda x: F.adaptive_avg_pool2d(x, (2, 2))),
        (nn.BatchNorm2d(2), lambda x: F.batch_norm(x, None, None, nn.Parameter(torch.ones(2)), training=True)),
        (nn.MaxPool2d(2), lambda x: x[:, :, ::2, ::2]),
    ],
)
def test_operations_count_alike_as_modules_and_as_functions(one, other):
    nets = [Net(lambda net, x, f=f: net.a(f(x)).flatten(2).mean(2), 4, a=nn.Conv2d(2, 4, 1)) for f in (one, other)]
    assert count(nets[0], (2, 8, 8)) == count(nets[1], (2, 8, 8))


def test_attention_counts_its_products():
    net = built(READ["attention"][0])
    tokens, width = 64, 6
    projections = tokens * (2 * width + 4 * width * width)
    assert count(net, (2, 8, 8)).macs == projections + 2 * tokens * tokens * width + tokens * width + width * 5


# --- the Gaussian network of zen ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READ)
def test_zen_draws_every_weight_and_resets_every_scale(name):
    net = built(READ[name][0])
    for p in net.parameters():
        p.data.fill_(7.0)
    names = {id(p): key for key, p in net.named_parameters()}
    state = gaussian_state(net, weights_of(net), lambda p: torch.full_like(p, 2.0))
    for p, value in ((names[i], float(v.flatten()[0])) for i, v in state.items()):
        weight = any(p in (key, f"{key}.weight") for key in READ[name][1].split())
        assert value == (2.0 if weight else 0.0 if "bias" in p else 1.0), p
    assert set(names) == set(state)


@pytest.mark.parametrize("name", ["conv1d", "conv3d", "batch norm"])
def test_zen_is_the_naive_one(name):
    net, (x, y) = built(READ[name][0]), batch()
    found = record_of(net, x, y, {"zen"}, seed=3).zen
    generator = torch.Generator().manual_seed(3)
    weights = {id(p) for p in parameters(net, READ[name][1])}
    for key, p in net.named_parameters():
        fresh = torch.randn(p.shape, generator=generator).double() if id(p) in weights else None
        p.data = fresh if fresh is not None else torch.zeros_like(p) if "bias" in key else torch.ones_like(p)
    u, v = (torch.randn(x.shape, generator=generator).double() for _ in range(2))
    before, variances = [], []
    net.norm.register_forward_pre_hook(lambda m, i: variances.append(i[0].detach()))
    net.features = (lambda features: lambda net, x: before.append(x) or features(net, x))(net.features)
    last = {}
    mean = torch.Tensor.mean
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "mean", lambda t, *a, **k: (last.update(t=t.detach()), mean(t, *a, **k))[1])
        net(u)
        feature = last["t"]
        net(u + 0.01 * v)
    assert found.difference == pytest.approx(float((feature - last["t"]).abs().sum()) / len(x), rel=1e-9)
    by_channel = variances[0].transpose(0, 1).flatten(1).var(1, correction=0)
    assert found.variances == pytest.approx([float(by_channel.mean())])


@pytest.mark.parametrize("name", ["layer norm", "group norm", "instance norm", "rms norm"])
def test_zen_names_a_normalisation_that_is_none_of_the_batch(name):
    assert "'norm'" in record_of(built(READ[name][0]), *batch(), {"zen"}).failures["zen"]


def test_zen_does_not_take_a_gate_for_the_last_pooling():
    def gated(net, x):
        x = net.a(x)
        return net.b(x * F.adaptive_avg_pool2d(x, 1)).amax((2, 3))

    net = built(lambda: Net(gated, 4, a=nn.Conv2d(2, 4, 3), b=nn.Conv2d(4, 4, 3)))
    assert "no global average pooling" in record_of(net, *batch(), {"zen"}).failures["zen"]


def zero_shot(network, proxies=tuple(PROXIES)):
    batches = [batch(6), batch(7)]
    options = NetOptions(in_channels=2, n_classes=5)
    return ZeroShot(NB201(), proxies, batches, options, network=network, precision="float64")


@pytest.mark.parametrize("name", [*READ, *UNREADABLE])
def test_a_study_of_any_network_ends_with_a_score_or_a_reason_for_each_proxy(name):
    make = (READ | UNREADABLE)[name][0]
    found = zero_shot(lambda arch: built(make)).estimate([(3, 1, 2, 4, 2, 3)])
    scored, failed = set(check(found.scores, SCORES)["estimator"]), set(check(found.errors, ERRORS)["estimator"])
    assert not scored & failed and scored | failed == set(PROXIES)
    assert not found.errors["error"].str.contains("Error: ").any() or name == "lstm"  # reasons, no other exceptions
    n_params = found.scores.set_index("estimator")["score"]["n_params"]
    assert n_params == sum(p.numel() for p in built(make).parameters())


def test_the_multiply_accumulates_of_a_recurrent_layer_are_not_known():
    found = zero_shot(lambda arch: built(UNREADABLE["lstm"][0]), ["macs"]).estimate([(3, 1, 2, 4, 2, 3)])
    assert found.errors["error"].item() == "NotImplementedError: multiply-accumulates of lstm are not counted"


class Moody(nn.Module):
    """Refuses a batch of one image, which is what the synaptic flow shows it."""

    def __init__(self, error):
        super().__init__()
        self.error, self.net = error, built(READ["batch norm"][0])

    def forward(self, x):
        if len(x) == 1:
            raise self.error
        return self.net(x)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("no"),
        TypeError("no"),
        ValueError("no"),
        IndexError("no"),
        ZeroDivisionError("no"),
        AssertionError("no"),
    ],
)
def test_a_pass_that_fails_is_a_reason_and_all_others_go_on(error):
    found = zero_shot(lambda arch: Moody(error)).estimate([(3, 1, 2, 4, 2, 3)])
    reasons = dict(zip(found.errors["estimator"], found.errors["error"], strict=True))
    of_one_image = ("synflow", "synflow_bn", "macs", "meco", "meco_opt")
    assert reasons == dict.fromkeys(of_one_image, f"{type(error).__name__}: no")
    assert set(found.scores["estimator"]) == set(PROXIES) - set(reasons)


def test_a_network_without_logits_is_a_reason():
    both = Net(chain("a"), 4, a=nn.Conv2d(2, 4, 3)).double()
    forward = both.forward
    both.forward = lambda x: (forward(x), x)
    assert "gives a tuple of 2" in record_of(both, *batch(), {"gradients"}).failures["gradients"]


def test_a_network_that_cannot_be_built_is_a_reason():
    def network(arch):
        raise RuntimeError("these shapes do not fit")

    found = zero_shot(network, ["snip", "relu"]).estimate([(3, 1, 2, 4, 2, 3)])
    assert found.scores.empty
    assert found.errors["error"].tolist() == ["RuntimeError: these shapes do not fit"] * 2


def broken(record):
    return {}["nothing"]


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (broken, "KeyError: 'nothing'"),
        (lambda r: math.nan, "the score is nan"),
        (lambda r: -math.inf, "the score is -inf"),
        (lambda r: None, "NoneType and no number"),
        (lambda r: "3", "str and no number"),
        (lambda r: 1j, "complex and no number"),
        (lambda r: np.ones(2), "ndarray and no number"),
        (lambda r: r.codes.kernels, "AttributeError"),
    ],
)
@pytest.mark.parametrize("pooled", [False, True])
def test_a_proxy_of_ones_own_that_fails_is_a_reason_and_not_the_end(score, reason, pooled):
    mine = Proxy("mine", score, frozenset({"gradients"}), "nobody2026", "fails", pooled=pooled)
    found = zero_shot(lambda arch: built(READ["grouped"][0]), [mine, "snip"]).estimate([(3, 1, 2, 4, 2, 3)])
    assert found.scores["estimator"].tolist() == ["snip"]
    assert reason in found.errors["error"].item()


def test_a_score_may_be_any_kind_of_real_number():
    kinds = (1, 1.5, True, np.float32(2), np.int64(3), torch.tensor(4.0))
    for value in kinds:
        mine = Proxy("mine", lambda record, value=value: value, frozenset(), "nobody2026", "a number")
        found = zero_shot(lambda arch: built(READ["grouped"][0]), [mine]).estimate([(3, 1, 2, 4, 2, 3)])
        assert found.scores["score"].item() == float(value)


def test_the_profile_of_any_network_sums_to_its_proxies():
    net, (x, y) = built(READ["attention"][0]), batch()
    table, record = layer_profile(net, x, y), record_of(net, x, y, {"gradients"})
    for name in ("snip", "grad_norm"):
        assert table[name].sum() == pytest.approx(PROXIES[name]([record]))
