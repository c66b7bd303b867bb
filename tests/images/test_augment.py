"""Moved and mirrored images: what may come out, how often, and that the generator alone decides it."""

import torch
import torch.nn.functional as F

from nasgauge.images import shifted_and_mirrored


def numbered(n):
    return torch.arange(1.0, 37.0).reshape(1, 1, 6, 6).repeat(n, 1, 1, 1)


def test_shifted_images_are_crops_of_the_padded_one():
    x = numbered(50)
    moved = shifted_and_mirrored(x, 1, False, torch.Generator().manual_seed(0))
    padded = F.pad(x[0, 0], (1, 1, 1, 1))
    crops = [padded[i : i + 6, j : j + 6] for i in range(3) for j in range(3)]
    which = [[torch.equal(m[0], c) for c in crops].index(True) for m in moved]
    assert set(which) == set(range(9))


def test_flip_mirrors_about_half():
    x = numbered(200)
    flipped = shifted_and_mirrored(x, 0, True, torch.Generator().manual_seed(0))
    same = (flipped == x).flatten(1).all(1)
    assert torch.equal(flipped[~same], x[~same].flip(-1))
    assert 70 < int(same.sum()) < 130


def test_the_generator_alone_decides():
    x = torch.randn(20, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    first, again, other = (shifted_and_mirrored(x, 2, True, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
