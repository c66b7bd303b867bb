"""Published rivals: exact values on tiny networks, their blocks on every space, and the ways to combine them."""

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.estimators import estimator_config
from nasgauge.estimators.rivals import RIVALS
from nasgauge.estimators.zeroshot import PROXIES, measure, record_of
from nasgauge.estimators.zeroshot.chain import blocks_of
from nasgauge.estimators.zeroshot.information_pass import cholesky_of_covariance
from nasgauge.estimators.zeroshot.swap import regularised_swap
from nasgauge.nets import NetOptions, build
from nasgauge.spaces import SPACES, get_space

EXAMPLES = Path(__file__).parents[2] / "examples"
NET = NetOptions(channels=4, n_cells=2, n_stages=2, in_channels=1, n_classes=3, depth_divisor=12)


def batch(*shape, n=6, classes=3):
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(1)).double(), torch.arange(n) % classes


def record(net, x, *passes):
    found = record_of(net.double(), x, torch.arange(len(x)) % 2, passes, seed=3)
    assert not found.failures, found.failures
    return found


def of(space):
    space = get_space(space)
    arch = space.sample(np.random.default_rng(0))
    return build(space, arch, NET, generators=[torch.Generator().manual_seed(0)])


@pytest.mark.parametrize("name", SPACES)
def test_the_blocks_of_a_space_are_its_stem_cells_and_reductions(name):
    net = of(name)
    if name.startswith("darts"):
        expected = [net.stem, *net.cells]
    elif name.startswith("nds"):
        expected = [net.stem, *(block for stage in net.stages for block in stage)]
    else:
        expected = [net.stem, *(block for block in net.blocks if not isinstance(block, nn.MaxPool2d))]
    found = blocks_of(net)
    assert [id(b) for b in found] == [id(b) for b in [*expected, net.classifier]]  # whose output is no map


def scaled(factor):
    conv = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(conv.weight, factor)
    return conv


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_trainability_of_a_block_that_multiplies(factor):
    net = nn.Sequential(scaled(1.0), scaled(factor), nn.Flatten(), nn.Linear(16, 2))
    found = record(net, batch(1, 4, 4)[0], "cells")
    identity = factor == 1.0
    assert found.cells.transfers == ((None,) if identity else pytest.approx((factor,)))
    expected = 2 - 1e6 if identity else 2 - factor - 1 / (factor + 1e-6)
    assert PROXIES["az_trainability"]([found]) == pytest.approx(expected)
    assert PROXIES["az_expressivity"]([found]) == pytest.approx(0, abs=1e-6)  # one channel has one dimension


class Dead(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Identity()

    def forward(self, x):
        return torch.zeros_like(self.inner(x))


def test_a_block_that_nothing_crosses_is_as_bad_as_can_be_and_has_no_dimension():
    net = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), Dead(), nn.Flatten(), nn.Linear(48, 2))
    found = record(net, batch(1, 4, 4)[0], "cells")
    assert found.cells.transfers == (0.0,) and PROXIES["az_trainability"]([found]) == pytest.approx(2 - 1e6)
    first = PROXIES["az_expressivity"]([found])
    assert first > 0 and PROXIES["az_progressivity"]([found]) == -first


def test_white_features_have_the_entropy_of_their_channels():
    net = nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 1, bias=False), nn.Flatten(), nn.Linear(256, 2))
    for conv in net[:2]:
        nn.init.dirac_(conv.weight)
    found = record(net, batch(4, 8, 8, n=200)[0], "cells")
    assert PROXIES["az_expressivity"]([found]) == pytest.approx(2 * math.log(4), rel=1e-3)


def test_the_factor_of_the_covariance():
    q = torch.softmax(torch.randn(5, 4, generator=torch.Generator().manual_seed(0)).double(), 1)
    factor = cholesky_of_covariance(q)
    torch.testing.assert_close(factor @ factor.mT, torch.diag_embed(q) - q[:, :, None] * q[:, None, :])
    assert (factor.triu(1) == 0).all()


@pytest.mark.parametrize("name", ["nb201", "darts", "nds-resnext-a"])
def test_derivatives_by_image_add_up_to_those_of_the_batch(name, monkeypatch):
    """The information that remains where all images are one: (mean J)' (L' L) (mean J) of one backward pass."""
    from nasgauge.estimators.zeroshot import information_pass

    net, x = of(name).double(), batch(1, 8, 8, n=4)[0]
    monkeypatch.setattr(information_pass, "normal_like", lambda x, generator: x[:1].expand_as(x).clone())
    found = record_of(net, x, torch.arange(4) % 2, {"information"}).information
    logits = net.eval()(x[:1])[0]
    rows = [torch.autograd.grad(z, list(net.parameters()), retain_graph=True, allow_unused=True) for z in logits]
    jacobian = torch.tensor([[0.0 if d is None else float(d.flatten()[0]) for d in row] for row in rows]).double()
    a = cholesky_of_covariance(information_pass.smoothed(logits.detach()[None]))[0] @ jacobian[:, :128]
    assert found.n_tensors == jacobian.shape[1]
    expected = torch.linalg.eigvalsh(a.T @ a).flip(0)
    torch.testing.assert_close(found.spectrum, expected, rtol=1e-5, atol=1e-7 * float(expected[0]))


def test_information_of_equal_eigenvalues_is_the_most_there_is():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    found = record(net, batch(1, 2, 2)[0], "information")
    assert PROXIES["vkdnw_single"]([found]) == 2 + PROXIES["vkdnw"]([found]) and len(found.information.spectrum) == 2
    even = record_of(net, *batch(1, 2, 2), {"information"})
    object.__setattr__(even.information, "spectrum", torch.full((20,), 7.0, dtype=torch.float64))
    assert PROXIES["vkdnw"]([even]) == pytest.approx(math.log(9))


