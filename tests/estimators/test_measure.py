"""`measure`: proxies of any modules by name, by the passes of `ZeroShot`, with a score or a reason for each."""

import copy
import random
import warnings
import weakref
from collections import namedtuple

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.core.tables import ERRORS, SCORES, check
from nasgauge.estimators.zeroshot import PROXIES, Proxy, ZeroShot, as_proxy, measure
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import SPACES, get_space

ONE_BATCH = {name for name, proxy in PROXIES.items() if not proxy.pooled}
OF_WEIGHTS = {
    *("grad_norm", "plain", "snip", "grasp", "fisher", "l2_norm", "synflow", "synflow_bn", "zen", "gradient_flatness"),
}
OF_RELUS = {"relu", "relu_logdet", "naswot", "swap", "linear_regions"}
OF_POOLING = {"receptive_field_entropy", "embedding_spectrum"}
OF_BLOCKS = {"az_expressivity", "az_progressivity", "az_trainability"}
OF_MAPS = OF_BLOCKS | {"meco", "meco_opt"}
OF_NOISE = OF_MAPS | {"vkdnw", "vkdnw_single", "intrain"}
OF_NOISE |= {"jacobian_whiteness", "identity_path", "n_blocks", "receptive_field_entropy", "embedding_spectrum"}
WITHOUT_LABELS = {
    *("macs", "n_convs", "synflow", "synflow_bn", "identity_path", "n_blocks"),
    *("vkdnw", "vkdnw_single", "intrain", "ntk_condition"),
}


def batch(*shape, n=6, classes=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, *shape, generator=generator), torch.arange(n) % classes


def conv1d():
    """2 x 8 to 3 classes: two calls of one convolution between two others."""
    middle = nn.Conv1d(4, 4, 3, padding=1)
    body = [nn.Conv1d(2, 4, 3, padding=1), nn.BatchNorm1d(4), nn.ReLU(), middle, nn.ReLU(), middle, nn.Conv1d(4, 4, 1)]
    return nn.Sequential(*body, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))


class Transformer(nn.Module):
    """Patches of 4 x 4, a class token, one block of attention and GELU."""

    def __init__(self, token=True):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, 4)
        self.token = nn.Parameter(torch.full((1, 1, 8), 0.5)) if token else None
        self.before, self.after = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        if self.token is not None:
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        y = self.before(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head((x + self.mlp(self.after(x)))[:, 0])


class Head(nn.Module):
    """A linear layer whose logits `become` something else."""

    def __init__(self, become, width=3):
        super().__init__()
        self.become, self.linear = become, nn.Linear(16, width)

    def forward(self, x):
        return self.become(self.linear(x.flatten(1)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.lstm(x.transpose(1, 2))[0][:, -1])


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(torch.relu(self.words(x)).mean(1))


def raising(error):
    def become(logits):
        raise error

    return become


def table(found):
    return found.scores.pivot(index="arch", columns="estimator", values="score")


def reasons(found, name):
    rows = found.errors[found.errors["arch"] == name]
    return dict(zip(rows["estimator"], rows["error"], strict=True))


# name -> (module, shape of an image, parameters, multiply-accumulates, convolutions), computed by hand
KNOWN = {
    "linear": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(8, 3)), (2, 4), 27, 24, 0),
    "without parameters": (lambda: nn.Flatten(), (3,), 0, 0, 0),
    # 24 + 4, 2 x 4, 48 + 4, 16 + 4, 12 + 3; at 8 positions 8 x 24, 2 norm, 4 relu, 2 x 48 and 4 relu, 16; pool 9; 12
    "conv1d": (conv1d, (2, 8), 123, 8 * (24 + 8 + 4 + 48 + 4 + 48 + 16) + 4 * 9 + 12, 4),
    # 4 patches and a token: 5 x (in 192, out 64, mlp 256, gelu 16, two norms 32), 2 products of 5 x 5 x 8; head 24
    "transformer": (Transformer, (1, 8, 8), 136 + 8 + 32 + 288 + 280 + 27, 512 + 5 * 560 + 400 + 24, 1),
    "volumes": (lambda: nn.Sequential(nn.Conv3d(1, 3, 2), nn.Flatten()), (1, 2, 2, 2), 27, 24, 1),
}


