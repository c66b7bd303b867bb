"""Max-pooling with a rule for ties: the values of torch, the gradient at the first of the pixels that tie."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.max_pooling import max_pool2d, winners
from nasgauge.estimators.zeroshot.substitute import undisturbed

SHAPES = [
    shape
    for shape in itertools.product((2, 3, (3, 2), (1, 3)), (1, 2, None, (2, 1)), (0, 1, (1, 0)), (1, 2), (False, True))
    if not (shape[2] in (1, (1, 0)) and shape[0] == (1, 3))  # torch pads by half a kernel at most
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equal_pixels_are_taken_as_torch_takes_them(shape):
    generator = torch.Generator().manual_seed(0)
    for height, width in ((7, 8), (10, 9)):
        x = torch.randint(-1, 2, (3, 2, height, width), generator=generator).double()
        expected = F.max_pool2d(x, *shape, return_indices=True)
        for layout in (torch.contiguous_format, torch.channels_last):
            maxima, index = winners(x.contiguous(memory_format=layout), *shape)
            assert torch.equal(maxima, expected[0]) and torch.equal(index, expected[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_pixels_that_differ_by_rounding_tie_and_others_do_not(dtype, layout):
    generator = torch.Generator().manual_seed(0)
    flat = torch.randint(-3, 4, (4, 3, 9, 9), generator=generator).to(dtype)
    flat[:, 0] *= 1e-6  # every channel has its own scale
    flat[:, 1] *= 1e6
    noise = 1 + 3 * torch.finfo(dtype).eps * torch.rand(flat.shape, generator=generator, dtype=dtype)
    noisy = (flat * noise).contiguous(memory_format=layout)
    maxima, index = winners(noisy, 3, 1, 1, 1, False)
    assert torch.equal(maxima, F.max_pool2d(noisy, 3, 1, 1))
    assert torch.equal(index, F.max_pool2d(flat, 3, 1, 1, return_indices=True)[1])
    apart = torch.randn(flat.shape, generator=generator, dtype=torch.float64).to(dtype)
    same = winners(apart, 3, 1, 1, 1, False)[1] == F.max_pool2d(apart, 3, 1, 1, return_indices=True)[1]
    assert same.double().mean() > (0.999 if dtype == torch.float32 else 0.999999)


def test_the_gradient_can_be_differentiated_again():
    x = torch.randn(2, 2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: max_pool2d(x, 3, 2, 1) ** 2, x)
    assert torch.autograd.gradgradcheck(lambda x: max_pool2d(x, 3, 2, 1) ** 2, x)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_not_finite_pool_as_in_torch(value):
    x = torch.randn(2, 2, 6, 6, generator=torch.Generator().manual_seed(2))
    x[0, 0, 2:4, 2:4] = value
    maxima, index = winners(x, 3, 1, 1, 1, False)
    expected = F.max_pool2d(x, 3, 1, 1, return_indices=True)
    torch.testing.assert_close(maxima, expected[0], equal_nan=True)
    assert torch.equal(index, expected[1])


@pytest.mark.parametrize(
    "pool",
    [
        nn.MaxPool2d(2),
        lambda x: F.max_pool2d(x, 3, stride=1, padding=1),
        lambda x: torch.max_pool2d(x, 2),
        lambda x: F.max_pool1d(x[0], 3, stride=1, padding=1),
        nn.AdaptiveMaxPool2d(1),
        lambda x: F.max_pool2d(x[0], 2),
    ],
)
def test_every_way_to_pool_goes_by_the_rule_while_a_network_is_measured(pool):
    x = 1 + 1e-15 * torch.rand(1, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    x.requires_grad_()
    with undisturbed(nn.Identity()):
        y = pool(x)
    assert torch.equal(y, pool(x))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    flat = torch.ones_like(x, requires_grad=True)
    (expected,) = torch.autograd.grad(pool(flat).sum(), flat)
    assert torch.equal(gradient, expected)
