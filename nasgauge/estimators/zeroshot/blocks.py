"""The blocks of a network, found while it runs: parts that give an output of the shape of their input."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Block:
    """A block that has run: its name, its inputs of the shape of its output, and the output, with their graph."""

    name: str
    inputs: tuple[torch.Tensor, ...]
    output: torch.Tensor


class BlockWatch:
    """Gathers the blocks of a forward pass.

    A block is a module with modules of its own, yet neither the network itself nor a plain chain (nn.Sequential, or a
    class that runs as one), that is called with a tensor and gives a tensor of the same shape; of blocks within each
    other the outermost. So are the cells of NAS-Bench-101, -201 and DARTS that keep channels and pixels, residual
    blocks without a projection, and the layers of transformers. A module that runs several times is a block each time.

    A block computes with copies of its inputs, so that a derivative by one of them is the block's own, whatever else
    its output depends on, and so that nothing works on them in place.
    """

    def __init__(self, net: nn.Module) -> None:
        self.blocks: list[Block] = []
        self._modules = [(name, module) for name, module in net.named_modules() if name and _may_be_block(module)]
        self._running: list[tuple[list[torch.Tensor], int]] = []  # inputs, and how many blocks were there before

    @contextmanager
    def watching(self) -> Iterator["BlockWatch"]:
        with ExitStack() as stack:
            for name, module in self._modules:
                enter = module.register_forward_pre_hook(self._enter, with_kwargs=True)
                leave = module.register_forward_hook(self._leaver(name))
                stack.callback(enter.remove)
                stack.callback(leave.remove)
            yield self

    def _enter(self, module: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        inputs: list[torch.Tensor] = []

        def copied(value: object) -> object:
            if not isinstance(value, torch.Tensor) or not value.requires_grad:
                return value
            inputs.append(value.clone())
            return inputs[-1].clone()

        given = tuple(copied(value) for value in args), {name: copied(value) for name, value in kwargs.items()}
        self._running.append((inputs, len(self.blocks)))
        return given

    def _leaver(self, name: str):
        def leave(module: nn.Module, args: tuple, output: object) -> object:
            inputs, n_before = self._running.pop()
            if not isinstance(output, torch.Tensor):
                return output
            same = tuple(x for x in inputs if x.shape == output.shape)
            if not same and output.requires_grad:
                return output
            if not same and not any(isinstance(x, torch.Tensor) and x.shape == output.shape for x in args):
                return output
            del self.blocks[n_before:]  # blocks within this one
            self.blocks.append(Block(name, same, output))
            return output.clone()

        return leave


def _may_be_block(module: nn.Module) -> bool:
    return any(True for _ in module.children()) and type(module).forward is not nn.Sequential.forward
