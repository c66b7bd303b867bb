"""The stand-alone network of an architecture, and its size."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.nets.counting import Complexity, count
from nasgauge.nets.initialisation import drawn_from, emptied, initialise
from nasgauge.nets.options import NetOptions
from nasgauge.nets.registered import StandAlone, stand_alone
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
    A network that is not `side_by_side` has no replicas, and initialises itself from the generator's random numbers;
    `init`, unless "default", then draws its convolutions and linear layers again.

    UserError: a space without a network, unknown names in the options or `init`, several replicas of such a network,
    one that cannot be built.
    """
    options = options or NetOptions()
    if len(generators) != options.replicas:
        raise ValueError(f"{options.replicas} replicas need as many generators, got {len(generators)}")
    entry = stand_alone(space)
    if not entry.side_by_side:
        net = _self_initialised(entry, space, arch, options, generators)
        if init != "default":
            initialise(net, generators, init, partly=True)
        return net.to(device).train()
    with torch.device("meta"):
        net = entry.build(arch, options)
    net = emptied(net, generators[0].device)
    initialise(net, generators, init)
    return net.to(device).train()


def complexity(
    space: Space, arch: Arch, options: NetOptions | None = None, *, image_size: int | Sequence[int] = 32
) -> Complexity:
    """Parameters and multiply-accumulates of the stand-alone network for one image; nothing is computed, unless the
    network initialises itself. image_size: pixels of a side, or (height, width)."""
    options = replace(options or NetOptions(), replicas=1, skip_dead=False)  # the tables count dead edges too
    sides = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    entry = stand_alone(space)
    if entry.side_by_side:
        with torch.device("meta"):
            net = entry.build(arch, options)
    else:
        net = _self_initialised(entry, space, arch, options, [torch.Generator()])
    return count(net, (options.in_channels, *sides))


def _self_initialised(
    entry: StandAlone, space: Space, arch: Arch, options: NetOptions, generators: Sequence[torch.Generator]
) -> nn.Module:
    where = f"search space {space.name!r}: the network of {space.to_str(arch)!r}"
    if options.replicas != 1:
        raise UserError(f"{where} has no replicas; build it once for each seed")
    try:
        with drawn_from(generators[0]):
            net = entry.build(arch, options)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{where} cannot be built ({type(error).__name__}: {error}); correct its function") from error
    if not isinstance(net, nn.Module):
        raise UserError(f"{where} is of type {type(net).__name__}; its function must return a torch.nn.Module")
    return net


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
