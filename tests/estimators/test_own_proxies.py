"""Proxies as plain functions: of the network and a batch, or of a Record."""

import math
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.estimators.zeroshot import PROXIES, Proxy, ZeroShot, as_proxy, get_proxy
from nasgauge.nets import NetOptions
from nasgauge.spaces import NB201

SPACE = NB201()
ARCHS = [(3, 1, 2, 4, 2, 3), (2, 2, 1, 0, 3, 4)]
NET = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5)


def batches(k=2):
    g = torch.Generator().manual_seed(5)
    return [(torch.randn(6, 2, 8, 8, generator=g), torch.arange(6) % 5) for _ in range(k)]


def estimate(*proxies, given=None, **options):
    return ZeroShot(SPACE, proxies, given or batches(), NET, seed=3, **options).estimate(ARCHS)


def scores(*proxies, **options):
    found = estimate(*proxies, **options)
    assert found.errors.empty, found.errors["error"].tolist()
    return found.scores.set_index(["estimator", "arch"])["score"]


def test_it_is_called_as_the_function_and_is_the_mean_over_the_batches():
    def mean_logit(network, batch):
        images, labels = batch
        assert images.shape == (6, 2, 8, 8) and labels.shape == (6,)
        return network(images)[:, 0].mean()

    both, first, second = (
        scores(mean_logit, given=given)["mean_logit"] for given in (batches(), batches()[:1], batches()[1:])
    )
    assert both.to_numpy() == pytest.approx(((first + second) / 2).to_numpy(), rel=1e-6)
    alone = scores(as_proxy(mean_logit, name="one", data_free=True))["one"]
    assert (alone == first).all()


def test_lambdas_and_several_functions_need_names_that_differ():
    assert scores(lambda net, batch: 1.0, "snip")["<lambda>"].tolist() == [1.0, 1.0]
    with pytest.raises(UserError, match="a proxy is named twice in <lambda>, <lambda>; name each once"):
        estimate(lambda net, batch: 1.0, lambda net, batch: 2.0)

    class Counting:
        def __call__(self, network, batch):
            return 3.0

    assert scores(Counting())["Counting"].tolist() == [3.0, 3.0]


def vandal(network, batch):
    """All that a function could leave behind."""
    images, labels = batch
    assert all(p.grad is None and p.requires_grad for p in network.parameters()) and torch.is_grad_enabled()
    F.cross_entropy(network(images), labels).backward()
    images.zero_(), labels.zero_()
    torch.manual_seed(99), np.random.seed(99), random.seed(99), torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    for module in network.modules():
        module.register_forward_hook(lambda m, i, o: o * 0)
        module.register_full_backward_hook(lambda m, i, o: None)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.requires_grad_(False) if tensor.is_floating_point() else None
            tensor.zero_()
    network.eval()
    for name, _ in list(network.named_children()):
        setattr(network, name, nn.Identity())
    return 1.0


def test_it_leaves_no_trace():
    def own_snip(network, batch):
        return sum(float(p.detach().abs().sum()) for p in network.parameters())

    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    names = ("snip", "synflow", "jacob_cov", "zen", "n_params", "macs", own_snip)
    alone = scores(*names)
    given = batches()
    beside = scores(vandal, *names, vandal_too, given=given)
    assert (beside[alone.index] == alone).all()
    assert all(torch.equal(a, b) for pair in zip(given, batches(), strict=True) for a, b in zip(*pair, strict=True))
    assert torch.equal(torch.random.get_rng_state(), before[0]) and torch.is_grad_enabled()
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before[1:]
    assert torch.get_default_dtype() == torch.float32


def vandal_too(network, batch):
    return vandal(network, batch)


def test_the_network_is_in_the_state_that_the_passes_see():
    """Dropout off, statistics of the batch, freshly drawn weights, also where the function says otherwise."""
    seen = []

    def looks(network, batch):
        images, _ = batch
        seen.append(
            (images.dtype, network.training, {m.training for m in network.modules() if not isinstance(m, nn.Dropout)})
        )
        outputs = [network(images) for _ in range(2)]
        network.eval()
        outputs.append(network(images))
        assert torch.equal(outputs[0], outputs[1]) and torch.equal(outputs[0], outputs[2])
        return outputs[0].detach().std()

    net = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, bn_track=True)
    for precision, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        found = ZeroShot(SPACE, [looks], batches(1), net, precision=precision).estimate(ARCHS)
        assert found.errors.empty and seen.pop() == (dtype, True, {True})


def test_random_numbers_are_those_of_the_seed():
    def drawn(network, batch):
        return float(torch.rand(())) + np.random.random() + random.random()

    first, again = scores(drawn), scores("snip", drawn, given=batches())
    assert (first == again["drawn"].to_numpy()).all()
    other = ZeroShot(SPACE, [drawn], batches(), NET, seed=4).estimate(ARCHS).scores["score"]
    assert (other != first.to_numpy()).all()


def raises(network, batch):
    raise KeyError("nothing\nhere")


def ends(network, batch):
    raise SystemExit(3)


