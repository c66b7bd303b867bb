"""What gradients do on their way back through a network that is shown noise: across blocks, and to the image."""

from collections.abc import Collection
from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nasgauge.estimators.zeroshot.blocks import Block, BlockWatch
from nasgauge.estimators.zeroshot.features import FeatureWatch
from nasgauge.estimators.zeroshot.functions import refuse_scripted
from nasgauge.estimators.zeroshot.logits import logits_of
from nasgauge.estimators.zeroshot.record import NO_FEATURES, Identity, Unmeasurable

PROBES = frozenset({"identity", "receptive_field"})
N_IMAGES = 8


def probe_pass(net: nn.Module, x: torch.Tensor, passes: Collection[str], *, seed: int) -> dict[str, object]:
    """The asked ones of `PROBES`, for `N_IMAGES` images ~ N(0, 1) of the shape of those in x (N, ...).

    Images and probes are drawn by `seed`; no image of the batch and no label is looked at. The network must be in the
    state of `undisturbed`. Unmeasurable for networks whose input is no real numbers.
    """
    if not x.is_floating_point():
        raise Unmeasurable(f"the inputs are {x.dtype}, for which there is no Gaussian image")
    like = torch.empty_like(x[:1].expand(N_IMAGES, *x.shape[1:]), memory_format=_layout(x))
    images = like.copy_(torch.randn(like.shape, generator=_generator(seed, 0))).requires_grad_()
    refuse_scripted(net)
    blocks, features = BlockWatch(net), FeatureWatch()
    with torch.enable_grad(), features, blocks.watching() if "identity" in passes else nullcontext():
        logits_of(net(images.clone()), N_IMAGES)
    found: dict[str, object] = {}
    if "identity" in passes:
        probes = _generator(seed, 1)
        found["identity"] = Identity(tuple(_cosine(block, probes) for block in blocks.blocks))
    if "receptive_field" in passes:
        found["receptive_field"] = _receptive_field(features.last(graph=True), images, _generator(seed, 2))
    return found


def _generator(seed: int, stream: int) -> torch.Generator:
    """On the CPU, so that every device draws the same; a stream for each use, so that none depends on another."""
    state = np.random.SeedSequence([seed, stream]).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))


def _layout(x: torch.Tensor) -> torch.memory_format:
    is_last = x.dim() == 4 and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if is_last else torch.contiguous_format


def _signs(shape: torch.Size, like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return (2 * torch.randint(2, shape, generator=generator) - 1).to(like)


def _cosine(block: Block, generator: torch.Generator) -> float:
    """Mean over images of the cosine of a probe and what arrives at the block's input; the greatest of several inputs.

    0 where nothing arrives.
    """
    probe = _signs(block.output.shape, block.output, generator)
    if not block.inputs or not block.output.requires_grad:
        return 0.0
    arrived = torch.autograd.grad(block.output, block.inputs, probe, retain_graph=True, allow_unused=True)
    cosines = [
        float(F.cosine_similarity(g.flatten(1).double(), probe.flatten(1).double(), dim=1).mean())
        for g in arrived
        if g is not None
    ]
    return max(cosines, default=0.0)


def _receptive_field(
    feature: torch.Tensor | Unmeasurable, images: torch.Tensor, generator: torch.Generator
) -> torch.Tensor | Unmeasurable:
    """(H, W, ...) float64: squared gradient by pixel of the middle position, its channels with random signs."""
    if isinstance(feature, Unmeasurable):
        return feature
    nothing = Unmeasurable(NO_FEATURES)
    if not feature.requires_grad:
        return nothing
    middle = feature[(slice(None), slice(None), *(side // 2 for side in feature.shape[2:]))]  # (N, C)
    (gradient,) = torch.autograd.grad(
        (middle * _signs(middle[:1].shape, middle, generator)).sum(), images, allow_unused=True
    )
    if gradient is None:
        return nothing
    squares = gradient.double().square().sum((0, 1))
    return squares if squares.sum() > 0 else nothing
