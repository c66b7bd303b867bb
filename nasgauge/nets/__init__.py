"""What does an architecture compute?

`build(space, arch, options)` gives the stand-alone network of an architecture, `supernet(space, ...)` one network whose
weights all architectures share. Rule: networks and their operations only; no sampling of architectures and no training
loop.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import nn

from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.registry import Registry
from nasgauge.nets import darts, nb101, nb201, nds
from nasgauge.nets.average_pooling import avg_pool2d
from nasgauge.nets.counting import Complexity, count, count_parameters
from nasgauge.nets.device import device_named
from nasgauge.nets.initialise import INITS, initialise
from nasgauge.nets.options import NetOptions, SupernetOptions
from nasgauge.nets.precision import PRECISIONS, autocast, check_precision, dtype_of, products, rounding, unrounded
from nasgauge.nets.program import Path
from nasgauge.nets.supernet import SUPERNETS, Supernet, supernet
from nasgauge.spaces import Arch, Space

NETS: Registry[Callable[[Arch, NetOptions], nn.Module]] = Registry(
    "network family",
    {
        "darts": darts.build,
        "darts-nds": darts.build,
        "nb101": nb101.build,
        "nb101-1shot1-1": nb101.build_oneshot("nb101-1shot1-1"),
        "nb101-1shot1-2": nb101.build_oneshot("nb101-1shot1-2"),
        "nb101-1shot1-3": nb101.build_oneshot("nb101-1shot1-3"),
        "nb101-1shot1-3-chain": nb101.build_oneshot("nb101-1shot1-3-chain"),
        "nb201": nb201.build,
        "nds-resnet": nds.build_resnet,
        "nds-resnext-a": nds.build_resnext_a,
    },
    group="nasgauge.network",
)


MEANINGLESS: dict[str, tuple[str, ...]] = {  # options of NetOptions that change nothing, by space
    "darts": ("skip_dead", "depth_divisor"),  # every node is put out, so nothing is dead without `none`
    "darts-nds": ("depth_divisor",),
    **{name: ("skip_dead", "depth_divisor", "auxiliary") for name in NETS if name.startswith("nb101")},
    "nb201": ("depth_divisor", "auxiliary"),
    "nds-resnet": ("n_cells", "n_stages", "skip_dead", "auxiliary"),
    "nds-resnext-a": ("n_cells", "n_stages", "skip_dead", "auxiliary"),
}


def check_meaning(space: Space, options: NetOptions, where: str) -> None:
    """UserError, which begins with `where`, for a changed option that means nothing in networks of the space."""
    for name in MEANINGLESS.get(space.name, ()):
        if getattr(options, name) != getattr(NetOptions, name):
            raise UserError(f"{where}: {name} does not apply to networks of {space.name}; remove it")


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
    """
    options = options or NetOptions()
    if len(generators) != options.replicas:
        raise ValueError(f"{options.replicas} replicas need as many generators, got {len(generators)}")
    with torch.device("meta"):
        net = _family(space)(arch, options)
    net = net.to_empty(device=generators[0].device)
    initialise(net, generators, init)
    return net.to(device).train()


def complexity(space: Space, arch: Arch, options: NetOptions | None = None, *, image_size: int = 32) -> Complexity:
    """Parameters and multiply-accumulates of the stand-alone network for one image; nothing is computed."""
    options = replace(options or NetOptions(), replicas=1, skip_dead=False)  # the tables count dead edges too
    with torch.device("meta"):
        net = _family(space)(arch, options)
    return count(net, (options.in_channels, image_size, image_size))


def _family(space: Space) -> Callable[[Arch, NetOptions], nn.Module]:
    if space.name not in NETS:
        raise unknown_name("network family", space.name, NETS)
    return NETS[space.name]


__all__ = [
    "INITS",
    "MEANINGLESS",
    "NETS",
    "PRECISIONS",
    "SUPERNETS",
    "Complexity",
    "NetOptions",
    "Path",
    "Supernet",
    "SupernetOptions",
    "autocast",
    "avg_pool2d",
    "build",
    "check_meaning",
    "check_precision",
    "complexity",
    "count",
    "count_parameters",
    "device_named",
    "dtype_of",
    "initialise",
    "products",
    "rounding",
    "supernet",
    "unrounded",
]