@pytest.mark.parametrize("name", KNOWN)
def test_counts_are_exact(name):
    make, shape, n_params, macs, n_convs = KNOWN[name]
    found = table(measure({name: make()}, *batch(*shape), proxies=["n_params", "macs", "n_convs"])).loc[name]
    assert (found["n_params"], found["macs"], found["n_convs"]) == (n_params, macs, n_convs)


@pytest.mark.parametrize("name", SPACES)
def test_modules_of_a_space_have_the_scores_of_its_architectures_bit_by_bit(name):
    """All proxies but n_convs, which a space counts on live edges and a module by its calls."""
    space, rng = get_space(name), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(1 if name.startswith("darts") else 2)]
    options = NetOptions(channels=4, n_cells=1, n_stages=1, in_channels=1, n_classes=3, depth_divisor=24)
    batches, chosen = [batch(1, 6, 6), batch(1, 6, 6, n=7)], [proxy for proxy in PROXIES if proxy != "n_convs"]
    expected = ZeroShot(space, chosen, batches, options, seed=5).estimate(archs)

    def network(arch):
        return build(space, arch, options, generators=[torch.Generator().manual_seed(5)])

    found = measure({space.to_str(a): network(a) for a in archs}, batches=batches, proxies=chosen, seed=5)
    pd.testing.assert_frame_equal(found.scores, expected.scores)
    pd.testing.assert_frame_equal(found.errors, expected.errors)
    assert found.costs["n"].tolist() == expected.costs["n"].tolist()


def test_every_proxy_of_one_batch_is_the_default_and_each_has_a_score_or_a_reason():
    nets = {"conv": conv1d(), "recurrent": Recurrent}
    found = measure(nets, *batch(2, 8))
    assert set(check(found.scores, SCORES)["estimator"]) == ONE_BATCH and not reasons(found, "conv")
    scored = set(found.scores.loc[found.scores["arch"] == "recurrent", "estimator"])
    assert scored.isdisjoint(reasons(found, "recurrent")) and scored | set(reasons(found, "recurrent")) == ONE_BATCH
    assert set(reasons(found, "recurrent")) == OF_WEIGHTS | OF_RELUS | OF_POOLING | OF_MAPS | {"macs"}
    assert "of lstm are not counted" in reasons(found, "recurrent")["macs"]


@pytest.mark.parametrize("token", [True, False])
def test_a_transformer_is_read_but_for_what_it_does_not_have(token):
    found = measure({"vit": Transformer(token)}, *batch(1, 8, 8))
    lacking = OF_RELUS | OF_POOLING | OF_BLOCKS | (OF_WEIGHTS if token else {"fisher", "zen"})
    assert set(reasons(found, "vit")) == lacking and set(table(found)) == ONE_BATCH - lacking
    assert "gelu" in reasons(found, "vit")["relu"]
    if not token:
        assert "MultiheadAttention" in reasons(found, "vit")["fisher"] and "LayerNorm" in reasons(found, "vit")["zen"]