def changes_shape(network, batch):
    return network(batch[0][:, :1])


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (raises, r"KeyError: 'nothing\nhere'"),
        (ends, "SystemExit: 3"),
        (changes_shape, "RuntimeError: "),
        (lambda network, batch: float("nan"), "the score is nan"),
        (lambda network, batch: math.inf, "the score is inf"),
        (lambda network, batch: None, "the score is None, a NoneType and no number"),
        (lambda network, batch: "high", "the score is 'high', a str and no number"),
        (lambda network, batch: torch.ones(2), "a Tensor and no number"),
        (lambda network, batch: 1j, "a complex and no number"),
    ],
)
def test_whatever_has_no_score_is_an_error_with_its_reason(function, says):
    found = estimate(as_proxy(function, name="mine"), "snip")
    assert set(found.scores["estimator"]) == {"snip"} and len(found.errors) == len(ARCHS)
    assert (found.errors["estimator"] == "mine").all() and found.errors["error"].str.contains(says, regex=False).all()


@pytest.mark.parametrize(
    "value", [1, True, np.float32(1), np.ones((1, 1)), torch.ones((), dtype=torch.bfloat16, requires_grad=True)]
)
def test_any_kind_of_one_number_is_a_score(value):
    assert scores(as_proxy(lambda network, batch: value, name="mine")).tolist() == [1.0, 1.0]


def test_a_network_that_cannot_be_copied_has_a_reason_and_the_others_their_scores():
    class Held(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2 * 8 * 8, 5)
            self.held = self.layer.weight * 2  # no leaf, which torch refuses to copy

        def forward(self, x):
            return self.layer(x.flatten(1))

    found = ZeroShot(
        SPACE, ["l2_norm", lambda network, batch: 1.0], batches(), NET, network=lambda arch: Held()
    ).estimate(ARCHS[:1])
    assert found.scores["estimator"].tolist() == ["l2_norm"]
    assert found.errors["error"].str.startswith("the network cannot be copied (RuntimeError: Only Tensors").all()


def test_it_is_charged_for_the_network_and_its_run_and_not_for_passes():
    import time

    def slow(network, batch):
        time.sleep(0.02)
        return 1.0

    costs = estimate(slow, "zen", "random").costs.set_index("estimator")["arch_seconds"]
    assert costs["slow"] >= 2 * 0.02


def grad_max(record):
    """Largest gradient."""
    return max(float(g.abs().max()) for g in record.gradients.weights)


def through_another(record):
    return grad_max(record)


def test_a_function_of_a_record_needs_what_its_text_mentions():
    proxy = get_proxy(grad_max)
    assert (proxy.needs, proxy.summary, proxy.reference) == ({"gradients"}, "Largest gradient", None)
    assert as_proxy(lambda record: [kernel for kernel in record.codes.kernels]).needs == {"codes"}
    assert as_proxy(lambda record: [c for c in record.counts for layer in record.layers]).needs == {"counts", "layers"}
    expected = scores(Proxy("given", grad_max, frozenset({"gradients"})))
    assert scores(grad_max).tolist() == expected.tolist()


def test_a_field_that_was_not_asked_for_is_an_error_whatever_else_is_measured():
    for others in ((), ("snip", "grasp", "n_params")):
        found = estimate(through_another, *others)
        reasons = found.errors.query("estimator == 'through_another'")["error"]
        wanted = "AttributeError: the record has no gradients: it was not requested; write needs={'gradients'}"
        assert reasons.tolist() == [wanted] * 2
    assert scores(as_proxy(through_another, needs={"gradients"})).tolist() == scores(grad_max).tolist()
    found = estimate(Proxy("mine", lambda record: len(record.codes.reached), frozenset({"codes"})), "naswot")
    assert found.errors["estimator"].tolist() == ["mine", "mine"]  # whether naswot has measured it or not


def test_shipped_proxies_read_only_what_they_ask_for():
    """Each would have failed above: all of them are scored next to all others in the contract tests."""
    assert set(scores(*PROXIES).index.get_level_values(0)) == set(PROXIES)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: get_proxy(lambda: 1.0), "takes 0 positional arguments; a proxy is a function of (network, (images"),
        (lambda: get_proxy(lambda a, b, c: 1.0), "takes 3 positional arguments"),
        (lambda: get_proxy(lambda *any_number: 1.0), "takes no fixed number of positional arguments"),
        (lambda: as_proxy(grad_max, needs={"gradient"}), "unknown pass 'gradient'; nearest: gradients"),
        (lambda: as_proxy(grad_max, needs="gradient"), "unknown pass 'gradient'; nearest: gradients"),
        (lambda: as_proxy(raises, needs={"gradients"}), "a function of the network needs no passes"),
        (lambda: as_proxy(raises, pooled=True), "a function of the network needs no passes and is not pooled"),
        (lambda: estimate(Proxy("p", grad_max, frozenset({"gradint"}))), "proxy 'p': unknown pass 'gradint'; nearest:"),
    ],
)
def test_mistakes_are_told_before_anything_is_measured(make, says):
    with pytest.raises(UserError) as error:
        make()
    assert says in str(error.value)
