"""The supernet: one set of weights in which every architecture of a space is a path.

Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV 2020.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import final

import torch
from torch import nn

from nasgauge.core.errors import UserError
from nasgauge.core.registry import Registry
from nasgauge.nets import darts_supernet, nb101_supernet, nb201_supernet, nds, nds_supernet
from nasgauge.nets.initialisation import emptied, initialise
from nasgauge.nets.options import NetOptions, SupernetOptions
from nasgauge.nets.program import Blueprint, Path, Plan, plan
from nasgauge.nets.registered import entry_of
from nasgauge.nets.side_by_side import side_by_side
from nasgauge.spaces import Space

SUPERNETS: Registry[Callable[[Space, NetOptions, SupernetOptions], Blueprint]] = Registry(
    "supernet",
    {
        "darts": darts_supernet.blueprint,
        "darts-nds": darts_supernet.blueprint,
        "nb101": nb101_supernet.blueprint,
        "nb101-1shot1-1": nb101_supernet.blueprint,
        "nb101-1shot1-2": nb101_supernet.blueprint,
        "nb101-1shot1-3": nb101_supernet.blueprint,
        "nb101-1shot1-3-chain": nb101_supernet.blueprint,
        "nb201": nb201_supernet.blueprint,
        "nds-resnet": nds_supernet.blueprint(nds.basic),
        "nds-resnext-a": nds_supernet.blueprint(nds.bottleneck),
    },
    group="nasgauge.supernet",
)
BN = ("batch", "tracked", "recalibrated")
_GROUP = 2**10  # paths; plain, few values live at a time, and this bounds the plan alone
_BATCHED_ELEMENTS = 2**23  # of the images times paths; batched, the values of all paths live together
_FEW_IMAGES = 128  # beyond, one path's steps fill an accelerator (docs/scale.md)
_CACHED_CELLS = 2**14  # how much planning is remembered: about 80 MB when full


@final
class Supernet(nn.Module):
    """Shared parts, and the paths through them.

    `parts`: key -> module, where every parameter belongs to exactly one part and the key up to the first "/" is its
    position in the network. `n_cells`: how many architectures a path has where every cell has its own.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__()
        self.parts = blueprint.parts
        self.n_cells = blueprint.n_cells
        self._standalone = blueprint.standalone
        self._tracks = any(norm.running_mean is not None for norm in _norms(self))
        remembered = lru_cache(maxsize=_CACHED_CELLS // blueprint.n_cells)
        program = self._program = remembered(blueprint.program)
        self._plan = remembered(lambda path: plan([program(path)]))

    def forward(self, x: torch.Tensor, path: Path) -> torch.Tensor:
        """Logits (n, classes) of one path for images (n, in_channels, h, w)."""
        return self._run(self._plan(path), x)[0]

    def each(
        self, x: torch.Tensor, paths: Sequence[Path], *, batched: bool | None = None, group_size: int | None = None
    ) -> torch.Tensor:
        """Logits (k, n, classes) of k paths for the same images; what paths have in common is computed once.

        Plain (`batched=False`, the default on the CPU): each distinct step is computed exactly as it would be alone, so
        the result equals k calls of `forward` bit for bit, whatever the order of the paths. `batched=True`, the default
        on an accelerator for at most 128 images: steps that apply one part side by side become one call, normalised
        path by path; equal up to rounding. `group_size`: how many paths are planned together, which bounds memory; by
        default 1,024, batched so many that the images times the paths have 2^23 elements. In training mode a shared
        step draws its dropout and updates its running statistics once, not once a path, and a call of `batched` draws
        shuffled filters once. Batched, running statistics cannot be updated (UserError), and the gradient of a
        parameter without influence may be zero where it is otherwise absent.
        """
        updates = self.training and self._tracks
        if batched and updates:
            raise UserError("supernet: running statistics cannot be updated batched; call eval() or use bn='batch'")
        if batched is None:
            batched = x.is_cuda and len(x) <= _FEW_IMAGES and not updates
        default = max(1, _BATCHED_ELEMENTS // x.numel()) if batched else _GROUP
        size = default if group_size is None else group_size
        if size < 1 or not paths:
            raise ValueError(f"each: {len(paths)} paths in groups of {size}; both must be at least 1")
        programs = {path: self._program(path) for path in paths}
        order = sorted(programs, key=programs.__getitem__)  # programs that begin alike stand together
        logits: dict[Path, torch.Tensor] = {}
        for start in range(0, len(order), size):
            group = order[start : start + size]
            together = plan([programs[path] for path in group], batched=batched)
            logits.update(zip(group, self._run(together, x), strict=True))
        return torch.stack([logits[path] for path in paths])

    def used(self, path: Path) -> tuple[str, ...]:
        """Keys of the parts that a path runs through, each once, from the images on; the stem and the head too.

        Parts without parameters are among them; a plain skip connection is no part.
        """
        return tuple(dict.fromkeys(step.part for step in self._program(path)[1:]))

    def standalone(self, path: Path) -> nn.Module:
        """The path's stand-alone network, as `nets.build` makes it, with the supernet's own parts inside.

        Nothing is copied: training it, or changing its mode, does so to the supernet. The exception are layers of which
        the path uses some channels: first channels are views of the shared weights, in modules of their own, with
        gradients of their own; those of grouped convolutions and of the channel selection rules "l1" and "interpolated"
        copies; and 1x1 kernels that are made from a shared 3x3 kernel are copies.
        """
        with torch.device("meta"):
            net, places = self._standalone(path)
        program = self._program(path)
        for name, place in places.items():
            if isinstance(place, str):
                net.set_submodule(name, self.parts[place])
            elif isinstance(place, tuple):
                part, *others = place
                self.parts[part].fill(net.get_submodule(name), *[self.parts[other]() for other in others])
            else:
                part, inputs, args = program[place]
                indices = [self.parts[program[i].part](*program[i].args) for i in inputs[1:]]
                self.parts[part].fill(net.get_submodule(name), *indices, *args)
        return net.train(self.training)

    @torch.no_grad()
    def recalibrate(self, path: Path, batches: Iterable[torch.Tensor]) -> None:
        """Running statistics of the path's normalisations, estimated anew as the plain mean over batches of images.

        Everything else is left alone: weights, other paths' statistics, mode, and random numbers (dropout is off).
        """
        norms = [norm for key in self.used(path) for norm in _norms(self.parts[key])]
        if any(norm.running_mean is None for norm in norms):
            raise UserError("supernet: no running statistics to recalibrate; build it with bn='recalibrated'")
        before = [norm.momentum for norm in norms]
        was_training = self.training
        self.eval()
        n_batches = 0
        try:
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # cumulative mean
                norm.train()
            for x in batches:
                self(x, path)
                n_batches += 1
        finally:
            for norm, momentum in zip(norms, before, strict=True):
                norm.momentum = momentum
            self.train(was_training)
        if not n_batches:
            raise UserError("supernet: no batch of images to recalibrate with; give at least one")

    def _run(self, todo: Plan, x: torch.Tensor) -> list[torch.Tensor]:
        parts = self.parts
        values: list[torch.Tensor | None] = [None] * todo.n_values
        values[0] = x
        for key, args, steps, inputs, done in todo.calls:
            if len(steps) == 1:
                values[steps[0]] = parts[key](*[values[i] for i in inputs[0]], *args)
            else:
                together = side_by_side(parts[key], args, [[values[i] for i in each] for each in inputs])
                for i, value in zip(steps, together, strict=True):
                    values[i] = value
            for i in done:
                values[i] = None
        return [values[i] for i in todo.results]


def supernet(
    space: Space,
    options: NetOptions | None = None,
    supernet: SupernetOptions | None = None,
    *,
    generator: torch.Generator,
    init: str = "default",
    device: str | torch.device = "cpu",
) -> Supernet:
    """The supernet of a space, freshly initialised from one generator, in training mode.

    `options`: size and treatment of the networks, as for `build`, with `bn_track` decided by `supernet.bn` and one
    replica. `supernet`: what only a supernet has. Weights are drawn on the generator's device and then moved, so that
    a generator on the CPU gives the same weights on every device. UserError: a space without a supernet, unknown names
    in the options or `init`, several replicas.

    >>> from nasgauge.spaces import NB201
    >>> o = NetOptions(channels=2, n_cells=1, n_stages=1, in_channels=1, n_classes=3)
    >>> net = supernet(NB201(), o, generator=torch.Generator().manual_seed(0))
    >>> net.used((3, 0, 0, 0, 1, 0))
    ('stem', 'cell0/0to1/nor_conv_3x3', 'last', 'head')
    >>> net.each(torch.ones(4, 1, 8, 8), [(3, 0, 0, 0, 1, 0), (1, 0, 0, 4, 2, 3)]).shape
    torch.Size([2, 4, 3])
    """
    chosen = supernet or SupernetOptions()
    o = options or NetOptions()
    blueprint = entry_of(space, SUPERNETS, "nasgauge.nets.SUPERNETS")
    if o.replicas != 1:
        raise UserError(f"supernet: it has one replica, not {o.replicas}; leave replicas at 1")
    o = replace(o, bn_track=chosen.bn != "batch")
    with torch.device("meta"):
        net = Supernet(blueprint(space, o, chosen))
    net = emptied(net, generator.device)
    initialise(net, [generator], init)
    return net.to(device).train()


def _norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