def test_other_parameters_count_or_do_not_as_one_says():
    """l2_norm, snip and grasp against what they are by hand, with the class token and without it."""
    net, (x, y) = Transformer(), batch(1, 8, 8)
    proxies = ["l2_norm", "snip", "grasp"]
    assert set(reasons(measure({"vit": net}, x, y, proxies=proxies), "vit")) == set(proxies)
    layers = [net.patches, net.attention.out_proj, net.mlp[0], net.mlp[2], net.head]
    weights = [net.attention.in_proj_weight, *(layer.weight for layer in layers)]
    for how, chosen in (("count", [net.token, *weights]), ("omit", weights)):
        found = measure({"vit": net}, batches=[(x, y)], proxies=proxies, other_parameters=how)
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            gradients = torch.autograd.grad(nn.functional.cross_entropy(net(x), y), chosen, create_graph=True)
            product = sum((g.detach() * g).sum() for g in gradients)
            second = torch.autograd.grad(product, chosen)
        gradients, chosen = [g.detach() for g in gradients], [w.detach() for w in chosen]
        expected = {
            "l2_norm": sum(float(w.norm()) for w in chosen),
            "snip": sum(float((g * w).abs().sum()) for g, w in zip(gradients, chosen, strict=True)),
            "grasp": -sum(float((w * h).sum()) for w, h in zip(chosen, second, strict=True)),
        }
        assert table(found).loc["vit"].to_dict() == pytest.approx(expected, rel=1e-3)
    with pytest.raises(UserError, match="unknown treatment of other parameters 'coun'; nearest: count"):
        measure({"vit": net}, x, y, other_parameters="coun")


Outputs = namedtuple("Outputs", "logits auxiliary")
SEVERAL = {
    "named tuple": lambda logits: Outputs(logits, logits * 2),
    "dictionary": lambda logits: {"logits": logits, "other": 1},
}


@pytest.mark.parametrize("name", SEVERAL)
def test_of_several_heads_the_one_called_logits_is_scored(name):
    torch.manual_seed(0)
    plain = Head(lambda logits: logits)
    other = copy.deepcopy(plain)
    other.become = SEVERAL[name]
    found = measure({"plain": plain, "other": other}, *batch(1, 4, 4))
    scores = table(found).drop(columns="random")
    assert scores.loc["other"].to_dict() == pytest.approx(scores.loc["plain"].to_dict(), rel=1e-5)
    assert reasons(found, "other").keys() == reasons(found, "plain").keys()


def nothing():
    """Builds no module."""


def traced():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is deprecated
        return torch.jit.trace(nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), torch.zeros(2, 1, 4, 4))


BUILT = ONE_BATCH - {"random", "n_params", "l2_norm"}
FAILURES = {  # what cannot be read: (module or function, proxies without a score, a piece of the reason)
    "tuple": (Head(lambda logits: (logits, logits)), BUILT - {"macs", "n_convs"}, "gives a tuple of 2"),
    "one number": (Head(lambda logits: logits.sum()), BUILT - {"macs", "n_convs"}, r"gives a tensor ()"),
    "KeyError": (Head(raising(KeyError("k"))), BUILT, "KeyError: 'k'"),
    "AttributeError": (Head(lambda logits: logits.nothing), BUILT, "no attribute 'nothing'"),
    "StopIteration": (Head(raising(StopIteration())), BUILT, "StopIteration"),
    "user's mistake": (Head(raising(UserError("give other images"))), BUILT, "give other images"),
    "few classes": (Head(lambda logits: logits, 2), BUILT - WITHOUT_LABELS, "Target 2"),
    "other images": (nn.Linear(7, 3), BUILT, "shapes cannot be multiplied"),
    "no weights": (nn.Flatten(), OF_WEIGHTS, "no weights that are trained"),
    "traced": (traced, ONE_BATCH - {"random", "n_params", "ntk_condition"}, "script"),
    "lazy": (nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), ONE_BATCH, "uninitialized parameter"),
    "not built": (lambda: 1 / 0, ONE_BATCH, "ZeroDivisionError: division by zero"),
    "nothing built": (nothing, ONE_BATCH, "returns NoneType; a torch.nn.Module is needed"),
    "class with arguments": (nn.Linear, ONE_BATCH, "missing 2 required positional arguments"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", FAILURES)
def test_what_cannot_be_read_is_a_missing_score_with_its_reason_and_others_go_on(name):
    value, lacking, piece = FAILURES[name]
    fine = nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.ReLU())
    found = measure({name: value, "fine": fine}, *batch(1, 4, 4))
    check(found.errors, ERRORS)
    told = reasons(found, name)
    assert set(told) >= lacking and any(piece in reason for reason in told.values()), told
    assert set(told) | set(found.scores.loc[found.scores["arch"] == name, "estimator"]) == ONE_BATCH
    alone = measure({"fine": fine}, *batch(1, 4, 4))
    pd.testing.assert_series_equal(table(found).loc["fine"].dropna(), table(alone).loc["fine"], check_names=False)


