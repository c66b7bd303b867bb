"""The stand-alone network of an architecture, and its size."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

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


def complexity(space: Space, arch: Arch, options: NetOptions | None = None, *, image_size: int = 32) -> Complexity:
    """Parameters and multiply-accumulates of the stand-alone network for one image; nothing is computed."""
    options = replace(options or NetOptions(), replicas=1, skip_dead=False)  # the tables count dead edges too
    with torch.device("meta"):
        net = stand_alone(space).build(arch, options)
    return count(net, (options.in_channels, image_size, image_size))
