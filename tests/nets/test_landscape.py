"""Loss landscapes: known surfaces give back their curvature and roughness, directions follow the filters' norms."""

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.nets import Landscape, NetOptions, loss_landscape, supernet
from nasgauge.nets.landscape import directions
from nasgauge.spaces import NB201

AT = np.linspace(-1, 1, 9)
X, Y = np.meshgrid(AT, AT, indexing="ij")


def test_a_quadratic_surface_has_no_roughness_and_its_own_curvature():
    bowl = Landscape(AT, 1 + X - 2 * Y + 3 * X**2 + 0.5 * X * Y + 2 * Y**2)
    assert bowl.curvature == pytest.approx((6 + 4) / 2) and bowl.roughness == pytest.approx(0, abs=1e-12)
    assert Landscape(AT, 2 * bowl.loss).curvature == pytest.approx(10)


def test_ripples_are_roughness_by_the_share_of_their_variance():
    found = [Landscape(AT, X**2 + Y**2 + size * np.sin(7 * X) * np.sin(9 * Y)).roughness for size in (0.0, 0.1, 0.5, 5)]
    assert found == sorted(found) and found[0] < 1e-12 and 0.5 < found[-1] <= 1
    assert np.isnan(Landscape(AT, np.ones((9, 9))).roughness)


def test_directions_have_the_norm_of_each_filter_and_leave_vectors_alone():
    net = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 2))
    weights = list(net.parameters())
    found = directions(weights, torch.Generator().manual_seed(0))
    for weight, direction in zip(weights, found, strict=True):
        if weight.dim() == 1:
            assert not direction.any()
        else:
            torch.testing.assert_close(direction.flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1))
    doubled = directions([2 * weight for weight in weights], torch.Generator().manual_seed(0))
    assert all(torch.allclose(2 * one, other) for one, other in zip(found, doubled, strict=True))


def test_the_surface_is_the_loss_along_both_directions_and_weights_come_back():
    net = nn.Linear(4, 3)
    before = [p.detach().clone() for p in net.parameters()]
    target = torch.randn(3, 4)

    def loss():
        return (net.weight - target).square().sum()

    found = loss_landscape(net, loss, seed=3, radius=0.5, n=5)
    generator = torch.Generator().manual_seed(3)
    one, other = (directions(before, generator)[0] for _ in range(2))
    for i, a in enumerate(found.at):
        for j, b in enumerate(found.at):
            expected = (before[0] + a * one + b * other - target).square().sum()
            assert found.loss[i, j] == pytest.approx(expected.item(), rel=1e-4)
    assert all(torch.equal(p, was) for p, was in zip(net.parameters(), before, strict=True))
    assert found.curvature == pytest.approx((one.square().sum() + other.square().sum()).item(), rel=1e-3)
    for n in (1, 4):
        with pytest.raises(ValueError, match="odd number from 3"):
            loss_landscape(net, loss, n=n)


def test_weights_come_back_where_the_loss_fails():
    net = nn.Linear(2, 2)
    before = net.weight.detach().clone()
    with pytest.raises(ZeroDivisionError):
        loss_landscape(net, lambda: 1 / 0, n=3)
    assert torch.equal(net.weight, before)


def test_the_mean_over_paths_of_a_supernet_moves_only_what_they_use():
    o = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    net = supernet(NB201(), o, generator=torch.Generator().manual_seed(0)).eval()
    x, y = torch.randn(6, 1, 5, 5), torch.tensor([0, 1, 2, 0, 1, 2])

    def loss(paths):
        return lambda: torch.stack([nn.functional.cross_entropy(each, y) for each in net.each(x, paths)]).mean()

    paths = [(3, 0, 0, 0, 1, 0), (1, 0, 0, 4, 2, 3)]
    both, *single = (loss_landscape(net, loss(some), n=3).loss for some in (paths, paths[:1], paths[1:]))
    assert np.allclose(both, (single[0] + single[1]) / 2, atol=1e-6) and np.ptp(both) > 0