def test_parameters_of_any_layer_count():
    """Layer normalisation, and a slope: the derivatives of one image after the other."""
    net = nn.Sequential(nn.Flatten(), nn.LayerNorm(4), nn.Linear(4, 3), nn.PReLU(), nn.Linear(3, 2)).double()
    x = batch(1, 2, 2)[0]
    with torch.random.fork_rng(devices=[]):
        u = torch.randn(x.shape, generator=torch.Generator().manual_seed(3)).double()
    fisher = torch.zeros(7, 7, dtype=torch.float64)
    for logits in net(u):
        rows = [torch.autograd.grad(z, list(net.parameters()), retain_graph=True) for z in logits]
        jacobian = torch.stack([torch.stack([d.flatten()[0] for d in row]) for row in rows])
        q = 0.95 * logits.softmax(0) + 0.025
        a = cholesky_of_covariance(q[None])[0] @ jacobian
        fisher += (a.T @ a).detach() / len(u)
    torch.testing.assert_close(record(net, x, "information").information.spectrum,
                               torch.linalg.eigvalsh(fisher).clamp(min=0).flip(0))  # fmt: skip


def test_the_kernel_of_a_linear_network_is_that_of_its_images():
    net = nn.Sequential(nn.Flatten(), nn.Linear(9, 5))
    x = batch(1, 3, 3)[0]
    found = record(net, x, "ntk")
    torch.testing.assert_close(found.ntk, 5 * x.flatten(1) @ x.flatten(1).T)
    values = np.linalg.eigvalsh(found.ntk.numpy())
    assert PROXIES["ntk_condition"]([found]) == pytest.approx(-math.log(values[-1] / values[0]))


def test_equal_images_make_the_kernel_singular_and_lie_in_one_region():
    torch.manual_seed(0)  # a network of which no unit is dead for all images
    net = nn.Sequential(nn.Flatten(), nn.Linear(9, 2), nn.ReLU(), nn.Linear(2, 3))
    x, y = batch(1, 3, 3, n=4)
    x[1] = x[0]
    found = measure({"net": net}, x, y, proxies=["ntk_condition", "linear_regions"], precision="float64")
    assert "singular" in found.errors["error"][0]
    units = net[1].double()(x.flatten(1)) > 0
    assert found.scores["score"].tolist() == [len(units.unique(dim=0))]


def test_patterns_of_units_and_of_images():
    net = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(3, 2))
    x = torch.tensor([[1.0, -1, 1], [1, 1, 1], [1, -1, -1], [1, -1, 1]]).double().reshape(4, 1, 1, 3)
    found = measure({"net": net}, x, torch.arange(4) % 2, proxies=["swap", "linear_regions", regularised_swap(0, 1)],
                    precision="float64")  # fmt: skip
    scores = found.scores.set_index("estimator")["score"]
    assert scores["swap"] == 3 and scores["linear_regions"] == 3
    assert scores["swap_regularised"] == pytest.approx(3 * math.exp(-(0.008**2)))


def test_more_images_than_bits_of_a_word():
    x = torch.eye(130).double().reshape(130, 1, 1, 130).repeat(1, 1, 1, 2)
    net = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(260, 2))
    found = record(net, x, "n_patterns")
    assert PROXIES["swap"]([found]) == 130


@pytest.mark.parametrize("constants", [(0, 0), (0, -1), (math.nan, 1), (0, math.inf)])
def test_regularised_swap_refuses_constants_without_meaning(constants):
    with pytest.raises(UserError, match="finite numbers, sigma above 0"):
        regularised_swap(*constants)


def test_meco_counts_every_module_and_maps_that_are_rich_enough():
    inner = nn.Sequential(nn.Identity())
    net = nn.Sequential(inner, nn.Flatten(), nn.Linear(2 * 2500, 2))
    found = record(net, batch(2, 50, 50)[0], "channel_correlations")
    least = found.channel_correlations.least
    assert len(least) == 2 and least[0] == least[1]  # the identity and what holds it; the network's output is no map
    assert PROXIES["meco"]([found]) == pytest.approx(2, abs=0.2)  # white noise: uncorrelated channels
    assert PROXIES["meco_opt"]([found]) == pytest.approx(PROXIES["meco"]([found]))  # all of two channels
    few = record(
        nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(12, 2)), batch(4, 1, 3)[0], "channel_correlations"
    )
    assert few.channel_correlations.least == (0.0,)


def test_health_of_a_linear_network():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3, bias=False))
    x, y = batch(1, 2, 2)
    found = record(net, x, "health").health
    assert len(found.dimensions) == len(found.spread) == 1 and 1 <= found.dimensions[0] <= 3
    expected = math.log(found.dimensions[0]) * (1 + found.spread[0]) / math.log(2)
    assert measure({"net": net}, x, y, proxies=["intrain"], seed=3, precision="float64").scores["score"][0] == (
        pytest.approx(expected)
    )


def test_rivals_are_made_of_registered_proxies_and_stand_in_the_example_as_they_are_defined():
    shipped = tomllib.loads((EXAMPLES / "nb201-rivals.toml").read_text(encoding="utf-8"))
    entries = {entry["label"]: entry for entry in shipped["estimators"] if entry["name"] == "aggregate"}
    assert set(entries) == set(RIVALS)
    for name, rival in RIVALS.items():
        assert set(rival.experts) <= set(PROXIES)
        config = estimator_config(entries[name])
        assert (config.experts, config.method, config.names()) == (rival.experts, rival.method, (name,))
