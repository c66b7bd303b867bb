"""Average pooling with a gradient of its own against PyTorch's, which is right on the CPU."""

import pytest
import torch
import torch.nn.functional as F

from nasgauge.nets import average_pooling
from nasgauge.nets.average_pooling import AveragePool, avg_pool2d, has_wrong_gradient

SHAPES = [(3, 1, 1), (3, 2, 1), (2, 2, 0), ((3, 2), (1, 2), (1, 0)), (3, None, 1)]


def images():
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return x.contiguous(memory_format=torch.channels_last).requires_grad_()


@pytest.fixture
def by_itself(monkeypatch):
    """As on a device whose own gradient is wrong."""
    monkeypatch.setattr(average_pooling, "has_wrong_gradient", lambda x, padding: True)


@pytest.mark.parametrize("count_include_pad", [True, False])
@pytest.mark.parametrize("ceil_mode", [True, False])
@pytest.mark.parametrize(("kernel", "stride", "padding"), SHAPES)
def test_values_and_gradients_are_those_of_pytorch(by_itself, kernel, stride, padding, ceil_mode, count_include_pad):
    options = kernel, stride, padding, ceil_mode, count_include_pad
    x, same = images(), images()
    ours, theirs = avg_pool2d(x, *options), F.avg_pool2d(same, *options)
    assert torch.equal(ours, theirs)
    weights = torch.randn(theirs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (a,) = torch.autograd.grad((ours * weights).sum(), x)
    (b,) = torch.autograd.grad((theirs * weights).sum(), same)
    assert torch.allclose(a, b, rtol=0, atol=1e-15) and a.is_contiguous(memory_format=torch.channels_last)


def test_it_can_be_differentiated_twice(by_itself):
    pool = AveragePool(3, 1, 1, count_include_pad=False)
    assert torch.autograd.gradcheck(pool, images())
    assert torch.autograd.gradgradcheck(pool, images())


class OnCuda(torch.Tensor):
    """Images that say they lie on an accelerator."""

    is_cuda = True


@pytest.mark.parametrize(
    ("padding", "layout", "requires_grad", "wrong"),
    [
        (1, torch.channels_last, True, True),
        ((0, 1), torch.channels_last, True, True),
        (0, torch.channels_last, True, False),
        ((0, 0), torch.channels_last, True, False),
        (1, torch.contiguous_format, True, False),
        (1, torch.channels_last, False, False),
    ],
)
def test_only_padded_windows_of_images_channels_last_on_cuda_are_wrong(padding, layout, requires_grad, wrong):
    x = torch.zeros(2, 3, 4, 4).contiguous(memory_format=layout)
    assert not has_wrong_gradient(x.clone().requires_grad_(requires_grad), padding)  # on the CPU never
    there = x.as_subclass(OnCuda).requires_grad_(requires_grad)
    assert has_wrong_gradient(there, padding) == wrong
    with torch.no_grad():
        assert not has_wrong_gradient(there, padding)


@pytest.mark.parametrize(
    ("shape", "layout", "wrong"),
    [
        ((2, 1, 4, 4), torch.channels_last, True),  # contiguous as well, and PyTorch takes it for channels last
        ((2, 3, 1, 1), torch.channels_last, True),
        ((3, 4, 4), torch.contiguous_format, False),
    ],
)
def test_a_single_channel_or_pixel_lies_in_both_layouts(shape, layout, wrong):
    x = torch.zeros(shape).contiguous(memory_format=layout)
    assert has_wrong_gradient(x.as_subclass(OnCuda).requires_grad_(), 1) == wrong


def test_a_single_image_is_left_to_pytorch():
    x = torch.zeros(4, 3, 4).transpose(0, 1)  # (C, H, W), in no layout
    assert not x.is_contiguous() and not has_wrong_gradient(x.as_subclass(OnCuda).requires_grad_(), 1)
