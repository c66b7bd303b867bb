"""Augmentation of training images: shifts, flips, and a policy of AutoAugment."""

from collections.abc import Callable

import torch

from nasgauge.core.errors import UserError
from nasgauge.estimators.oneshot.protocol import Protocol
from nasgauge.estimators.oneshot.randomness import seeded
from nasgauge.images import shifted_and_mirrored

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def augmentation(protocol: Protocol, images: torch.Tensor) -> Augmentation:
    """The function (batch (n, c, h, w), generator of the CPU) -> batch that a protocol asks for.

    `images`: the data set (m, c, h, w), whose least and largest value in each channel a policy takes for black and
    white. UserError: a policy is wanted and kornia is not installed, or images have neither one nor three channels.
    """
    policy = _auto_augment(protocol.auto_augment, images) if protocol.auto_augment else None

    def augmented(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        x = shifted_and_mirrored(x, protocol.shift, protocol.flip, generator)
        return x if policy is None else policy(x, generator)

    return augmented


def _auto_augment(name: str, images: torch.Tensor) -> Augmentation:
    """AutoAugment (Cubuk et al. 2019): each image gets one of the sub-policies, and its own strengths of it.

    kornia draws one sub-policy for a batch, so the images that draw the same one are given to it as a batch. Grey
    images are treated as colour images with three equal channels, so that all policies serve.
    """
    try:
        from kornia.augmentation.auto import AutoAugment  # imported late: an extra
    except ImportError as error:
        raise UserError(f"auto_augment = {name!r} needs kornia; pip install 'nasgauge[augment]'") from error
    n_channels = images.shape[1]
    if n_channels not in (1, 3):
        raise UserError(
            f"auto_augment = {name!r} needs images of 1 or 3 channels, these have {n_channels}; leave it out"
        )
    black, white = images.amin((0, 2, 3))[:, None, None], images.amax((0, 2, 3))[:, None, None]  # (c, 1, 1)
    width = torch.where(white > black, white - black, 1.0)
    policies = list(AutoAugment(name).children())  # each an nn.Sequential of operations

    def augmented(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        low, span = black.to(x), width.to(x)
        seed = int(torch.randint(2**62, (), generator=generator))
        drawn = torch.randint(len(policies), (len(x),), generator=generator)
        y = ((x - low) / span).clamp(0, 1).repeat(1, 3 // n_channels, 1, 1)
        with torch.no_grad(), seeded(seed, x.device):
            for number in drawn.unique().tolist():
                rows = (drawn == number).nonzero().flatten().to(x.device)
                y[rows] = policies[number](y[rows])
        return y[:, :n_channels] * span + low

    return augmented