def test_nothing_of_a_module_changes():
    net = conv1d().double().eval()
    before = copy.deepcopy(net.state_dict())
    measure({"conv": net}, *batch(2, 8), precision="bfloat16")
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]) and value.dtype == before[name].dtype
    assert not net.training and all(p.grad is None for p in net.parameters())


def test_a_function_builds_under_the_seed_whatever_the_global_one():
    def make():
        return nn.Sequential(nn.Flatten(), nn.Linear(16 + random.randrange(1), 3), nn.Dropout(np.random.rand()))

    drawn = []
    for other in (1, 2):
        torch.manual_seed(other)
        states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
        drawn.append(table(measure({"a": make}, *batch(1, 4, 4), seed=3)))
        assert torch.equal(states[0], torch.get_rng_state()) and states[2] == random.getstate()
        assert (states[1] == np.random.get_state()[1]).all()
    pd.testing.assert_frame_equal(*drawn)
    torch.manual_seed(3)
    ready = measure({"a": make()}, *batch(1, 4, 4), seed=3)
    pd.testing.assert_frame_equal(table(ready), drawn[0])


def test_one_network_is_in_memory_at_a_time():
    measure({"first": nn.Linear(4, 3)}, *batch(4), proxies=["macs"])  # PyTorch's counter imports much at its first use
    alive = []

    def make(failing):
        def build():
            assert all(net() is None for net in alive)
            net = Head((lambda logits: {}["k"]) if failing else lambda logits: logits)
            alive.append(weakref.ref(net))
            return net

        return build

    found = measure({str(i): make(i == 1) for i in range(4)}, *batch(1, 4, 4), proxies=["snip", "macs"])
    assert len(alive) == 4 and set(found.errors["arch"]) == {"1"}


def test_scores_do_not_depend_on_the_order_of_the_names():
    nets = {"conv": conv1d(), "flat": nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), "recurrent": Recurrent}
    found, turned = (measure(dict(pairs), *batch(2, 8)) for pairs in (nets.items(), reversed(nets.items())))
    pd.testing.assert_frame_equal(table(found), table(turned))
    assert found.scores["arch"].unique().tolist() == list(nets)


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("sequences", set()),
        ("arrays", set()),
        ("tokens", {"fisher", "synflow", "synflow_bn", "jacob_cov", "epe_nas", "zen", *OF_NOISE}),
    ],
)
def test_sequences_arrays_and_tokens_are_images_too(kind, lacking):
    x, y = batch(2, 8)
    if kind == "arrays":
        x, y = x.double().numpy(), y.numpy().astype("uint8")
    if kind == "tokens":
        x = torch.arange(30).reshape(6, 5) % 9
    found = measure({"net": Tokens if kind == "tokens" else conv1d}, x, y)
    assert set(reasons(found, "net")) == lacking


def test_batches_are_drawn_disjoint_or_taken_as_they_are():
    seen = []
    mine = Proxy(
        "mine", lambda record: seen.append(record.labels.tolist()) or 0.0, frozenset({"gradients"}), "", "labels"
    )
    x = torch.randn(100, 4)
    measure({"a": nn.Linear(4, 100)}, x, torch.arange(100), proxies=[mine], n_batches=2, batch_size=30)
    assert [len(labels) for labels in seen] == [30, 30] and len({*seen[0], *seen[1]}) == 60
    seen.clear()
    for n_batches, sizes in ((1, [64]), (2, [50, 50]), (3, [33] * 3)):
        measure({"a": nn.Linear(4, 100)}, x, torch.arange(100), proxies=[mine], n_batches=n_batches)
        assert [len(labels) for labels in seen] == sizes
        seen.clear()
    measure({"a": nn.Linear(4, 5)}, batches=[(x[:3], torch.tensor([4, 0, 1]))], proxies=[mine])
    assert seen == [[4, 0, 1]]
    zico = measure({"a": nn.Linear(4, 100)}, x, torch.arange(100), proxies=["zico"], n_batches=2)
    assert set(table(zico)) | set(zico.errors["estimator"]) == {"zico"}


