"""Laws that the networks of every space obey: finite, repeatable, and of one size for a whole class."""

import numpy as np
import pytest
import torch

from nasgauge.nets import NETS, NetOptions, build, complexity, count
from nasgauge.spaces import SPACES, get_space

OPTIONS = NetOptions(  # 12 channels divide evenly among one to four vertices
    channels=12, n_cells=1, n_stages=2, in_channels=2, n_classes=5, depth_divisor=8, bn_affine=False, skip_dead=True
)


@pytest.fixture(params=SPACES)
def space(request):
    return get_space(request.param)


def some(space, n):
    rng = np.random.default_rng(3)
    return [space.sample(rng) for _ in range(n)]


def network(space, arch, o=OPTIONS, seed=0):
    return build(space, arch, o, generators=[torch.Generator().manual_seed(seed)])


def running(net, x):
    """Parameters of the modules that run, and multiply-accumulates."""
    ran = set()
    hooks = [m.register_forward_hook(lambda m, i, o: ran.add(m)) for m in net.modules()]
    net(x)
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for m in ran for p in m.parameters(recurse=False)), count(net, tuple(x.shape[1:])).macs


def test_every_space_has_networks():
    assert set(NETS) == set(SPACES)


def test_logits_are_finite_and_depend_on_nothing_but_the_generator(space):
    x = torch.randn(4, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    for arch in some(space, 3):
        torch.manual_seed(1)
        logits = network(space, arch)(x)
        torch.manual_seed(2)
        assert logits.shape == (4, 5) and logits.isfinite().all()
        assert torch.equal(network(space, arch)(x), logits)
        assert not torch.equal(network(space, arch, seed=1)(x), logits)


def test_complexity_is_that_of_the_network(space):
    for arch in some(space, 2):
        found = complexity(space, arch, OPTIONS, image_size=8)
        assert found.n_params == sum(p.numel() for p in network(space, arch).parameters())
        assert found.macs > 0


def test_the_members_of_a_class_are_of_one_size_without_their_dead_parts(space):
    x = torch.zeros(2, 2, 8, 8)
    for arch in some(space, 6):
        for form in space.forms:
            sizes = {running(network(space, a), x) for a in (arch, space.canonical(arch, form))}
            if form in ("isomorphism", "identity"):
                assert len(sizes) == 1
            else:  # forms that also merge terms which two operations compute: the smallest member stands for the class
                assert running(network(space, space.canonical(arch, form)), x) == min(sizes)
