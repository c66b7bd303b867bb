"""A proxy written as a plain function of the network equals the shipped one where both exist, on every space."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot import ZeroShot
from nasgauge.nets import NetOptions
from nasgauge.spaces import SPACES, get_space

NET = NetOptions(channels=4, n_cells=1, n_stages=2, in_channels=2, n_classes=5, depth_divisor=12)


def weights(network):
    return [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def own_snip(network, batch):
    F.cross_entropy(network(batch[0]), batch[1]).backward()
    return sum((w * w.grad).abs().sum() for w in weights(network) if w.grad is not None)


def own_grad_norm(network, batch):
    F.cross_entropy(network(batch[0]), batch[1]).backward()
    return sum(w.grad.norm() for w in weights(network) if w.grad is not None)


def own_relu_logdet(network, batch):
    codes = []
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda m, i, o: codes.append((o > 0).flatten(1).double()))
    with torch.no_grad():
        network(batch[0])
    return torch.linalg.slogdet(sum(c @ c.T + (1 - c) @ (1 - c).T for c in codes))[1]


def own_naswot(network, batch):
    outputs = []

    def keep(module, inputs, output):
        if output.requires_grad:  # not where an operation gives zeros
            output.retain_grad()
            outputs.append(output)

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(keep)
    F.cross_entropy(network(batch[0]), batch[1]).backward()
    codes = [(o > 0).flatten(1).double() for o in outputs if o.grad is not None]
    return torch.linalg.slogdet(sum(c @ c.T + (1 - c) @ (1 - c).T for c in codes))[1]


OWN = {"snip": own_snip, "grad_norm": own_grad_norm, "relu_logdet": own_relu_logdet, "naswot": own_naswot}


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("precision", ["float32", pytest.param("float64", marks=pytest.mark.full)])
def test_a_plain_function_equals_the_shipped_proxy(name, precision):
    space, g = get_space(name), torch.Generator().manual_seed(5)
    batches = [(torch.randn(8, 2, 8, 8, generator=g), torch.arange(8) % 5) for _ in range(2)]
    rng = np.random.default_rng(4)
    archs = [space.sample(rng) for _ in range(3)]
    both = [proxy for pair in OWN.items() for proxy in pair]
    found = ZeroShot(space, both, batches, NET, seed=11, precision=precision).estimate(archs)
    assert found.errors.empty, found.errors["error"].tolist()
    scores = found.scores.pivot(index="arch", columns="estimator", values="score")
    bound = 1e-5 if precision == "float32" else 1e-10
    for shipped in OWN:
        np.testing.assert_allclose(scores[f"own_{shipped}"], scores[shipped], rtol=bound)
