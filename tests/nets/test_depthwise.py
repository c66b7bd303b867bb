"""Depthwise convolutions with a backward pass of their own against PyTorch's."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from nasgauge.benchmarks.building import training
from nasgauge.benchmarks.building.protocol import Protocol
from nasgauge.images import load_images, splits_of
from nasgauge.nets import NetOptions, depthwise
from nasgauge.nets.depthwise import DepthwiseConv, quicken
from nasgauge.spaces import get_space

# kernel, stride, padding, dilation; then height and width of the images
SHAPES = [
    (3, 1, 2, 2, 8, 8),
    (5, 1, 4, 2, 8, 8),
    (5, 2, 4, 2, 8, 8),
    (3, 2, 2, 2, 7, 5),
    (3, 2, 0, 2, 8, 6),  # rows and columns that no window sees
    (5, 1, 2, 1, 4, 4),
    (5, 1, 2, 1, 4, 8),
    (5, 3, 4, 3, 8, 8),
]


def convolution(kernel, stride, padding, dilation, *, bias=False):
    torch.manual_seed(0)
    return nn.Conv2d(3, 3, kernel, stride, padding, dilation, groups=3, bias=bias, dtype=torch.float64)


def images(height, width, layout=torch.channels_last):
    x = torch.randn(4, 3, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return x.contiguous(memory_format=layout).requires_grad_()


@pytest.fixture(autouse=True)
def counted(monkeypatch):
    """How often the backward pass of our own was prepared."""
    calls = []
    apply = depthwise._Depthwise.apply
    monkeypatch.setattr(depthwise._Depthwise, "apply", lambda *args: (calls.append(1), apply(*args))[1])
    return calls


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_are_those_of_pytorch(counted, shape, bias, layout):
    theirs = convolution(*shape[:4], bias=bias)
    net = quicken(nn.Sequential(deepcopy(theirs)))
    ours = net[0]
    assert isinstance(ours, DepthwiseConv)
    x, same = images(*shape[4:], layout), images(*shape[4:], layout)
    a, b = net(x), theirs(same)
    assert torch.allclose(a, b, rtol=0, atol=1e-14) and counted == [1]
    weights = torch.randn(a.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    pairs = zip([x, *ours.parameters()], [same, *theirs.parameters()], strict=True)
    assert all(torch.allclose(p.grad, q.grad, rtol=0, atol=1e-13) for p, q in pairs)


def test_it_can_be_differentiated_twice():
    for shape in ((3, 2, 2, 2, 5, 4), (5, 1, 2, 1, 4, 4)):
        conv = DepthwiseConv(convolution(*shape[:4]))
        x = images(*shape[4:])[:1].detach().requires_grad_()
        assert torch.autograd.gradcheck(conv, x) and torch.autograd.gradgradcheck(conv, x)


@pytest.mark.parametrize(
    "shape",
    [(3, 1, 2, 2, 9, 8), (5, 1, 2, 1, 8, 8)],
    ids=["images of more than 64 pixels", "neither dilated nor larger than the image"],
)
def test_other_images_are_left_to_pytorch(counted, shape):
    net = quicken(nn.Sequential(convolution(*shape[:4])))
    net(images(*shape[4:]))
    assert isinstance(net[0], DepthwiseConv) and not counted


def test_without_gradients_it_is_pytorchs_forward_pass(counted):
    with torch.no_grad():
        quicken(nn.Sequential(convolution(*SHAPES[0][:4])))(images(8, 8))
    assert not counted


def test_other_convolutions_stay_as_they_are():
    plain = convolution(3, 1, 1, 1)
    others = [
        plain,
        nn.Conv2d(3, 6, 3, dilation=2, groups=3),  # two filters per channel
        nn.Conv2d(4, 4, 3, dilation=2, groups=2),
        nn.Conv2d(3, 3, (3, 5), dilation=2, groups=3),
        nn.Conv2d(3, 3, 3, dilation=2, groups=3, padding="same"),
        nn.Conv2d(3, 3, 3, dilation=2, groups=3, padding=2, padding_mode="reflect"),
        nn.Conv2d(3, 3, 3, dilation=2, groups=3, padding=5),
    ]
    net = quicken(nn.Sequential(*others))
    assert list(net) == others


def test_names_parameters_and_mode_are_kept():
    net = nn.Sequential(nn.Sequential(convolution(3, 1, 2, 2, bias=True)), nn.BatchNorm2d(3)).eval()
    before = dict(net.named_parameters())
    state = torch.get_rng_state()
    assert quicken(net) is net and not net[0][0].training and torch.equal(torch.get_rng_state(), state)
    after = dict(net.named_parameters())
    assert list(after) == list(before) and all(after[name] is before[name] for name in before)


def test_trainings_of_ground_truths_are_those_without_it(counted, monkeypatch):
    space, data = get_space("darts"), load_images("digits")
    arch = space.sample(np.random.default_rng(0))
    net = NetOptions(channels=2, n_cells=1, n_stages=2, in_channels=1, replicas=2)
    protocol = Protocol(epochs=1, batch_size=32, lr=0.05)
    given = space, arch, net, protocol, data, splits_of(data, 96, 64, 2), [0, 1]
    ours = training.train(*given)
    assert counted
    monkeypatch.setattr(training, "quicken", lambda net: net)
    theirs = training.train(*given)
    assert [o.valid_loss for o in ours] == pytest.approx([t.valid_loss for t in theirs], rel=1e-4)