GIVEN = {"images": batch(4)[0], "labels": batch(4)[1]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"modules": {}}, "modules is {}; give a dictionary"),
        ({"modules": [nn.Linear(4, 3)]}, "give a dictionary of names to modules"),
        ({"modules": {"a": 3}}, "'a' is of type int; give a torch.nn.Module, or a function"),
        ({"modules": {3: nn.Linear(4, 3)}}, "3 is not a name; give text"),
        ({"modules": {" a": nn.Linear(4, 3)}}, "' a' is not a name"),
        ({"modules": {"": nn.Linear(4, 3)}}, "'' is not a name"),
        ({"proxies": ["snip", "snip"]}, "a proxy is named twice"),
        ({"proxies": ["sinp"]}, "unknown proxy 'sinp'; nearest: snip"),
        ({"proxies": ["zico"]}, "give n_batches >= 2"),
        ({"images": None}, "no images; give images and labels, or batches"),
        ({"batches": [GIVEN.values()]}, "both images and batches are given"),
        ({"images": None, "labels": None, "batches": []}, "batches must be pairs"),
        ({"images": "x"}, "images are of type str; give a tensor"),
        ({"images": torch.zeros(6, 4, dtype=torch.uint8)}, "of uint8; give a float tensor"),
        ({"images": torch.zeros(6)}, r"the images are a tensor \(6,\)"),
        ({"images": torch.full((6, 4), torch.nan)}, "not finite"),
        ({"labels": torch.zeros(6)}, "labels are float32; give whole numbers"),
        ({"labels": torch.arange(5)}, "6 images have 5 labels"),
        ({"labels": torch.arange(6) - 1}, "has labels -1 to 4"),
        ({"batch_size": 7}, "1 batches of 7 images are required, the data has 6"),
        ({"n_batches": 0}, "n_batches is 0"),
        ({"n_batches": 7}, "7 batches of 1 images are required"),
        ({"seed": -1}, "measure: seed is -1"),
        ({"device": "nowhere"}, "device 'nowhere' is not available here"),
        ({"precision": "float8"}, "float8"),
    ],
)
def test_mistakes_are_told(changes, says):
    given = {"modules": {"a": nn.Linear(4, 3)}, **GIVEN, "proxies": ["snip"], **changes}
    with pytest.raises(UserError, match=says):
        measure(given.pop("modules"), given.pop("images"), given.pop("labels"), **given)


@pytest.mark.parametrize("size", [1, 2, (2, 2), [1, 1], (None, 2)])
def test_adaptive_maximum_pooling_of_any_size(size):
    n_pixels = 1 if size in (1, [1, 1]) else 12 if size == (None, 2) else 4
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(size), nn.Flatten(), nn.Linear(4 * n_pixels, 3)
    )
    x, y = batch(1, 8, 8)
    found = measure({"net": net}, x, y, proxies=["snip", "synflow", "relu_logdet"])
    assert found.errors.empty and np.isfinite(found.scores["score"]).all()


def test_every_batch_of_a_proxy_knows_the_counts():
    own = as_proxy(lambda record: float(record.counts.n_params), name="mine")
    space = get_space("nb201")
    images = [batch(1, 8, 8), batch(1, 8, 8)]
    net = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    arch = (3, 1, 2, 1, 0, 2)
    for proxies in ([own], [own, PROXIES["snip"]]):
        found = ZeroShot(space, proxies, images, net).estimate([arch])
        assert found.errors.empty
        score = found.scores.set_index("estimator")["score"]["mine"]
        assert score == sum(p.numel() for p in build(space, arch, net, generators=[torch.Generator()]).parameters())
