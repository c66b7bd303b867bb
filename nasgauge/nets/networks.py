"""The stand-alone network of an architecture, and its size."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.counting import Complexity, count
from nasgauge.nets.initialisation import initialise
from nasgauge.nets.options import NetOptions
from nasgauge.nets.registered import stand_alone
from nasgauge.spaces import Arch, Space


def build(
    space: Space,
    arch: Arch,
    options: NetOptions | None = None,
    *,
    generators: Sequence[torch.Generator],
    init: str = "default",
    device: str | torch.device = "cpu",
) -> nn.Module:
    """The network of an architecture, freshly initialised, in training mode.

    `generators`: one per replica (`options.replicas`, normally one); replica i is drawn from generator i alone, so it
    equals the network built by itself from that generator. Images (n, replicas * in_channels, h, w) give logits
    (n, replicas * n_classes), replica by replica. Weights are drawn on the generators' device and then moved.
    UserError: a space without a network, unknown names in the options or `init`.
    """
    options = options or NetOptions()
    if len(generators) != options.replicas:
        raise ValueError(f"{options.replicas} replicas need as many generators, got {len(generators)}")
    with torch.device("meta"):
        net = stand_alone(space).build(arch, options)
    net = net.to_empty(device=generators[0].device)
    initialise(net, generators, init)
    return net.to(device).train()


def complexity(
    space: Space, arch: Arch, options: NetOptions | None = None, *, image_size: int | tuple[int, int] = 32
) -> Complexity:
    """Parameters and multiply-accumulates of the stand-alone network for one image; nothing is computed.

    image_size: pixels a side, or height and width.
    """
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    options = replace(options or NetOptions(), replicas=1, skip_dead=False)  # the tables count dead edges too
    with torch.device("meta"):
        net = stand_alone(space).build(arch, options)
    return count(net, (options.in_channels, height, width))


def check_size(space: Space, options: NetOptions, size: Sequence[int], where: str) -> None:
    """UserError, which begins with `where`, if images of that height and width are too small for the networks.

    Tried with a random architecture, without computing; only where the smaller side has less than 2^n_stages pixels,
    as every stage but the first halves it.
    """
    height, width = size
    if min(height, width) >= 2**options.n_stages:
        return
    arch = space.sample(np.random.default_rng(0))
    try:
        complexity(space, arch, options, image_size=(height, width))
    except RuntimeError as error:
        raise UserError(
            f"{where}: images of {height} by {width} pixels are too small for {options.n_stages} stages of "
            f"{space.name}; lower n_stages in net, or enlarge the images"
        ) from error
