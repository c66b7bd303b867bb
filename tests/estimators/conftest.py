"""What the tests of one-shot training share: a supernet that can be worked out by hand, and images with a pattern."""

import pytest
import torch
from torch import nn

from nasgauge.images import ImageData, Split


class LinearSupernet(nn.Module):
    """Logits = x (S + sum of O_i over the options i of a path): a stem that all use and three options, no bias."""

    def __init__(self, n_inputs, n_classes, seed=0):
        super().__init__()
        keys = ("stem", "cell0/0", "cell0/1", "cell0/2")
        self.parts = nn.ModuleDict({key: nn.Linear(n_inputs, n_classes, bias=False) for key in keys})
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for p in self.parameters():
                p.uniform_(-0.5, 0.5, generator=generator)
        self.shown = []  # (path, images) of every pass in training
        self.before = []  # the weights at each of them

    def used(self, path):
        return ("stem", *(f"cell0/{i}" for i in path))

    def forward(self, x, path):
        if self.training:
            self.shown.append((path, x))
            self.before.append({key: self.weight(key) for key in self.parts})
        return sum(self.parts[key](x.flatten(1)) for key in self.used(path))

    def each(self, x, paths):
        return torch.stack([self(x, path) for path in paths])

    def weight(self, key):
        return self.parts[key].weight.detach().clone()


@pytest.fixture
def linear():
    return LinearSupernet


@pytest.fixture(scope="session")
def patches():
    """180 images 6x6 of three classes that differ by where the bright patch is; pixel (0, 0) is the image's number."""
    g = torch.Generator().manual_seed(0)
    labels = torch.arange(180) % 3
    images = 0.6 * torch.randn(180, 1, 6, 6, generator=g)
    for i, y in enumerate(labels):
        images[i, 0, 2 * y : 2 * y + 2] += 1.0
    images[:, 0, 0, 0] = torch.arange(180) / 180
    return ImageData("patches", images, labels, 3)


@pytest.fixture(scope="session")
def split():
    return Split(torch.arange(100), torch.arange(100, 140), torch.arange(140, 180))
