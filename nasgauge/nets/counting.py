"""Parameters and multiply-accumulates of a network, counted on shapes alone."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Complexity:
    """`n_params`: trainable parameters. `macs`: multiply-accumulates for one image by the rules of `count`."""

    n_params: int
    macs: int


def count(net: nn.Module, image: tuple[int, int, int]) -> Complexity:
    """Complexity of a network for one image of shape (channels, height, width).

    Convolutions and linear layers: torch's flop counter, halved. Beyond them, the convention of the tables that this
    package reads: batch normalisation 2 an element with scale and shift (1 without), ReLU 1 an element, pooling the
    kernel area an output element; an adaptive pool is charged the widest window it may need, input // output + 1.
    Max-pooling compares and neither multiplies nor adds: it is charged nothing.
    """
    extra = 0

    def add(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal extra
        extra += _elementwise(module, inputs[0], output)

    hooks = [m.register_forward_hook(add) for m in net.modules() if isinstance(m, _CHARGED)]
    counter = FlopCounterMode(display=False)
    was_training = net.training
    like = next(net.parameters())  # on the meta device nothing is computed, on a real one a single image
    try:
        with counter, torch.no_grad():
            net.eval()(torch.zeros(1, *image, device=like.device, dtype=like.dtype))
    finally:
        net.train(was_training)
        for hook in hooks:
            hook.remove()
    n_params = sum(p.numel() for p in net.parameters() if p.requires_grad)
    return Complexity(n_params=n_params, macs=counter.get_total_flops() // 2 + extra)


_CHARGED = (nn.BatchNorm2d, nn.ReLU, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def _elementwise(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> int:
    if isinstance(module, nn.BatchNorm2d):
        return y.numel() * (2 if module.affine else 1)
    if isinstance(module, nn.AvgPool2d):
        kernel = module.kernel_size if isinstance(module.kernel_size, tuple) else (module.kernel_size,) * 2
        return y.numel() * kernel[0] * kernel[1]
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return y.numel() * (x.shape[-2] // y.shape[-2] + 1) * (x.shape[-1] // y.shape[-1] + 1)
    return y.numel()  # ReLU
