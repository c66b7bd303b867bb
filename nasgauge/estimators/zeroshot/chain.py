"""The blocks that a network is a chain of, stem, reductions and classifier too, and what each of them puts out."""

from collections.abc import Iterator
from contextlib import ExitStack

import torch
from torch import nn

from nasgauge.estimators.zeroshot.record import Unmeasurable
from nasgauge.estimators.zeroshot.weights import CHANNELLED

_CONTAINERS = (nn.Sequential, nn.ModuleList)


def blocks_of(net: nn.Module) -> list[nn.Module]:
    """The blocks of a network in the order of its modules: stem, cells, reductions, residual blocks, classifier.

    A block is a child of the network, or of a container among its children, that is made of several modules, or else is
    a convolution or linear layer. Containers of blocks are opened (stages), those of single layers are one block if a
    layer has weights (a stem; not normalisation and ReLU before the classifier).
    What only wraps a network counts as that one.

    >>> stem = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    >>> blocks_of(nn.Sequential(stem, nn.ReLU(), nn.Linear(2, 3)))[0] is stem
    True
    """
    children = list(net.children())
    if len(children) == 1 and list(children[0].children()) and not isinstance(children[0], _CONTAINERS):
        return blocks_of(children[0])
    return [block for child in children for block in _within(child)]


def _within(module: nn.Module) -> Iterator[nn.Module]:
    children = list(module.children())
    is_chain = isinstance(module, _CONTAINERS)
    if is_chain and any(list(child.children()) for child in children):
        for child in children:
            yield from _within(child)
    elif is_chain or not children:
        if any(isinstance(m, CHANNELLED) for m in module.modules()):
            yield module
    else:
        yield module


def block_outputs(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The feature maps (N, C, H, W) that the blocks put out, in the order in which they run; logits are none.

    The graph leads from each to the next, and nothing that the network does in place reaches them. Also (N, C, L) and
    (N, C, D, H, W). Unmeasurable: fewer than two.
    """
    kept: list[torch.Tensor] = []

    def keep(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: object) -> torch.Tensor | None:
        if not isinstance(output, torch.Tensor) or output.dim() < 3 or len(output) != len(x):
            return None
        kept.append(output)
        return output.clone()

    with ExitStack() as stack:
        for block in blocks_of(net):
            stack.callback(block.register_forward_hook(keep).remove)
        net(x.clone())
    if len(kept) < 2:
        raise Unmeasurable(f"the network has {len(kept)} blocks with feature maps; two are needed to compare")
    return kept
